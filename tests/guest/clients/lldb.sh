#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a stock lldb does to PKRU, in the guest: KTAP, with the sessions as
# diagnostics. It has no name for PKRU, but its lldb-server writes the whole image back
# whenever a vector register changes, or a function is called. The debugged program tells its PKRU
# itself.
set -u
# shellcheck source=tests/guest/clients/session.sh
. /tests/clients/session.sh

export LLDB_DEBUGSERVER_PATH=/bin/lldb-server PYTHONHOME=/

# --batch ends lldb behind the last command, and the program with it. lldb gives up on a
# server that is slow, and wants a terminal for the program unless it is told where its
# output goes.
debug()
{
	{
		echo "settings set plugin.process.gdb-remote.packet-timeout 600"
		echo "settings set target.input-path /dev/null"
		echo "settings set target.output-path /tmp/output"
		echo "settings set target.error-path /tmp/output"
		cat "$1"
	} > /tmp/lldb
	: > /tmp/output
	lldb --no-lldbinit --batch --source /tmp/lldb -- "$2"
	cat /tmp/output
}

at_breakpoint='breakpoint set --name stop_here
process launch'
at_starti='process launch --stop-at-entry'
vector='register write xmm0 "{1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0}"'
call='expression --unwind-on-error true -- (void)stop_here()'

for bits in 64 32; do
	show=/tests/clients/pkru_show_$bits
	session "continue_at_breakpoint_leaves_pkru_alone_$bits" '^then 55555554' "$show" \
		"$at_breakpoint" continue
	session "continue_at_starti_leaves_pkru_alone_$bits" '^first 55555554' "$show" \
		"$at_starti" continue
	session "vector_register_at_breakpoint_leaves_pkru_alone_$bits" '^then 55555554' "$show" \
		"$at_breakpoint" "$vector" continue
	session "vector_register_at_starti_leaves_pkru_alone_$bits" '^first 55555554' "$show" \
		"$at_starti" "$vector" continue
	session "call_at_breakpoint_leaves_pkru_alone_$bits" '^then 55555554' "$show" \
		"$at_breakpoint" 'breakpoint delete --force' "$call" continue
	# lldb cannot call a function of a static 32-bit program there.
	[ $bits = 32 ] || session "call_at_starti_leaves_pkru_alone_$bits" '^first 55555554' "$show" \
		"$at_starti" "$call" continue
done

echo "1..$nr"
