# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib.sh - KTAP for the tests in tests/, on top of lab/lib.sh
#
#   claim "<what holds>" <command>...	one result: ok if the command succeeds
#   refuses "<claim>" <pattern> <command>...	ok if it fails with that one line
#   lacks [<option of grep>...] <pattern> <file>	for a claim: no line has it
#   not <command>...		for a claim: the command fails
#   skip "<claim>" "<what is missing>"	a result which counts neither way
#   plan				the last line of a test

. lab/lib.sh

# Not in a subshell: a command may be "wait", or set variables.
work_dir=$results/tests
mkdir -p "$work_dir"

# What a test makes here goes with it, unless it has started itself again.
if [ -n "${TEST_WORK:-}" ]; then
	work=$TEST_WORK
else
	# Never empty: it is removed, and "cd" without a directory stays where it is.
	work=$(mktemp -d) && work=$(cd "${work:?}" && pwd -P) ||
		die "no temporary directory can be made: make room in ${TMPDIR:-/tmp}, or give another place with TMPDIR=<path>"
	trap 'rm -rf "$work"' EXIT
	# Without these the shell would not run the other one.
	trap 'exit 130' INT
	trap 'exit 143' TERM
fi

# not <command>...: for a claim, the command fails
not() { ! "$@"; }

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

# skip <claim> <what is missing here>
skip()
{
	results_seen=$((results_seen + 1))
	echo "ok $results_seen - $1 # SKIP $2"
}

# lacks [<option of grep>...] <pattern> <file>: the file is there, has something in it, and
# no line with the pattern. A grep which fails is no proof of that.
lacks()
{
	for file; do :; done
	[ -s "$file" ] || { echo "$file is missing or empty"; return 1; }
	rc=0
	grep "$@" || rc=$?
	[ $rc -eq 1 ]
}

# alone <command>...: with a build directory of its own, and so with locks of its own
alone()
{
	env -u MAKEFLAGS -u MAKELEVEL BUILD="$work/build" "$@"
}

# As little of a kernel tree as the series touch.
mini_paths="arch/x86/kernel/fpu arch/x86/kvm/x86.c MAINTAINERS tools/testing/selftests/x86"

# mini_tree <commit> [<version>]: in $work/mini
mini_tree()
{
	mkdir -p "$work/mini"
	# shellcheck disable=SC2086 # words
	git -C "$tree" archive "$1" $mini_paths | tar xf - -C "$work/mini"
	version=${2:-6.1}
	printf 'VERSION = %s\nPATCHLEVEL = %s\n' "${version%.*}" "${version#*.}" > "$work/mini/Makefile"
}

# copy: to a copy of the repository as it is now, to be spoiled, with a build/ of its own
copy()
{
	rm -rf "$work/repo" "$work/build"
	mkdir "$work/repo"
	tar cf - -C "$top" --exclude=./build --exclude=./.git . | tar xf - -C "$work/repo"
	cd "$work/repo" || return
}

# source_is <version> <archive>: the copy takes that for Debian's package linux-source-6.1
source_is()
{
	sed -i "/^tree_version=/d; s/^tree_release=.*/&\ntree_version=$1/" trees/v6.1-rc/tree.conf
	unpacked=$work/build/debian/bookworm-linux-source-6.1_$1
	mkdir -p "$unpacked/usr/src"
	mv "$2" "$unpacked/usr/src/linux-source-6.1.tar.xz"
	echo "linux-source-6.1 $1" > "$unpacked/versions"
}

# apart <option>... -- <command>...: in namespaces of its own, see unshare(1). In a
# chroot there is no user namespace, but root needs none.
apart()
{
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	if unshare -r $options true 2> /dev/null; then
		unshare -r $options "$@"
	else
		unshare $options "$@"
	fi
}

# needs_apart <claim> <option>...: are there such namespaces? Else the claim is skipped.
needs_apart()
{
	what=$1
	shift
	apart "$@" -- true 2> /dev/null || { skip "$what" "no namespaces here: unshare $*"; return 1; }
}

