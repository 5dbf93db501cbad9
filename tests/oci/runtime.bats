#!/usr/bin/env bats
# The life of a container as the runtime specification, version 1.3, has it, one test for each of its
# sentences that the neighbours do not prove; a test's name begins with the sentence's place. What peers
# hold too is tried on crun as well: a control that falls says that the test is wrong.
load oci
load peer
bats_require_minimum_version 1.5.0

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	T=$BATS_TEST_TMPDIR LOG=$BATS_TEST_TMPDIR/log
}
teardown() {
	[ -z "${HELPER:-}" ] || kill "$HELPER" 2> /dev/null || :
	peer_clean
	oci_teardown
	rm -rf "${FS:?}"/{only-inside,go,dev/*} "$FS${BATS_RUN_TMPDIR:?}"
}

pid() { cat "$B/pid"; }
gone() { not alive "$1"; }
lines() { [ "$(wc -l < "$2")" -eq "$1" ]; }

# hook SCRIPT: one of the host's, which has $pid from the state it is told, and the state in $s.
hook() {
	jq -nc --arg s "s=\$(cat); pid=\$(echo \"\$s\" | tr -d ' \n\t' | sed -E 's/.*\"pid\":([0-9]+).*/\\1/'); $1" \
		'{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/sbin:/usr/bin:/bin"]}'
}
says() { hook "echo $* >> $LOG"; }
# The test's directory, in the container as well and under its own name.
WITH_T() { echo ".mounts += [{destination: \"$T\", type: \"bind\", source: \"$T\", options: [\"bind\"]}]"; }

# --- Scope

from_anywhere() {
	sh_bundle 'sleep 100'
	create oci-a
	(cd / && is oci-a created && oci start oci-a && oci kill oci-a KILL)
	(cd "$FS" && until_true stopped is oci-a stopped && oci delete oci-a)
}
@test "scope: who has created a container has every other operation on it" { both from_anywhere; }

# Without a control: crun 1.8, which is Debian 12's, knows no version after 1.1.
@test "scope: \`spec\` writes a bundle of the version that is known here" {
	B=$(mktemp -d "$T/bundle.XXXX")
	ctr-oci spec --bundle "$B"
	[ "$(jq -r .ociVersion "$B/config.json")" = "$(ctr-oci features | jq -r .ociVersionMax)" ]
	jq --arg root "$FS" --arg group "$OCI_PLACE/${B##*/}" '.root.path = $root | .process.terminal = false
		| .process.args = ["echo", "ran"] | .linux.cgroupsPath = $group' "$B/config.json" > "$B/c"
	mv "$B/c" "$B/config.json"
	run -0 oci run --bundle "$B" oci-a
	[ "$output" = ran ]
}

# --- State

state_members() {
	sh_bundle 'sleep 100' '.annotations = {"a.b": "c"}'
	(cd "$B/.." && oci create --bundle "./${B##*/}" --pid-file "$B/pid" oci-a < /dev/null > "$B/out" 2>&1)
	oci state oci-a | jq -e --arg b "$B" '(.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")) and .id == "oci-a"
		and .status == "created" and (.pid | type) == "number" and .bundle == $b and .annotations == {"a.b": "c"}'
	oci delete --force oci-a
}
@test "state: its members and their types, the bundle absolute though it was named otherwise" { both state_members; }

state_pid() {
	sh_bundle 'sleep 100'
	create oci-a
	[ "$(oci state oci-a | jq .pid)" = "$(pid)" ]
	[ "$(awk '/^NSpid/ {print $NF}' "/proc/$(pid)/status")" = 1 ]
	[ "$(oci state oci-a | jq .pid)" -gt 1 ]
	oci delete --force oci-a
}
@test "state, pid: as the host sees the process, not as the container does" { both state_pid; }

no_annotations() {
	sh_bundle 'sleep 100' 'del(.annotations)'
	create oci-a
	oci state oci-a | jq -e '.annotations == null or .annotations == {}'
	oci delete --force oci-a
}
@test "state, annotations: without any it is absent or empty" { both no_annotations; }

@test "state, status: creating while create is at work" {
	sh_bundle true ".hooks.createRuntime = [$(hook "$BUILD/ctr-oci --root $OCI_ROOT state oci-a > $LOG; exit 0")]"
	create oci-a
	jq -e '.status == "creating" and .id == "oci-a"' "$LOG"
	is oci-a created
}

# A parent that never asks what became of its children.
unwaited() {
	sh_bundle 'sleep 100'
	rm -f kept
	python3 -c '
import ctypes, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
subprocess.run(sys.argv[2:], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
open(sys.argv[1], "w").close()
time.sleep(100)' kept "$(type -P ctr-oci)" --root "$OCI_ROOT" create --bundle "$B" --pid-file "$B/pid" oci-a 3>&- &
	HELPER=$!
	until_true created test -e kept
	oci start oci-a
	oci kill oci-a KILL
	until_true ended grep -qs '^State:.Z' "/proc/$(pid)/status"
	is oci-a stopped
	oci delete oci-a
	grep -q '^State:.Z' "/proc/$(pid)/status"
	kill "$HELPER"
	wait "$HELPER" || HELPER=
}
@test "state, status: stopped once the process has exited, though nobody has waited for it" { unwaited; }

# --- Lifecycle

# Of create: all that config.json asks for but for the program.
environment() {
	local kind want=mqueue
	mkdir -p vol && echo text > vol/f
	sh_bundle 'echo ran' ".root.readonly = true | .mounts += [{destination: \"/tmp\", type: \"bind\", source: \"$PWD/vol\", options: [\"bind\", \"ro\"]}]
		| .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}"
	create oci-a
	for kind in mnt pid net ipc uts cgroup; do
		[ "$(readlink "/proc/$(pid)/ns/$kind")" != "$(readlink "/proc/self/ns/$kind")" ]
	done
	[ "$(nsenter -t "$(pid)" -u hostname)" = box ]
	[ "$(nsenter -t "$(pid)" -n cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(nsenter -t "$(pid)" -m -r /bin/cat /tmp/f)" = text ]
	run ! nsenter -t "$(pid)" -m -r /bin/touch /x
	run ! nsenter -t "$(pid)" -m -r /bin/touch /tmp/x
	grep -qx "$(pid)" "$(rt_group)/cgroup.procs"
	run -0 nsenter -t "$(pid)" -m -r /bin/cat /proc/1/mountinfo
	for want in / /proc /dev /dev/pts /dev/shm /sys /tmp; do [[ "$output" == *" $want "* ]]; done
	[ ! -s "$B/out" ]
	oci delete --force oci-a
}
@test "lifecycle 2: create makes all of the environment, and does not run the program" { both environment; }

changed_config() {
	sh_bundle "echo ran \$(hostname)" ".annotations = {a: \"b\"} | .hooks.poststop = [$(says poststop)]"
	: > "$LOG"
	create oci-a
	jq ".process.args = [\"/bin/false\"] | .hostname = \"other\" | .annotations = {a: \"c\"}
		| .hooks.poststop = [$(says other)] | .hooks.poststart = [$(says other)]" "$B/config.json" > "$B/new"
	mv "$B/new" "$B/config.json"
	oci start oci-a
	until_true stopped is oci-a stopped
	[ "$(cat "$B/out")" = "ran box" ]
	[ "$(oci state oci-a | jq -r .annotations.a)" = b ]
	oci delete oci-a
	[ "$(cat "$LOG")" = poststop ]
}
@test "lifecycle 2: what is changed in config.json after create has no effect" { both changed_config; }

@test "lifecycle 2: nor has it that config.json is gone" {
	sh_bundle 'echo ran; sleep 100' ".hooks.poststart = [$(says poststart)] | .hooks.poststop = [$(says poststop)]"
	create oci-a
	rm "$B/config.json"
	oci start oci-a
	[ "$(oci exec oci-a echo in)" = in ]
	oci delete --force oci-a
	[ "$(cat "$LOG")" = $'poststart\npoststop' ]
}

all_in_order() {
	local point filter
	filter=$(WITH_T)
	for point in prestart createRuntime createContainer; do
		filter+=" | .hooks.$point = [$(says "$point 1"), $(says "$point 2")]"
	done
	filter+=" | .hooks.startContainer = [1, 2 | {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo startContainer \\(.) >> $LOG\"]}]"
	for point in poststart poststop; do
		filter+=" | .hooks.$point = [$(says "$point 1"), $(says "$point 2")]"
	done
	bundle "$filter | .process.args = [\"/bin/sleep\", \"1000\"]"
	rm -f "$LOG"
	create oci-a
	diff "$LOG" - <<-END
		prestart 1
		prestart 2
		createRuntime 1
		createRuntime 2
		createContainer 1
		createContainer 2
	END
	: > "$LOG"
	oci start oci-a
	# crun's poststart hooks do not wait for those of startContainer.
	[ "$RT" = ours ] || { until_true "all four" lines 4 "$LOG" && sort -o "$LOG" -k 1,1r -k 2 "$LOG"; }
	diff "$LOG" - <<-END
		startContainer 1
		startContainer 2
		poststart 1
		poststart 2
	END
	: > "$LOG"
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	[ ! -s "$LOG" ]
	oci delete oci-a
	diff "$LOG" - <<< $'poststop 1\npoststop 2'
}
@test "lifecycle 3 to 13: each hook once, at its step, in the listed order, before its operation returns" { both all_in_order; }

hook_fails() {
	local point=$1
	sh_bundle 'echo ran' ".hooks.poststop = [$(says poststop)] | .hooks.createContainer = [$(says later)]
		| .hooks.$point = [$(hook "echo \$pid > $T/pid; exit 3"), $(says later)]"
	rm -f "$LOG" "$T/pid" && : > "$LOG"
	run ! create oci-a
	run ! oci state oci-a
	gone "$(cat "$T/pid")"
	[ ! -e "$(rt_group)" ]
	[ ! -s "$B/out" ]
	not grep -q later "$LOG"
}
# Peers differ in whether the next step is done by create; it is the next one.
fails_and_ends() {
	RT=ours hook_fails "$1"
	[ "$(cat "$LOG")" = poststop ]
	[ ! -e "$B/pid" ]
	grep -q "hook $1\[0\]: /bin/sh ended with status 3" "$B/err"
	both hook_fails "$1"
}
@test "lifecycle 3: a prestart hook that fails: error, stopped, destroyed, poststop" { fails_and_ends prestart; }
@test "lifecycle 4: a createRuntime hook that fails: error, stopped, destroyed, poststop" { fails_and_ends createRuntime; }
@test "lifecycle 5: a createContainer hook that fails: error, stopped, destroyed, poststop" { fails_and_ends createContainer; }

@test "lifecycle 7: a startContainer hook that fails: error, stopped, destroyed, poststop" {
	sh_bundle 'echo ran' ".hooks.poststart = [$(says later)] | .hooks.poststop = [$(says poststop)]
		| .hooks.startContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo because >&2; exit 3\"]}, {path: \"/bin/touch\", args: [\"touch\", \"/tmp/later\"]}]"
	create oci-a
	run -1 oci start oci-a
	[[ "$output" == *"hook startContainer[0]: /bin/sh ended with status 3: because"* ]]
	run ! oci state oci-a
	[ ! -s "$B/out" ]
	[ ! -e "$FS/tmp/later" ]
	[ "$(cat "$LOG")" = poststop ]
	sh_bundle 'echo ran' ".hooks.poststop = [$(says of run)] | .hooks.startContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo because >&2; exit 3\"]}]"
	run -1 oci run --bundle "$B" oci-a
	[[ "$output" == *"hook startContainer[0]: /bin/sh ended with status 3: because"* ]]
	run ! oci state oci-a
	[ "$(tail -n 1 "$LOG")" = "of run" ]
}

as_process_says() {
	bundle '.process.args = ["/bin/sh", "-c", "echo $0 $1; env | sort; pwd", "zero", "one"] | .process.cwd = "/home"
		| .process.env = ["PATH=/bin", "X=y z"]'
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	diff <(grep -vE '^(SHLVL|HOME|PWD)=' "$B/out") - <<< $'zero one\nPATH=/bin\nX=y z\n/home'
	oci delete oci-a
}
@test "lifecycle 8: start runs the program as process says: arguments, environment, directory" { both as_process_says; }

@test "lifecycle 9: a poststart hook is called when the program has been executed; its failure: error, stopped, destroyed" {
	bundle ".process.args = [\"/bin/sleep\", \"100\"] | .hooks.poststart = [$(hook "cat /proc/\$pid/comm > $LOG; exit 1")]"
	create oci-a
	run -1 oci start oci-a
	[ "$(cat "$LOG")" = sleep ]
	run ! oci state oci-a
	gone "$(pid)"
}

ends_somehow() {
	local how
	for how in 'exit 0' 'exit 5' 'kill -SEGV $$' 'sleep 100'; do
		sh_bundle "$how" '.linux.namespaces |= map(select(.type != "pid"))'
		create oci-a
		oci start oci-a
		[ "$how" != 'sleep 100' ] || oci kill oci-a TERM
		until_true "stopped by $how" is oci-a stopped
		oci delete oci-a
	done
}
@test "lifecycle 10: stopped, whether it exits, fails, crashes or is killed" { both ends_somehow; }

undone() {
	local net
	sh_bundle 'sleep 100'
	create oci-a
	[ -d "$(rt_group)" ]
	net=$(readlink "/proc/$(pid)/ns/net")
	oci start oci-a
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	oci delete oci-a
	gone "$(pid)"
	[ ! -e "$(rt_group)" ]
	[ -z "$(find /proc/[0-9]*/ns -name net -lname "$net" 2> /dev/null)" ]
	not grep -F " $FS/" /proc/self/mountinfo
	run ! oci state oci-a
}
@test "lifecycle 12: delete undoes what create has done" { both undone; }

# The hook sees what is left: nothing.
@test "lifecycle 13: poststop hooks are called when all is gone; one that fails is a warning, and the others go on" {
	bundle '.process.args = ["/bin/sleep", "100"]'
	jq ".hooks.poststop = [$(hook "exit 3"), $(hook "{ ls -d $OCI_GROUPS/${B##*/}; ls $OCI_ROOT/oci-a; } > $LOG 2> /dev/null; echo told >> $LOG")]" \
		"$B/config.json" > "$B/new"
	mv "$B/new" "$B/config.json"
	create oci-a
	oci start oci-a
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	run -0 --separate-stderr oci delete oci-a
	[[ "$stderr" == "ctr-oci: warning: hook poststop[0]: /bin/sh ended with status 3"* ]]
	[ "$(cat "$LOG")" = told ]
	run ! oci state oci-a
}

# --- Errors, warnings

# Each fails somewhere else on the way.
@test "errors: a create that fails leaves nothing, wherever that is, and its id is free" {
	local bad n=0
	mkdir -p vol
	host_mounts > mounts
	while IFS= read -r bad; do
		n=$((n + 1))
		sh_bundle 'sleep 100' "$bad | .hooks.createRuntime += [$(hook "echo \$pid > $T/pid")]"
		rm -f pid
		echo old > "$B/pid"
		run -1 timeout 20 ctr-oci --root "$OCI_ROOT" create --bundle "$B" --pid-file "$B/pid" oci-a < /dev/null
		echo "$bad: $output"
		[ -n "$output" ]
		[ -z "$(ls "$OCI_ROOT")" ]
		[ ! -e "$OCI_GROUPS/${B##*/}" ]
		[ "$(cat "$B/pid")" = old ]
		[ ! -e pid ] || gone "$(cat pid)"
		host_mounts | diff mounts -
	done <<- END
		.root.path = "/nonexistent"
		.root.path = "$FS/etc/passwd"
		.mounts += [{destination: "/tmp", type: "bind", source: "/nonexistent", options: ["bind"]}]
		.mounts += [{destination: "/etc/passwd/below", type: "bind", source: "$PWD/vol", options: ["bind"]}]
		.mounts += [{destination: "/tmp", type: "nosuchfs", source: "none"}]
		.mounts += [{destination: "/tmp", type: "tmpfs", source: "none", options: ["nosuchoption=1"]}]
		.linux.namespaces |= map(if .type == "network" then .path = "/nonexistent" else . end)
		.linux.sysctl = {"net.nosuch.key": "1"}
		.linux.sysctl = {"kernel.shmmni": "no number"}
		.linux.netDevices = {"nosuch0": {}}
		.linux.resources.unified = {"nosuch.max": "1"}
		.process.cwd = "/etc/passwd"
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 9000000000}]
		.process.args = ["/nonexistent"]
		.process.user.additionalGids = [1] | .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}] | .linux.gidMappings = .linux.uidMappings
		.hooks.prestart = [{path: "/nonexistent"}]
		.hooks.createContainer = [{path: "/nonexistent"}]
	END
	[ "$n" = 17 ]
	sh_bundle 'sleep 100'
	create oci-a
}

