#!/usr/bin/env bats
# What config.json asks for is in force, and what is none is refused with its place.
load oci

setup_file() { oci_file_setup; }
setup() { cd "$BATS_FILE_TMPDIR"; }
teardown() { oci_teardown; }

# shows SCRIPT FILTER WANTED: what the script says in a container changed by the filter.
shows() {
	sh_bundle "$1" "$2"
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[ "$output" = "$3" ] || { echo "got: $output; $stderr"; return 1; }
}

@test "hostname and domain name" {
	shows 'hostname; cat /proc/sys/kernel/domainname' '.hostname = "h" | .domainname = "d.example"' $'h\nd.example'
}

@test "user, groups and umask" {
	shows 'id -u; id -g; id -G; umask' '.process.user = {"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 63}' \
		$'7\n8\n8 9 10\n0077'
}

@test "capabilities" {
	shows 'grep -E "^Cap(Inh|Prm|Bnd)" /proc/self/status | cut -f2' \
		'.process.capabilities = {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]}' \
		$'0000000000000000\n0000000000000020\n0000000000000020'
}

@test "no capabilities at all" {
	shows 'grep -E "^CapEff" /proc/self/status | cut -f2' 'del(.process.capabilities)' 0000000000000000
}

@test "limits of resources" {
	shows 'ulimit -n; ulimit -Hn' '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]' $'100\n200'
}

@test "a limit of descriptors that is too low for a start, and for exec, is the payload's only" {
	sh_bundle 'ulimit -n; ulimit -Hn; exec sleep 1000' \
		'.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 3, "hard": 3}]'
	create oci-a
	oci start oci-a
	until_true "it shows its limits" grep -qs . "$B/out"
	[ "$(cat "$B/out")" = $'3\n3' ]
	[ "$(oci exec oci-a sh -c 'ulimit -n')" = 3 ]
	[ "$(box --ulimit nofile=3 -- sh -c 'ulimit -n')" = 3 ]
}

@test "nothing is made with the umask of whoever calls" {
	sh_bundle 'umask; stat -c %a / /dev /dev/pts /home /t; : > /tmp/made && stat -c %a /tmp/made' \
		'.process.user = {uid: 1000, gid: 1000} | .mounts += [
			{destination: "/home", type: "tmpfs", source: "none", options: ["tmpcopyup"]},
			{destination: "/t", type: "tmpfs", source: "none", options: ["mode=0711"]},
			{destination: "/tmp", type: "tmpfs", source: "none", options: ["mode=1777"]}]'
	: > said
	(umask 0777; oci run --bundle "$B" oci-a < /dev/null > said)
	[ "$(cat said)" = $'0022\n755\n755\n755\n755\n711\n644' ]
	rmdir "$FS/t"
}

@test "oom score, no_new_privs" {
	shows 'cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status | cut -f2' \
		'.process.oomScoreAdj = 500 | .process.noNewPrivileges = false' $'500\n0'
}

@test "scheduler" {
	shows 'cut -d" " -f 19 /proc/self/stat' '.process.scheduler = {"policy": "SCHED_OTHER", "nice": 5}' 5
}

@test "processors for exec: not those of the first process" {
	sh_bundle 'while :; do sleep .1; done' '.process.execCPUAffinity = {"initial": "0", "final": "0"}'
	create oci-a
	oci start oci-a
	[ "$(grep Cpus_allowed_list "/proc/$(cat "$B/pid")/status")" = "$(grep Cpus_allowed_list /proc/self/status)" ]
	[ "$(oci exec oci-a grep Cpus_allowed_list /proc/self/status | cut -f2)" = 0 ]
}

@test "personality" {
	shows 'uname -m' '.linux.personality = {"domain": "LINUX32"}' i686
}

@test "sysctl" {
	shows 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni' \
		'.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "99"}' $'1\n99'
	# A first slash makes all dots parts of names, a first dot the slashes.
	shows 'cat /proc/sys/net/ipv4/conf/lo/rp_filter' '.linux.sysctl = {"net/ipv4/conf/lo/rp_filter": "1"}' 1
}

@test "masked and read-only paths" {
	shows 'wc -c </proc/keys; echo 1 2>/dev/null >/proc/sys/kernel/printk || echo no' . $'0\nno'
}

