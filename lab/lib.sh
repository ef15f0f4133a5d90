# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# lib.sh - what the scripts of the lab share
#
# Sourced by them as ". lab/lib.sh" with the top of the repository as working
# directory. What a user may set is in lab/settings.sh.

# With it, cd may print where it goes, and go elsewhere.
unset CDPATH

. lab/settings.sh
. lab/guest/machine.sh

# A script ends with the one which started it, or with make. Otherwise guests and compilers
# would go on if only the first process of a run got a signal. One which a person
# starts may outlive the terminal.
case ${LAB_SCRIPT:-}${MAKELEVEL:+ make} in
"$$ $PPID" | "$$ $PPID make") ;;
"$$ "*) exit 1 ;;
"")	export LAB_SCRIPT="$$ $PPID" ;;
*)	export LAB_SCRIPT="$$ $PPID"
	exec setpriv --pdeathsig TERM "$0" "$@" ;;
esac

top=$(pwd)
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac

# One line on stderr that says what is wrong and what to do about it.
die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Progress: what is done, in the style of kbuild. Not part of any result. On a terminal it
# takes the place of a line that counts.
say()
{
	[ ! -t 2 ] || printf '\r\033[K' >&2
	printf '  %-7s %s\n' "$1" "$2" >&2
}

case $BUILD in
*[[:space:]:]*) die "$BUILD has a blank or a colon in its path, a kernel cannot be built there: give another place with BUILD=<path>" ;;
esac

[ -f "trees/$TREE/tree.conf" ] ||
	die "TREE=$TREE: no such tree, there are: $(cd trees && echo */ | tr -d /)"

# Where guests run, and where those of all stages do. A list may have any layout.
# shellcheck disable=SC2116,SC2086
machines=$(echo ${MACHINE:-qemu})
# shellcheck disable=SC2116,SC2086
all_machines=$(echo ${MACHINE:-qemu bochs})

variant=${DEBUG:+-$DEBUG}${FRAGMENT:+-$FRAGMENT}

# The data of the tree, tree_*.
. trees/template
. "trees/$TREE/tree.conf"

# One fragment of the configuration for each name, and what the tree has on top of it.
fragments=
for name in $(echo "$DEBUG" | tr + ' '); do
	[ -f "lab/kernel/config/debug-$name.config" ] ||
		die "DEBUG=$name: no such kernel, there are: $(cd lab/kernel/config && echo debug-*.config | sed 's/debug-\([^ ]*\)\.config/\1/g'), and any of them joined by +"
	fragments="$fragments lab/kernel/config/debug-$name.config"
	[ "$name" != kasan ] || fragments="$fragments $tree_config_kasan"
done
[ -z "$FRAGMENT" ] || fragments="$fragments lab/kernel/config/$FRAGMENT.config"

# What instruments all of the kernel is in the way of PVH, which runs C code before
# there are page tables, and a shadow.
case $DEBUG in
*san*) tree_kernel=bzImage ;;
esac

if [ -z "$tree_cases" ]; then
	for name in $tree_selftest; do
		tree_cases="$tree_cases ${name##*/}_64 ${name##*/}_32"
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

# tied <command>... - become that command, and end when the script ends
#
# For what runs long, in the background or in a subshell. In the background it obeys
# ctrl-c, too.
tied()
{
	exec env --default-signal=INT,QUIT setpriv --pdeathsig TERM "$@"
}

# lock_file <name> - set lock to its path, fail if this run has it already
#
# Locks are inherited: each is held until the last process which has it is gone, even
# if the first one was killed. So an interrupted compiler never runs beside the next one.
lock_file()
{
	lock=$BUILD/lock/$1
	case " ${LAB_LOCKS:-} " in
	*" $lock "*) return 1 ;;
	esac
	mkdir -p "$BUILD/lock" 2>/dev/null && [ -w "$BUILD/lock" ] ||
		die "cannot write to $BUILD: give another place with BUILD=<path>"
	export LAB_LOCKS="${LAB_LOCKS:-} $lock"
}

# lock <name> - let only one run at a time change that: a tree and its results
#
# Who only wants to know what is there, and to have an image, does without.
lock()
{
	lock_file "$1" || return 0
	exec 9>> "$lock"
	flock -n 9 ||
		die "another run is using ${lock##*/} in $BUILD (process $(cat "$lock")): wait for it to end"
	echo $$ > "$lock"
}

