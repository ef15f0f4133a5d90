#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# CRIU, in the guest: a process which it dumps and restores, and one which goes on
# after its dump, has to have the PKRU which it had. KTAP, what CRIU found in the
# XSAVE image and the end of its log, if it fails, as diagnostics.
#
# At exec a process has PKRU 55555554 before it has run at all. That is where
# PTRACE_GETREGSET, by which CRIU dumps, may say that PKRU is in its init state, 0.
set -u

nr=0
t=/tmp/criu

# hold <bits> <PKRU>...: a process to be dumped, its id is in $pid
hold()
{
	rm -rf "$t"
	mkdir -p "$t/images"
	program=/tests/clients/pkru_hold_$1
	shift
	setsid "$program" "$t" "$@" < /dev/null > /dev/null 2>&1 &
	pid=$! parent=$!
	sleep 0.5
}

# hold_exec <bits>: one which is stopped before its first instruction
hold_exec()
{
	rm -rf "$t"
	mkdir -p "$t/images"
	program=/tests/clients/pkru_hold_$1
	"$program" exec "$program" "$t" - < /dev/null > "$t/pid" 2> /dev/null &
	parent=$!
	sleep 0.5
	pid=$(cat "$t/pid")
}

# criu_does <action> <option>...
criu_does()
{
	action=$1
	shift
	rc=0
	criu "$action" -D "$t/images" -v4 -o "$action.log" "$@" < /dev/null > /dev/null 2>&1 || rc=$?
	grep 'xstate_bv: ' "$t/images/$action.log" | sed "s/^/# $action: /"
	[ $rc -ne 0 ] || return 0
	echo "# criu $action fails"
	tail -n 12 "$t/images/$action.log" | sed 's/^/# /'
	kill -9 "$pid" 2> /dev/null
}

# has <case> <PKRU>...: asks the process
has()
{
	nr=$((nr + 1))
	name=$1
	shift
	answer=none
	touch "$t/question"
	kill -CONT "$pid" 2> /dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -s "$t/answer" ] || break
		sleep 0.5
	done
	[ ! -s "$t/answer" ] || answer=$(cat "$t/answer")
	echo "# the process has $answer"
	if [ "$answer" = "$*" ]; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name"
	fi
}

# restored <case> <PKRU>...: it is dumped, which ends it, and restored
restored()
{
	criu_does dump -t "$pid"
	wait "$parent"
	criu_does restore -d
	has "$@"
}

# dumped <case> <PKRU>...: it is dumped and goes on
dumped()
{
	criu_does dump -t "$pid" --leave-running
	has "$@"
}

mount -t tmpfs tmpfs /run 2> /dev/null || { mkdir -p /run && mount -t tmpfs tmpfs /run; }
ifconfig lo 127.0.0.1 up
criu --version | sed "s,^,# ,"

for bits in 64 32; do
	for pkru in 5555555c 12345678 00000000; do
		hold $bits $pkru
		restored "restored_with_${pkru}_$bits" $pkru
	done
	hold $bits 5555555c
	dumped "goes_on_after_dump_$bits" 5555555c
	hold $bits 5555555c 12345678
	restored "threads_restored_$bits" 5555555c 12345678
	hold $bits 5555555c 12345678
	dumped "threads_go_on_after_dump_$bits" 5555555c 12345678
	hold_exec $bits
	restored "restored_before_its_first_instruction_$bits" 55555554
	hold_exec $bits
	dumped "goes_on_before_its_first_instruction_$bits" 55555554
done
echo "1..$nr"
