# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# session.sh - sessions of a stock debugger in a guest, as KTAP
#
# Sourced by the clients that are debuggers. What they say are diagnostics.

nr=0

# debug <file with commands> <program> [<argument>...]: gdb, unless the client has another one
debug()
{
	commands=$1
	shift
	gdb -nx -batch -x "$commands" --args "$@"
}

# session <name> <patterns, all of which have to show up, one a line> <program and arguments> <command>...
session()
{
	name=$1 want=$2 program=$3
	shift 3
	nr=$((nr + 1))
	for command; do
		echo "$command"
	done > /tmp/commands
	# shellcheck disable=SC2086
	debug /tmp/commands $program < /dev/null > /tmp/session 2>&1
	sed 's/^/# /' /tmp/session
	found=y
	echo "$want" > /tmp/want
	while read -r pattern; do
		grep -q -- "$pattern" /tmp/session || found=
	done < /tmp/want
	if [ "$found" ]; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name"
	fi
}

# kernel_core <file>: this is where the kernel leaves core files from now on
kernel_core()
{
	echo "$1" > /proc/sys/kernel/core_pattern
	echo 0 > /proc/sys/kernel/core_uses_pid
}
