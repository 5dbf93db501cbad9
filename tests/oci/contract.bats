#!/usr/bin/env bats
# What engines count on beyond the life of a container: sd_notify, devices, listeners, namespaces.
load oci
load peer

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER" 2> /dev/null || :
	peer_clean
	oci_teardown
}

# run_in [JQ FILTER] SCRIPT: one container that runs a script.
run_in() {
	sh_bundle "${2:-$1}" "${2:+$1}"
	oci run --bundle "$B" "oci-$RANDOM" < /dev/null
}

# serve SOCKET PYTHON: a server at a socket, s, which has its name once it listens; what it prints is in the
# file "heard".
serve() {
	python3 -u - "$1" > heard 2>&1 3>&- <<- END &
		import array, json, os, socket, struct, sys
		kind = socket.SOCK_DGRAM if sys.argv[1].endswith("dgram") else socket.SOCK_STREAM
		s = socket.socket(socket.AF_UNIX, kind)
		s.bind(sys.argv[1] + ".new")
		if kind == socket.SOCK_STREAM: s.listen(4)
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		$2
	END
	SERVER=$!
	until_true listening test -S "$1"
}
supervisor() { serve "$PWD/dgram" 'while True: print(s.recv(4096).decode(), flush=True)'; }
# heard WORDS: they have come, and nothing else.
heard() {
	until_true "$1 is heard" grep -q . heard
	[ "$(cat heard)" = "$1" ]
}
# Python says to the variable's socket what it is told, in the container; busybox cannot.
SAY='import os, socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for m in sys.argv[1:]: s.sendto(m.encode(), os.environ["NOTIFY_SOCKET"])'
# With the host's /usr, whose python that is.
WITH_PYTHON='.mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]}] |
	.mounts += [("/lib", "/lib64" | select(. as $d | $dirs | index($d)) | {destination: ., type: "bind", source: ., options: ["rbind", "ro"]})]'
python_bundle() {
	bundle "[\"/lib\", \"/lib64\"] as \$dirs | $WITH_PYTHON |
		.process.args = $(jq -nc '$ARGS.positional' --args -- "$@")"
}

@test "start waits until the payload is ready, and passes that on and nothing else" {
	supervisor
	export NOTIFY_SOCKET=$PWD/dgram
	python_bundle python3 -c "$SAY"'
import time; time.sleep(1); s.sendto(b"STATUS=x\nREADY=1\nMAINPID=1", os.environ["NOTIFY_SOCKET"]); time.sleep(100)' STATUS=early MAINPID=1
	create oci-a
	oci start oci-a
	is oci-a running
	heard READY=1
	oci delete --force oci-a
}

@test "start of one that ends without a word returns; a kill meanwhile does not wait" {
	supervisor
	export NOTIFY_SOCKET=$PWD/dgram
	sh_bundle 'echo $NOTIFY_SOCKET; ls -d /run/notify; touch /run/notify/x'
	create oci-a
	timeout 60 ctr-oci --root "$OCI_ROOT" start oci-a
	grep -x /run/notify/notify.sock "$B/out"
	[[ "$(cat "$B/err")" == *"Read-only"* ]]
	[ ! -s heard ]
	sh_bundle 'sleep 100'
	create oci-b
	ctr-oci --root "$OCI_ROOT" start oci-b 3>&- &
	until_true running is oci-b running
	timeout 60 ctr-oci --root "$OCI_ROOT" delete --force oci-b
	wait %2
}

@test "run: the payload's readiness is passed on while it runs" {
	supervisor
	export NOTIFY_SOCKET=$PWD/dgram
	python_bundle python3 -c "$SAY"'; sys.exit(4)' READY=1
	run -4 oci run --bundle "$B" oci-a
	heard READY=1
	run -0 env -u NOTIFY_SOCKET ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a < /dev/null || [[ "$output" == *KeyError* ]]
}

