#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock gdb does to PKRU, in the guest: KTAP, with the sessions as
# diagnostics. The debugged program tells its PKRU itself.
set -u
# shellcheck source=tests/guest/clients/session.sh
. /tests/clients/session.sh

core=/tmp/core
kernel_core $core

for bits in 64 32; do
	show=/tests/clients/pkru_show_$bits
	session "set_pkru_reads_back_$bits" '^.1 = 0x5555555c' "$show" \
		'break stop_here' 'run' "set var \$pkru = 0x5555555c" "print/x \$pkru"
	session "set_pkru_takes_effect_$bits" '^then 5555555c' "$show" \
		'break stop_here' 'run' "set var \$pkru = 0x5555555c" 'continue'
	session "vector_register_at_breakpoint_leaves_pkru_alone_$bits" '^then 55555554' "$show" \
		'break stop_here' 'run' "set var \$xmm0.v4_int32[0] = 1" 'continue'
	session "pkru_is_shown_at_starti_$bits" '^.1 = 0x55555554' "$show" \
		'starti' "print/x \$pkru"
	session "vector_register_at_starti_leaves_pkru_alone_$bits" '^first 55555554' "$show" \
		'starti' "set var \$xmm0.v4_int32[0] = 1" 'continue'
	# A thread which is preempted between its WRPKRU and the crash has the right
	# PKRU in its core on any kernel: that does not happen in each of five runs.
	want=
	set --
	for run in 1 2 3 4 5; do
		rm -f "$core"
		"$show" crash > /dev/null 2>&1
		mv "$core" "$core.$run"
		want="$want^.$run = 0x12345678
"
		set -- "$@" "core-file $core.$run" "print/x \$pkru"
	done
	session "kernel_core_has_pkru_of_the_crash_$bits" "${want%?}" "$show" "$@"
	rm -f "$core".?
	session "gcore_has_pkru_$bits" '^.1 = 0x5555555c' "$show" \
		'break stop_here' 'run' "set var \$pkru = 0x5555555c" "gcore $core" \
		'kill' "core-file $core" "print/x \$pkru"
	rm -f "$core"

	session "threads_show_their_own_pkru_$bits" '^.1 = 0x12345678
^.2 = 0x5555555c' "$show threads" 'break stop_here' 'run' \
		'thread 2' "print/x \$pkru" 'thread 1' "print/x \$pkru"
	session "set_pkru_of_one_thread_$bits" '^other 5555aaa8
^then 5555555c' "$show threads" 'break stop_here' 'run' \
		'thread 2' "set var \$pkru = 0x5555aaa8" 'continue'
	"$show" crash,threads > /dev/null 2>&1
	# The first thread in a core is the one which crashed.
	session "kernel_core_has_pkru_of_threads_$bits" '^.1 = 0x5555555c
^.2 = 0x12345678' "$show" "core-file $core" \
		'thread 2' "print/x \$pkru" 'thread 1' "print/x \$pkru"
	rm -f "$core"
	session "gcore_has_pkru_of_threads_$bits" '^.1 = 0x12345678
^.2 = 0x5555555c' "$show threads" 'break stop_here' 'run' \
		"gcore $core" 'kill' "core-file $core" \
		'thread 2' "print/x \$pkru" 'thread 1' "print/x \$pkru"
	rm -f "$core"
done

echo "1..$nr"
