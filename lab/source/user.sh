# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# user.sh - the user's own kernel tree, LINUX= and BASE=
#
# Sourced by lab/source/tree after lab/lib.sh. All of it only reads: the files are
# copied, and git is not even allowed to refresh the index.

user_git()
{
	git --no-optional-locks -C "$LINUX" "$@"
}

# Sets rev: what to take from the repository, empty if LINUX is none, be it below one or not.
user_rev()
{
	rev=
	if [ -e "$LINUX/.git" ]; then
		why=$(user_git rev-parse --git-dir 2>&1) ||
			die "LINUX=$LINUX: git does not take it for a repository: $(printf '%s\n' "$why" | head -n 1)"
		rev=${BASE:-HEAD}
	elif [ "$(user_git rev-parse --absolute-git-dir 2>/dev/null)" = "$LINUX" ]; then
		rev=${BASE:-HEAD}
	elif [ "$BASE" ]; then
		die "BASE=$BASE needs a git repository, LINUX=$LINUX is none"
	fi
	[ -z "$rev" ] || user_git rev-parse -q --verify "$rev^{commit}" > /dev/null ||
		die "${BASE:+BASE=}$rev: no such revision in $LINUX"
}

user_file()
{
	if [ "$rev" ]; then
		user_git show "$rev:$1"
	else
		cat "$LINUX/$1"
	fi 2> /dev/null
}

check_user_tree()
{
	user_rev
	if ! user_file Makefile | grep -q '^VERSION = ' ||
			! user_file arch/x86/kernel/fpu/xstate.c | grep -q .; then
		die "LINUX=$LINUX${BASE:+ at $BASE} is not a kernel tree: no Makefile with a VERSION, or no arch/x86/kernel/fpu/xstate.c in it"
	fi
	# Files which are only gone, as in a checkout that was cut down, do no harm.
	if [ -z "$BASE" ] && [ -e "$LINUX/.git" ] &&
			user_git status --porcelain -uno | grep -qv '^ D'; then
		die "LINUX=$LINUX has uncommitted changes: commit or stash them, or name a revision with BASE=HEAD"
	fi
}

# The paths in LINUX which are no part of it: its repository, and this one.
not_theirs()
{
	echo ./.git
	for path in "$top" "$BUILD"; do
		case $path in
		"$LINUX"/*) echo "./${path#"$LINUX/"}" ;;
		esac
	done
}

# What the base is made of, in one line.
user_key()
{
	if [ "$rev" ]; then
		user_git rev-parse "$rev^{commit}"
	else
		(cd "$LINUX" && find . -type f -printf "%p %T@\n") |
			skip=$(not_theirs) awk '
				BEGIN { n = split(ENVIRON["skip"], skip, "\n") }
				{ for (i = 1; i <= n; i++) if (index($0, skip[i] "/") == 1) next; print }' |
			sort | sha256sum
	fi
}

# The first tar or git of a pipe may fail while the last one succeeds.
pack_user_tree()
{
	if [ "$rev" ]; then
		user_git archive "$rev"
	else
		not_theirs > "$dir/exclude"
		tar cf - -C "$LINUX" --mode=u+rwX --anchored --no-wildcards \
			--exclude-from="$dir/exclude" .
	fi 2> "$dir/copy.log" || echo "exit status $?" >> "$dir/copy.log"
}

copy_user_tree()
{
	mkdir -p "$dir"
	pack_user_tree | tar xf - -C "$1" --no-same-owner 2> "$dir/unpack.log" || :
	why=$(cat "$dir/copy.log" "$dir/unpack.log" | head -n 1)
	[ -z "$why" ] || die "cannot copy LINUX=$LINUX${BASE:+ at $BASE}: $why"
}
