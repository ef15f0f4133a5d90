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

# Sets kind: git is a work tree (or a linked one), bare a repository without
# files, dir anything else, be it below a work tree or not. And sets rev: what
# to take from the repository, empty for the files as they lie there.
user_kind()
{
	kind=dir rev=$BASE
	if [ -e "$LINUX/.git" ]; then
		why=$(user_git rev-parse --git-dir 2>&1) ||
			die "LINUX=$LINUX: git does not take it for a repository: $(printf '%s\n' "$why" | head -n 1)"
		kind=git
	elif [ "$(user_git rev-parse --absolute-git-dir 2>/dev/null)" = "$LINUX" ]; then
		kind=bare
	fi
	case $kind in
	dir) [ -z "$BASE" ] ||
		die "BASE=$BASE needs a git repository, LINUX=$LINUX is none" ;;
	*) user_git rev-parse -q --verify "${BASE:-HEAD}^{commit}" > /dev/null ||
		die "${BASE:+BASE=}${BASE:-HEAD}: no such revision in $LINUX" ;;
	esac
	# What is not checked out has to come out of the repository.
	if [ "$kind" = bare ] || [ "$(user_git config --bool core.sparseCheckout)" = true ]; then
		rev=${BASE:-HEAD}
	fi
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
	user_kind
	if ! user_file Makefile | grep -q '^VERSION = ' ||
			! user_file arch/x86/kernel/fpu/xstate.c | grep -q .; then
		die "LINUX=$LINUX${rev:+ at $rev} is not a kernel tree: no arch/x86/kernel/fpu in it"
	fi
	# Files which are only gone, as in a checkout that was cut down, do no harm.
	if [ -z "$rev" ] && [ "$kind" = git ] &&
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
	if [ "$kind" != dir ]; then
		user_git rev-parse "${rev:-HEAD}^{commit}"
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
	elif [ "$kind" = dir ]; then
		not_theirs > "$dir/exclude"
		tar cf - -C "$LINUX" --mode=u+rwX --anchored --no-wildcards \
			--exclude-from="$dir/exclude" .
	else
		user_git ls-files -z | sort -z > "$dir/files"
		user_git ls-files -dz | sort -z > "$dir/gone"
		comm -z -23 "$dir/files" "$dir/gone" | tar cf - -C "$LINUX" \
			--mode=u+rwX --null --verbatim-files-from -T -
	fi 2> "$dir/copy.log" || echo "exit status $?" >> "$dir/copy.log"
}

copy_user_tree()
{
	mkdir -p "$dir"
	pack_user_tree | tar xf - -C "$1" --no-same-owner 2> "$dir/unpack.log" || :
	why=$(cat "$dir/copy.log" "$dir/unpack.log" | head -n 1)
	[ -z "$why" ] || die "cannot copy LINUX=$LINUX${rev:+ at $rev}: $why"
}
