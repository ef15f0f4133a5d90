# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib.sh - KTAP for the tests in tests/check, on top of lab/lib.sh
#
#   claim "<what holds>" <command>...	one result: ok if the command succeeds
#   refuses "<claim>" <pattern> <command>...	ok if it fails with that one line
#   plan				the last line of a test

. lab/lib.sh

# Not in a subshell: a command may be "wait", or set variables.
work_dir=$results/tests
mkdir -p "$work_dir"

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
	why=$work_dir/claim
	if "$@" > "$why" 2>&1; then
		pass "$what"
	else
		fail "$what" "$(cat "$why")"
	fi
}

# refuses <claim> <pattern> <command>...: ends with a non-zero exit status and
# one line that begins with "error:" and has the pattern.
refuses()
{
	what=$1 pattern=$2
	shift 2
	rc=0
	why=$("$@" 2>&1 >/dev/null) || rc=$?
	if [ $rc -ne 0 ] && [ "$(printf '%s\n' "$why" | grep -c '^error: ')" -eq 1 ] &&
			printf '%s\n' "$why" | grep -q "^error: .*$pattern"; then
		pass "$what"
	else
		fail "$what" "exit status $rc, no line 'error: ...$pattern' in: $why"
	fi
}

# index_of <commit> - From here to the end of the subshell git uses an index of its own, with that commit in it.
index_of()
{
	GIT_INDEX_FILE=$dir/scratch.index
	export GIT_INDEX_FILE
	rm -f "$GIT_INDEX_FILE.lock"
	git -C "$tree" read-tree "$1"
}

# commit_index <parent> <message>: what is in that index, in the repository but on no branch
commit_index()
{
	GIT_COMMITTER_DATE="@0 +0000" GIT_AUTHOR_DATE="@0 +0000" \
		git -C "$tree" commit-tree -p "$1" -m "$2" "$(git -C "$tree" write-tree)" < /dev/null
}

# commit_on <commit> <patch>...: a commit with the patches on top of that one
commit_on()
(
	parent=$1
	shift
	index_of "$parent"
	for m; do
		git -C "$tree" apply --cached -C1 --whitespace=nowarn "$top/$m" || return 1
	done
	commit_index "$parent" "$*"
)

# The same, on top of the last stage.
mutant_commit() { commit_on HEAD "$@"; }

# planted_commit <path> <text>: the last stage with the text behind that file
planted_commit()
(
	index_of HEAD
	blob=$({ git -C "$tree" show "HEAD:$1"; printf '%s\n' "$2"; } |
		git -C "$tree" hash-object -w --stdin)
	git -C "$tree" update-index --cacheinfo "100644,$blob,$1"
	commit_index HEAD planted
)

# is <letter> <report> <program case>: what the table of that guest has for the case
is()
{
	"$(lab/tool verdict)" -w 0="$2" | grep -xF "$3	$1"
}

# objects <objects> <arguments of make>: compile these. kbuild reaches arch/x86/power by
# two ways, so two jobs might write such an object, and its .cmd file, at once.
objects()
{
	all=$1
	alone=$(echo "$all" | tr -s '[:space:]' '\n' | grep "^arch/x86/power/" || :)
	shift
	# shellcheck disable=SC2086 # words
	{ [ -z "$alone" ] || make "$@" -j1 $alone; } && make "$@" -j"$JOBS" $all
}

plan()
{
	echo "1..$results_seen"
	exit $((results_bad > 0))
}

# notices <table of clients> <kind> <row> <letter>: with another letter for the base
# the case is marked, and no other one is
notices()
{
	sed "s/^\($3	\)[^ ]/\1$4/" "$1" > "$work_dir/table"
	! cmp -s "$1" "$work_dir/table" || { echo "$1 has no row $3"; return 1; }
	! lab/clients -t "$work_dir/table" "$2" > "$work_dir/out" 2>&1 || { echo "not noticed"; return 1; }
	[ "$(grep -c '!' "$work_dir/out")" -eq 1 ] || { cat "$work_dir/out"; return 1; }
}
