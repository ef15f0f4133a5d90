# SPDX-License-Identifier: GPL-2.0
#
# judge.awk - from test cases to defects
#
# Usage: awk -f judge.awk [-v rows=1] [-v color=1] <defects> <report> <table>
#
# The table is what "verdict -a 0=<report>" prints. Prints a line for each defect and
# one which sums up, or with rows=1 only "<id> <state>" lines. Exit status: 0 all
# that was tested is right, 1 something is wrong, 2 a program did not come to its
# end, 4 nothing could be tested.

function regex(glob)
{
	gsub(/[.()]/, "[&]", glob)
	gsub(/\?/, ".", glob)
	gsub(/\*/, ".*", glob)
	return "^" glob "$"
}

function paint(word, code)
{
	return color ? sprintf("\033[%dm%-9s\033[0m", code, word) : sprintf("%-9s", word)
}

FNR == 1 { file++ }

file == 1 && $1 == "id" { id = $2 }
file == 1 && $1 == "right" { order[++ids] = id }
file == 1 && ($1 == "right" || $1 == "wrong") { sub(/^[a-z]+\t/, ""); text[id, ++n[id]] = $0 }
file == 1 && $1 == "cases" {
	sub(/^[a-z]+\t/, "")
	pattern[++patterns] = regex($0)
	of[patterns] = id
}

# What this kernel cannot start has no cases.
file == 2 && /^ +TAP version/ { started = 1 }
file == 2 && /^(not )?ok [0-9]+ / {
	end[$1 == "ok" ? $3 : $4] = substr($0, index($0, "# ") + 2)
	if (!started)
		not_run[$1 == "ok" ? $3 : $4] = 1
	started = 0
}
file == 2 && /1\.\.0 # SKIP / { no_cpu = $0; sub(/.*SKIP /, "", no_cpu) }

file == 3 && /^[^ ]/ && $2 == "base" { program = $1 }
file == 3 && /^  [^ ]/ {
	state = $1 == "(runs" ? $5 : $2
	sub(/!$/, "", state)
	if ($1 == "(runs") {
		if (state == "FAIL" && !(program in not_run))
			dead = dead " " program " (" end[program] ")"
		next
	}
	for (i = 1; (program " " $1) !~ pattern[i]; )
		i++
	id = of[i]
	count[id, state]++
	if (state == "FAIL" && !((id, "first") in count))
		count[id, "first"] = program " " $1
	if (state == "skip") {
		sub(/^ *[^ ]+ +[^ ]+ */, "")
		why[id] = $0
	}
}

END {
	if (dead != "") {
		print "error: no verdict, a test did not come to its end:" dead > "/dev/stderr"
		exit 2
	}
	for (i = 1; i <= ids; i++)
		judged += count[order[i], "FAIL"] + count[order[i], "ok"]
	for (program in not_run)
		note = note "  not run   " program ": it cannot be started\n"
	if (!judged && !rows) {
		printf "%sthis kernel: NOT TESTED. %s\n", note, no_cpu != "" ? no_cpu : "No test came to a result"
		exit 4
	}
	for (i = 1; i <= ids; i++) {
		id = order[i]
		bad = count[id, "FAIL"] + 0
		good = count[id, "ok"] + 0
		state = bad ? "wrong" : good ? "right" : "untested"
		list[state] = list[state] " " id
		if (rows) {
			print id, state
			continue
		}
		printf "  %s%-5s  %s\n", paint(state, bad ? 31 : good ? 32 : 33), id,
			text[id, bad ? 2 : 1]
		if (bad)
			printf "%18s%d of %d cases, the first is %s\n", "", bad, bad + good,
				count[id, "first"]
		else if (!good)
			printf "%18s%s\n", "", why[id] != "" ? why[id] : "none of its cases ran"
	}
	if (rows)
		exit list["wrong"] != "" ? 3 : list["right"] != "" ? 0 : 4
	printf "%s", note
	printf "this kernel: %s%s%s\n", list["wrong"] == "" ? "no defect found" : "wrong in" list["wrong"],
		list["right"] == "" ? "" : ", right in" list["right"],
		list["untested"] == "" ? "" : ", NOT TESTED:" list["untested"]
	exit list["wrong"] != "" ? 3 : 0
}
