# SPDX-License-Identifier: GPL-2.0
# From trees/<tree>/expected/cost: row, call with its count on the base, per cent added by
# six, by merged. Calls which are of another order of magnitude are left out, no patch
# changes them.
BEGIN { FS = "\t" }
/^#/ { next }
$1 == "call" { for (i = 2; i <= NF; i++) col[$i] = i; next }
$2 < 20000 {
	gsub("_", " ", $1)
	printf "%d \"%s\" %d %.3f %.3f\n", ++n, $1, $2, ($col["6"] - $2) * 100 / $2,
	       ($col["merged"] - $2) * 100 / $2
}
