# shellcheck shell=bash disable=SC2016
# What `ctr-oci events` prints of memory, processes and disks.
load group

@test "memory: used, at most, allowed, and each kind that the kernel counts" {
	up c 'exec work hold 32' '.linux.resources.memory = {limit: 134217728, swap: 134217728}'
	until_true "it has all" said 'touched 32'
	run -0 oci events --stats c
	jq -e '.data.memory | .usage.usage >= 33554432 and .usage.max >= .usage.usage and .usage.limit == 134217728
		and .usage.failcnt == 0 and .raw.anon >= 33554432 and .cache == .raw.file and .swap.limit == 0' <<< "$output"
	[ "$(jq '.data.memory.raw | length' <<< "$output")" = "$(value memory.stat | wc -l)" ]
}

@test "processes: now, and allowed" {
	up c 'sleep 1000 & sleep 1000 & wait' '.linux.resources.pids.limit = 33'
	both_sleep() { [ "$(oci events --stats c | jq -c .data.pids)" = '{"current":3,"limit":33}' ]; }
	until_true "three of 33" both_sleep
}

@test "processor: periods, and those in which it had to wait" {
	up c 'exec work spin 1000' '.linux.resources.cpu = {quota: 10000, period: 100000}'
	waits() { oci events --stats c | jq -e '.data.cpu.throttling | .throttledPeriods > 0 and .throttledTime > 0 and .periods >= .throttledPeriods'; }
	until_true "it waits" waits
}

@test "disks: bytes and operations of each, by number" {
	local disk
	disk=$(stat -c '%Hd:%Ld' "$FS")
	up c 'work write /tmp/x 1024; sleep 1000'
	until_true "it has written" grep -q . "$B/out"
	run -0 oci events --stats c
	rm "$FS/tmp/x"
	jq -e --arg disk "$disk" '.data.blkio | (.ioServiceBytesRecursive[] | select("\(.major):\(.minor)" == $disk and .op == "Write")
		| .value >= 1048576) and ([.ioServicedRecursive[] | select(.op == "Write") | .value] | add > 0)' <<< "$output"
}

@test "a process that is killed for want of memory is an event of its own, once" {
	up c 'until [ -e /tmp/go ]; do sleep .1; done; work memory 64; sleep 1000' '.linux.resources.memory = {limit: 25165824, swap: 25165824}'
	oci events --interval 1 c > "$B/events" 3>&- &
	until_true "first counts" test -s "$B/events"
	touch "$FS/tmp/go"
	told() { [ "$(jq -s 'map(select(.type == "oom")) | length' "$B/events")" = 1 ]; }
	until_true "it is told" told
	sleep 3
	told
	jq -se '.[-1] | .type == "stats" and .data.memory.usage.failcnt == 1' "$B/events"
	oci kill c KILL
	wait $!
	rm "$FS/tmp/go"
}