@test "errors: nor does one that cannot tell who asked: pid file, terminal, pidfd" {
	sh_bundle 'sleep 100' ".hooks.poststop = [$(says poststop)]"
	run -1 oci create --bundle "$B" --pid-file "$B/none/pid" oci-a
	run -1 oci create --bundle "$B" --pidfd-socket "$B/none" oci-a
	jq '.process.terminal = true' "$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
	run -1 oci create --bundle "$B" --console-socket "$B/none" oci-a
	[ -z "$(ls "$OCI_ROOT")" ]
	[ ! -e "$OCI_GROUPS/${B##*/}" ]
}

@test "warnings: what is warned of, once, goes on as if nothing had been said" {
	bundle '.process.args = ["/bin/sh", "-c", "exit 4"] | .unheardOf = 1 | .process.capabilities.bounding += ["CAP_OF_TOMORROW"]'
	run -4 --separate-stderr oci run --bundle "$B" oci-a
	[[ "$stderr" == *unheardOf* && "$stderr" == *CAP_OF_TOMORROW* ]]
	[ "$(grep -c warning <<< "$stderr")" = 2 ]
}

# --- Operations

no_id() {
	local command
	bundle
	cd "$B"
	for command in create state start kill delete; do run ! oci $command; done
	cd "$T"
}
@test "operations: each without an id is an error" { both no_id; }

