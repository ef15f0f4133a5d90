# SPDX-License-Identifier: GPL-2.0
# From "lab/verdict/print-expected" to a line a cell: the row and the column, the share of cases
# that pass, how many fail, and the name of the row. A row is a topic. With series=1 a
# line a series instead: its first and its last column, and its name.
function narrow(name)
{
	sub(/-/, "-\\n", name)
	return name
}
BEGIN { FS = "\t" }
# A case without a topic, as witness/topics says of some, has no row.
FNR == 1 || $6 == "-" { next }
!($3 in column) { column[$3] = columns++; stage[columns] = $3 }
{
	if (!($6 in total) && $6 != "other")
		name[++rows] = $6
	total[$6] += $3 == "base"
	fails[$6, column[$3]] += $5 == "FAIL"
}
END {
	name[++rows] = "other"
	for (c = 2; series && c <= columns; c++) {
		split(stage[c], this, "/")
		if (this[1] != last)
			first = c - 1
		last = this[1]
		split(stage[c + 1], next_one, "/")
		if (last != next_one[1])
			printf "%d %d \"%s\"\n", first, c - 1, narrow(last)
	}
	for (r = 1; !series && r <= rows; r++)
		for (c = 0; c < columns; c++)
			printf "%d %d %.3f %s \"%s (%d)\"\n", r, c,
			       1 - fails[name[r], c] / total[name[r]],
			       fails[name[r], c] ? fails[name[r], c] : "\"\"",
			       name[r], total[name[r]]
}
