#!/usr/bin/env bats
# What config.json asks of the kernel: namespaces by path, id maps, mounts, schedulers, devices.
load oci

setup_file() { oci_file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	local status=0
	umount vol/sub 2> /dev/null || :
	oci_teardown || status=1
	chown -R --from=100000:100000 0:0 "$FS"
	ip netns del "oci-$$" 2> /dev/null || :
	ip link del "oci$$a" 2> /dev/null || :
	return $status
}

# run_in [JQ FILTER] SCRIPT: one container that runs a script.
run_in() {
	sh_bundle "${2:-$1}" "${2:+$1}"
	oci run --bundle "$B" "oci-$RANDOM" < /dev/null
}
USERS='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000},
	{containerID: 1000, hostID: 200000, size: 5}] | .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1000}]'

@test "a network namespace by path, whose interfaces /sys shows" {
	ip netns add "oci-$$"
	ip -n "oci-$$" link add in-there type veth peer name other
	local join='(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/oci-'$$'"'
	run -0 run_in "$join" 'readlink /proc/self/ns/net; ls /sys/class/net'
	[[ "$output" == *"$(stat -Lc %i "/run/netns/oci-$$")"* && "$output" == *in-there* ]]
	run ! run_in "$join"' | (.linux.namespaces[] | select(.type == "ipc")).path = "/proc/self/ns/uts"' true
	[[ "$output" == *"/proc/self/ns/uts is not a ipc namespace"* ]]
}

@test "all namespaces of another container, its users among them" {
	chown 100000:100000 "$FS" "$FS"/*
	sh_bundle 'sleep 60' "$USERS"
	create oci-pod
	oci start oci-pod
	local pod=/proc/$(oci state oci-pod | jq .pid)/ns
	run -0 run_in '.linux.namespaces = [{type: "mount"}, {type: "cgroup"},
		{type: "user", path: "'"$pod/user"'"}, {type: "pid", path: "'"$pod/pid"'"},
		{type: "network", path: "'"$pod/net"'"}, {type: "ipc", path: "'"$pod/ipc"'"},
		{type: "uts", path: "'"$pod/uts"'"}] | del(.hostname)' \
		'cat /proc/1/cmdline; readlink /proc/self/ns/user; stat -c %u /dev/null'
	[[ "$output" == *sleep*"$(readlink "$pod/user")"*0 ]]
}

@test "id maps of several ranges" {
	chown 100000:100000 "$FS" "$FS"/*
	run -0 run_in "$USERS" 'cat /proc/self/uid_map; stat -c %u /dev/null'
	[ "$(xargs <<< "$output")" = '0 100000 1000 1000 200000 5 0' ]
}

# owner_of PID: who owns its user namespace, by NS_GET_OWNER_UID.
owner_of() {
	python3 -c 'import fcntl, struct, sys
print(*struct.unpack("I", fcntl.ioctl(open("/proc/%s/ns/user" % sys.argv[1]), 0xb704, bytes(4))))' "$1"
}

# Not even by an id of the map, which /etc/subuid may have given to somebody.
@test "the user namespace is owned by an id that nobody has" {
	chown 100000:100000 "$FS" "$FS"/*
	sh_bundle 'sleep 60' "$USERS"
	create oci-own
	[ "$(owner_of "$(cat "$B/pid")")" = $((0x7fff0000 + ((100000 ^ 1) & 0xffff))) ]
	sh_bundle 'sleep 60' "$USERS"' | (.linux.namespaces[] | select(.type == "ipc")).path = "/proc/self/ns/ipc"'
	create oci-joins
	[ "$(owner_of "$(cat "$B/pid")")" = $((0x7fff0000 + ((100000 ^ 1) & 0xffff))) ]
	sh_bundle 'sleep 60' "$USERS | .linux.uidMappings[0].hostID = 1000"
	create oci-user
	[ "$(owner_of "$(cat "$B/pid")")" = $((0x7fff0000 + 1000)) ]
}

# config-linux.md, "Cgroup ownership".
@test "a writable cgroup of its own belongs to who runs in it" {
	local writable='.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid"]}]'
	local look='cd /sys/fs/cgroup; stat -c "%u %n" . cgroup.procs cgroup.subtree_control cgroup.threads cgroup.freeze; mkdir below'
	chown 100000:100000 "$FS" "$FS"/*
	run -0 run_in "$USERS | $writable" "$look"
	[ "$(xargs <<< "$output")" = '0 . 0 cgroup.procs 0 cgroup.subtree_control 0 cgroup.threads 65534 cgroup.freeze' ]
	run -0 run_in "$writable | .process.user.uid = 1000" "$look"
	[ "$(xargs <<< "$output")" = '1000 . 1000 cgroup.procs 1000 cgroup.subtree_control 1000 cgroup.threads 0 cgroup.freeze' ]
	run ! run_in "$USERS | $writable | .mounts[-1].options = [\"ro\"]" "$look"
	[[ "$output" == *'65534 .'* ]]
	run ! run_in "$USERS | $writable"' | .linux.namespaces -= [{type: "cgroup"}] | .linux.namespaces += [{type: "cgroup", path: "/proc/self/ns/cgroup"}]' "$look"
	[[ "$output" != *' 0 .'* ]]
}

@test "clocks with offsets" {
	[ -e /proc/self/timens_offsets ] || skip "this kernel has no time namespaces"
	run -0 run_in '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 9000000}}' \
		'cut -d. -f1 /proc/uptime'
	[ "$output" -ge 9000000 ]
	chown 100000:100000 "$FS" "$FS"/*
	run -0 run_in "$USERS"' | .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 9000000}}' \
		'cut -d. -f1 /proc/uptime'
	[ "$output" -ge 9000000 ]
}

@test "mounts: attributes by level, id maps of their own, copy-up, any file system" {
	mkdir -p vol/sub "$FS/copied/d"
	echo text > "$FS/copied/d/f"
	chown 5:6 "$FS/copied/d/f"
	chown 7:7 vol
	mount -t tmpfs sub vol/sub
	run -0 run_in '.mounts += [
		{destination: "/v", type: "bind", source: "'"$PWD/vol"'", options: ["rbind", "ro"]},
		{destination: "/all", type: "bind", source: "'"$PWD/vol"'", options: ["rbind", "rro"]},
		{destination: "/i", type: "bind", source: "'"$PWD/vol"'", options: ["bind"],
		 uidMappings: [{containerID: 0, hostID: 300000, size: 100}],
		 gidMappings: [{containerID: 0, hostID: 300000, size: 100}]},
		{destination: "/copied", type: "tmpfs", options: ["tmpcopyup", "size=1m"]},
		{destination: "/fs", type: "ramfs", source: "mine", options: ["noexec"]}]' \
		'touch /v/x || touch /v/sub/x && echo top; touch /all/sub/y || echo all; stat -c %u /i
		 stat -c %u:%g /copied/d/f; rm /copied/d/f; grep -c "/fs rw,noexec.* ramfs mine" /proc/self/mountinfo'
	umount vol/sub
	rmdir "$FS"/{v,all,i,fs}
	[ "$(grep -v Read-only <<< "$output" | xargs)" = 'top all 300007 5:6 1' ]
	[ -e "$FS/copied/d/f" ]
	rm -r "$FS/copied"
}

@test "a read-only root without pivot_root, and a shared one" {
	run -0 run_in '.linux.rootfsPropagation = "shared"' 'grep " / / \| / rw" /proc/self/mountinfo'
	[[ "$output" == *shared:* ]]
	sh_bundle 'touch /x || ls -d /proc/1/root/bin' '.root.readonly = true'
	run -0 oci run --no-pivot --bundle "$B" oci-np < /dev/null
	[[ "$output" == *Read-only*/proc/1/root/bin* ]]
}

