# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# lib.sh - what the scripts of the lab share
#
# Sourced by them as ". lab/lib.sh" with the top of the repository as working
# directory. Takes its settings from the environment; the Makefile exports:
#
#   TREE		name of a file in lab/trees, default v6.1-rc
#   LINUX, BASE		the user's own kernel tree and revision, default none
#   JOBS, CC, V		as for a kernel build
#   DEBUG		kernels with debugging: names of lab/config/debug-*.config, joined by +
#   FRAGMENT		name of lab/config/<name>.config with what one client needs, default none

: "${TREE:=v6.1-rc}" "${LINUX:=}" "${BASE:=}" "${CC:=gcc}" "${V:=}"
: "${JOBS:=$(nproc)}" "${BUILD:=build}" "${DEBUG:=}" "${FRAGMENT:=}"

top=$(pwd)
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac

# One line on stderr that says what is wrong and what to do about it.
die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Progress: what is done, in the style of kbuild. Not part of any result.
say()
{
	printf '  %-7s %s\n' "$1" "$2" >&2
}

case $BUILD in
*[[:space:]:]*) die "$BUILD has a blank or a colon in its path, a kernel cannot be built there: give another place with BUILD=<path>" ;;
esac

[ -f "lab/trees/$TREE" ] ||
	die "TREE=$TREE: no such tree, there are: $(cd lab/trees && echo v*[!h])"

variant=${DEBUG:+-$DEBUG}${FRAGMENT:+-$FRAGMENT}

# The data of the tree: package, archive, series, selftest; where needed
# base_patch, fetch (the Debian release which has the package, if it is not this
# one), objs (what is compiled in all kinds of configurations, on top of the FPU
# code), config (a fragment on top of base.config), config_kasan (one on top of
# debug-kasan.config), kernel (the file which QEMU boots), clang (a version which the
# tree takes), sparse (the Debian release whose sparse it takes), mm_tests, programs
# (C files of this repository), cases (the programs whose cases are compared) and
# independent (yes if each series applies alone and in any order).
# shellcheck disable=SC2034
fetch='' base_patch='' objs='' config='' config_kasan='' kernel=vmlinux clang=clang-14 sparse=''
mm_tests='' programs='' cases='' independent=''
. "lab/trees/$TREE"

# One fragment of the configuration for each name, and what the tree has on top of it.
fragments=
for name in $(echo "$DEBUG" | tr + ' '); do
	[ -f "lab/config/debug-$name.config" ] ||
		die "DEBUG=$name: no such kernel, there are: $(cd lab/config && echo debug-*.config | sed 's/debug-\([^ ]*\)\.config/\1/g'), and any of them joined by +"
	fragments="$fragments lab/config/debug-$name.config"
	[ "$name" != kasan ] || fragments="$fragments $config_kasan"
done
[ -z "$FRAGMENT" ] || fragments="$fragments lab/config/$FRAGMENT.config"

# What instruments all of the kernel is in the way of PVH, which runs C code before
# there are page tables, and a shadow.
case $DEBUG in
*san*) kernel=bzImage ;;
esac

if [ -z "$cases" ]; then
	for name in $selftest; do
		cases="$cases ${name##*/}_64 ${name##*/}_32"
	done
fi

# A git hook, say, which runs us has its own repository in mind.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY \
	GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_NAMESPACE GIT_PREFIX

if [ -n "$LINUX" ]; then
	LINUX=$(cd "$LINUX" 2>/dev/null && pwd -P) ||
		die "LINUX=: no such directory, give the path of a kernel tree"
	id=user-$(printf '%s %s %s' "$TREE" "$LINUX" "$BASE" | sha256sum | cut -c1-8)
else
	id=$TREE
fi

dir=$BUILD/$id		# everything about this tree
tree=$dir/linux		# git repository with the series applied, to work in
src=$dir/src		# the text of one stage, to build from
obj=$dir/obj$variant		# its objects
logs=$dir/log
results=$BUILD/results/$id${DEBUG:+-$DEBUG}

# lock - let only one run at a time change build/
#
# The lock is inherited: it is held until the last process of a run is gone,
# even if the first one was killed.
lock()
{
	[ -z "${LAB_LOCKED:-}" ] || return 0
	mkdir -p "$BUILD" 2>/dev/null && [ -w "$BUILD" ] ||
		die "cannot write to $BUILD: give another place with BUILD=<path>"
	exec 9>>"$BUILD/.lock"
	flock -n 9 ||
		die "another run is using $BUILD (process $(cat "$BUILD/.lock")): wait for it to end"
	echo $$ > "$BUILD/.lock"
	export LAB_LOCKED=$$
	(exec 9>&- > /dev/null 2>&1 < /dev/null; end_with $$ &)
}

