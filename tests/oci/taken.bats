#!/usr/bin/env bats
# What of config.json is taken and what is refused, beside the peers: what both of them take is taken here,
# and what is refused here is taken by one of them at most.
load oci
load peer

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { cd "$BATS_FILE_TMPDIR"; }
teardown() {
	peer_clean
	oci_teardown
}

# takes CHANGE: whether the runtime of RT runs a container that is changed so.
takes() {
	bundle ".process.args = [\"true\"] | $1"
	oci run --bundle "$B" oci-a < /dev/null > "$B/out" 2>&1
}

# each FUNCTION: with each line of the standard input that is a change.
each() {
	local change n=0
	while IFS= read -r change; do
		case $change in '' | '#'*) continue ;; esac
		n=$((n + 1))
		"$1" "$change" || { cat "$B/out"; echo "$RT: $change"; return 1; }
	done
	[ "$n" -gt 5 ]
}

# The lists below are of what these take. Others differ: what crun 1.21 makes of time offsets, for one.
peers() {
	! crun --version 2> /dev/null | grep -q '^crun version 1\.8\.' || echo crun
	! runc --version 2> /dev/null | grep -q '^runc version 1\.1\.5' || echo runc
}
their_word() { [ "$(peers | wc -l)" = 2 ] || skip "held, but its controls are missing: crun 1.8 and runc 1.1.5"; }

taken_by_all() {
	for RT in ours $(peers); do
		takes "$1" || return 1
	done
}

# warned CHANGE: taken, with a line of its own that is about it.
warned() {
	RT=ours
	takes "$1" && grep -q "^ctr-oci: warning: .*config.json:[0-9]*:[0-9]*: " "$B/out"
}

@test "what both peers take: without a word" {
	each taken_by_all <<- 'END'
		.process.rlimits = null
		.process.capabilities = null
		.process.apparmorProfile = null | .process.selinuxLabel = null
		.process.noNewPrivileges = null | .process.terminal = null | .process.consoleSize = null
		.process.user.additionalGids = null | .process.user.umask = null
		.process.ioPriority = {"class": "IOPRIO_CLASS_BE"}
		.process.env += ["PATH=/bin", "A=1", "A=2"]
		.process.env += ["HOME="]
		.process.user.umask = 4095
		.process.user.additionalGids = [range(1; 1000)]
		.process.env += [range(20000) | "V\(.)=x"]
		.process.args += [range(20000) | tostring]
		.hostname = null | .root.readonly = null
		.hooks = null | .annotations = null
		.hooks = {"prestart": null, "poststop": null}
		.annotations = ([range(5000) | {key: "a\(.)", value: "x"}] | from_entries)
		.linux.timeOffsets = null | .linux.seccomp = null | .linux.devices = null | .linux.resources = null
		.linux.maskedPaths = null | .linux.readonlyPaths = null | .linux.cgroupsPath = null | .linux.sysctl = null
		.linux.rootfsPropagation = null | .linux.mountLabel = null | .linux.uidMappings = null
		.linux.resources = {"memory": null, "cpu": null, "pids": null, "blockIO": null, "hugepageLimits": null, "devices": null, "unified": null}
		.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rrw"}]
		.linux.resources.unified = {"cgroup.max.depth": "5\n"}
		.linux.cgroupsPath |= "/x/..\(.)"
		.linux.sysctl = {"net.ipv4.ip_forward": "1\n"}
		.ociVersion = "1.0"
	END
	their_word
}

taken_with_a_warning() { warned "$1" && taken_by_all "$1"; }
@test "what both peers take, and the specification has otherwise: with a warning" {
	each taken_with_a_warning <<- 'END'
		.process.capabilities.bounding += ["WHATEVER", "chown", "CAP_LATER"]
		.process.user = {}
		.process.rlimits = [{"type": "RLIMIT_CPU", "soft": 20, "hard": 30}, {"type": "RLIMIT_CPU", "soft": 10, "hard": 20}]
		.process.rlimits = [{"type": "RLIMIT_CORE", "hard": 20}]
		.process.commandLine = "x"
		.annotations = {"": "x"}
		.solaris = {}
		.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]
		.linux.timeOffsets = {"boottime": {"secs": 5}}
		.linux.maskedPaths = ["proc/keys", ""]
		.linux.readonlyPaths = ["proc/sys"]
		.linux.sysctl = {"net.ipv4.ip_forward": ""}
		.linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/x", "type": "c", "major": 1, "minor": 5}]
		.linux.devices = [{"path": "/dev/x", "type": "c"}]
		.linux.personality = {"domain": "LINUX", "flags": ["x"]}
		.linux.resources.devices = [{"allow": true, "type": "c", "major": 5000, "minor": 1, "access": "m"}]
		.linux.resources.devices = [{"allow": true, "access": "x"}]
		.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["Foo-Bar"], "action": "SCMP_ACT_ERRNO"}]}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}
		.mounts += [{"destination": "/tmp", "type": "bind", "source": "/tmp", "options": ["rbind", "size=5", "iversion", "later"]}]
	END
	their_word
}

