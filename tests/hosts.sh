# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# hosts.sh - guests here and elsewhere, for tests/lab/hosts and tests/lab/slurm
#
# Sourced after tests/lib.sh. $work/manifest was run here and its results are in $work/here;
# $work/out has those of the last run. n1 is the host that dies, its process is $pid_1.

image=$(lab/kernel/image last)
initramfs=$(lab/guest/initramfs base selftests)

# same <guest>...: what each left is what it left here, byte for byte
same()
{
	for n; do
		cmp "$work/here/$n/report" "$work/out/$n/report" || return
	done
}

# ran_on <host>...: all of these, and no other one
ran_on()
{
	cat "$work"/out/*/host > "$work/hosts_seen"
	[ "$(sed -n 's/^host	//p' "$work/hosts_seen" | sort -u | paste -sd ' ')" = "$*" ] || { cat "$work/hosts_seen"; return 1; }
}

# within <times 0.2 s> <command>: it succeeds
within()
{
	for _ in $(seq "$1"); do
		! $2 || return 0
		sleep 0.2
	done
	echo "not within that time: $2"
	return 1
}

# dies <command> <command>...: n1 does when the first one, which looks for a guest there,
# succeeds. The other one completes.
dies()
{
	seen=$1
	shift
	# shellcheck disable=SC2154 # set by the test
	{ within 1500 "$seen" && kill -s KILL "$pid_1"; } & killer=$!
	rc=0
	"$@" || rc=$?
	wait "$killer" || rc=$?
	return "$rc"
}

# interrupted <HOSTS=> <command> <command>: when the first one succeeds, a run there gets
# SIGTERM. Then the second one does before a guest would have ended by itself.
interrupted()
{
	env FRESH=1 HOSTS="$1" BUILD="$work/build" LAB_LOCKS= setsid lab/run/guests "$work/out" \
		< "$work/manifest" > "$work/said" 2>&1 & run=$!
	rc=0
	within 1500 "$2" || rc=1
	kill "$run"
	within 75 "$3" && return $rc
}
