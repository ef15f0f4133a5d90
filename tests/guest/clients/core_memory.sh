#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock gdb shows of a program that a protection key has killed, in the guest: KTAP,
# with the sessions as diagnostics. The core file should have what the access was about.
set -u

nr=0
core=/tmp/core
echo "$core" > /proc/sys/kernel/core_pattern
echo 0 > /proc/sys/kernel/core_uses_pid

# shows <name> <pattern> <gdb command>...: of $program
shows()
{
	name=$1 want=$2
	shift 2
	nr=$((nr + 1))
	for command; do
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
	program=/tests/clients/core_memory_$bits
	for access in read write; do
		for where in global heap; do
			rm -f "$core"
			"$program" $where $access > /dev/null 2>&1
			shows "${where}_variable_after_${access}_$bits" '^.1 = 4711' \
				"core-file $core" 'backtrace' 'print account->balance'
		done
		# SEGV_PKUERR is 4.
		shows "the_key_is_named_after_${access}_$bits" '^.1 = 4$' \
			"core-file $core" "print \$_siginfo.si_code"
		shows "the_address_is_named_after_${access}_$bits" '^.1 = 1$' "core-file $core" \
			"print \$_siginfo._sifields._sigfault.si_addr == &account->balance"
	done
	# A living process is read by ptrace(), which obeys no key.
	shows "gcore_has_the_variable_$bits" '^.1 = 4711' 'run heap read' "gcore $core" 'kill' \
		"core-file $core" 'print account->balance'
	rm -f "$core"
done

echo "1..$nr"
