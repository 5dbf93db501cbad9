# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Every limit as the kernel holds it, in the test machine: no controller may be missing here.
load ../cli/helpers

setup_file() {
	file_setup
	cp "$BUILD/host/work" "$FS/bin/work"
	DISK=$(stat -c '%Hd:%Ld' "$BATS_FILE_TMPDIR")
	export DISK
}
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	swapoff "$BATS_FILE_TMPDIR/swap" 2> /dev/null || :
	echo max > "$GROUPS_AT/memory.max"
	echo "$DISK enable=0" > "$(dirname "$GROUPS_AT")/io.cost.qos"
	nothing_left
}

value() { cat "$(group "$1")/$2"; }
event() { awk -v key="$2" '$1 == key {print $2}' "$(group "$1")/$3"; }
inspected() { ctr inspect "$1" | jq -r "(if type == \"array\" then .[0] else . end) | $2"; }
# within VALUE LOW HIGH, as decimal numbers
within() {
	echo "$1 of $2 to $3"
	awk -v v="$1" -v low="$2" -v high="$3" 'BEGIN {exit !(v >= low && v <= high)}'
}
# measured COMMAND...: a measure that this machine may have stood still in has three tries.
measured() { "$@" || "$@" || "$@"; }
swap_on() {
	dd if=/dev/zero of="$BATS_FILE_TMPDIR/swap" bs=1M count=128 status=none
	chmod 600 "$BATS_FILE_TMPDIR/swap"
	mkswap "$BATS_FILE_TMPDIR/swap" > swap.log && swapon "$BATS_FILE_TMPDIR/swap"
}

bounded() {
	[ "$(cat "$GROUPS_AT/supervisors/cpu.weight")" = 1000 ] &&
		[ "$(cat "$GROUPS_AT/supervisors/cpu.max")" = "$(($(nproc) * 50000)) 100000" ]
}

@test "supervisors have the weight of ten containers, and half of the CPUs at most" {
	started watched -- sleep 100
	[ "$(sort "$GROUPS_AT/supervisors/cgroup.procs")" = "$(supervisors watched | sort)" ]
	bounded
	# Whoever makes the group may be killed before it is bounded.
	ctr rm -f watched
	until_true "nobody is in it" rmdir "$GROUPS_AT/supervisors"
	mkdir -m 0700 "$GROUPS_AT/supervisors"
	started watched -- sleep 100
	bounded
	ctr rm -f watched
}

@test "--memory: the kernel kills inside, ctr says so once, and inspect remembers" {
	run -137 --separate-stderr ctr run --name greedy -m 32m --memory-swap 32m --rootfs "$FS" -- work memory 100
	[ -z "$output" ]
	echo "$stderr"
	[ "$stderr" = 'ctr: warning: greedy ran out of memory: the kernel killed a process in it' ]
	[ "$(inspected greedy .oomKilled)" = true ]
	run -0 --separate-stderr ctr run --name frugal -m 64m --memory-swap 64m --rootfs "$FS" -- work memory 20
	[ "$output" = 'touched 20' ]
	[ -z "$stderr" ]
	[ "$(inspected frugal .oomKilled)" = false ]
}

@test "--memory: a child's end for want of memory is told too; the payload goes on" {
	run -0 --separate-stderr box -m 32m --memory-swap 32m -- sh -c 'work memory 100; echo "it got $?"'
	[ "$output" = 'it got 137' ]
	[ "$(grep -c 'ran out of memory' <<< "$stderr")" = 1 ]
}

@test "--memory: a detached container's end is remembered" {
	started quiet -m 32m --memory-swap 32m -- work memory 100
	run -0 ctr wait quiet
	[ "$output" = 137 ]
	[ "$(inspected quiet .oomKilled)" = true ]
}

@test "--oom-group, and --cgroup-conf memory.oom.group=1: all end together" {
	run -137 box -m 32m --memory-swap 32m --oom-group -- sh -c 'work memory 100; echo alive'
	[[ ! "$output" =~ alive ]]
	run -137 box -m 32m --memory-swap 32m --cgroup-conf memory.oom.group=1 -- sh -c 'work memory 100; echo alive'
	[[ ! "$output" =~ alive ]]
}