unknown_id() {
	local command
	for command in state start delete; do run ! oci $command oci-none; done
	run ! oci kill oci-none KILL
}
@test "operations: each with the id of no container is an error" { both unknown_id; }

no_bundle() {
	mkdir -p empty
	(cd empty && run ! oci create oci-a)
	run ! oci create --bundle "$T/nonexistent" oci-a
	run ! oci create --bundle "$FS/etc/passwd" oci-a
	run ! oci state oci-a
}
@test "create: without a bundle it is an error, and nothing is made" { both no_bundle; }

taken() {
	sh_bundle 'sleep 100'
	create oci-a
	oci state oci-a > before
	run ! oci create --bundle "$B" oci-a
	oci state oci-a | diff before -
	oci start oci-a
	run ! oci create --bundle "$B" oci-a
	is oci-a running
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	run ! oci create --bundle "$B" oci-a
	is oci-a stopped
	oci delete oci-a
}
@test "create: an id that is taken is an error, and who has it does not notice, in any status" { both taken; }

no_process() {
	bundle 'del(.process)'
	run ! oci run --bundle "$B" oci-a
	run ! oci state oci-a
}
@test "start: without process there is nothing to run: an error" { both no_process; }

start_not_created() {
	sh_bundle 'echo ran; while [ ! -e /go ]; do sleep .02; done'
	create oci-a
	oci start oci-a
	is oci-a running
	run ! oci start oci-a
	is oci-a running
	alive "$(pid)"
	touch "$FS/go"
	until_true stopped is oci-a stopped
	run ! oci start oci-a
	is oci-a stopped
	[ "$(cat "$B/out")" = ran ]
	oci delete oci-a
	rm "$FS/go"
}
@test "start: of one that is not created, an error that changes nothing" { both start_not_created; }

