#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock gdbserver does to PKRU, in the guest: KTAP, with the sessions as
# diagnostics. gdb tells it what to write, it is gdbserver that reads and writes the whole
# image. The debugged program tells its PKRU itself.
set -u

nr=0

# session <name> <pattern which has to show up> <bits> <gdb command>...: from the first
# instruction of the program on
session()
{
	name=$1_$3 want=$2 program=/tests/clients/pkru_show_$3
	shift 3
	nr=$((nr + 1))
	for command in "target remote | gdbserver --once - $program" "$@"; do
		echo "$command"
	done > /tmp/commands
	gdb -nx -batch -x /tmp/commands "$program" < /dev/null > /tmp/session 2>&1
	sed 's/^/# /' /tmp/session
	if grep -q -- "$want" /tmp/session; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name"
	fi
}

for bits in 64 32; do
	session set_pkru_reads_back '^.1 = 0x5555555c' $bits \
		'break stop_here' 'continue' "set var \$pkru = 0x5555555c" "print/x \$pkru"
	session set_pkru_takes_effect '^then 5555555c' $bits \
		'break stop_here' 'continue' "set var \$pkru = 0x5555555c" 'continue'
	session vector_register_at_breakpoint_leaves_pkru_alone '^then 55555554' $bits \
		'break stop_here' 'continue' "set var \$xmm0.v4_int32[0] = 1" 'continue'
	session pkru_is_shown_at_starti '^.1 = 0x55555554' $bits "print/x \$pkru"
	session vector_register_at_starti_leaves_pkru_alone '^first 55555554' $bits \
		"set var \$xmm0.v4_int32[0] = 1" 'continue'
done

echo "1..$nr"