# hold <name> - let only one process at a time make that, and wait for it
#
# For the rest of this process, or subshell: <tree>.make has the sources, objects and
# archives of a tree, the others are for what trees share. One at a time.
hold()
{
	lock_file "$1" || return 0
	exec 8>> "$lock"
	flock -n 8 || {
		say WAIT "for process $(cat "$lock"), which uses ${lock##*/}"
		flock 8
	}
	echo $$ > "$lock"
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
# Shows the elapsed time on a terminal, elsewhere what begins; the end of the log if the
# command fails.
logged()
{
	what=$1 log=$2
	shift 2
	mkdir -p "$(dirname "$log")"
	begin=$(date +%s)
	if [ -n "$V" ]; then
		# A pipe has the exit status of tee.
		rm -f "$log.rc"
		{ "$@" 2>&1 || echo $? > "$log.rc"; } | tee "$log" >&2
		[ ! -e "$log.rc" ] || die "$what failed: exit status $(cat "$log.rc"); the log is $log"
		return
	fi
	: > "$log"
	start_ticker "$what" "$log"
	[ "$ticker" ] || say "$what" "begins, its output is in ${log#"$top/"}"
	rc=0
	"$@" > "$log" 2>&1 || rc=$?
	stop_ticker
	if [ $rc -ne 0 ]; then
		reason=$(grep -E '(^|[^_])(error|ERROR):|No space|undefined reference|\*\*\* ' "$log" | head -n 1)
		die "$what failed: ${reason:-exit status $rc}; the log is $log"
	fi
	say "$what" "$(($(date +%s) - begin)) s"
}

# start_ticker <what> <log>: show the elapsed time, if there is a terminal
start_ticker()
{
	ticker=
	[ -t 2 ] || return 0
	(
		t=0
		while kill -0 $$ 2> /dev/null; do
			printf '\r\033[K  %-7s %d s, %d lines of log' "$1" $t "$(grep -c "" "$2" 2> /dev/null)" >&2
			sleep 1
			t=$((t + 1))
		done
	) &
	ticker=$!
}

stop_ticker()
{
	[ "$ticker" ] || return 0
	kill "$ticker" 2> /dev/null || :
	wait "$ticker" 2> /dev/null || :
	printf '\r\033[K' >&2
}

# verdict <argument>...: the program which reads KTAP
verdict()
{
	verdict_program=${verdict_program:-$(lab/run/tool verdict)} || exit
	"$verdict_program" "$@"
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

# patches <series>...: the files of their patches, in order
patches()
{
	for one; do
		find "series/$one" -name '0*.patch' ! -name '0000-*' 2> /dev/null | sort
	done
}

# names_of <series>...: <series>/<number> for each patch which series/ has, and a user's
# tree has not already
names_of()
{
	patches "$@" | grep -vxF "$(cat "$dir/skipped" 2> /dev/null || :)" |
		sed 's,.*/\([^/]*\)/0*\([0-9]*\)-.*,\1/\2,'
}

# note_applied: series/ and the tree are alike now
note_applied() { { series_key; git -C "$tree" rev-parse HEAD; } > "$dir/applied"; }

series_key()
{
	for s in $tree_series; do
		cat "series/$s"/*.patch
	done | sha256sum
}

# stage_names: a line for each stage of the tree, base and then the patches. In a series
# with work which is not refreshed yet these have numbers by place.
stage_names()
{
	echo base
	before=lab-base
	for one in $tree_series; do
		n=$(git -C "$tree" rev-list --count "$before..${one##*/}")
		before=${one##*/}
		if [ "$(names_of "$one" | wc -l)" -eq "$n" ]; then
			names_of "$one"
		else
			seq -f "$before/%g" "$n"
		fi
	done
}

# stage_number <n|last|base|<series>/<n>>: prints the number; any other revision as it is
stage_number()
{
	case $1 in
	last) last_stage ;;
	base | */[0-9]*)
		n=$(stage_names | grep -nxF "$1") ||
			die "STAGE=$1: there is no such patch, there are: $(stage_names | paste -sd ' ')"
		echo $((${n%%:*} - 1)) ;;
	*) echo "$1" ;;
	esac
}

# fuzz_rules <n|any revision>: options of the fuzzer for what is wrong there and known. Before
# stale-mxcsr an image without FP, SSE and YMM leaves a stale MXCSR.
fuzz_rules()
{
	case $1 in
	*[!0-9]*) stage_names ;;
	*) stage_names | head -n $(($1 + 1)) ;;
	esac | grep -qx stale-mxcsr/1 || echo ,-m
}

# stage_title <n|any revision>: the number with the name, for people
stage_title()
{
	case $1 in
	*[!0-9]*) echo "$1" ;;
	*) echo "$1 ($(stage_names | sed -n "$(($1 + 1))p"))" ;;
	esac
}

# stage_commit <as for stage_number, or any revision of the tree>
stage_commit()
{
	set -- "$(stage_number "$1")"
	case $1 in
	"") return 1 ;;
	0) git -C "$tree" rev-parse lab-base ;;
	*[!0-9]*) git -C "$tree" rev-parse -q --verify "$1^{commit}" ||
		die "STAGE=$1: no such stage or revision" ;;
	*) stages | sed -n "$1p" | grep . ||
		die "STAGE=$1: there are the stages 0 (base) to $(stage_title "$(last_stage)")" ;;
	esac
}