kill_stopped() {
	sh_bundle 'sleep 100 & exit 0' '.linux.namespaces |= map(select(.type != "pid"))'
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	local left=$(cat "$(rt_group)/cgroup.procs")
	[ -n "$left" ]
	run ! oci kill oci-a TERM
	alive "$left"
	is oci-a stopped
	oci delete oci-a
	until_true "the rest is gone" gone "$left"
	[ ! -e "$(rt_group)" ]
}
@test "kill: of one that is stopped, an error that changes nothing; delete ends what is left of it" { both kill_stopped; }

kill_created() {
	sh_bundle 'echo ran'
	create oci-a
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	run ! oci start oci-a
	[ ! -s "$B/out" ]
	oci delete oci-a
	sh_bundle 'echo ran' '.linux.namespaces |= map(select(.type != "pid"))'
	create oci-a
	oci kill oci-a TERM
	until_true stopped is oci-a stopped
	[ ! -s "$B/out" ]
	oci delete oci-a
}
@test "kill: one that is created gets the signal too" { both kill_created; }

which_signal() {
	sh_bundle 'for s in HUP INT USR1 USR2 TERM; do trap "echo $s" $s; done
		(trap "echo child" HUP INT USR1 USR2 TERM; while :; do sleep .02; done) &
		echo ready; while :; do sleep .02; done'
	create oci-a
	oci start oci-a
	until_true ready grep -qx ready "$B/out"
	for s in HUP SIGINT 10 USR2 TERM; do
		oci kill oci-a "$s"
		until_true "$s" test "$(($(wc -l < "$B/out")))" -gt 0
	done
	until_true all grep -qx TERM "$B/out"
	until_true all grep -qx USR1 "$B/out"
	[ "$(sort "$B/out" | tr '\n' ' ')" = "HUP INT TERM USR1 USR2 ready " ]
	oci delete --force oci-a
}
@test "kill: the signal that is named, to the container's process and no other" { both which_signal; }