@test "a read-only root" {
	shows 'touch /x 2>/dev/null || echo no; touch /dev/shm/x && echo yes' '.root.readonly = true' $'no\nyes'
}

@test "devices of its own" {
	shows 'stat -c "%t %T %a %u" /dev/own; cat </dev/own | wc -c; stat -c %F /dev/pipe' \
		'.linux.devices = [{"path": "/dev/own", "type": "c", "major": 1, "minor": 3, "fileMode": 432, "uid": 5, "gid": 6},
		 {"path": "/dev/pipe", "type": "p"}]' $'1 3 660 5\n0\nfifo'
}

@test "bind mounts: read-only on the top, recursive, of a file, with a target that is made" {
	mkdir -p "$BATS_TEST_TMPDIR/src/sub"
	echo f > "$BATS_TEST_TMPDIR/src/f"
	shows 'cat /new/dir/f; touch /new/dir/x 2>/dev/null || echo no; cat /new/file' \
		".mounts += [{\"destination\": \"/new/dir\", \"type\": \"bind\", \"source\": \"$BATS_TEST_TMPDIR/src\", \"options\": [\"rbind\", \"ro\"]},
		 {\"destination\": \"/new/file\", \"source\": \"$BATS_TEST_TMPDIR/src/f\", \"options\": [\"bind\"]}]" $'f\nno\nf'
	rm -rf "$FS/new"
}

@test "rro is for the mounts below as well, ro is not" {
	local s=$BATS_TEST_TMPDIR/src
	mkdir -p "$s/sub"
	cat > "$BATS_TEST_TMPDIR/both" <<- 'END'
		mount -t tmpfs none "$1/sub"
		for o in ro rro; do
			jq --arg s "$1" --arg o $o '.process.args = ["sh", "-c", "touch /mnt/x 2>/dev/null && echo top; touch /mnt/sub/x 2>/dev/null && echo below; :"]
				| .mounts += [{destination: "/mnt", source: $s, options: ["rbind", $o]}]' "$3" > "$2/config.json"
			echo $o
			ctr-oci --root "$OCI_ROOT" run --bundle "$2" oci-$o
		done
	END
	run -0 unshare -m --propagation private bash "$BATS_TEST_TMPDIR/both" "$s" \
		"$(mktemp -d "$BATS_TEST_TMPDIR/b.XXXX")" "$BATS_FILE_TMPDIR/base.json"
	[ "$output" = $'ro\nbelow\nrro' ]
	rmdir "$FS/mnt"
}

@test "tmpcopyup" {
	mkdir -p "$FS/data"
	echo kept > "$FS/data/f"
	shows 'cat /data/f; echo new >/data/f' '.mounts += [{"destination": "/data", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup"]}]' kept
	[ "$(cat "$FS/data/f")" = kept ]
	rm -r "$FS/data"
}

@test "a user namespace with maps" {
	sh_bundle 'id -u; cat /proc/self/uid_map' '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[ "${lines[0]}" = 0 ]
	[ "$(awk '{print $1, $2, $3}' <<< "${lines[1]}")" = "0 200000 1000" ]
}

@test "an id-mapped mount with maps of its own" {
	mkdir -p "$BATS_TEST_TMPDIR/src"
	: > "$BATS_TEST_TMPDIR/src/f"
	chown 5000:5000 "$BATS_TEST_TMPDIR/src/f"
	shows 'stat -c %u:%g /mnt/f' ".mounts += [{\"destination\": \"/mnt\", \"source\": \"$BATS_TEST_TMPDIR/src\", \"options\": [\"bind\", \"idmap\"],
		\"uidMappings\": [{\"containerID\": 5000, \"hostID\": 7000, \"size\": 1}], \"gidMappings\": [{\"containerID\": 5000, \"hostID\": 7001, \"size\": 1}]}]" 7000:7001
	rmdir "$FS/mnt"
}

@test "a namespace to join" {
	sh_bundle 'sleep 1000'
	create oci-a
	local net
	net=/proc/$(cat "$B/pid")/ns/net
	sh_bundle 'readlink /proc/self/ns/net' ".linux.namespaces |= map(if .type == \"network\" then .path = \"$net\" else . end)"
	run -0 --separate-stderr oci run --bundle "$B" oci-b
	[ "$output" = "$(readlink "$net")" ]
}

@test "a path of another kind of namespace is refused" {
	bundle '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"/proc/self/ns/uts"* ]]
}

@test "a clock of its own" {
	[ -e /proc/self/ns/time ] || skip "no time namespaces"
	local up
	up=$(cut -d. -f1 /proc/uptime)
	sh_bundle 'cut -d. -f1 /proc/uptime' '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 1000000}}'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[ "$output" -ge $((up + 1000000)) ]
}

@test "a filter: the call that it names fails" {
	sh_bundle 'mkdir /tmp/d 2>&1 || :' '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[[ $output == *"not supported"* ]]
}

# What a start does itself is done before the filter that could deny it.
OWN_CALLS='["close_range", "setgroups", "setresuid", "setresgid", "capset", "prctl", "poll", "ppoll", "personality", "pidfd_open", "umask"]'

@test "a filter that denies what the start itself needs, with and without no_new_privs, root and a user" {
	local nnp uid
	for nnp in true false; do
		for uid in 0 1000; do
			sh_bundle 'grep -E "^(CapEff|CapAmb|NoNewPrivs|Groups)" /proc/self/status' "
				.process.noNewPrivileges = $nnp | .process.user = {uid: $uid, gid: $uid, additionalGids: [7]} |
				.process.capabilities = ([\"CAP_CHOWN\"] | {bounding: ., effective: ., permitted: .}) |
				.linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: $OWN_CALLS, action: \"SCMP_ACT_ERRNO\"}]}"
			run -0 --separate-stderr oci run --bundle "$B" oci-a
			[[ $output == *Groups:*7* ]]
			# What the filter took to load is not for the payload.
			[[ $output == *"CapEff:	000000000000000$((uid == 0))"*"CapAmb:	0000000000000000"* ]]
			[[ $output == *"NoNewPrivs:	$([ $nnp = true ] && echo 1 || echo 0)" ]]
		done
	done
}

@test "a filter holds for the hooks of the start, which need little of it themselves" {
	local nnp
	for nnp in true false; do
		sh_bundle 'ls /tmp/made /tmp/hook 2>&1; rm -f /tmp/hook' "
			.process.noNewPrivileges = $nnp |
			.hooks.startContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"mkdir /tmp/made; cat >/tmp/hook\"]}] |
			.linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [
				{names: ($OWN_CALLS + [\"mkdir\", \"mkdirat\"]), action: \"SCMP_ACT_ERRNO\"}]}"
		run --separate-stderr oci run --bundle "$B" oci-a
		[[ $output == *"/tmp/made: No such file"*/tmp/hook ]]
	done
}

@test "documents that are none: refused with line and column, and nothing left" {
	local bad n=0
	bundle
	cp "$B/config.json" "$BATS_TEST_TMPDIR/good"
	while IFS= read -r bad; do
		n=$((n + 1))
		jq "$bad" "$BATS_TEST_TMPDIR/good" > "$B/config.json"
		run -1 timeout 60 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
		[[ $output =~ config.json:[0-9]+:[0-9]+:\  ]] || { echo "$bad: $output"; return 1; }
		[ "$(wc -l <<< "$output")" = 1 ] || { echo "$bad: $output"; return 1; }
		[ -z "$(ls "$OCI_ROOT")" ]
	done <<- 'END'
		.process.args = "sh"
		.process.args = []
		.process.cwd = "tmp"
		.process.user.uid = -1
		.process.user.uid = 4294967296
		.process.user.uid = "0"
		.process.terminal = 1
		.process.env = {"A": "b"}
		.process.rlimits = [{"type": "RLIMIT_NONE", "soft": 1, "hard": 1}]
		.process.rlimits = [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]
		.process.oomScoreAdj = 1001
		.process.scheduler = {"policy": "SCHED_NONE"}
		.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}
		.process.ioPriority = {"priority": 3}
		.root = "rootfs"
		del(.root.path)
		.root.readonly = "yes"
		.mounts[0].destination = ""
		.mounts[0].destination = 7
		.mounts[1].options = "ro"
		.mounts += [{"destination": "/x", "options": ["bind"]}]
		.hostname = 7
		.linux.namespaces += [{"type": "pid"}]
		.linux.namespaces += [{"type": "none"}]
		.linux.namespaces += [{"type": "user", "path": "relative"}]
		.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 0}]
		.linux.readonlyPaths = "/proc"
		.linux.sysctl = ["a"]
		.linux.sysctl = {"kernel.panic": "1"}
		.linux.resources.pids = {"limit": "many"}
		.linux.resources.memory = {"limit": 1.5}
		.linux.resources.cpu = {"shares": -1}
		.linux.devices = [{"path": "/dev/x", "type": "z"}]
		.linux.devices = [{"path": "dev/x", "type": "c", "major": 1, "minor": 1}]
		.hooks.prestart = [{"path": "relative"}]
		.hooks.prestart = {"path": "/bin/true"}
		.annotations = {"a": 1}
		.annotations = ["a"]
		.ociVersion = "2.0.0"
		.ociVersion = 1
		del(.ociVersion)
		.linux.rootfsPropagation = "sideways"
		.linux.cgroupsPath = 7
		.linux.seccomp = "default"
		.linux.intelRdt = {"closID": "../a"}
		.linux.intelRdt = {"schemata": ["L3:0=f\nL3:1=f"]}
		.linux.intelRdt = {"memBwSchema": "L3:0=f"}
		.linux.seccomp = {"defaultAction": 5}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_NO"}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_NOTIFY"}
	END
	[ "$n" -ge 40 ]
}

@test "a class of resctrl where none is mounted: refused, and nothing left" {
	! grep -q ' resctrl ' /proc/self/mounts || skip "resctrl is mounted here"
	local rdt command
	for rdt in '{}' '{"closID": "a"}' '{"closID": "/"}' '{"schemata": ["L3:0=f"]}' '{"enableMonitoring": true}'; do
		bundle ".linux.intelRdt = $rdt"
		for command in create run; do
			run -1 timeout 60 ctr-oci --root "$OCI_ROOT" "$command" --bundle "$B" oci-a < /dev/null
			[ "$output" = "ctr-oci: $command: linux.intelRdt: no file system of type resctrl is mounted (mount -t resctrl resctrl /sys/fs/resctrl, where processor and kernel have it)" ] ||
				{ echo "$rdt: $output"; return 1; }
			[ -z "$(ls "$OCI_ROOT")" ]
		done
	done
}

# A create that was killed leaves such a record, and may leave groups of resctrl; an unmount has taken those.
@test "a container of a class of resctrl that is unmounted can be deleted, and not entered" {
	! grep -q ' resctrl ' /proc/self/mounts || skip "resctrl is mounted here"
	local state=$OCI_ROOT/oci-a
	sh_bundle 'while :; do sleep .1; done'
	create oci-a
	oci start oci-a
	jq -c '.rdt = true | .classMade = true' "$state/record.json" > "$B/r" && cp "$B/r" "$state/record.json"
	jq '.linux.intelRdt = {"closID": "gold", "schemata": ["L3:0=f"], "enableMonitoring": true}' "$state/config.json" > "$B/c" && cp "$B/c" "$state/config.json"
	run -255 --separate-stderr oci exec oci-a true
	[[ $stderr == "ctr-oci: exec: linux.intelRdt: no file system of type resctrl is mounted"* ]]
	oci delete --force oci-a
	[ -z "$(ls "$OCI_ROOT")" ]
}

@test "text that is no JSON: refused with line and column" {
	bundle
	local good=$B/config.json bad
	cp "$good" "$BATS_TEST_TMPDIR/good"
	for bad in 's/"root"/"root": 1, "root"/' 's/^}$/} x/' 's/"box"/"b\\u0000x"/' 's/"box"/"b\xffx"/' 's/{/{,/' '$d'; do
		LC_ALL=C sed "$bad" "$BATS_TEST_TMPDIR/good" > "$good"
		run -1 timeout 60 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
		[[ $output =~ config.json:[0-9]+:[0-9]+ ]] || { echo "$bad: $output"; return 1; }
		[ -z "$(ls "$OCI_ROOT")" ]
	done
}

@test "properties of a scope: refused with the annotation, and nothing left; without effect for other managers" {
	local name value
	while read -r name value; do
		sh_bundle 'echo ran' ".linux.cgroupsPath = \":ctr:oci-a\" | .annotations[\"org.systemd.property.$name\"] = $(jq -Rn --arg s "$value" '$s')"
		run -1 timeout 60 ctr-oci --root "$OCI_ROOT" --systemd-cgroup create --bundle "$B" oci-a < /dev/null
		[[ ${lines[0]} =~ config.json:[0-9]+:[0-9]+:\ annotations.org.systemd.property.$name:\  ]] || { echo "$name $value: $output"; return 1; }
		[ -z "$(ls "$OCI_ROOT")" ]
		jq 'del(.linux.cgroupsPath)' "$B/config.json" > "$B/c" && mv "$B/c" "$B/config.json"
		run -0 --separate-stderr oci --cgroup-manager disabled run --bundle "$B" oci-a
		[ "$output" = ran ]
	done <<- 'END'
		CollectMode inactive
		CollectMode 'inactive
		TimeoutStopSec 'soon'
		TimeoutStopSec -1
		TimeoutStopUSec uint64 -1
		TasksMax 4294967296
		Wants ['a.service',]
		PIDs @au [1]
		Delegate false
		Kill_Mode 'none'
	END
}

# bats test_tags=lacking
@test "a limit that this host cannot hold is refused by name" {
	! has_controller memory || skip "this host has the memory controller"
	bundle '.linux.resources.memory.limit = 67108864'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *memory* ]]
}

@test "a member that nobody knows is a warning" {
	sh_bundle 'echo ran' '.linux.fromTheFuture = {"a": 1}'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[ "$output" = ran ]
	[[ $stderr == *fromTheFuture* ]]
}

@test "a member of a filter that nobody knows is a warning" {
	sh_bundle 'mkdir /tmp/d 2>&1 || :' '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "fromTheFuture": 1,
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95, "later": {}}]}'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[[ $output == *"not supported"* ]]
	[[ $stderr == *"linux.seccomp.fromTheFuture"*"linux.seccomp.syscalls[0].later"* ]]
}

