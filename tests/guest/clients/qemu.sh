#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# QEMU as the VMM, in the guest: PKRU of a vCPU has to survive migration to
# another QEMU process, savevm and loadvm. KTAP, what QEMU was asked and the
# vCPU said as diagnostics.
#
# All is done twice, by a QEMU with the PKRU which all programs have, and by one
# with PKRU 0. The vCPU runs vcpu.c: it answers each line with its PKRU.
# shellcheck disable=SC2086,SC3045 # $disk is several words, the shell is busybox
set -u

nr=0
t=/tmp/qemu
preload=

# start <option>...: a QEMU process whose vCPU does not run yet
start()
{
	dead=
	env $preload /tests/clients/qemu -M microvm,rtc=off -accel kvm -cpu max -m 16 \
		-nodefaults -no-user-config -display none -S -bios /tests/clients/vcpu.bin \
		-serial "pipe:$t/serial" -qmp "pipe:$t/qmp" "$@" \
		> "$t/log" 2>&1 3>&- 4>&- 5>&- 6>&- &
	pid=$!
	qmp '{"execute":"qmp_capabilities"}'
}

# qmp <command>: waits for its answer, and leaves it in $line
qmp()
{
	line=
	[ -z "$dead" ] || return 0
	echo "$1" >&3
	while kill -0 $pid 2> /dev/null; do
		while read -r -t 5 line <&4; do
			case $line in
			*'"event"'* | *'"QMP"'*) ;;
			*'"error"'*) echo "# $1: $line"; return ;;
			*) return ;;
			esac
		done
	done
	dead=1 line=
	echo "# QEMU has died: $(tail -n 1 "$t/log")"
}

# wait_for <query> <status>
wait_for()
{
	polls=0
	until [ "$dead" ] || [ $polls -eq 200 ]; do
		qmp '{"execute":"'"$1"'"}'
		case $line in
		*'"status": "'"$2"'"'*) return ;;
		esac
		polls=$((polls + 1))
		sleep 0.1
	done
	echo "# no status $2: $line"
}

hmp()
{
	echo "# $1"
	qmp '{"execute":"human-monitor-command","arguments":{"command-line":"'"$1"'"}}'
}

quit()
{
	qmp '{"execute":"quit"}'
	wait $pid
	while read -r -t 1 line <&4; do
		:
	done
}

# pkru [<new value>]: lets the vCPU run until it has answered
pkru()
{
	answer=
	[ -z "$dead" ] || return 0
	qmp '{"execute":"cont"}'
	echo "${1:-}" >&5
	read -r -t 60 answer <&6
	qmp '{"execute":"stop"}'
	echo "# the vCPU ${1:+gets $1 and }has $answer"
}

reads()
{
	nr=$((nr + 1))
	if [ "$answer" = "$2" ]; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1"
	fi
}

# To a new process. The old one has ended when that starts.
migrate()
{
	echo "# migrate"
	qmp '{"execute":"migrate","arguments":{"uri":"exec:cat > '"$t/state"'"}}'
	wait_for query-migrate completed
	quit
	start $disk -incoming "exec:cat $t/state"
	wait_for query-status paused
}

mkdir -p $t
mkfifo $t/serial.in $t/serial.out $t/qmp.in $t/qmp.out
exec 3<> $t/qmp.in 4<> $t/qmp.out 5<> $t/serial.in 6<> $t/serial.out

# savevm wants a disk which can have snapshots.
: > $t/disk
disk="-blockdev driver=file,filename=$t/disk,node-name=file"
start $disk
qmp '{"execute":"blockdev-create","arguments":{"job-id":"create","options":
	{"driver":"qcow2","file":"file","size":1048576}}}'
wait_for query-jobs concluded
quit
disk="$disk -blockdev driver=qcow2,file=file,node-name=disk"

for vmm in vmm_default vmm_0; do
	[ $vmm = vmm_default ] || preload=LD_PRELOAD=/tests/clients/vmm_pkru_0.so
	start $disk
	pkru 12345678
	migrate
	pkru
	reads $vmm.migrate_keeps_pkru 12345678
	pkru 12345678
	migrate
	migrate
	pkru
	reads $vmm.migrate_twice_keeps_pkru 12345678
	pkru 00000000
	migrate
	pkru
	reads $vmm.migrate_keeps_pkru_0 00000000
	hmp 'savevm zero'
	pkru 12345678
	hmp 'savevm other'
	hmp 'loadvm zero'
	pkru
	reads $vmm.loadvm_brings_pkru_0 00000000
	pkru 5555555c
	hmp 'loadvm other'
	pkru
	reads $vmm.loadvm_brings_pkru 12345678
	quit
done
echo "1..$nr"
