# SPDX-License-Identifier: GPL-2.0
# From timeline.txt to a line a cell: row, column, colour, word, topic, kernel.
BEGIN {
	FS = "\t"
	word["w"] = "wrong"; color["w"] = 0
	word["(w)"] = "(wrong)"; color["(w)"] = 1
	word["?"] = "?"; color["?"] = 2
	word["n"] = "n/a"; color["n"] = 2
	word["r"] = "right"; color["r"] = 3
	word["(r)"] = "(right)"; color["(r)"] = 3
}
/^#/ { next }
$1 == "topic" { for (c = 2; c <= NF; c++) { sub(/=.*/, "", $c); kernel[c] = $c } next }
{
	row++
	for (c = 2; c <= NF; c++)
		printf "%d %d %d \"%s\" \"%s\" \"%s\"\n", row, c - 2, color[$c], word[$c], $1, kernel[c]
}