# By one of them at most.
refused_by_most() {
	local taken=0
	RT=ours
	! takes "$1" || return 1
	for RT in $(peers); do
		! takes "$1" || taken=$((taken + 1))
	done
	[ "$taken" -lt 2 ]
}
@test "what is refused is taken by one of the peers at most" {
	each refused_by_most <<- 'END'
		.process.args = []
		.process.cwd = "tmp"
		.mounts += [{"destination": "/tmp", "type": "bind", "source": "/tmp", "options": ["bind", "remount"]}]
		.mounts += [{"destination": "/tmp", "type": "bind", "source": "/tmp", "options": ["bind", "shared", "private"]}]
		.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["later"]}]
		.process.user.uid = 4294967295
		.process.rlimits = [{"type": "RLIMIT_NONE", "soft": 1, "hard": 1}]
		.process.rlimits = [{"type": "RLIMIT_CPU", "soft": 20, "hard": 10}]
		.process.oomScoreAdj = 1001
		.process.selinuxLabel = "x"
		.linux.namespaces += [{"type": "pid"}]
		.linux.namespaces += [{"type": "none"}]
		.linux.sysctl = {"kernel.panic": "1"}
		.linux.sysctl = {"kernel.hostname": "x"}
		.domainname = "one" | .linux.sysctl = {"kernel.domainname": "two"}
		.linux.devices = [{"path": "/dev/x", "type": "z"}]
		.linux.devices = [{"path": "/dev/x", "type": "c", "major": 5000, "minor": 1}]
		.linux.personality = {"domain": "BSD"}
		.linux.rootfsPropagation = "sideways"
		.linux.resources.memory = {"swappiness": 50}
		.linux.resources.memory = {"disableOOMKiller": true}
		.linux.resources.memory = {"swap": 5000000}
		.linux.resources.cpu = {"realtimeRuntime": 5}
		.linux.resources.blockIO = {"leafWeight": 10}
		.linux.resources.network = {"classID": 5}
		.linux.resources.unified = {"a/b": "0"}
		.linux.resources.devices = [{"allow": true, "type": "p"}]
		.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 5}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["FAST"]}
		.linux.seccomp = {"defaultAction": "SCMP_ACT_NO"}
		.linux.seccomp = {}
		.hooks.prestart = [{"path": "relative"}]
		.hooks.prestart = [{"path": "/bin/true", "timeout": 0}]
		.ociVersion = "2.0.0"
		del(.ociVersion)
		del(.root)
		del(.process)
	END
	their_word
}

# Of our own is no bound below the kernel's: 65,536 groups, and 6 MiB of arguments and variables.
@test "a document of 9 MiB" {
	local n
	sh_bundle 'id -G | wc -w; env | grep -c ^V; echo $#' '.process.args += ["sh"] + [range(5000) | "w\(.)"]
		| .process.user.additionalGids = [range(1; 60000)] | .process.env += [range(30000) | "V\(.)=x"]
		| .annotations = {"big": ("x" * 9000000)}'
	[ "$(stat -c %s "$B/config.json")" -gt 9000000 ]
	run -0 oci run --bundle "$B" oci-a
	[ "$output" = $'60000\n30000\n5000' ]
}

@test "a user namespace of one id: devices that the host's ids own, groups, HOME" {
	local id=$BATS_TEST_TMPDIR/id
	sh_bundle 'id -u; id -G; echo "$HOME"; stat -c "%n %u" /dev/tty /dev/null /dev/x; : > /dev/null' '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 4000, "size": 1}] | .linux.gidMappings = .linux.uidMappings
		| .linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "uid": 5, "gid": 44}]
		| .mounts |= map(if .options then .options -= ["gid=5"] else . end)'
	run -0 oci run --bundle "$B" oci-a
	[ "${lines[*]}" = "0 0 /root /dev/tty 0 /dev/null 0 /dev/x 65534" ]
}
