#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest in the guest: QEMU with the arguments that lie in /nested/arguments, one a line.
# What its programs report is what this one does. tests/lab/kvm runs it.
set -u

set --
while read -r argument; do
	set -- "$@" "$argument"
	case $argument in
	file,*path=*) mkdir -p "$(dirname "${argument##*path=}")" ;;
	esac
	case $argument in
	file,id=report,*) report=${argument##*path=} ;;
	file,id=console,*) console=${argument##*path=} ;;
	esac
done < /nested/arguments

timeout 200 qemu-system-x86_64 "$@" 2>&1 | sed 's/^/# /'
tr -d '\r' < "$console" | tail -n 5 | sed 's/^/# /'
sed -n 's/^# lab: /# nested: /p; s/^  //p' "$report"
