# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr update in the test machine: each limit as the kernel holds it, live, saved, taken off, and refused whole.
load ../cli/helpers

setup_file() {
	file_setup
	cp "$BUILD/host/work" "$FS/bin/work"
	DISK=$(stat -c '%Hd:%Ld' "$BATS_FILE_TMPDIR")
	export DISK
}
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

value() { cat "$(group "$1")/$2"; }
saved() { jq -c "$2" "$CTR_ROOT/containers/$1/config.json"; }
config() { cat "$CTR_ROOT/containers/$1/config.json"; }
restarted() { ctr stop -t 0 "$1" && ctr start "$1"; }
# The soft and the hard limit of open files of each process of a container.
files_of() {
	local pid
	for pid in $(cat "$(group "$1")/cgroup.procs"); do awk '/^Max open files/ {print $4, $5}' "/proc/$pid/limits"; done | sort -u
}

@test "each limit: given, shown as the kernel has it, there at the next start, and taken off" {
	started c -- sleep 1000
	run -0 ctr update -m 50000000 --memory-swap 60000000 --memory-high 40m --memory-reservation 10m --oom-group \
		--cpus 0.5 --cpu-weight 50 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 77 \
		--io-max "$DISK:rbps=1m,wiops=50" --cgroup-conf cgroup.max.depth=7 c
	echo "$output"
	# Whole pages.
	[[ $output == *$'\n  memory.max 49999872\n'* ]]
	[[ $output == *$'\n  io.max '"$DISK rbps=1048576 wbps=max riops=max wiops=50"* ]]
	for again in '' again; do
		[ "$(value c memory.max)" = 49999872 ]
		[ "$(value c memory.swap.max)" = 9998336 ]
		[ "$(value c memory.high) $(value c memory.low) $(value c memory.oom.group)" = '41943040 10485760 1' ]
		[ "$(value c cpu.max) $(value c cpu.weight)" = '50000 100000 50' ]
		[ "$(value c cpuset.cpus) $(value c cpuset.mems) $(value c pids.max)" = '0 0 77' ]
		[ "$(value c io.max)" = "$DISK rbps=1048576 wbps=max riops=max wiops=50" ]
		[ "$(value c cgroup.max.depth)" = 7 ]
		restarted c
	done
	[ "$(ctr inspect c | jq -c '.[0].limits | [.memory, .cpuQuotaUs, .pids]')" = '[49999872,50000,77]' ]
	ctr update -q --memory max --memory-swap max --memory-high 0 --memory-reservation -1 --oom-group=false --cpus 0 --cpu-shares 0 \
		--cpuset-cpus '' --cpuset-mems max --pids -1 --io-max "$DISK:rbps=max,wiops=max" --cgroup-conf cgroup.max.depth=max c
	for again in '' again; do
		[ "$(value c memory.max) $(value c memory.swap.max) $(value c memory.high)" = 'max max max' ]
		[ "$(value c memory.low) $(value c memory.oom.group)" = '0 0' ]
		[ "$(value c cpu.max) $(value c cpu.weight)" = 'max 100000 100' ]
		[ -z "$(value c io.max)" ]
		# Older kernels do not forget a set while there are processes.
		[ "$(value c cpuset.cpus.effective)" = "$(cat "$GROUPS_AT/cpuset.cpus.effective")" ]
		[ "$(value c pids.max) $(value c cgroup.max.depth)" = 'max max' ]
		restarted c
	done
	[ -z "$(value c cpuset.cpus)$(value c cpuset.mems)" ]
	ctr rm -f c
}

@test "one alone: the rest stays; swap follows memory, a total is one" {
	started c -m 64m --cpu-quota 20000 -- sleep 1000
	ctr update -q -m 96m c
	[ "$(value c memory.max) $(value c memory.swap.max)" = '100663296 100663296' ]
	ctr update -q --cpu-period 50000 c
	[ "$(value c cpu.max)" = '20000 50000' ]
	ctr update -q --memory-swap 128m c
	[ "$(value c memory.swap.max)" = 33554432 ]
	refused 125 '^ctr: update: c: --memory-swap is less than --memory' ctr update -m 200m c
	[ "$(value c memory.max)" = 100663296 ]
	ctr update -q -m 80m c
	[ "$(value c memory.max) $(value c memory.swap.max)" = '83886080 50331648' ]
	ctr rm -f c
}

@test "memory below what is used: files go first, then it is refused, and nobody is killed" {
	started c -m 128m --memory-swap 128m -- sh -c 'head -c 50000000 /dev/zero > /big; cat /big > /dev/null; exec work hold 24'
	until_true "it has all" logged c 'touched 24'
	[ "$(value c memory.current)" -gt 50000000 ]
	sync
	ctr update -q -m 48m --memory-swap 48m c
	[ "$(value c memory.max)" = 50331648 ]
	before=$(config c)
	refused 125 'c: cannot limit the memory of c to 16777216 bytes: it uses' ctr update -m 16m --memory-swap 16m --restart always c
	[ "$(value c memory.max) $(value c memory.swap.max)" = '50331648 0' ]
	[ "$(config c)" = "$before" ]
	[ "$(awk '/^oom_kill / {print $2}' "$(group c)/memory.events")" = 0 ]
	ctr rm -f c
}

@test "what the kernel refuses at last takes back all before it" {
	started c -m 64m --pids-limit 50 --cpus 1 -- sleep 1000
	before=$(config c)
	refused 125 'c: cannot limit the I/O of device 4000:1: this host has no such disk' \
		ctr update -m 96m --pids-limit 60 --cpus 2 --ulimit nofile=99 --io-max 4000:1:rbps=1m c
	[ "$(value c memory.max) $(value c memory.swap.max) $(value c pids.max) $(value c cpu.max)" = \
		'67108864 67108864 50 100000 100000' ]
	refused 125 'c: --ulimit: the kernel does not take it' ctr update --pids-limit 60 --ulimit nofile=5:99999999999 c
	[ "$(value c pids.max)" = 50 ]
	refused 125 'c: --cpuset-cpus: .*not all of them are there' ctr update --pids-limit 60 --cpuset-cpus 999 c
	[ "$(config c)" = "$before" ]
	ctr stop -t 0 c
	refused 125 'c: --cpuset-cpus: .*not all of them are there' ctr update --cpuset-cpus 999 c
	[ "$(config c)" = "$before" ]
	ctr rm c
}

@test "--ulimit: each process there, each that is made meanwhile, each that exec brings, and the next start" {
	started c --ulimit nofile=300:400 -- sh -c 'while :; do sleep .01 & sleep .02; done'
	ctr update -q --ulimit nofile=200:5000 c
	[ "$(files_of c)" = '200 5000' ]
	[ "$(ctr exec c sh -c 'ulimit -n; ulimit -Hn' | xargs)" = '200 5000' ]
	restarted c
	[ "$(files_of c)" = '200 5000' ]
	# Where process ids, or the root inside, are the host's.
	started h --pid host -- sleep 1000
	started r --userns host -- sleep 1000
	ctr update -q --ulimit nofile=100:100 h r
	[ "$(files_of h)" = '100 100' ]
	[ "$(files_of r)" = '100 100' ]
	ctr rm -f c h r
}

@test "of one that is paused" {
	started c -m 64m -- sleep 1000
	ctr pause c
	ctr update -q -m 96m --ulimit nofile=111:222 c
	[ "$(value c memory.max)" = 100663296 ]
	[ "$(files_of c)" = '111 222' ]
	[ "$(ctr inspect c | jq -r '.[0].status')" = paused ]
	ctr resume c
	ctr rm -f c
}