# needs_terminal <claim>: is there a pseudo terminal? Else the claim is skipped.
needs_terminal()
{
	script -qec true /dev/null < /dev/null > /dev/null 2>&1 ||
		{ skip "$1" "no pseudo terminal here"; return 1; }
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

# index_of <commit> - From here to the end of the subshell git uses an index that only this
# subshell has, with that commit in it.
index_of()
{
	GIT_INDEX_FILE=$(mktemp -u -p "$work")
	export GIT_INDEX_FILE
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

# mutants [<kind>]: the defects which are planted on top of this tree, of a kind (a
# directory) that says which test looks for them. In the directory of another tree they
# have it in a line "Also for:".
# shellcheck disable=SC2120
mutants()
{
	for m in tests/mutants/*"${1:+/$1}"/*.patch; do
		case $m in
		"tests/mutants/$TREE/"*) echo "$m" ;;
		*) ! sed -n 's/^Also for: //p' "$m" | tr ' ' '\n' | grep -qxF "$TREE" || echo "$m" ;;
		esac
	done
}

# mutant <name>: the path of that one
# shellcheck disable=SC2119
mutant() { mutants | grep "/$1\.patch$"; }

# The same as commit_on, on top of the last stage.
mutant_commit() { commit_on HEAD "$@"; }

# changed_on <commit> <message> <path> <filter>...: a commit on top of that one, with the file
# as the filter makes it
changed_on()
(
	parent=$1 message=$2 path=$3
	shift 3
	index_of "$parent"
	blob=$(git -C "$tree" show "$parent:$path" | "$@" | git -C "$tree" hash-object -w --stdin)
	git -C "$tree" update-index --cacheinfo "100644,$blob,$path"
	commit_index "$parent" "$message"
)

# changed_commit <path> <filter>...: the same on top of the last stage
changed_commit() { changed_on HEAD changed "$@"; }

# planted_commit <path> <text>: the last stage with the text behind that file
planted_commit() { changed_commit "$1" with_end "$2"; }
with_end() { cat && printf '%s\n' "$1"; }

# results_of <report>: a line for each case, with a tab and ok, FAIL or skip
results_of() { verdict -t 0="$1" | sed 1d | cut -f1,5; }

# is <ok|FAIL|skip> <report> <program case>
is() { results_of "$2" | grep -xF "$3	$1"; }

# configure <object directory> <log> <line of the configuration> <arguments of make>: for the
# base, with this line on top of the tree's, or with none
configure()
(
	to=$1 log=$2 line=$3
	shift 3
	hold "$id.make"
	put_src "$(stage_commit 0)"
	mkdir -p "$to" "$logs"
	# shellcheck disable=SC2086 # words, or none
	{ cat lab/kernel/config/base.config $tree_config; echo "$line"; } > "$to.config"
	tied make -C "$src" O="$to" KCONFIG_ALLCONFIG="$to.config" "$@" allnoconfig prepare > "$log" 2>&1
)

# objects <objects> <arguments of make>: compile these. kbuild reaches arch/x86/power by
# two ways, so two jobs might write such an object, and its .cmd file, at once.
objects()
{
	all=$1
	alone=$(echo "$all" | tr -s '[:space:]' '\n' | grep "^arch/x86/power/" || :)
	shift
	# shellcheck disable=SC2086 # words
	{ [ -z "$alone" ] || (tied make "$@" -j1 $alone); } && (tied make "$@" -j"$JOBS" $all)
}

plan()
{
	echo "1..$results_seen"
	exit $((results_bad > 0))
}

# notices <table of clients> <kind> <row> <what it does>: with that in the table the
# case is marked in one column, and no other one is
notices()
{
	sed "s,^$3	.*,$3	$4," "$1" > "$work_dir/table"
	! cmp -s "$1" "$work_dir/table" || { echo "$1 has no row $3"; return 1; }
	! lab/run/clients -t "$work_dir/table" "$2" > "$work_dir/out" 2>&1 || { echo "not noticed"; return 1; }
	case $3 in *"??"*) marks=2 ;; *) marks=1 ;; esac
	[ "$(grep -c '!' "$work_dir/out")" -eq $marks ] || { cat "$work_dir/out"; return 1; }
}
