#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tools/testing/selftests/vm/protection_keys of the kernel tree, in the guest.
#
# Not as root: then it would insist on huge pages, which this kernel has not.
set -u

mkdir -p /etc
echo 'user:x:1000:1000::/tmp:/bin/sh' > /etc/passwd

nr=0
for bits in 64 32; do
	nr=$((nr + 1))
	if su user -c "/tests/clients/protection_keys_$bits" > /tmp/out 2>&1; then
		echo "ok $nr - protection_keys_$bits"
	else
		tail -n 5 /tmp/out | sed 's/^/# /'
		echo "not ok $nr - protection_keys_$bits"
	fi
done
echo "1..$nr"
