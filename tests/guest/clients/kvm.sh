#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tools/testing/selftests/kvm of the kernel tree, all that is in x86_64/, in the
# guest. KTAP, the end of what a failed test said as diagnostics.
set -u

cd /tests/clients/kvm || exit 1
nr=0
for test in *; do
	nr=$((nr + 1))
	rc=0
	timeout -k 1 60 "./$test" > /tmp/out 2>&1 || rc=$?
	case $rc in
	0) echo "ok $nr - $test" ;;
	4) echo "ok $nr - $test # SKIP $(sed -n 's/.*# SKIP[ -]*//p' /tmp/out | tail -n 1)" ;;
	*)
		echo "# exit status $rc"
		tail -n 12 /tmp/out | sed 's/^/# /'
		echo "not ok $nr - $test" ;;
	esac
done
echo "1..$nr"
