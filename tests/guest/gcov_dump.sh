#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gcov_dump - print what the kernel counted, to be decoded by lab/measure/coverage
set -eu
grep -q ' /sys/kernel/debug ' /proc/mounts || mount -t debugfs none /sys/kernel/debug
cd /sys/kernel/debug/gcov
find . -name '*.gcda' | while read -r f; do
	echo "gcda ${f#.}"
	base64 "$f"
	echo "gcda end"
done
