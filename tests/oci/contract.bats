#!/usr/bin/env bats
# What engines count on beyond the life of a container: sd_notify, devices, listeners, namespaces.
load oci

setup_file() { oci_file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER" 2> /dev/null || :
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

@test "a mount namespace by path, or none, is refused with the reason, and nothing is made" {
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