@test "I/O priority, personality, scheduler" {
	run -0 run_in '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 7} |
		.process.scheduler = {policy: "SCHED_BATCH", nice: 5} | .linux.personality = {domain: "LINUX32"}' \
		'ionice; awk "{print \$19}" /proc/self/stat; cat /proc/self/personality'
	[ "$(xargs <<< "$output")" = 'best-effort: prio 7 5 00000008' ]
}

@test "an interface of the host, with its address" {
	ip link add "oci$$a" type veth peer name "oci$$b"
	ip addr add 192.0.2.77/24 dev "oci$$a"
	run -0 run_in ".linux.netDevices = {oci$$a: {name: \"eth0\"}}" 'ip addr show eth0'
	[[ "$output" == *"192.0.2.77/24 scope global eth0"* ]]
	run ! ip link show "oci$$a"
}

@test "a filter of config.json, and one that nobody listens to" {
	run ! run_in '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"],
		action: "SCMP_ACT_ERRNO", errnoRet: 33}]}' 'mkdir /tmp/q'
	[[ "$output" == *"out of domain"* ]]
	run ! run_in '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$PWD/none"'",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' true
	[[ "$output" == *"seccomp listener $PWD/none"* ]]
}

@test "memory policy" {
	[ -e /proc/self/numa_maps ] || skip "this kernel knows no memory nodes"
	run -0 run_in '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}' 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
	[ "$output" = bind:0 ]
	run -0 run_in '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}' 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
	[ "$output" = interleave=static:0 ]
	run -0 run_in 'cut -d" " -f2 /proc/self/numa_maps | sort -u'
	[ "$output" = default ]
}

