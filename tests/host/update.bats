# shellcheck shell=bash disable=SC2016
# What `ctr-oci update` changes in a container that runs, as the kernel holds it.
load group

# processor_share SECONDS: of one processor, in thousandths
processor_share() {
	local before since
	before=$(awk '/^usage_usec/ {print $2}' "$OCI_GROUPS/${B##*/}/cpu.stat") since=${EPOCHREALTIME/./}
	sleep "$1"
	echo $((($(awk '/^usage_usec/ {print $2}' "$OCI_GROUPS/${B##*/}/cpu.stat") - before) * 1000 / (${EPOCHREALTIME/./} - since)))
}
between() {
	echo "$1 of $2 to $3"
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}
# measured COMMAND...: a measure that this machine may have stood still in has three tries.
measured() { "$@" || "$@" || "$@"; }

@test "memory: more is given while it runs, and taken" {
	up c 'until [ -e /tmp/go ]; do sleep .1; done; work memory 48; echo "first $?"
		until [ -e /tmp/again ]; do sleep .1; done; work memory 48; echo "second $?"; sleep 1000' \
		'.linux.resources.memory = {limit: 100000000, swap: 100000000}'
	oci update --memory 134217728 --memory-swap 134217728 c
	[ "$(value memory.max)" = 134217728 ]
	touch "$FS/tmp/go"
	until_true "it has all" said 'first 0'
	oci update --memory 25165824 --memory-swap 25165824 c
	[ "$(value memory.max)" = 25165824 ]
	[ "$(value memory.swap.max)" = 0 ]
	touch "$FS/tmp/again"
	until_true "it is killed" said 'second 137'
	is c running
	rm "$FS"/tmp/{go,again}
}

@test "memory: less than it uses is refused if that was asked, and nothing changes" {
	up c 'exec work hold 48' '.linux.resources.memory = {limit: 134217728, swap: 134217728}'
	until_true "it has all" said 'touched 48'
	run -1 oci update -r - c <<< '{"memory": {"limit": 16777216, "swap": 16777216, "checkBeforeUpdate": true}}'
	[[ "$output" =~ 'it uses' ]]
	[ "$(value memory.max)" = 134217728 ]
	[ "$(value memory.swap.max)" = 0 ]
	is c running
}

@test "processes: from then on, exactly so many" {
	up c 'until [ -e /tmp/go ]; do sleep .1; done; work fork 100; sleep 1000' '.linux.resources.pids.limit = 200'
	oci update --pids-limit 20 c
	[ "$(value pids.max)" = 20 ]
	touch "$FS/tmp/go"
	until_true "it has forked" grep -q Resource "$B/out"
	[ "$(cut -d' ' -f1 "$B/out")" -lt 20 ]
	rm "$FS/tmp/go"
	oci update --pids-limit -1 c
	[ "$(value pids.max)" = max ]
}

@test "processor time: a fifth, then four fifths" {
	up c 'exec work spin 1000' '.linux.resources.cpu = {quota: 20000, period: 100000}'
	share_is() { between "$(processor_share 6)" "$1" "$2"; }
	measured share_is 150 250
	oci update --cpu-quota 80000 c
	[ "$(value cpu.max)" = '80000 100000' ]
	measured share_is 600 900
	oci update --cpu-period 50000 --cpu-quota 10000 c
	[ "$(value cpu.max)" = '10000 50000' ]
	measured share_is 150 250
	oci update --cpu-quota -1 c
	[ "$(value cpu.max)" = 'max 50000' ]
}

@test "quota and burst: lowered and raised together, whatever is lower" {
	local i
	up c 'sleep 1000' '.linux.resources.cpu = {quota: 50000, period: 100000, burst: 30000}'
	for i in "10000 5000" "80000 70000" "60000 60000" "60000 0" "max 0"; do
		oci update -r - c <<< "{\"cpu\": {\"quota\": ${i% *}, \"burst\": ${i#* }}}" || [ "$i" = "max 0" ]
		[ "$i" = "max 0" ] || [ "$(value cpu.max) $(value cpu.max.burst)" = "${i% *} 100000 ${i#* }" ]
	done
}

@test "one that fails changes nothing" {
	local before
	up c 'sleep 1000' '.linux.resources = {memory: {limit: 134217728}, pids: {limit: 50}, cpu: {quota: 50000, period: 100000, cpus: "0"},
		unified: {"cgroup.max.descendants": "7"}}'
	held() { value memory.max; value memory.low; value pids.max; value cpu.max; value cpu.weight; value cpuset.cpus; value io.max; value cgroup.max.descendants; }
	before=$(held)
	run -1 oci update -r - c <<< '{"memory": {"limit": 67108864, "reservation": 1048576}, "pids": {"limit": 20}, "cpu": {"quota": 20000, "shares": 100, "cpus": "1"},
		"unified": {"io.max": "'"$(stat -c '%Hd:%Ld' "$FS")"' rbps=1000\n999:999 rbps=1"}}'
	[[ $output == *999:999* ]]
	[ "$(held)" = "$before" ]
	run -1 oci update --cpuset-cpus 0-63 c
	[ "$(held)" = "$before" ]
	oci update --pids-limit 20 c
	[ "$(value cgroup.max.descendants)" = 7 ]
}

@test "processors: it moves to the other one" {
	up c 'while :; do grep Cpus_allowed_list /proc/self/status; sleep .2; done' '.linux.resources.cpu.cpus = "0"'
	until_true "on the first" said 'Cpus_allowed_list:	0'
	oci update --cpuset-cpus 1 c
	until_true "on the second" said 'Cpus_allowed_list:	1'
}

@test "disk: slower while it runs" {
	local disk
	disk=$(stat -c '%Hd:%Ld' "$FS")
	up c 'while :; do work write /tmp/x 2048; done'
	until_true "it writes" grep -q . "$B/out"
	jq -n --argjson major "${disk%:*}" --argjson minor "${disk#*:}" \
		'{blockIO: {throttleWriteBpsDevice: [{major: $major, minor: $minor, rate: 524288}]}}' | oci update -r - c
	value io.max | grep -q 'wbps=524288'
	slow() { [ "$(tail -n 1 "$B/out")" -ge 2500 ]; }
	until_true "two MiB take four seconds" slow
	oci kill c KILL
	rm -f "$FS/tmp/x"
}
