#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock gdbserver does to PKRU, in the guest: KTAP, with the sessions as
# diagnostics. gdb tells it what to write, it is gdbserver that reads and writes the whole
# image. The debugged program tells its PKRU itself.
set -u
# shellcheck source=tests/guest/clients/session.sh
. /tests/clients/session.sh

# remote <name> <pattern> <bits> <gdb command>...: from the first instruction of the program on
remote()
{
	name=$1_$3 want=$2 program=/tests/clients/pkru_show_$3
	shift 3
	session "$name" "$want" "$program" "target remote | gdbserver --once - $program" "$@"
}

for bits in 64 32; do
	remote set_pkru_reads_back '^.1 = 0x5555555c' $bits \
		'break stop_here' 'continue' "set var \$pkru = 0x5555555c" "print/x \$pkru"
	remote set_pkru_takes_effect '^then 5555555c' $bits \
		'break stop_here' 'continue' "set var \$pkru = 0x5555555c" 'continue'
	remote vector_register_at_breakpoint_leaves_pkru_alone '^then 55555554' $bits \
		'break stop_here' 'continue' "set var \$xmm0.v4_int32[0] = 1" 'continue'
	remote pkru_is_shown_at_starti '^.1 = 0x55555554' $bits "print/x \$pkru"
	remote vector_register_at_starti_leaves_pkru_alone '^first 55555554' $bits \
		"set var \$xmm0.v4_int32[0] = 1" 'continue'
done

echo "1..$nr"