@test "what a filter forbids in vain is a warning, at each creation and at no exec" {
	sh_bundle 'sleep 100' '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["mkdir", "nosuch_a", "nosuch_b"], "action": "SCMP_ACT_ERRNO"}, {"names": ["nosuch_c"], "action": "SCMP_ACT_ALLOW"}]}'
	for _ in 1 2; do
		create oci-a
		[ "$(wc -l < "$B/err")" = 1 ]
		grep -q 'linux.seccomp: .*forbidden: nosuch_a nosuch_b$' "$B/err"
		oci start oci-a
		run -0 oci exec oci-a true
		[ -z "$output" ]
		oci delete --force oci-a
	done
}

@test "no message names a flag of ctr" {
	local bad
	bundle
	cp "$B/config.json" "$BATS_TEST_TMPDIR/good"
	while IFS= read -r bad; do
		jq "$bad" "$BATS_TEST_TMPDIR/good" > "$B/config.json"
		run -1 timeout 60 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
		[[ $output != *" --"* && $output != *"(--"* ]] || { echo "$bad: $output"; return 1; }
	done <<- 'END'
		.linux.resources.unified = {"cgroup.procs": "1"}
		.linux.resources.unified = {"nosuch.file": "1"}
		.linux.resources.unified = {"cpu.weight": "20000"}
		.linux.resources.memory.limit = 1000
		.linux.resources.cpu = {"quota": 1, "period": 100000}
		.linux.resources.pids.limit = 5000000
		.mounts += [{"destination": "/x", "source": "/nonexistent", "options": ["bind"]}]
		.linux.sysctl = {"kernel.hostname": "x"}
	END
}

# bats test_tags=lacking
@test "a limit of 0 processes that this host cannot hold is named as it is" {
	! has_controller pids || skip "this host has the pids controller"
	bundle '.ociVersion = "1.3.0" | .linux.resources.pids.limit = 0'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"cannot limit processes to 0: "* && $output != *--pids* ]]
}

@test "a sysctl of a joined namespace that is the host's is refused" {
	bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
	run -1 timeout 60 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
	[[ $output == *"net.ipv4.ip_forward"*"not the container's alone"* ]]
}
