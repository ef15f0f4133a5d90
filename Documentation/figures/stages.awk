# SPDX-License-Identifier: GPL-2.0
# From "lab/verdict/expected" to a line a cell: the row and the column, the share of cases
# which pass, how many fail, and the name of the row. A row is the part of a case's
# name before the first dot. With ends=1 to the columns between two series.
BEGIN { FS = "\t" }
FNR == 1 { next }
!($3 in column) { column[$3] = columns++; stage[columns] = $3 }
{
	split($1, part, " ")
	row = part[2]
	sub(/\..*/, "", row)
	if (!(row in total))
		name[++rows] = row
	total[row] += $3 == "base"
	fails[row, column[$3]] += $5 == "FAIL"
}
END {
	for (c = 2; ends && c < columns; c++) {
		split(stage[c], this, "/")
		split(stage[c + 1], next_one, "/")
		if (this[1] != next_one[1])
			print c - 0.5
	}
	for (r = 1; !ends && r <= rows; r++)
		for (c = 0; c < columns; c++)
			printf "%d %d %.3f %s \"%s (%d)\"\n", r, c,
			       1 - fails[name[r], c] / total[name[r]],
			       fails[name[r], c] ? fails[name[r], c] : "\"\"",
			       name[r], total[name[r]]
}