@test "--memory-high slows down and kills nobody" {
	started slow --memory-high 16m -- sh -c 'work memory 18; sleep 1000'
	until_true "it goes above" logged slow 'touched 18'
	[ "$(value slow memory.high)" = 16777216 ]
	[ "$(event slow high memory.events)" -gt 0 ]
	[ "$(event slow oom_kill memory.events)" = 0 ]
	[ "$(awk '/^full/ {sub(/.*=/, ""); print}' "$(group slow)/memory.pressure")" -gt 0 ]
	ctr rm -f slow
}

@test "--memory-swap: memory and swap together" {
	swap_on
	started swaps -m 24m --memory-swap 80m -- sh -c 'work memory 48; sleep 1000'
	until_true "it has all" logged swaps 'touched 48'
	[ "$(value swaps memory.swap.max)" = $((56 << 20)) ]
	[ "$(event swaps oom_kill memory.events)" = 0 ]
	ctr rm -f swaps
	run -137 box -m 24m --memory-swap 24m -- work memory 48
	run -137 box -m 24m --memory-swap 40m -- work memory 80
	run -0 box -m 24m --memory-swap -1 -- work memory 80
}

@test "--memory-reservation is kept by the kernel" {
	started kept --memory-reservation 8m -m 64m -- sleep 1000
	[ "$(value kept memory.low)" = 8388608 ]
	[ "$(value kept memory.max)" = 67108864 ]
	ctr rm -f kept
}

@test "--memory-reservation: what another needs is not taken from it" {
	swap_on
	# kept LOW HIGH [FLAGS]: how much stays of 32 MiB when another wants more than there is for both
	kept() {
		started kept "${@:3}" -- work hold 32
		until_true "it has all" logged kept 'touched 32'
		echo 64M > "$GROUPS_AT/memory.max"
		started other -- work hold 64
		until_true "it has all" logged other 'touched 64'
		within "$(value kept memory.current)" "$1" "$2"
		ctr rm -f kept other
		echo max > "$GROUPS_AT/memory.max"
	}
	kept $((30 << 20)) $((36 << 20)) --memory-reservation 40m
	kept 0 $((26 << 20))
}

quarter() {
	local whole part
	started whole --cpuset-cpus 0 -- work spin 16
	started part --cpuset-cpus 0 --cpus 0.25 -- work spin 16
	ctr wait whole part
	whole=$(ctr logs whole) part=$(ctr logs part)
	ctr rm whole part
	within "$(awk "BEGIN {print $part / ($whole + $part)}")" 0.17 0.33
}
@test "--cpus: a quarter of the processor is a quarter of the work" {
	measured quarter
}

@test "--cpus: what the kernel counts is what was asked for" {
	started tenth --cpus 0.1 -- work spin 1000
	tenth_used() {
		local before since used time
		before=$(event tenth usage_usec cpu.stat) since=${EPOCHREALTIME/./}
		sleep 8
		used=$(($(event tenth usage_usec cpu.stat) - before)) time=$((${EPOCHREALTIME/./} - since))
		within "$(awk "BEGIN {print $used / $time}")" 0.08 0.12
	}
	measured tenth_used
	[ "$(event tenth nr_throttled cpu.stat)" -gt 10 ]
	ctr rm -f tenth
}

@test "--cpu-weight: three to one" {
	measured three_to_one
}
three_to_one() {
	local ratio
	started light --cpuset-cpus 0 --cpu-weight 100 -- work spin 16
	started heavy --cpuset-cpus 0 --cpu-weight 300 -- work spin 16
	ctr wait light heavy
	ratio=$(awk "BEGIN {print $(ctr logs heavy) / $(ctr logs light)}")
	ctr rm light heavy
	within "$ratio" 2.1 4
}

@test "--cpuset-cpus: only there, and only what there is" {
	[ "$(box --cpuset-cpus 1 -- sh -c 'grep Cpus_allowed_list /proc/self/status')" = "Cpus_allowed_list:	1" ]
	[ "$(box --cpuset-cpus 0-1 --cpuset-mems 0 -- nproc)" = 2 ]
	refused 125 'CPUs 1,7' ctr run --rm --rootfs "$FS" --cpuset-cpus 1,7 -- true
	hinted 0-1
	refused 125 'memory nodes 3' ctr run --rm --rootfs "$FS" --cpuset-mems 3 -- true
}

