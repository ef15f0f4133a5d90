# SPDX-License-Identifier: GPL-2.0
#
# coverage.awk - the table of lab/measure/coverage
#
# Reads "<program>\t<line of gcov>". What a branch belongs to is the line before:
#
#	       -:    0:Source:/build/src/arch/x86/kernel/fpu/xstate.c
#	    1234: 1316:	if (pkru)
#	branch  0 taken 1200
#
# Calls and branches of a line are numbered together.
#
# In the list of exceptions a line is "file: source text" of a line which is run, but
# not in all directions, behind a comment
# which says why.

BEGIN {
	while ((getline line < lines) > 0) {
		ours[line] = ++n
		split(line, f, " ")
		where[n] = f[1]
		place[n] = f[1] ":" f[2]
	}
	while ((getline line < except) > 0)
		excused[line] = 1
}

{ text = substr($0, length($1) + 2) }

text ~ /^ *-: *0:Source:/ {
	file = text
	sub(/.*\/src\//, "", file)
	next
}

text ~ /^ *[-#=0-9*]+: *[0-9]+:/ {
	split(text, f, ":")
	count = f[1]
	gsub(/[ *]/, "", count)
	nr = 0
	if (count != "-" && (file " " f[2] + 0) in ours) {
		nr = ours[file " " f[2] + 0]
		code[nr] = text
		sub(/^[^:]*:[^:]*:[ \t]*/, "", code[nr])
		if (count + 0 > 0 && !((nr, $1) in seen)) {
			seen[nr, $1] = 1
			by[nr] = by[nr] " " $1
		}
	}
	next
}

nr && text ~ /^branch/ {
	split(text, f, " ")
	if (!((nr, f[2]) in taken))
		branches[nr] = branches[nr] " " f[2]
	taken[nr, f[2]] += f[4]
}

END {
	for (i = 1; i <= n; i++) {
		if (!(i in code))
			continue
		total++
		why = by[i] ? "" : "not reached"
		m = split(branches[i], b, " ")
		for (j = 1; j <= m; j++) {
			both++
			if (!taken[i, b[j]])
				why = why (why ? ", " : "") "branch " b[j] " not taken"
		}
		excuse = why && by[i] && (where[i] ": " code[i]) in excused
		print (why ? excuse ? "except" : "not ok" : "ok") "\t" place[i] ": " code[i]
		print "\t" (why ? why : "by" by[i])
		bad += why && !excuse
		left += excuse
	}
	printf "%d lines with %d directions of branches, %d not reached, %d excepted\n",
		total, both, bad, left
	exit bad > 0 || !total
}