@test "mounts: id maps of all that is below" {
	mkdir -p vol/sub below
	chown 7:7 vol below
	mount --bind below vol/sub
	local option maps='uidMappings: [{containerID: 0, hostID: 300000, size: 100}], gidMappings: [{containerID: 0, hostID: 300000, size: 100}]'
	for option in idmap ridmap; do
		run -0 run_in ".mounts += [{destination: \"/v\", type: \"bind\", source: \"$PWD/vol\", options: [\"rbind\", \"$option\"], $maps}]" \
			"echo $option; stat -c %u:%g /v /v/sub"
		echo "$output" >> said
	done
	umount vol/sub
	rmdir "$FS/v"
	diff said - <<- END
		idmap
		300007:300007
		7:7
		ridmap
		300007:300007
		300007:300007
	END
}

@test "mounts: nosymfollow, and noexec with what is below" {
	mkdir -p vol/sub below
	echo text > vol/f
	ln -s f vol/l
	cp "$FS/bin/busybox" vol/true
	cp "$FS/bin/busybox" below/true
	mount --bind below vol/sub
	local option
	for option in rw nosymfollow noexec rnoexec; do
		run -0 run_in ".mounts += [{destination: \"/v\", type: \"bind\", source: \"$PWD/vol\", options: [\"rbind\", \"$option\"]}]" \
			"echo $option \$(cat /v/l 2> /dev/null; for f in /v/true /v/sub/true; do \$f 2> /dev/null && echo \$f; done; readlink /v/l)"
		echo "$output" >> said
	done
	umount vol/sub
	rmdir "$FS/v"
	diff said - <<- END
		rw text /v/true /v/sub/true f
		nosymfollow /v/true /v/sub/true f
		noexec text /v/sub/true f
		rnoexec text f
	END
}

# value FILE: of the group of $B's container.
value() { cat "$OCI_GROUPS/${B##*/}/$1"; }
limited() { sh_bundle 'sleep 100' ".linux.resources = $1"; create oci-limited || { cat "$B/err"; return 1; }; }

@test "resources: bursts, and groups that work when nobody else does" {
	needs cpu
	limited '{cpu: {quota: 50000, period: 100000, burst: 20000}}'
	[ "$(value cpu.max) $(value cpu.max.burst)" = "50000 100000 20000" ]
	oci delete --force oci-limited
	limited '{cpu: {idle: 1}}'
	[ "$(value cpu.idle)" = 1 ]
}

@test "resources: huge pages" {
	needs hugetlb
	local size=2MB
	[ -e /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "this kernel has no huge pages of 2 MB"
	limited "{hugepageLimits: [{pageSize: \"$size\", limit: 4194304}]}"
	[ "$(value hugetlb.2MB.max) $(value hugetlb.2MB.rsvd.max)" = "4194304 4194304" ]
}

@test "resources: rates of a disk" {
	needs io
	local disk
	disk=$(stat -c '%Hd:%Ld' .)
	device() { echo "[{major: ${disk%:*}, minor: ${disk#*:}, rate: $1}]"; }
	limited "{blockIO: {throttleReadBpsDevice: $(device 1048576), throttleWriteBpsDevice: $(device 2097152),
		throttleReadIOPSDevice: $(device 100), throttleWriteIOPSDevice: $(device 200)}}"
	[ "$(value io.max)" = "$disk rbps=1048576 wbps=2097152 riops=100 wiops=200" ]
}

@test "resources: the weight of one disk" {
	needs io
	[ "$HOST_ROOT" != / ] || skip "disks of this host are not made to go by weights"
	local disk qos
	disk=$(stat -c '%Hd:%Ld' .) qos=$(dirname "$OCI_GROUPS")/io.cost.qos
	echo "$disk enable=1" > "$qos"
	limited "{blockIO: {weight: 100, weightDevice: [{major: ${disk%:*}, minor: ${disk#*:}, weight: 505}]}}"
	value io.weight > said
	oci delete --force oci-limited
	echo "$disk enable=0" > "$qos"
	diff said - <<< $'default 910\n'"$disk 5000"
}

# Hardly a host has such a device; the kernel is told of one as it stands here, and knows none.
@test "resources: handles and objects of an RDMA device" {
	needs rdma
	run -1 run_in '.linux.resources.rdma = {nosuch0: {hcaHandles: 3, hcaObjects: 10000}}' true
	[[ "$output" == *"rdma.max to nosuch0 hca_handle=3 hca_object=10000: "*"No such device"* ]]
	run -1 run_in '.linux.resources.rdma = {nosuch0: {hcaHandles: 0}}' true
	[[ "$output" == *"rdma.max to nosuch0 hca_handle=0 hca_object=max: "*"No such device"* ]]
}