# versions: of the emulator of the machine that was read, and of the compiler, as the rows of
# trees/<tree>/expected name them: qemu-7.2 gcc-12
versions()
{
	emulator_version 2> /dev/null |
		sed -n 's/^bochs \([0-9]*\.[0-9]*\).*/bochs-\1/p; s/^QEMU emulator version \([0-9]*\.[0-9]*\).*/qemu-\1/p'
	$CC --version | sed -n '1s/.*clang.*/clang/p; t; 1s/.*/gcc/p' | sed "s/\$/-$($CC -dumpversion | cut -d. -f1)/"
}

# machine_line <machine> <programs>: the line of the file of stages that says what runs there
machine_line()
(
	read_machine "$1"
	printf 'machine\t%s\t%s\n' "$machine_names $(versions | paste -sd ' ')" "$2"
)

# selftests_of <series> <directory>: the C files of its tests, out of the patches and without
# a kernel tree, to a directory. Those that it changes have to be there.
selftests_of()
{
	(cd "$2" && GIT_CEILING_DIRECTORIES=$(dirname "$2") git apply \
		--include='*.[ch]' "$top/series/$1"/0*-selftests-*.patch)
}

# stages_file <file> [<machine> <programs>]...: what verdict has to know of a tree
stages_file()
{
	file=$1
	shift
	stage_names | sed 's/^/stage	/' > "$file"
	while [ $# -gt 0 ]; do
		machine_line "$1" "$2" >> "$file"
		shift 2
	done
}

# The objects of what the series change in the kernel, as its make names them. A
# tree which has the change already changes nothing.
touched_objs()
{
	git -C "$tree" diff --name-only lab-base HEAD -- arch fs kernel mm virt | grep "\.c$" |
		sed "s/c$/o/" | grep . ||
		printf "arch/x86/kernel/fpu/%s.o\n" core regset signal xstate
}

# test_files: the tests of the project, in the order in which a group runs them
test_files()
{
	for subject in series kernel docs commands lab; do
		find "tests/$subject" -type f -perm -100 | sort
	done
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
#
# In a copy of a build directory all files look as if they did, until git has read them.
put_src()
{
	rm -f "$dir/src.index.lock"
	GIT_INDEX_FILE=$dir/src.index git --git-dir="$tree/.git" --work-tree="$src" \
		update-index -q --refresh > /dev/null || :
	GIT_INDEX_FILE=$dir/src.index git --git-dir="$tree/.git" --work-tree="$src" \
		read-tree --reset -u "$1"
}

# The release of this machine, stable if it is not Debian's. sid has the name of the next release
# there: apt knows better.
codename()
{
	name=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2> /dev/null || :)
	: "${name:=stable}"
	# shellcheck disable=SC2016 # apt-get expands these, not the shell
	apt-get indextargets --format '$(RELEASE) $(CODENAME)' 2> /dev/null |
		awk -v name="$name" '{ has[$1]; has[$2] } END { print "sid" in has && !(name in has) ? "sid" : name }'
}

# kernel_in <directory>: the kernel of packages which were unpacked there
kernel_in()
{
	find "$1/boot" "$1/usr/lib/modules" -name 'vmlinuz*' -type f 2> /dev/null || :
}

# The blobs of a commit in which a path of a build shows: <commit> <path>...
text_key()
{
	git -C "$tree" ls-tree -r "$@" | sha256sum | cut -c1-16
}

# programs <machine>: what runs there, all cases unless the tree has tree_cases_<machine>, or
# that of one it is like
programs()
(
	read_machine "$1"
	for name in $machine_names; do
		eval "list=\${tree_cases_$(echo "$name" | tr -c '[:alnum:]\n' _):-}"
		[ -z "$list" ] || break
	done
	echo "${list:-$tree_cases}"
)

# each_machine <argument>...: of a script that runs on one machine. It reads that one; of
# several it starts the script again for each.
each_machine()
{
	[ "${machines#* }" != "$machines" ] || { read_machine "$machines"; return; }
	rc=0
	for machine in $machines; do
		MACHINE=$machine "$0" "$@" || rc=$?
	done
	exit $rc
}

# job <name> <machine> <image> <initramfs> <argument of lab/guest/boot>...: a line of a
# manifest for lab/run/guests, and none for a guest whose image or initramfs was not made
job()
{
	[ "$3" ] && [ "$4" ] || return
	printf '%s\t%s\t%s\t%s\t' "$1" "$2" "$3" "$4"
	shift 4
	echo "$*"
}

# run_guests <output directory> <command>: the manifest that it prints, each line as it
# comes. The command, which may build kernels, is no subshell that could outlive us.
run_guests()
{
	mkdir -p "$1"
	rm -f "$1/manifest"
	mkfifo "$1/manifest"
	tied lab/run/guests "$1" < "$1/manifest" &
	"$2" > "$1/manifest"
	rm "$1/manifest"
	wait $!
}
