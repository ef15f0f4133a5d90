# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# machine.sh - read a machine: a file of lab/guest/machines, or one of the user's
#
# Sourced by lab/lib.sh. A line of such a file is "key = value", or a remark that begins
# with "#". The keys:
#
#   like		the machine which this one is like. Comes first: what the file does not
#			say is as there, and so is what trees/<tree>/expected has for that one.
#   emulator		qemu or bochs
#   accelerator		tcg or kvm; interpreter for Bochs
#   model		CPU model, and what the emulator takes behind it
#   cpus, memory	how many, how many MiB
#   thread		single or multi: host threads of the CPUs of TCG. Guests run side by
#			side, so one thread a guest is faster than many.
#   parameters		of the kernel. Several lines add up, with those of "like", too.
#   arguments		of QEMU, which add up as well
#   plugin		of QEMU: lab/measure/<plugin>.c

machine_keys="like emulator accelerator model cpus memory thread parameters arguments plugin"

# read_machine <name or path>: sets machine, its name; machine_names, this one and those
# it is like; and machine_<key>
read_machine()
{
	machine_names=
	for key in $machine_keys; do
		eval "machine_$key="
	done
	add_machine "$1"
	machine=${1##*/} machine_names=${machine_names# }
	case $machine_emulator,$machine_accelerator in
	qemu,tcg | qemu,kvm | bochs,interpreter) ;;
	*) die "MACHINE=$1: emulator and accelerator are qemu and tcg, qemu and kvm, or bochs and interpreter" ;;
	esac
	[ "$machine_model" ] && [ "$machine_cpus" ] && [ "$machine_memory" ] ||
		die "MACHINE=$1 lacks model, cpus or memory: begin its file with 'like = <machine>'"
}

add_machine()
{
	case $1 in
	*" "*) die "MACHINE=$1: this takes one machine" ;;
	lab/guest/machines/*) set -- "${1##*/}" "$1" ;;
	*/*)	[ ! -f "lab/guest/machines/${1##*/}" ] ||
			die "MACHINE=$1: $(basename "$1") is a machine of the lab, give the file another name"
		set -- "$1" "$1" ;;
	*) set -- "$1" "lab/guest/machines/$1" ;;
	esac
	[ -f "$2" ] ||
		die "MACHINE=$1: no such machine, there are: $(cd lab/guest/machines && echo *), or the path of a file like these"
	case " $machine_names " in
	*" ${1##*/} "*) die "MACHINE=$1 is like itself" ;;
	esac
	machine_names="$machine_names ${1##*/}"
	while read -r key equals value || [ "$key" ]; do
		case $key,$equals in
		"#"* | ,) continue ;;
		like,=) add_machine "$value"; continue ;;
		parameters,= | arguments,=) eval "value=\"\$machine_$key \$value\"" ;;
		esac
		case " $machine_keys ,$equals" in
		*" $key "*,=) eval "machine_$key=\$value" ;;
		*) die "MACHINE=$1: not a line of a machine: $key $equals $value; keys are: $machine_keys" ;;
		esac
	done < "$2"
}

# emulator_version: of the machine which was read
emulator_version()
{
	case $machine_emulator in
	bochs)	paste -sd ' ' "$BUILD"/debian/*-bochs-*/versions ;;
	*)	qemu-system-x86_64 --version | head -n 1 ;;
	esac
}
