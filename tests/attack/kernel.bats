#!/usr/bin/env bats
# The kernel's surface under the filter that ctr brings. An engine brings its own to ctr-oci.
load attack

setup_file() { attack_file_setup; }
setup() { attack_setup; }
teardown() { attack_teardown; }

@test "doors of the kernel are shut (CVE-2026-31431): AF_ALG, AF_VSOCK, XFRM, io_uring, bpf, userfaultfd, perf, keyctl" {
	local door
	ctr run --rm --rootfs "$FS" -- inside doors > ours
	held not grep '^open' ours
	ctr run --rm --rootfs "$FS" -u ann -- inside doors > user
	held not grep '^open' user
	started kept -- sleep 1000
	ctr exec kept inside doors > inside
	held not grep '^open' inside
	ctr rm -f kept
	# What the kernel has is open without a filter.
	command -v runc > /dev/null || skip "held, but its control is missing: runc is not installed"
	jq '.process.capabilities[] = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"] |
		.process.args = ["inside", "doors"]' "$BATS_FILE_TMPDIR/base.json" > config.json
	timeout 20 runc --root "$PWD/runc" run --bundle "$PWD" doors < /dev/null > theirs
	[ "$(wc -l < theirs)" -eq "$(wc -l < ours)" ]
	for door in SO_ATTACH_FILTER TIOCSETD io_setup core-limit io_uring bpf userfaultfd perf_event_open keyctl add_key fsopen unshare-user AF_PACKET; do
		"$FS/bin/inside" doors | grep -q "^open $door " || continue # not in this kernel
		control_fell grep "^open $door " theirs
	done
	control_fell [ "$(grep -c '^open' theirs)" -ge 5 ]
	cat theirs
}
