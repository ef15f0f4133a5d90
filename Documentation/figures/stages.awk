# SPDX-License-Identifier: GPL-2.0
# From a table in tests/expected to a line a cell: the row and the column, the
# share of cases which pass, how many fail, and the name of the row. A row is
# the part of a case's name before the first dot.
BEGIN { FS = "\t" }
/^# stage / { columns = split($0, head, " ") - 2 }
/^#/ || NF != 2 || $1 ~ /@/ { next }
{
	split($1, part, " ")
	sub(/\..*/, "", part[2])
	row = part[2]
	if (!(row in total))
		name[++rows] = row
	total[row]++
	split($2, cell, " ")
	for (c = 1; c <= columns; c++)
		fails[row, c] += cell[c] == "F"
}
END {
	for (r = 1; r <= rows; r++)
		for (c = 1; c <= columns; c++)
			printf "%d %d %.3f %s \"%s (%d)\"\n", r, c - 1,
			       1 - fails[name[r], c] / total[name[r]],
			       fails[name[r], c] ? fails[name[r], c] : "\"\"",
			       name[r], total[name[r]]
}
