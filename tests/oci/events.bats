#!/usr/bin/env bats
# What `ctr-oci events` prints. That of the controllers is in tests/host/events.bats.
load oci

setup_file() { oci_file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { oci_teardown; }

up() {
	sh_bundle "$1" "${2:-.}"
	create oci-a
	oci start oci-a
}

@test "--stats: once, with the processor's time in nanoseconds" {
	up 'while :; do :; done'
	busy() { oci events --stats oci-a | jq -e '.data.cpu.usage.total > 1e8'; }
	until_true "it has had some time" busy
	run -0 oci events --stats oci-a
	[ "${#lines[@]}" = 1 ]
	jq -e '.type == "stats" and .id == "oci-a" and (.data.cpu.usage | .total > 1e8 and .total >= .user and .user > 0)' <<< "$output"
	stat=$(cat "$OCI_GROUPS/${B##*/}/cpu.stat")
	jq -e --argjson max "$(awk '/^usage_usec/ {print $2 * 1000}' <<< "$stat")" '.data.cpu.usage.total <= $max' <<< "$output"
}

@test "--stats: huge pages of each size, used and allowed" {
	up 'sleep 1000' '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	run -0 oci events --stats oci-a
	jq -e '.data.hugetlb."2MB" == {usage: 0, limit: 4194304, failcnt: 0}' <<< "$output"
}

# Without one it is every five seconds: then there would not be three in ten.
@test "every --interval, until the container has ended" {
	up 'sleep 1000'
	oci events --interval=500ms oci-a > events 3>&- &
	three() { [ "$(jq -s length events)" -ge 3 ]; }
	start=$SECONDS
	until_true "three of them" three
	[ $((SECONDS - start)) -lt 10 ]
	[ "$(jq -r .type events | sort -u)" = stats ]
	oci kill oci-a KILL
	wait $!
}

@test "a container that has ended, none at all, and an interval that is none: one line, and 1" {
	up 'exit 0'
	until_true stopped is oci-a stopped
	run -1 oci events --stats oci-a
	[ "$output" = "ctr-oci: events: container not running: oci-a" ]
	run -1 oci events --stats oci-b
	[[ "${#lines[@]}" = 1 && "$output" == *"container does not exist"* ]]
	for wrong in 0 -1 1x 86401 25h ''; do
		run -1 oci events --interval "$wrong" oci-a
		[[ "${#lines[@]}" = 1 && "$output" == *--interval:* ]]
	done
}
