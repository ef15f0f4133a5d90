# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# settings.sh - what a user may set, in the environment or behind make
#
# Sourced by lab/lib.sh. "make help" prints the lines which end in a remark.

# The lab is tested with this tree, and with no other one.
default_tree=v6.1-rc

: "${TREE:=v6.1-rc}"	# a kernel line, a directory of trees
: "${LINUX:=}"	# your own kernel tree or repository; it is never changed
: "${BASE:=}"	# a revision of LINUX
: "${STAGE:=}"	# of a target with it: pkru-ptrace/4, a number; else last
: "${SERIES:=}"	# for send: the series, else all
: "${GROUP:=}"	# for check-all: names of tests/groups
: "${MINUTES:=}"	# for check-all: leave out groups that take longer
: "${KERNEL:=}"	# for witness: vmlinuz, vmlinux, packages or directory
: "${MODULES:=}"	# for witness: its modules, if not next to it
: "${TOPIC:=}"	# for witness: one of witness/topics, all without
: "${HOST:=.}"	# for boot: directory to copy to the guest
: "${ROUNDS:=20000}"	# for fuzz: how many
: "${SEED:=}"	# for fuzz: another sequence
: "${ROUND:=}"	# for fuzz: a single one
: "${MACHINE:=}"	# of lab/guest/machines, or a path; else qemu
: "${HOSTS:=}"	# file of hosts to run guests on, or slurm
: "${BOOT_SECS:=}"	# seconds until a guest counts as hung, else 300 to 1800
: "${FRESH:=}"	# 1 runs all guests, also those whose results are kept
: "${DEBUG:=}"	# fault, gcov, kasan or kcsan, joined by +
: "${JOBS:=$(nproc)}"	# as for a kernel build
: "${CC:=gcc}"	# as for a kernel build, such as "ccache gcc"
: "${BUILD:=build}"	# where everything that is generated goes
: "${V:=}"	# 1 shows what the tools print, and all cases

[ "$V" != 0 ] || V=
[ "$FRESH" != 0 ] || FRESH=

# Not for users: a fragment of the configuration which one client needs.
: "${FRAGMENT:=}"

# What is said in a file of lab/guest/machines now.
for old in CPU=emulator CPU_MODEL=model SMP=cpus KARGS=parameters QEMU_ARGS=arguments TCG_THREAD=thread; do
	new=${old#*=} old=${old%=*}
	eval "[ -z \"\${$old:-}\" ]" || {
		echo "error: $old= is now \"$new = \" in a file of lab/guest/machines: use MACHINE=<its name, or the path of yours>" >&2
		exit 1
	}
done
