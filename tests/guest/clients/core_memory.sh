#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock gdb shows of a program that a protection key has killed, in the guest: KTAP,
# with the sessions as diagnostics. The core file should have what the access was about.
set -u
# shellcheck source=tests/guest/clients/session.sh
. /tests/clients/session.sh

core=/tmp/core
kernel_core $core

for bits in 64 32; do
	program=/tests/clients/core_memory_$bits
	for access in read write; do
		for where in global heap; do
			rm -f "$core"
			"$program" $where $access > /dev/null 2>&1
			session "${where}_variable_after_${access}_$bits" '^.1 = 4711' "$program" \
				"core-file $core" 'backtrace' 'print account->balance'
		done
		# SEGV_PKUERR is 4.
		session "the_key_is_named_after_${access}_$bits" '^.1 = 4$' "$program" \
			"core-file $core" "print \$_siginfo.si_code"
		session "the_address_is_named_after_${access}_$bits" '^.1 = 1$' "$program" \
			"core-file $core" "print \$_siginfo._sifields._sigfault.si_addr == &account->balance"
	done
	# A living process is read by ptrace(), which obeys no key.
	session "gcore_has_the_variable_$bits" '^.1 = 4711' "$program" 'run heap read' \
		"gcore $core" 'kill' "core-file $core" 'print account->balance'
	rm -f "$core"
done

echo "1..$nr"