@test "devices outside /dev, and without a /dev of our own" {
	run -0 run_in '.linux.devices = [{path: "/opt/zero", type: "c", major: 1, minor: 5, fileMode: 438, uid: 3, gid: 4}] |
		.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 5, access: "rwm"}]' \
		'stat -c "%F %t:%T %a %u:%g" /opt/zero; head -c 2 /opt/zero | wc -c'

	[ "$output" = $'character special file 1:5 666 3:4\n2' ]
	rm -r "$FS/opt"
	run -0 run_in '.mounts |= map(select(.destination | startswith("/dev") | not))' \
		'echo x > /dev/null && stat -c %t:%T /dev/null /dev/zero'
	[ "$(xargs <<< "$output")" = "1:3 1:5" ]
	rm -f "$FS"/dev/*
	run -0 run_in '.mounts |= map(select(.destination | startswith("/dev") | not)) |
		.mounts += [{destination: "/dev", type: "bind", source: "/dev", options: ["rbind"]}]' 'echo x > /dev/null; stat -c %t:%T /dev/null'
	[ "$output" = 1:3 ]
}

@test "a device over a file that is another is refused, and nothing left" {
	mkdir -p "$FS/opt/dir"
	echo kept > "$FS/opt/file"
	: > "$FS/opt/empty"
	mknod "$FS/opt/null" c 1 3
	mknod "$FS/opt/zero" c 1 5
	mkfifo "$FS/opt/fifo"
	ln -s file "$FS/opt/link"
	for there in file dir null fifo link; do
		run -1 run_in ".linux.devices = [{path: \"/opt/$there\", type: \"c\", major: 1, minor: 5}]" true
		[[ "$(wc -l <<< "$output")" = 1 && "$output" == *"/opt/$there"* ]] || { echo "$output"; return 1; }
		[ -z "$(oci list -q)" ]
	done
	[ "$(cat "$FS/opt/file")" = kept ]
	# What a runtime has bound over leaves an empty file; and one that matches is no other.
	run -0 run_in '.linux.devices = [{path: "/opt/empty", type: "c", major: 1, minor: 5}, {path: "/opt/zero", type: "c", major: 1, minor: 5}]' \
		'head -c 2 /opt/empty /opt/zero | wc -c'
	rm -r "$FS/opt"
}

@test "a device that is named twice is taken once" {
	run -0 run_in '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3}, {path: "/opt/a", type: "c", major: 1, minor: 5},
		{path: "/dev/own", type: "c", major: 1, minor: 5}, {path: "/dev/own", type: "u", major: 1, minor: 5}, {path: "/opt/a", type: "c", major: 1, minor: 5}]' \
		'stat -c %t:%T /dev/null /dev/own /opt/a'
	[ "$(xargs <<< "$output")" = "1:3 1:5 1:5" ]
	rm -r "$FS/opt"
}

@test "exec under a filter that notifies: the listener gets it with the pid of the new process" {
	serve "$PWD/stream" 'show = lambda m, a, *_: print((j := json.loads(m))["state"]["id"], j["state"]["status"], j["pid"], len(a), flush=True)
for c, _ in iter(s.accept, 0): show(*c.recvmsg(65536, socket.CMSG_SPACE(4)))'
	sh_bundle 'sleep 100' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$PWD/stream"'",
		syscalls: [{names: ["swapoff"], action: "SCMP_ACT_NOTIFY"}]}'
	create oci-a
	oci start oci-a
	oci exec -d --pid-file xpid oci-a sleep 50
	until_true heard eval '[ "$(wc -l < heard)" = 2 ]'
	[ "$(sed -n 1p heard)" = "oci-a created $(cat "$B/pid") 1" ]
	[ "$(sed -n 2p heard)" = "oci-a running $(cat xpid) 1" ]
}

# The listener has read of a call when a signal comes for who made it; then it answers, and hears of that.
answered() {
	rm -f stream read signalled
	serve "$PWD/stream" 'import fcntl, time
c, _ = s.accept()
m, anc, _, _ = c.recvmsg(65536, socket.CMSG_SPACE(4))
fd = array.array("i", anc[0][2])[0]
b = bytearray(80)
fcntl.ioctl(fd, 0xc0502100, b) # SECCOMP_IOCTL_NOTIF_RECV
open("read", "w").close()
while not os.path.exists("signalled"): time.sleep(.05)
try:
    fcntl.ioctl(fd, 0xc0182101, bytearray(struct.pack("QqiI", *struct.unpack_from("Q", b), 0, 0, 0)))
    print(json.loads(m)["metadata"], "answered")
except OSError as e: print(json.loads(m)["metadata"], e.strerror)'
	python_bundle python3 -c 'import ctypes, signal
signal.signal(signal.SIGUSR1, lambda *a: None)
print(ctypes.CDLL(None).sync())'
	jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$PWD/stream"'", listenerMetadata: "of mine",
		flags: '"$1"', syscalls: [{names: ["sync"], action: "SCMP_ACT_NOTIFY"}]}' "$B/config.json" > "$B/new"
	mv "$B/new" "$B/config.json"
	create oci-a || { cat "$B/err"; return 1; }
	oci start oci-a
	until_true "the call is read" test -e read
	kill -USR1 "$(cat "$B/pid")"
	# Without the flag the call is off at once.
	[ "$1" != '[]' ] || until_true "the call has returned" test -s "$B/out"
	touch signalled
	until_true heard test -s heard
	oci delete --force oci-a
}

@test "a filter that notifies: the listener has its metadata, and its answer comes first where that is asked for" {
	answered '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	[ "$(cat heard)" = "of mine answered" ]
	answered '[]'
	[ "$(cat heard)" = "of mine No such file or directory" ]
}

@test "with a mount namespace by path, or none, mounts are refused with the reason, and nothing is made" {
	run -1 run_in '(.linux.namespaces[] | select(.type == "mount")).path = "/proc/self/ns/mnt"' true
	[[ "$output" == *"mount namespace by path"* ]]
	run -1 run_in '.linux.namespaces |= map(select(.type != "mount"))' true
	[[ "$output" == *"no mount namespace"* ]]
	[ -z "$(oci list -q)" ]
}

@test "the hostname is set in a UTS namespace that is joined, and never the host's" {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	local uts=/proc/$(cat "$B/pid")/ns/uts before=$(hostname)
	run -0 run_in '.hostname = "other" | (.linux.namespaces[] | select(.type == "uts")).path = "'"$uts"'"' hostname
	[ "$output" = other ]
	run -0 oci exec oci-a hostname
	[ "$output" = other ]
	run -1 run_in '.hostname = "other" | (.linux.namespaces[] | select(.type == "uts")).path = "/proc/self/ns/uts"' true
	[[ "$output" == *"is the host's"* ]]
	[ "$(hostname)" = "$before" ]
}

@test "--no-new-keyring: the session keyring stays" {
	[ -e /proc/keys ] || skip "this kernel has no keyrings"
	local ask='import ctypes, platform
print(ctypes.CDLL(None).syscall({"x86_64": 250}.get(platform.machine(), 219), 0, -3, 0))' ours
	ours=$(python3 -c "$ask")
	python_bundle python3 -c "$ask"
	run -0 oci run --bundle "$B" oci-a
	[ "$output" != "$ours" ] && [ "$output" -gt 0 ]
	run -0 oci run --no-new-keyring --bundle "$B" oci-a
	[ "$output" = "$ours" ]
}

@test "without cgroups: exec and ps of the first process" {
	sh_bundle 'sleep 100'
	ctr-oci --cgroup-manager disabled --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null > /dev/null 2>&1
	oci start oci-a
	run -0 oci exec oci-a echo in
	[ "$output" = in ]
}

# How engines call, word by word as they were recorded.

in_files() { "$@" < /dev/null >> "$B/out" 2>> "$B/err"; }

@test "podman: without --root every call finds the state, and an empty XDG_RUNTIME_DIR is none" {
	sh_bundle 'sleep 100'
	# shellcheck disable=SC2016
	run -0 unshare -m --propagation private bash -ec 'mount -t tmpfs none /run
		export XDG_RUNTIME_DIR=
		ctr-oci --log-format=json --log="$1/log" create --bundle "$1" --pid-file "$1/pid" --no-pivot --no-new-keyring \
			--preserve-fds 0 oci-p < /dev/null > "$1/out" 2>&1
		XDG_RUNTIME_DIR=/nonexistent ctr-oci state oci-p | jq -r .status
		ls /run/ctr-oci
		ctr-oci --log-format=json --log "$1/log" start oci-p
		ctr-oci --log-format=json --log "$1/log" kill oci-p 15
		ctr-oci --log-format=json --log "$1/log" kill oci-p 9
		ctr-oci --log-format=json --log "$1/log" delete --force oci-p' - "$B"
	[ "$output" = $'created\noci-p' ]
	[ ! -s "$B/log" ]
	not alive "$(cat "$B/pid")"
}

waited_for() {
	sh_bundle 'exit 7'
	local OCI
	rt_words
	run -0 timeout 30 python3 - "$B" "${OCI[@]}" <<- 'END'
		import ctypes, os, subprocess, sys, json, time
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
		oci = sys.argv[2:]
		null = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		subprocess.run(oci + ["create", "--bundle", sys.argv[1], "--pid-file", sys.argv[1] + "/pid", "oci-a"], check=True, **null)
		pid = int(open(sys.argv[1] + "/pid").read())
		# Nothing but the container is left behind by create.
		children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
		print(children == [str(pid)])
		subprocess.run(oci + ["start", "oci-a"], check=True, **null)
		seen = set()
		while "stopped" not in seen:
		    seen.add(json.loads(subprocess.run(oci + ["state", "oci-a"], check=True, capture_output=True).stdout)["status"])
		print(seen <= {"created", "running", "stopped"}, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	[ "$output" = $'True\nTrue 7' ]
	oci delete oci-a
}
@test "buildah: who has called may wait for the process as a parent does, and gets its status" { both waited_for; }

as_containerd() {
	sh_bundle 'sleep 100'
	local OCI call
	rt_words
	call=("${OCI[@]}" --log "$B/log" --log-format json)
	(cd "$B" && in_files setpriv --pdeathsig KILL "${call[@]}" create --bundle "$B" --pid-file "$B/pid" oci-a)
	(cd "$B" && setpriv --pdeathsig KILL "${call[@]}" start oci-a)
	is oci-a running
	"${call[@]}" ps --format json oci-a | jq -e "index($(cat "$B/pid")) != null"
	# crun needs the right to raise a limit for this, which not every host gives.
	[ "$RT" != ours ] || "${call[@]}" update --resources=- oci-a <<< '{"devices": [{"allow": false, "access": "rwm"}]}'
	"${call[@]}" pause oci-a
	"${call[@]}" resume oci-a
	"${call[@]}" kill --all oci-a 9
	until_true stopped is oci-a stopped
	"${call[@]}" delete oci-a
	run -0 "${call[@]}" delete --force oci-a
	[ -z "$output" ]
	[ ! -s "$B/log" ]
	run -1 "${call[@]}" delete oci-a
	# Of crun: no such file.
	[ "$RT" != ours ] || [[ "$output" == *"does not exist"* ]]
}
@test "containerd: in the bundle, with a signal of death; delete, and delete --force once it is gone" { both as_containerd; }

as_crio() {
	sh_bundle 'sleep 100 & sleep 100' '.linux.namespaces |= map(select(.type != "pid"))'
	in_files oci create --bundle "$B" --pid-file "$B/pid" oci-a
	oci start oci-a
	jq '.process | .args = ["sh", "-c", "echo out; exit 5"]' "$B/config.json" > process
	run -5 oci exec --process process oci-a
	[ "$output" = out ]
	oci update --resources - oci-a <<< '{}'
	until_true both test "$(oci ps --format json oci-a | jq length)" = 2
	oci kill -a oci-a 9
	until_true "none is left" not grep -q . "$(rt_group)/cgroup.procs"
	[ "$RT" != ours ] || [ "$(oci ps --format json oci-a)" = '[]' ]
}
@test "CRI-O: exec in the foreground, update from -, kill -a" { both as_crio; }

as_buildkit() {
	sh_bundle 'while [ ! -e /tmp/go ]; do sleep .02; done; rm /tmp/go; exit 6' '.linux.namespaces |= map(select(.type != "pid"))'
	oci --log "$B/log" --log-format json run --bundle "$B" --no-pivot --pid-file "$B/pid" oci-a \
		< /dev/null > "$B/out" 2>&1 3>&- &
	until_true written test -s "$B/pid"
	grep -qx '[1-9][0-9]*' "$B/pid"
	alive "$(cat "$B/pid")"
	touch "$FS/tmp/go"
	local status=0
	wait $! || status=$?
	[ "$status" = 6 ]
	[ ! -s "$B/log" ]
	run ! oci state oci-a
}
@test "buildkit: run in the foreground, the pid file as atoi reads it" { both as_buildkit; }

@test "Slurm: --rootless=true --root=D before each" {
	sh_bundle 'sleep 100'
	local call=(ctr-oci --rootless=true --root="$OCI_ROOT")
	in_files "${call[@]}" create --bundle "$B" oci-a
	[ "$("${call[@]}" state oci-a | jq -r .status)" = created ]
	"${call[@]}" start oci-a
	"${call[@]}" kill -a oci-a KILL
	until_true stopped is oci-a stopped
	"${call[@]}" delete --force oci-a
	sh_bundle 'exit 3'
	run -3 "${call[@]}" run --bundle "$B" oci-a
}

@test "Docker: features and --version before anything else" {
	run -0 --separate-stderr ctr-oci features
	jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | startswith("1.")) and (.hooks | length) == 6
		and (.linux.namespaces | index("pid")) and .linux.cgroup.v2 and .linux.cgroup.systemdUser and .linux.seccomp.enabled
		and .potentiallyUnsafeConfigAnnotations == ["org.systemd.property.", "run.oci.keep_original_groups"]' <<< "$output"
	jq -e '(.linux.memoryPolicy | (.modes | length) == 7 and (.flags | index("MPOL_F_STATIC_NODES")))
		and .linux.intelRdt == {enabled: true, schemata: true, monitoring: true}
		and (.linux.seccomp.archs | contains(["SCMP_ARCH_PARISC", "SCMP_ARCH_LOONGARCH64"]))' <<< "$output"
	run -0 --separate-stderr ctr-oci --root "$OCI_ROOT" --debug --log-level debug --version
	[[ "${lines[0]}" == "ctr-oci version "* && "${lines[1]}" == "commit: "* && "${lines[2]}" == "spec: 1."* ]]
}

# Strings, files and codes.

# crun writes to what is there.
@test "the pid file is put in place by rename: what was there is not written to" {
	sh_bundle 'sleep 100'
	echo of-others > elsewhere
	ln elsewhere "$B/pid"
	create oci-a
	[ "$(cat elsewhere)" = of-others ]
	[ "$(cat "$B/pid")" = "$(oci state oci-a | jq .pid)" ]
	[ "$(find "$B" -name '*pid*' | wc -l)" = 1 ]
	ln -sf "$PWD/elsewhere" xpid
	oci exec --detach --pid-file xpid oci-a sleep 100 > /dev/null 2>&1
	[ ! -L xpid ]
	[ "$(cat elsewhere)" = of-others ]
}

@test "a pid file that is a device or a pipe is written to, and stays what it is" {
	sh_bundle 'sleep 100'
	mknod null c 1 3
	mkfifo pipe
	ln -s pipe link
	timeout 20 cat pipe > said &
	oci create --bundle "$B" --pid-file link oci-a < /dev/null > /dev/null 2>&1
	wait $!
	[ "$(cat said)" = "$(oci state oci-a | jq .pid)" ]
	oci start oci-a
	oci exec --detach --pid-file null oci-a sleep 100 > /dev/null 2>&1
	[ -L link ] && [ -p pipe ] && [ -c null ]
}

@test "the state has what engines read beyond the specification: rootfs, created, owner" {
	sh_bundle 'sleep 100'
	create oci-a
	oci state oci-a | jq -e --arg r "$FS" '.rootfs == $r and (.created | test("^20[0-9-]+T[0-9:.]+Z$")) and .owner == ""'
}

@test "one failure is one object in the log, with the message of standard error" {
	sh_bundle 'sleep 100' '.hooks.createRuntime = [{path: "/bin/false"}]'
	run -1 --separate-stderr oci --log "$B/log" --log-format json create --bundle "$B" oci-a
	jq -es --arg e "${stderr#ctr-oci: create: }" 'length == 1 and .[0].level == "error" and .[0].msg == $e' "$B/log"
	run -1 --separate-stderr oci --log "$B/text" --log-format text create --bundle "$B" oci-a
	grep -qE '^time="20[^"]*Z" level=error msg="hook createRuntime\[0\]' "$B/text"
}

@test "kill of a process that vanishes meanwhile: the words that engines look for" {
	sh_bundle 'sleep 100'
	create oci-a
	run -1 strace -qq -o /dev/null -e inject=pidfd_send_signal:error=ESRCH ctr-oci --root "$OCI_ROOT" kill oci-a 15
	[[ "${#lines[@]}" = 1 && "$output" == *"no such process: container not running: oci-a"* ]]
}

# podman makes 126 and 127 of these words, wherever they come from.
@test "no other failure reads like that of a command that is not there or may not be run" {
	local bad
	local said='no such file or directory|permission denied|operation not permitted|executable file not found'
	while IFS= read -r bad; do
		sh_bundle 'sleep 100' "$bad"
		run -1 timeout 20 ctr-oci --root "$OCI_ROOT" --log "$B/log" --log-format json create --bundle "$B" oci-a < /dev/null
		echo "$bad: $output"
		[ -s "$B/log" ]
		not grep -qiE "$said" "$B/log"
		not grep -qiE "$said" <<< "$output"
	done <<- END
		.root.path = "/nonexistent"
		.mounts += [{destination: "/tmp", type: "bind", source: "/nonexistent", options: ["bind"]}]
		.mounts += [{destination: "/tmp", type: "bind", source: "/etc/passwd/none", options: ["bind"]}]
		.linux.namespaces |= map(if .type == "network" then .path = "/nonexistent" else . end)
		.linux.sysctl = {"net.nosuch.key": "1"}
		.hooks.prestart = [{path: "/nonexistent"}]
		.hooks.createContainer = [{path: "/etc/passwd"}]
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent", syscalls: [{names: ["swapoff"], action: "SCMP_ACT_NOTIFY"}]}
	END
	sh_bundle 'sleep 100'
	for bad in "create --bundle /nonexistent" "create --bundle $B --config /nonexistent" "create --bundle $B --pid-file /nonexistent/pid" \
		"create --bundle $B --pidfd-socket /nonexistent"; do
		# shellcheck disable=SC2086
		run -1 oci $bad oci-a
		not grep -qiE "$said" <<< "$output"
	done
	create oci-a
	run -255 oci exec --process /nonexistent oci-a
	not grep -qiE "$said" <<< "$output"
	run -1 oci update --resources /nonexistent oci-a
	not grep -qiE "$said" <<< "$output"
}

@test "container ids: every letter that engines use, as long as a file's name, not longer" {
	local id long
	long=$(printf 'a%.0s' {1..255})
	sh_bundle 'sleep 100'
	for id in a +a _a a.b A-1_2+3.4 "$long"; do
		create "$id"
		[ "$(oci state "$id" | jq -r .id)" = "$id" ]
		oci delete "$id"
	done
	in_files oci create --bundle "$B" -- -a
	oci delete --force -- -a
	for id in "${long}a" "$(printf 'a%.0s' {1..1025})" ä 'a:b' $'a\nb' '*'; do
		run -1 oci create --bundle "$B" "$id"
		[[ "$output" == *"container id"* ]]
		[ "${#lines[@]}" = 1 ]
	done
	[ -z "$(ls "$OCI_ROOT")" ]
}

# What peers do not manage.

@test "limits that are in force already, and device rules, need no right to raise limits" {
	sh_bundle 'ulimit -n; ulimit -Hn' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]
		| .linux.resources = {devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 3, access: "rwm"}]}'
	local without=(prlimit --nofile=100:200 --memlock=8192:8192 setpriv --bounding-set -sys_resource --inh-caps -sys_resource
		ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a)
	run -0 --separate-stderr "${without[@]}"
	[ "$output" = $'100\n200' ]
	sed -i 's/"hard": 200/"hard": 201/' "$B/config.json"
	run -1 "${without[@]}"
	[[ "$output" == *RLIMIT_NOFILE* || "$output" == *nofile* ]]
}

failed_exec() {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	run -255 oci exec oci-a /nonexistent
	run -255 oci exec --detach oci-a /nonexistent
	[ "$(oci ps --format json oci-a | jq -c .)" = "[$(cat "$B/pid")]" ]
	[ "$(grep -c . "$(rt_group)/cgroup.procs")" = 1 ]
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	oci delete oci-a
}
@test "after an exec that failed the container still stops, and nothing of the exec is left" { both failed_exec; }

nothing_between() {
	sh_bundle 'sleep 100'
	for _ in 1 2 3 4 5; do
		create oci-a
		oci start oci-a
		oci delete --force oci-a
		not alive "$(cat "$B/pid")"
		[ ! -e "$OCI_GROUPS/${B##*/}" ]
		run -1 oci state oci-a
	done
}
@test "kill and delete return when it is so: no state in between is seen" { both nothing_between; }

@test "what is shipped for engines names what they ask for" {
	local at=$BATS_TEST_DIRNAME/../../contrib f
	for f in runtime_supports_json runtime_supports_nocgroup runtime_supports_nocgroups; do
		grep -qE "^ *$f *= *\[.*\"ctr-oci\"" "$at/podman/ctr-oci.conf"
	done
	for f in v2 v3; do
		grep -qE '^ *\[plugins.*runtimes\.runc\]' "$at/containerd/config-$f.toml"
		grep -qE '^ *\[plugins.*runtimes\.ctr-oci\]' "$at/containerd/config-$f.toml"
	done
}
