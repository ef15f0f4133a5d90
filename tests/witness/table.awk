# SPDX-License-Identifier: GPL-2.0
#
# table.awk - what several kernels get wrong, as a table in markdown
#
# Usage: awk -f table.awk <defects> {<title> <rows>}...
#
# A title is a file with a line, rows are what judge.awk prints with rows=1.

FNR == 1 { file++ }

file == 1 && $1 == "id" { id = $2 }
file == 1 && $1 == "right" { sub(/^[a-z]+\t/, ""); order[++ids] = id; text[id] = $0 }

file > 1 && file % 2 == 0 { head = head " " $0 " |"; rule = rule " --- |" }
file > 1 && file % 2 == 1 {
	row[$1] = row[$1] " " ($2 == "wrong" ? "**wrong**" : $2 == "right" ? "right" : "-") " |"
}

END {
	print "| |" head
	print "| --- |" rule
	for (i = 1; i <= ids; i++)
		print "| " order[i] " " text[order[i]] " |" row[order[i]]
}