@test "kill: what is no signal is an error, and nothing is sent" {
	sh_bundle 'sleep 100'
	create oci-a
	for s in NONE 0x9 -1 99 '' SIG SIGSIGKILL; do
		run -1 oci kill -- oci-a "$s"
		is oci-a created
	done
}

delete_running() {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	oci state oci-a > before
	run ! oci delete oci-a
	oci state oci-a | diff before -
	alive "$(pid)"
	oci pause oci-a
	run ! oci delete oci-a
	is oci-a paused
	alive "$(pid)"
	oci resume oci-a
	oci delete --force oci-a
}
@test "delete: of one that is running or paused, an error that changes nothing" { both delete_running; }

# By the letter an error; containerd counts on it, and no peer refuses it.
delete_created() {
	sh_bundle 'echo ran' ".hooks.poststop = [$(says poststop)]"
	rm -f "$LOG"
	create oci-a
	oci delete oci-a
	run ! oci state oci-a
	gone "$(pid)"
	[ ! -s "$B/out" ]
	[ "$(cat "$LOG")" = poststop ]
}
@test "delete: of one that was never started, as peers have it: it is gone, and has not run" { both delete_created; }

not_its_own() {
	local net
	mkdir -p vol && echo text > vol/f
	sh_bundle 'sleep 100'
	create oci-a
	local first=$B
	net=/proc/$(pid)/ns/net
	sh_bundle 'sleep 100' ".linux.namespaces |= map(if .type == \"network\" then .path = \"$net\" else . end)
		| .mounts += [{destination: \"/tmp\", type: \"bind\", source: \"$PWD/vol\", options: [\"bind\"]}]"
	create oci-b
	[ /proc/$(pid)/ns/net -ef "$net" ]
	oci start oci-b
	oci kill oci-b KILL
	until_true stopped is oci-b stopped
	oci delete oci-b
	is oci-a created
	[ -e "$net" ]
	[ "$(cat vol/f)" = text ]
	[ -x "$FS/bin/busybox" ]
	[ -s "$B/config.json" ]
	B=$first
	[ -d "$(rt_group)" ]
	oci delete --force oci-a
}
@test "delete: what was not made by create stays: root, bundle, volume, a namespace that was joined" { both not_its_own; }

again() {
	sh_bundle 'echo ran'
	for _ in 1 2 3; do
		create oci-a
		oci start oci-a
		until_true stopped is oci-a stopped
		oci delete oci-a
		[ "$(cat "$B/out")" = ran ]
		run ! oci delete oci-a
	done
}
@test "delete: the id can be used again, and is nobody's in between" { both again; }

# --- config.md, hooks

KINDS='mnt pid net ipc uts cgroup'
LOOK() { echo "for k in $KINDS; do readlink /proc/self/ns/\$k; done"; }
places() {
	local point filter
	filter=$(WITH_T)
	for point in prestart createRuntime createContainer poststart poststop; do
		filter+=" | .hooks.$point = [$(hook "{ $(LOOK); } > $T/$point")]"
	done
	filter+=" | .hooks.startContainer = [{path: \"/only-inside\", args: [\"x\", \"-c\", \"$(LOOK | sed 's/[$]/\\(\"$\")/') > $T/startContainer\"]}]"
	# For the runtime is not where crun is called from.
	(eval "$(LOOK)") > here
	cp "$FS/bin/busybox" "$FS/only-inside.real" && mv "$FS/only-inside.real" "$FS/only-inside"
	[ ! -e /only-inside ]
	bundle "$filter | .process.args = [\"/bin/sleep\", \"100\"]"
	sed -i 's,"x",\n"sh",' "$B/config.json"
	create oci-a
	for k in $KINDS; do readlink "/proc/$(pid)/ns/$k"; done > inside
	oci start oci-a
	oci delete --force oci-a
	diff inside createContainer
	diff inside startContainer
	for point in prestart createRuntime poststart poststop; do
		if [ "$RT" = ours ]; then diff here "$T/$point"; else not diff -q inside "$T/$point"; fi
	done
	rm -f "$FS/only-inside"
}
@test "hooks: each in its namespaces, its path found there" { both places; }

@test "hooks: with a user namespace createContainer and startContainer are in it, the others are not" {
	local point filter
	mkdir -p "$FS$T"
	chown 100000:100000 "$FS" "$FS"/*
	chmod 777 "$T" && chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_FILE_TMPDIR"
	filter="$(WITH_T) | .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings"
	for point in prestart createRuntime createContainer startContainer poststart poststop; do
		filter+=" | .hooks.$point = [$(hook "readlink /proc/self/ns/user > $T/$point" | jq -c '.env = ["PATH=/bin:/usr/bin"]')]"
	done
	sh_bundle 'sleep 100' "$filter"
	create oci-a || { cat "$B/err"; false; }
	local inside=$(readlink "/proc/$(pid)/ns/user")
	oci start oci-a
	oci delete --force oci-a
	chown -R --from=100000:100000 0:0 "$FS"
	[ "$inside" != "$(readlink /proc/self/ns/user)" ]
	for point in createContainer startContainer; do [ "$(cat "$T/$point")" = "$inside" ]; done
	for point in prestart createRuntime poststart poststop; do
		[ "$(cat "$T/$point")" = "$(readlink /proc/self/ns/user)" ]
	done
}

# Device hooks enter the mount namespace by the pid, and add to the mounts.
sees_mounts() {
	local point=$1
	mkdir -p vol && echo text > vol/f
	sh_bundle 'cat /tmp/hooked/f; cat /dev/of-hook' ".mounts += [{destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\"}]
		| .hooks.$point = [$(hook "exec > $LOG 2>&1; cut -d' ' -f5 /proc/\$pid/mountinfo
			nsenter -t \$pid -m sh -c 'mkdir $FS/tmp/hooked; mount --bind $PWD/vol $FS/tmp/hooked; echo made > $FS/dev/of-hook'")]"
	create oci-a
	for want in /proc /dev /dev/pts /dev/shm /sys /tmp; do grep -qx "$FS$want" "$LOG"; done
	oci start oci-a
	until_true stopped is oci-a stopped
	[ "$(cat "$B/out")" = $'text\nmade' ]
	oci delete oci-a
	not test -e "$FS/tmp/hooked"
}
@test "hooks, prestart: the namespaces and the mounts of the container are there, and can be added to" { both sees_mounts prestart; }
@test "hooks, createRuntime: the same namespaces and mounts" { both sees_mounts createRuntime; }

before_pivot() {
	sh_bundle 'true' ".hooks.createContainer = [$(hook "{ cat $T/of-host; ls $FS/dev/pts/ptmx; } > $LOG")]"
	echo host > of-host
	create oci-a
	[ "$(cat "$LOG")" = host$'\n'"$FS/dev/pts/ptmx" ]
	oci delete --force oci-a
}
@test "hooks, createContainer: before the root is changed, the mounts made" { both before_pivot; }

@test "hooks: each has the whole state on standard input, and where it stands" {
	local point filter
	filter="$(WITH_T) | .annotations = {\"a.b\": \"c\"}"
	for point in prestart createRuntime createContainer startContainer poststart poststop; do
		filter+=" | .hooks.$point = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat > $T/$point\"], env: [\"PATH=/bin\"]}]"
	done
	sh_bundle 'sleep 100' "$filter"
	create oci-a
	oci start oci-a
	oci delete --force oci-a
	while read -r point status; do
		jq -e --arg s "$status" --arg b "$B" --argjson p "$(pid)" '.ociVersion == "1.0.2" and .id == "oci-a" and .bundle == $b
			and .annotations == {"a.b": "c"} and .status == $s and (.pid == $p or ($s == "stopped" and .pid == 0))' "$T/$point" ||
			{ echo "$point: $(cat "$T/$point")"; return 1; }
	done <<- END
		prestart creating
		createRuntime creating
		createContainer creating
		startContainer created
		poststart running
		poststop stopped
	END
}

words() {
	# What the kernel was given, whatever a shell makes of it.
	printf '#!/bin/sh\n/usr/bin/tr "\\0" "\\n" < /proc/$$/environ > %s\n/usr/bin/tr "\\0" " " < /proc/$$/cmdline >> %s\n' \
		"$LOG" "$LOG" > tell
	chmod +x tell
	bundle ".hooks.prestart = [{path: \"/bin/sh\", args: [\"zero\", \"$T/tell\", \"two three\"], env: [\"A=b c\", \"D=\"]}]"
	NOT_FOR_HOOKS=1 create oci-a
	diff <(cat "$LOG"; echo) - <<< $'A=b c\nD=\nzero '"$T/tell two three "
	oci delete --force oci-a
	[ "$RT" = ours ] || return 0
	# Without args its path is its name; without env it has the caller's, and nothing of ours.
	bundle ".hooks.prestart = [{path: \"$T/tell\"}]"
	env -i PATH="$PATH" FOR_HOOKS=1 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null > /dev/null 2>&1
	diff <(cat "$LOG"; echo) - <<< "PATH=$PATH"$'\n'"FOR_HOOKS=1"$'\n'"/bin/sh $T/tell "
	oci delete --force oci-a
}
@test "hooks, args and env: as execv and environ have them, and nothing else" { both words; }

@test "hooks, timeout: whose time is over is killed and has failed, at every operation" {
	local slow='{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}' at_start at_delete=0
	sh_bundle 'echo ran' ".hooks.startContainer = [$slow]"
	create oci-start
	at_start=$B
	sh_bundle 'echo ran' ".hooks.poststop = [$slow, $(says next)]"
	create oci-delete
	ctr-oci --root "$OCI_ROOT" delete oci-delete > deleted 2>&1 3>&- &
	run -1 timeout 30 ctr-oci --root "$OCI_ROOT" start oci-start
	[[ "$output" == *"hook startContainer[0]: /bin/sleep was not done within 1 s"* ]]
	[ ! -s "$at_start/out" ]
	wait $! || at_delete=$?
	[ "$at_delete" = 0 ]
	grep -q "warning: hook poststop\[0\]: /bin/sleep was not done within 1 s" deleted
	[ "$(cat "$LOG")" = next ]
}

# --- runtime-linux.md

only_three() {
	sh_bundle 'ls /proc/self/fd'
	create oci-a 5< /dev/null 7< "$B/config.json" 30< /
	oci start oci-a 6< /dev/null 8< "$B/config.json"
	until_true stopped is oci-a stopped
	# The last is that of ls.
	[ "$(tr '\n' ' ' < "$B/out")" = "0 1 2 3 " ]
	oci delete oci-a
}
@test "file descriptors: only standard input, output and error, of whoever creates or starts" { both only_three; }

# links FILTER: what is in /dev of the container.
links() {
	sh_bundle 'for f in fd stdin stdout stderr; do readlink /dev/$f; done; echo out >> /dev/stdout; echo err >> /dev/stderr; cat /dev/fd/0' "$1"
	rm -rf "${FS:?}"/dev/*
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	diff "$B/out" - <<- END
		/proc/self/fd
		/proc/self/fd/0
		/proc/self/fd/1
		/proc/self/fd/2
		out
	END
	[ "$(cat "$B/err")" = err ]
	oci delete oci-a
}
@test "dev symbolic links: in a /dev of its own" { both links .; }
@test "dev symbolic links: in the /dev of the root" {
	both links '.mounts |= map(select(.destination | startswith("/dev") | not))'
}
bound() {
	mkdir -p dev
	sh_bundle 'ls /dev | wc -l' ".mounts |= map(select(.destination | startswith(\"/dev\") | not))
		| .mounts += [{destination: \"/dev\", type: \"bind\", source: \"$PWD/dev\", options: [\"bind\"]}]"
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	[ "$(cat "$B/out")" = 0 ]
	oci delete oci-a
	[ -z "$(ls dev)" ]
}
@test "dev symbolic links: none in a directory of the host that is bound to /dev" { RT=ours bound; }
