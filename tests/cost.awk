# SPDX-License-Identifier: GPL-2.0
#
# cost.awk - no stage which was measured costs more than expected
#
# Usage: awk -F '\t' -v name=<call> -v slack=<instructions> -f cost.awk <expected> <measured>
#
# With the same source, compiler and emulator the numbers are the same to the digit, and
# less is an error, too: the table is out of date. With others, what the patches add to the
# base counts. It may be some instructions more where they add something, and one in 200
# of what they save where they save something. So it is always for fork and exec: what they
# cost depends on what was in memory before.

function tolerated(added)
{
	if (added < 0 && -added / 200 > slack)
		return -added / 200
	return added ? slack : 0
}

/^#/ { where[FILENAME] = where[FILENAME] $0; next }
$1 == "call" {
	for (i = 2; i <= NF; i++)
		col[FILENAME, $i] = i
	n = split($0, stages)
	next
}
$1 != name { next }
FILENAME == ARGV[1] { split($0, want); seen++; next }
{ split($0, got); seen++ }

END {
	if (seen != 2) {
		print name ": no row in both tables"
		exit 1
	}
	exact = where[ARGV[1]] == where[ARGV[2]] && name !~ /^(fork|exec)_/
	for (i = 2; i <= n; i++) {
		w = want[col[ARGV[1], stages[i]]]
		g = got[i]
		base = got[col[ARGV[2], 0]] - want[col[ARGV[1], 0]]
		added = w - want[col[ARGV[1], 0]]
		if (w == "")
			why = "no such column"
		else if (exact && g != w)
			why = g > w ? "more" : "less: write it down"
		else if (!exact && g > w + base + tolerated(added))
			why = "more"
		else
			continue
		printf "%s: stage %s: expected %d, got %d, %s\n", name, stages[i],
			exact ? w : w + base, g, why
		bad = 1
	}
	exit bad
}