# end_with <process> - when it is gone, end what it has left running
#
# If only the first process of a run gets a signal, guests and compilers would
# go on without it and keep the lock.
end_with()
{
	tail --pid="$1" -f /dev/null
	unset LAB_LOCKED
	grep -lzx "LAB_LOCKED=$1" /proc/[0-9]*/environ | tr -dc '0-9\n' | xargs -r kill
}

# need_space <MiB> - fail before, not in the middle of, what needs the space
need_space()
{
	have=$(df -Pm "$BUILD" | awk 'NR == 2 { print $4 }')
	[ "$have" -ge "$1" ] ||
		die "$BUILD has $have MiB left, $1 MiB are needed: make room or give another place with BUILD=<path>"
}

# logged <what> <log> <command>... - run a command with its output in a log
#
# Shows the elapsed time on a terminal, the end of the log if the command fails.
logged()
{
	what=$1 log=$2
	shift 2
	mkdir -p "$(dirname "$log")"
	begin=$(date +%s)
	if [ -n "$V" ]; then
		"$@" 2>&1 | tee "$log" >&2
		return
	fi
	ticker=
	: > "$log"
	if [ -t 2 ]; then
		ticker_loop "$what" "$log" $$ &
		ticker=$!
	fi
	rc=0
	"$@" > "$log" 2>&1 || rc=$?
	if [ -n "$ticker" ]; then
		kill "$ticker" 2>/dev/null || :
		wait "$ticker" 2>/dev/null || :
		printf '\r\033[K' >&2
	fi
	if [ $rc -ne 0 ]; then
		reason=$(grep -E '(^|[^_])(error|ERROR):|No space|undefined reference|\*\*\* ' "$log" | head -n 1)
		die "$what failed: ${reason:-exit status $rc}; the log is $log"
	fi
	say "$what" "$(($(date +%s) - begin)) s"
}

ticker_loop()
{
	t=0
	while kill -0 "$3" 2>/dev/null; do
		printf '\r\033[K  %-7s %d s, %d lines of log' "$1" $t \
			"$(grep -c "" "$2" 2>/dev/null)" >&2
		sleep 1
		t=$((t + 1))
	done
}

# The commit of stage n: 0 is the base, n the n-th patch on top of it.
stages()
{
	git -C "$tree" rev-list --reverse lab-base..HEAD
}

last_stage()
{
	stages | wc -l
}

# stage_commit <n|last|any revision of the tree>
stage_commit()
{
	case $1 in
	last) git -C "$tree" rev-parse HEAD ;;
	0) git -C "$tree" rev-parse lab-base ;;
	*[!0-9]*) git -C "$tree" rev-parse -q --verify "$1^{commit}" ||
		die "STAGE=$1: no such stage or revision" ;;
	*) stages | sed -n "$1p" | grep . ||
		die "STAGE=$1: there are the stages 0 (base) to $(last_stage)" ;;
	esac
}

# The objects of what the series change in the kernel, as its make names them. A
# tree which has the change already changes nothing.
touched_objs()
{
	git -C "$tree" diff --name-only lab-base HEAD -- arch fs kernel virt | grep "\.c$" |
		sed "s/c$/o/" | grep . ||
		printf "arch/x86/kernel/fpu/%s.o\n" core regset signal xstate
}

# seal <file>... - note the checksum of what is finished
seal()
{
	for f; do
		(cd "${f%/*}" && sha256sum "${f##*/}" > ".${f##*/}.sum.tmp" &&
			mv ".${f##*/}.sum.tmp" ".${f##*/}.sum")
	done
}

# intact <file> - it is there, and as it was then
intact()
{
	[ -f "$1" ] || return 1
	(cd "${1%/*}" && sha256sum -c --status ".${1##*/}.sum" 2> /dev/null) ||
		{ say NOTE "$1 is damaged or not finished, it is made again"; return 1; }
}

# put_src <commit> - bring src to the text of a commit, touch only what differs
put_src()
{
	rm -f "$dir/src.index.lock"
	GIT_INDEX_FILE=$dir/src.index git --git-dir="$tree/.git" --work-tree="$src" \
		read-tree --reset -u "$1"
}

# The blobs of a commit in which a path of a build shows: <commit> <path>...
text_key()
{
	git -C "$tree" ls-tree -r "$@" | sha256sum | cut -c1-16
}

# programs <CPU> - what runs there: all, unless the tree has cases_<CPU>
programs()
{
	eval "echo \"\${cases_$1:-\$cases}\""
}

# rows <CPU> <table> - those of the programs which run there
rows()
{
	awk -v programs=" $(programs "$1") " '/^#/ || index(programs, " " $1 " ")' "$2"
}