@test "--pids-limit: exactly so many" {
	[ "$(box --pids-limit 20 -- work fork 100)" = '19 Resource temporarily unavailable' ]
	[ "$(box --pids-limit 200 -- work fork 100)" = '100 ' ]
	started usual -- sleep 1000
	[ "$(value usual pids.max)" = 4096 ]
	ctr rm -f usual
	[ "$(box --cgroup-conf pids.max=10 -- work fork 100)" = '9 Resource temporarily unavailable' ]
}

@test "--io-max: bytes and operations of the disk, in both forms" {
	# takes LOW HIGH [FLAGS]: how many milliseconds 4 MiB take
	takes() { within "$(box "${@:3}" -- work write /root/x 4096)" "$1" "$2"; }
	measured takes 0 2000
	measured takes 3000 9000 --io-max "$DISK:wbps=1m"
	measured takes 3000 9000 --io-max /dev/vda:wiops=16
	started disk --io-max /dev/vda:rbps=1m,wiops=16 -- sleep 1000
	[ "$(value disk io.max)" = "$DISK rbps=1048576 wbps=max riops=max wiops=16" ]
	ctr rm -f disk
	refused 125 'no such disk|77:7' ctr run --rm --rootfs "$FS" --io-max 77:7:wbps=1m -- true
}

four_to_one() {
	local ratio
	started light --io-weight 100 -- work disk /root/x 8
	started heavy --io-weight 400 -- work disk /root/x 8
	ctr wait light heavy
	ratio=$(awk "BEGIN {print $(ctr logs heavy) / $(ctr logs light)}")
	ctr rm light heavy
	within "$ratio" 2.5 6
}
@test "--io-weight: four to one on a disk that goes by weights; a warning where none does" {
	local top
	top=$(dirname "$GROUPS_AT")
	run --separate-stderr -0 box --io-weight 100 -- true
	[ -z "$stderr" ]
	run --separate-stderr -0 box --io-weight 400 -- true
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" =~ ^'ctr: warning: io.weight has no effect yet' ]]
	# As fast as the model says and no faster: all of it is always wanted.
	echo "$DISK enable=1 ctrl=user min=100.00 max=100.00" > "$top/io.cost.qos"
	echo "$DISK ctrl=user model=linear rbps=4194304 rseqiops=1000 rrandiops=1000 wbps=4194304 wseqiops=1000 wrandiops=1000" \
		> "$top/io.cost.model"
	run --separate-stderr -0 box --io-weight 400 -- true
	[ -z "$stderr" ]
	measured four_to_one
}

@test "hugetlb by --cgroup-conf" {
	echo 4 > /proc/sys/vm/nr_hugepages
	[ "$(box -- work huge)" = ok ]
	run box --cgroup-conf hugetlb.2MB.max=0 -- work huge
	[ "$status" -ne 0 ] && [ "$output" != ok ]
	echo 0 > /proc/sys/vm/nr_hugepages
}

@test "devices: what is not given is neither made nor opened, root of the host though it be" {
	host=(--userns host --cap-add MKNOD)
	[ "$(box "${host[@]}" -- work node c 1 3 rw)" = ok ]
	[ "$(box "${host[@]}" -- work node c 1 5 r)" = ok ]
	run -1 box "${host[@]}" -- work node b "${DISK%:*}" "${DISK#*:}" r
	[[ "$output" =~ 'not permitted' ]]
	run -1 box "${host[@]}" -- work node c 10 229 r
	[[ "$output" =~ 'not permitted' ]]
	[ "$(box "${host[@]}" --device /dev/fuse:/dev/other -- work node c 10 229 rw)" = ok ]
	run -1 box "${host[@]}" --device /dev/fuse:/dev/other:r -- work node c 10 229 w
	[[ "$output" =~ 'not permitted' ]]
}

@test "pause stops a storm of forks, resume lets it rage, rm ends it" {
	started storm --pids-limit 100 -- work storm
	until_true "it rages" logged storm raging
	ctr pause storm
	grep -qx 'frozen 1' "$(group storm)/cgroup.events"
	before=$(event storm usage_usec cpu.stat)
	sleep 2
	[ "$(event storm usage_usec cpu.stat)" = "$before" ]
	ctr resume storm
	until_true "it goes on" eval '[ "$(event storm usage_usec cpu.stat)" -gt '"$before"' ]'
	ctr pause storm
	ctr rm -f storm
}

