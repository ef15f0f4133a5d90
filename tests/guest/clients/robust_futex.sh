#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What glibc's pthread_join() and robust mutexes do, in the guest, if a thread dies with a
# protection key closed: KTAP, what was waited for as diagnostics.
set -u

# glibc has the area of rseq in the TCB. The kernel writes there whenever it has preempted
# the thread, and kills a process that denies it.
export GLIBC_TUNABLES=glibc.pthread.rseq=0

nr=0
for bits in 64 32; do
	for rights in open write access; do
		for case in join.$rights.exit join.$rights.seccomp mutex.$rights.exit \
			mutex.$rights.seccomp mutex.$rights.process; do
			nr=$((nr + 1))
			if "/tests/clients/robust_futex_$bits" "$case" > /tmp/out 2>&1; then
				result=ok
			else
				result="not ok"
			fi
			sed 's/^/# /' /tmp/out
			echo "$result $nr - ${case}_$bits"
		done
	done
done
echo "1..$nr"
