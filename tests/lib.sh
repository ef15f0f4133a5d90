# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib.sh - KTAP for the tests in tests/check, on top of lab/lib.sh
#
#   claim "<what holds>" <command>...	one result: ok if the command succeeds
#   plan				the last line of a test

. lab/lib.sh

results_seen=0
results_bad=0

pass()
{
	results_seen=$((results_seen + 1))
	echo "ok $results_seen - $1"
}

# fail <claim> [<why>]
fail()
{
	results_seen=$((results_seen + 1))
	results_bad=$((results_bad + 1))
	echo "not ok $results_seen - $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | sed 's/^/#   /' | head -n 20
}

claim()
{
	what=$1
	shift
	if why=$("$@" 2>&1); then
		pass "$what"
	else
		fail "$what" "$why"
	fi
}

plan()
{
	echo "1..$results_seen"
	exit $((results_bad > 0))
}