@test "writable-cgroups: controllers are handed on, and limits below hold within the container's own" {
	run -0 --separate-stderr box -m 64m --memory-swap 64m --security-opt writable-cgroups -- sh -c '
		cd /sys/fs/cgroup && mkdir own small && echo $$ > own/cgroup.procs &&
		echo "+memory +pids" > cgroup.subtree_control && echo 16M > small/memory.max && echo 0 > small/memory.swap.max &&
		sh -c "echo \$\$ > small/cgroup.procs && exec work memory 32"; echo "small: $?"
		work memory 32; echo "own: $?"
		echo max > memory.max || echo kept; echo 2G > own/memory.max
		work memory 100; echo "beyond: $?"'
	[ "$(grep -v touched <<< "$output" | xargs)" = 'small: 137 own: 0 kept beyond: 137' ]
}

@test "without any limit it is counted, has its share, and may hand on all controllers" {
	started seen -- sh -c 'dd if=/dev/zero of=/root/x bs=1M count=4; sync; work memory 20; sleep 1000'
	until_true "it has run" logged seen 'touched 20'
	ctr stats --no-stream --format json seen > stats
	cat stats
	jq -e '.[0] | .memory > 0 and .memoryPeak > 20971520 and .memoryLimit == "max" and .oomKills == 0 and
		.cpuUsageUs > 0 and .cpuThrottledUs == 0 and .ioWriteBytes >= 4194304' stats
	[ "$(tr ' ' '\n' < "$(group seen)/cgroup.controllers" | grep -xE 'cpu|cpuset|io|memory|pids' | sort | xargs)" = 'cpu cpuset io memory pids' ]
	[ "$(value seen cpu.weight)" = 100 ]
	ctr rm -f seen
}

# As inside of another container: at the top of what is seen there are processes.
@test "below processes the default limit of them is left out, and one that is asked for is refused" {
	local top=${GROUPS_AT%/*}
	mkdir "$top/nest.$$"
	export NEST=$top/nest.$$ TOP=$top
	grep -qw pids "$NEST/cgroup.controllers"
	cat > nested <<- 'END'
		#!/bin/sh -e
		echo $$ > "$NEST/cgroup.procs"
		exec unshare -Cm sh -ec 'umount -l "$0"; mount -t cgroup2 none "$0"; exec "$@"' "$TOP" "$@"
	END
	chmod +x nested
	run -0 --separate-stderr ./nested ctr run --rm --rootfs "$FS" -- echo in
	[ "$output" = in ] && [ "$stderr" = "" ]
	refused 125 'pids controller above the group' ./nested ctr run --rm --rootfs "$FS" --pids-limit 100 -- true
	hinted 'a group above holds processes itself'
	gone() { find "$NEST" -depth -type d -exec rmdir {} + 2> /dev/null; [ ! -e "$NEST" ]; }
	until_true "its groups go" gone
}

@test "stats show what a container needs: not the cache of files that it has written" {
	started cached -m 128m -- sh -c 'dd if=/dev/zero of=/root/x bs=1M count=60; echo written; sleep 1000'
	until_true "it has written" logged cached written
	ctr stats --no-stream --format json cached > stats
	cat stats
	jq -e '.[0] | .memory < 20971520 and .memoryWithCache > 41943040 and .memoryPercent < 16' stats
	ctr rm -f cached
}

@test "stats and inspect show what the kernel holds and counts" {
	started seen -m 64m --cpus 0.5 --pids-limit 50 --cpu-weight 77 --cpuset-cpus 1 -- sh -c 'work memory 20; sleep 1000'
	until_true "it has run" logged seen 'touched 20'
	[ "$(inspected seen '.limits | "\(.memory) \(.cpuQuotaUs) \(.pids) \(.cpuWeight) \(.cpusetCpus)"')" = '67108864 50000 50 77 1' ]
	ctr stats --no-stream --format json seen > stats
	cat stats
	jq -e '.[0] | .memoryPeak > 20971520 and .memoryLimit == 67108864 and .cpuUsageUs > 0 and
		.pids >= 1 and .pidsLimit == 50 and .oomKills == 0' stats
	ctr rm -f seen
}
