#!/usr/bin/env bats
# The life of a container as the runtime specification and the engines want it.
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

in_turn() {
	sh_bundle 'while [ ! -e /tmp/go ]; do sleep .05; done'
	create oci-a
	is oci-a created
	[ "$(oci state oci-a | jq .pid)" = "$(cat "$B/pid")" ]
	oci start oci-a
	is oci-a running
	touch "$FS/tmp/go"
	until_true stopped is oci-a stopped
	[ "$(oci state oci-a | jq .pid)" = 0 ]
	oci delete oci-a
	run ! oci state oci-a
	rm "$FS/tmp/go"
}
@test "create, start, end, delete: each state in turn" { both in_turn; }

@test "run leaves no child to whoever adopts it" {
	sh_bundle : '.process.args = ["/junk"]'
	printf 'no program' > "$FS/junk"
	chmod 755 "$FS/junk"
	run -0 python3 - "$OCI_ROOT" "$B" <<- 'E'
		import ctypes, os, subprocess, sys
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
		root, bundle = sys.argv[1:]
		subprocess.run(["ctr-oci", "--root", root, "run", "--bundle", bundle, "oci-a"], timeout=60)
		try:
		    sys.exit(f"left: {os.waitpid(-1, 0)}")
		except ChildProcessError:
		    pass
	E
	[[ $output == *"exec format error"* ]]
}

@test "the state has all members of the specification" {
	sh_bundle 'sleep 100' '.annotations = {"a.b": "c"}'
	create oci-a
	run -0 oci state oci-a
	jq -e --arg b "$B" '.ociVersion == "1.0.2" and .id == "oci-a" and .status == "created" and .pid > 1
		and .bundle == $b and .annotations["a.b"] == "c" and (.created | test("^2.*Z$"))' <<< "$output"
}

not_before_start() {
	sh_bundle 'echo ran'
	create oci-a
	[ ! -s "$B/out" ]
	oci start oci-a
	until_true stopped is oci-a stopped
	[ "$(cat "$B/out")" = ran ]
}
@test "the payload is not run before start, and its output is the creator's" { both not_before_start; }

run_leaves_nothing() {
	sh_bundle 'echo hello; exit 7'
	run -7 oci run --bundle "$B" oci-a
	[ "$output" = hello ]
	run ! oci state oci-a
}
@test "run: output, status, and nothing left" { both run_leaves_nothing; }

@test "run --keep: what is left of it is there until it is deleted" {
	sh_bundle 'exit 7'
	run -7 oci run --keep --bundle "$B" oci-a
	is oci-a stopped
	oci delete oci-a
	run ! oci state oci-a
}

run_killed() {
	sh_bundle 'kill -9 $$; sleep 1' '.linux.namespaces |= map(select(.type != "pid"))'
	run -137 oci run --bundle "$B" oci-a
}
@test "run: killed by a signal is 128 and its number" { both run_killed; }

pid_file() {
	sh_bundle 'sleep 100'
	create oci-a
	[[ "$(od -An -c "$B/pid" | tr -d ' \n')" =~ ^[0-9]+$ ]]
}
@test "the pid file is digits only" { both pid_file; }

@test "an unknown id" {
	for command in state start kill delete pause resume ps; do
		run ! oci $command oci-none
		[[ $output == *"container does not exist"* ]]
		[ "$status" = 1 ]
	done
	run -255 oci exec oci-none true
}

@test "one that is coming or going while somebody looks is unknown" {
	sh_bundle 'sleep 100'
	create oci-a
	rm "$OCI_ROOT/oci-a/state.json"
	run -1 oci state oci-a
	[[ $output == *"container does not exist"* ]]
	oci delete --force oci-a
}

delete_unknown() {
	run -0 oci delete --force oci-none
	[ -z "$output" ]
}
@test "delete --force of an unknown id is silent" { both delete_unknown; }

@test "an id that is taken" {
	sh_bundle 'sleep 100'
	create oci-a
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"container with given ID already exists"* ]]
	is oci-a created
}

@test "two creates of one id: one winner" {
	sh_bundle 'sleep 100'
	local i won=0 pids=()
	for i in 1 2 3 4; do
		oci create --bundle "$B" oci-a < /dev/null > "$B/out$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" && won=$((won + 1)); done
	[ "$won" = 1 ]
	is oci-a created
}

@test "start twice" {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	run -1 oci start oci-a
	[[ $output == *"cannot start an already running container"* ]]
	is oci-a running
}

@test "start of one that has stopped" {
	sh_bundle 'true'
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	run -1 oci start oci-a
}

gets_signal() {
	sh_bundle 'trap "echo usr1" USR1; trap "echo term; exit 0" TERM; echo ready; while :; do sleep .05; done'
	create oci-a
	oci start oci-a
	until_true ready grep -q ready "$B/out"
	oci kill oci-a USR1
	until_true usr1 grep -q usr1 "$B/out"
	oci kill oci-a 15
	until_true stopped is oci-a stopped
	grep -q term "$B/out"
}
@test "kill: the payload gets the signal, by number or name" { both gets_signal; }

@test "kill of one that has stopped" {
	sh_bundle 'true'
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	run -1 oci kill oci-a 15
	[[ $output == *"container not running"* ]]
}

kill_all() {
	sh_bundle 'sleep 1000 & sleep 1001' '.linux.namespaces |= map(select(.type != "pid"))'
	create oci-a
	oci start oci-a
	until_true two eval '[ "$(oci ps --format json oci-a | jq length)" -ge 2 ]'
	oci kill --all oci-a 9
	until_true stopped is oci-a stopped
	until_true empty not grep -q . "$(rt_group)/cgroup.procs"
	# crun 1.8.1 crashes then.
	[ "$RT" != ours ] || [ "$(oci ps --format json oci-a)" = "[]" ]
}
@test "kill --all reaches what has another parent, where there is no pid namespace" { both kill_all; }

kill_leftovers() {
	sh_bundle 'sleep 1000 & exit 0' '.linux.namespaces |= map(select(.type != "pid"))'
	create oci-a
	oci start oci-a
	until_true stopped is oci-a stopped
	grep -q . "$OCI_GROUPS/${B##*/}/cgroup.procs"
	oci kill "$@"
	until_true empty not grep -q . "$OCI_GROUPS/${B##*/}/cgroup.procs"
}
@test "kill: SIGKILL, and any signal to all, reach what a first process has left behind; then there is none" {
	kill_leftovers oci-a KILL
	run -1 oci kill oci-a KILL
	[[ $output == *"container not running"* ]]
	oci kill --all oci-a KILL
	oci delete oci-a
	kill_leftovers --all oci-a TERM
}

@test "kill with SIGKILL ends all, where there is no pid namespace to end with its first process" {
	sh_bundle 'sleep 1000 & sleep 1001' '.linux.namespaces |= map(select(.type != "pid"))'
	create oci-a
	oci start oci-a
	until_true two eval '[ "$(oci ps --format json oci-a | jq length)" -ge 2 ]'
	oci kill oci-a KILL
	until_true empty not grep -q . "$OCI_GROUPS/${B##*/}/cgroup.procs"
}

kill_zero() {
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	oci kill oci-a 0
	is oci-a running
	oci kill oci-a 9
	until_true stopped is oci-a stopped
	run ! oci kill oci-a 0
}
@test "kill 0 asks whether it could be signalled" { both kill_zero; }

@test "one that was created, and not started, ends when it is asked to" {
	local sig
	for sig in TERM INT; do
		sh_bundle 'echo ran'
		create oci-a
		oci kill oci-a $sig
		until_true stopped is oci-a stopped
		[ ! -s "$B/out" ]
		oci delete oci-a
	done
}

@test "delete of a running one is refused, with --force it is killed" {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	run -1 oci delete oci-a
	[[ $output == *"cannot delete container oci-a that is not stopped: running"* ]]
	local pid
	pid=$(cat "$B/pid")
	oci delete --force oci-a
	not alive "$pid"
}

delete_created() {
	sh_bundle 'echo never'
	create oci-a
	oci delete oci-a
	[ ! -s "$B/out" ]
}
@test "delete of one that was never started" { both delete_created; }

pause_resume() {
	sh_bundle 'while :; do echo x; sleep .02; done'
	create oci-a
	oci start oci-a
	oci pause oci-a
	is oci-a paused
	local size
	size=$(stat -c %s "$B/out")
	sleep .3
	[ "$(stat -c %s "$B/out")" = "$size" ]
	# crun does either again without a word.
	[ "$RT" != ours ] || run -1 oci pause oci-a
	oci resume oci-a
	is oci-a running
	[ "$RT" != ours ] || run -1 oci resume oci-a
}
@test "pause and resume" { both pause_resume; }

@test "paused before its start" {
	sh_bundle 'sleep 100'
	create oci-a
	oci pause oci-a
	is oci-a paused
	run -1 timeout 60 ctr-oci --root "$OCI_ROOT" start oci-a
	[[ $output == *"cannot start a container that is paused"* ]]
	oci resume oci-a
	is oci-a created
	oci start oci-a
	is oci-a running
}

@test "run in the foreground does not keep others from it" {
	sh_bundle 'sleep 100'
	ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a < /dev/null > "$B/out" 2>&1 3>&- &
	local runner=$!
	until_true running is oci-a running
	timeout 60 ctr-oci --root "$OCI_ROOT" pause oci-a
	is oci-a paused
	timeout 60 ctr-oci --root "$OCI_ROOT" resume oci-a
	run -1 timeout 60 ctr-oci --root "$OCI_ROOT" start oci-a
	[[ $output == *"cannot start an already running container"* ]]
	timeout 60 ctr-oci --root "$OCI_ROOT" delete --force oci-a
	local code=0
	wait "$runner" || code=$?
	[ "$code" = 137 ]
	[ ! -s "$B/out" ]
}

@test "a start that is killed has not started it behind our back" {
	sh_bundle 'touch /tmp/started; sleep 100'
	create oci-a
	run -137 strace -o /dev/null -e inject=connect:delay_exit=300000 -e inject=unlinkat:signal=KILL \
		ctr-oci --root "$OCI_ROOT" start oci-a
	until_true stopped is oci-a stopped
	[ ! -e "$FS/tmp/started" ]
}

lists() {
	sh_bundle 'sleep 100'
	create oci-a
	sh_bundle 'sleep 100'
	create oci-b
	[ "$(oci list -q | sort | tr '\n' ' ')" = "oci-a oci-b " ]
	[ "$(oci list --format json | jq -r 'sort_by(.id)[1].status')" = created ]
	[[ "$(oci list)" == *BUNDLE* ]]
}
@test "list: table, JSON and ids" { both lists; }

ps_numbers() {
	sh_bundle 'sleep 1000 & sleep 1000'
	create oci-a
	oci start oci-a
	until_true three eval '[ "$(oci ps --format json oci-a | jq length)" -ge 2 ]'
	oci ps --format json oci-a | jq -e "index($(cat "$B/pid")) != null"
}
@test "ps: an array of numbers" { both ps_numbers; }

@test "ids that are none are refused before anything is made" {
	bundle
	for id in .a a/b '' 'a b' '../x' "$(printf 'a%.0s' {1..300})"; do
		run -1 oci create --bundle "$B" "$id"
	done
	[ -z "$(ls "$OCI_ROOT")" ]
}

@test "list: in the order of the ids; a root that is not there is said, and not made" {
	sh_bundle 'sleep 100'
	for id in oci-c oci-a oci-b; do
		jq --arg p "$OCI_PLACE/${B##*/}.$id" '.linux.cgroupsPath = $p' "$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
		create $id
	done
	[ "$(oci list -q | tr '\n' ' ')" = "oci-a oci-b oci-c " ]
	run -1 ctr-oci --root "$BATS_TEST_TMPDIR/none" list
	[[ $output == *"--root: there is no directory $BATS_TEST_TMPDIR/none"* ]]
	run -1 ctr-oci --root "$BATS_TEST_TMPDIR/none" state oci-a
	[[ $output == *"container does not exist: oci-a"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
	run -0 ctr-oci --root "$BATS_TEST_TMPDIR/none" delete --force oci-a
}

@test "kill and delete --regex: each container whose id fits" {
	sh_bundle 'sleep 100'
	for id in oci-a1 oci-a2 oci-b; do
		jq --arg p "$OCI_PLACE/${B##*/}.$id" '.linux.cgroupsPath = $p' "$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
		create $id
	done
	oci start oci-a1
	run -1 oci delete --regex '^oci-a'
	[[ $output == *"cannot delete container oci-a1 that is not stopped"*"failed for 1 containers"* ]]
	[ "$(oci list -q | tr '\n' ' ')" = "oci-a1 oci-b " ]
	oci kill --regex 'a[0-9]$' KILL
	until_true stopped is oci-a1 stopped
	is oci-b created
	oci delete --force --regex '.*'
	[ -z "$(oci list -q)" ]
	run -1 oci delete --regex '['
}

@test "ps: as ps(1) prints them, with its options, and no others' processes" {
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	local pid
	pid=$(cat "$B/pid")
	run -0 oci ps oci-a
	[[ ${lines[0]} == UID*PID*CMD ]]
	[ "$(tail -n +2 <<< "$output" | awk '{print $2}')" = "$pid" ]
	run -0 oci ps oci-a -o pid,comm
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[1]} == *"$pid "* ]]
	[ "$(oci ps oci-a --format json)" = "[$pid]" ]
	[ "$(oci ps oci-a -e --format=json)" = "[$pid]" ]
	run -1 oci ps oci-a -o comm
	[[ $output == *"there is no column PID"* ]]
	run -0 env PATH=/nonexistent "$(command -v ctr-oci)" --root "$OCI_ROOT" ps oci-a
	[[ ${lines[0]} == PID*COMMAND ]]
	[[ ${lines[1]} == "$pid"* ]]
	run -1 env PATH=/nonexistent "$(command -v ctr-oci)" --root "$OCI_ROOT" ps oci-a -e
	[[ $output == *"this host has no ps(1)"* ]]
}

@test "a log that cannot be opened is refused, before anything is done" {
	sh_bundle 'true'
	run -1 oci --log /nonexistent/dir/log create --bundle "$B" oci-a
	[[ $output == *"--log: open /nonexistent/dir/log"* ]]
	[ -z "$(ls "$OCI_ROOT")" ]
}

@test "update: sizes as people write them; what cgroup v2 does not have is refused with the reason" {
	sh_bundle 'sleep 1000'
	create oci-a
	run oci update --memory 64m --pids-limit 9 --blkio-weight 500 oci-a
	[[ $status = 0 || $output == *"controller"* ]]
	run -1 oci update --cpu-rt-runtime 5 oci-a
	[[ $output == *"realtime"* ]]
	run -1 oci update --blkio-weight 5 oci-a
	[[ $output == *"must be 10 to 1000"* ]]
	run -1 oci update --pids-limit many oci-a
	[[ $output == *"--pids-limit: 'many' is not a number"* ]]
	run -1 oci update --l3-cache-schema L3:0=f oci-a
	[[ $output == *"--l3-cache-schema: a class of RDT is set when"* ]]
}

@test "groups of the caller: kept for the annotation that podman writes, and else not" {
	local filter='.process.args = ["id", "-G"] | .process.user.additionalGids = [7]'
	bundle "$filter"
	[ "$(setpriv --groups 1234,4321 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a)" = "0 7" ]
	bundle "$filter"' | .annotations["run.oci.keep_original_groups"] = "1"'
	[ "$(setpriv --groups 1234,4321 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a)" = "0 1234 4321" ]
	bundle "$filter"' | .annotations["run.oci.keep_original_groups"] = "0"'
	[ "$(setpriv --groups 1234,4321 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a)" = "0 7" ]
}

@test "options before and behind the id, with one dash and two, with = and without" {
	sh_bundle 'sleep 100'
	ctr-oci -root "$OCI_ROOT" create -bundle="$B" oci-a < /dev/null > /dev/null 2>&1
	oci kill oci-a --all 9
	oci delete oci-a -force=true
}

@test "a log in JSON: one line for a failure, and the same on standard error" {
	bundle '.process.args = ["nosuch"]'
	run -1 oci --log "$B/log" --log-format json create --bundle "$B" oci-a
	[ "$(wc -l < "$B/log")" = 1 ]
	jq -e '.level == "error" and (.msg | contains("executable file not found in $PATH"))
		and (.time | test("^2[0-9-]+T[0-9:]+Z$"))' "$B/log"
	[[ $output == *'executable file not found in $PATH'* ]]
	[ -z "$(ls "$OCI_ROOT")" ]
}

@test "what is not a missing command does not read like one" {
	bundle '.root.path = "/nonexistent"'
	run -1 oci --log "$B/log" create --bundle "$B" oci-a
	not grep -qiE 'no such file or directory|permission denied' "$B/log"
	not grep -qiE 'no such file or directory|permission denied' <<< "$output"
}

@test "a command that is not executable" {
	bundle '.process.args = ["/etc/passwd"]'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"exec: "*"/etc/passwd"*"permission denied"* ]]
	bundle '.process.args = ["/no/such"]'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"exec: "*"/no/such: no such file or directory"* ]]
}

@test "version" {
	[ "$(ctr-oci --version | head -n 1 | cut -d' ' -f1,2)" = "ctr-oci version" ]
	ln -s "$(command -v ctr-oci)" "$BATS_TEST_TMPDIR/runc"
	[[ "$("$BATS_TEST_TMPDIR/runc" --version)" == "runc version "*commit:*spec:* ]]
}

@test "a record cut to nothing: the container is found by its group, killed and deleted" {
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	local pid
	pid=$(cat "$B/pid")
	: > "$OCI_ROOT/oci-a/record.json"
	is oci-a running
	oci kill oci-a 9
	until_true stopped is oci-a stopped
	oci delete oci-a
	not alive "$pid"
}

@test "a create that is killed leaves nothing in the way" {
	sh_bundle 'sleep 1000'
	local i
	for i in 1 2 3 4 5 6; do
		command timeout -s KILL "0.00$i" ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null > /dev/null 2>&1 || :
		oci delete --force oci-a
	done
	create oci-a
}

@test "without cgroups: run, exec, kill, delete" {
	sh_bundle 'sleep 1000'
	ctr-oci --cgroup-manager disabled --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null > /dev/null 2>&1
	oci start oci-a
	is oci-a running
	[ "$(oci exec oci-a echo inside)" = inside ]
	oci kill oci-a KILL
	until_true stopped is oci-a stopped
	oci delete oci-a
	[ ! -e "$OCI_GROUPS/${B##*/}" ]
}

@test "a cgroup path: made there, in use it is refused" {
	sh_bundle 'sleep 1000' '.linux.cgroupsPath += "/deep/er"'
	create oci-a
	[ -d "$OCI_GROUPS/${B##*/}/deep/er" ]
	run -1 timeout 60 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-b < /dev/null
	[[ $output == *"is in use"* ]]
	oci delete --force oci-a
	[ ! -e "$OCI_GROUPS/${B##*/}/deep/er" ]
	rmdir "$OCI_GROUPS/${B##*/}/deep" "$OCI_GROUPS/${B##*/}"
}

@test "a cgroup below one that is frozen or threaded is refused at once, with its name" {
	sh_bundle 'true' '.linux.cgroupsPath += "/p/c"'
	local at=$OCI_GROUPS/${B##*/}/p
	mkdir -p "$at"
	echo 1 > "$at/cgroup.freeze"
	run -1 timeout 20 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
	[[ $output == *"cgroup $OCI_PLACE/${B##*/}/p is frozen"* ]]
	[ ! -e "$at/c" ]
	mkdir "$at/c"
	run -1 timeout 20 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
	[[ $output == *"cgroup $OCI_PLACE/${B##*/}/p is frozen"* ]]
	rmdir "$at/c"
	echo 0 > "$at/cgroup.freeze"
	echo threaded > "$at/cgroup.type"
	run -1 timeout 20 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
	[[ $output == *"cgroup $OCI_PLACE/${B##*/}/p/c: its type is \"domain invalid\""* ]]
	[ ! -e "$at/c" ]
	rmdir "$at" "$OCI_GROUPS/${B##*/}"
}

@test "capabilities that the host itself does not have are left out, with a warning" {
	bundle '.process.args = ["/bin/grep", "CapEff", "/proc/self/status"] | .process.capabilities = {
		bounding: ["CAP_KILL", "CAP_SYS_TIME"], effective: ["CAP_KILL", "CAP_SYS_TIME"], permitted: ["CAP_KILL", "CAP_SYS_TIME"]}'
	run --separate-stderr -0 setpriv --bounding-set -sys_time ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a
	[[ $output == *0000000000000020 ]]
	[[ $stderr == "ctr-oci: warning: CAP_SYS_TIME cannot be given"* ]]
	run --separate-stderr -0 setpriv --bounding-set -sys_time ctr-oci --root "$OCI_ROOT" --log "$B/log" \
		--log-format json run --bundle "$B" oci-a
	[ -z "$stderr" ]
	jq -e '.level == "warning" and (.msg | startswith("CAP_SYS_TIME cannot"))' "$B/log"
}

@test "a command that is not there: the reason once" {
	bundle '.process.args = ["nosuch"]'
	run -1 oci create --bundle "$B" oci-a
	[ "$(grep -o 'executable file not found' <<< "$output" | wc -l)" = 1 ]
}

@test "delete removes what a create or delete that was killed has left" {
	sh_bundle 'sleep 1000'
	create oci-a
	mkdir -p "$OCI_ROOT/.new.0123456789abcdef" "$OCI_ROOT/.old.0123456789abcdef/below"
	exec {held}< "$OCI_ROOT/.new.0123456789abcdef"
	flock "$held"
	oci delete --force oci-none
	[ ! -e "$OCI_ROOT/.old.0123456789abcdef" ]
	[ -e "$OCI_ROOT/.new.0123456789abcdef" ]
	exec {held}<&-
	oci delete --force oci-none
	[ ! -e "$OCI_ROOT/.new.0123456789abcdef" ]
	is oci-a created
}

@test "list tells of one that it cannot read, and lists the others" {
	sh_bundle 'sleep 1000'
	create oci-a
	sh_bundle 'sleep 1000'
	create oci-b
	: > "$OCI_ROOT/oci-a/state.json"
	run --separate-stderr -0 oci list -q
	[ "$output" = oci-b ]
	[[ $stderr == "ctr-oci: warning: oci-a is not listed: "* ]]
	oci delete --force oci-a
}

@test "output that cannot be written is a failure" {
	sh_bundle 'sleep 1000'
	create oci-a
	run -1 eval "ctr-oci --root $OCI_ROOT state oci-a > /dev/full"
	[[ $output == "ctr-oci: state: standard output: No space"* ]]
	run -1 eval "ctr-oci --root $OCI_ROOT list > /dev/full"
}

@test "a path that is too long is refused, not cut" {
	sh_bundle 'true'
	local dots
	dots=$(printf './%.0s' {1..2500})
	run -1 oci create --bundle "$B" --pid-file "$B/${dots}pid" oci-a
	[[ $output == *"--pid-file: "*"is too long"* ]]
	run -1 oci create --bundle "$B" --config "$B/${dots}config.json" oci-a
	cd "$B"
	run -1 ctr-oci --root "${dots}state" list
	[[ $output == *"--root: "*"is too long"* ]]
}

@test "several creates at one cgroup path: one of them has it, and who deletes the others leaves it alone" {
	local i pids winners won=0
	sh_bundle 'sleep 1000'
	for _ in {1..10}; do
		for i in 1 2 3; do
			oci create --bundle "$B" "oci-$i" < /dev/null > "$B/said.$i" 2>&1 3>&- &
			pids[i]=$!
		done
		winners=()
		for i in 1 2 3; do
			if wait "${pids[i]}"; then winners+=("oci-$i"); else grep -qE 'is in use|No such' "$B/said.$i"; fi
		done
		[ "${#winners[@]}" -le 1 ]
		for i in 1 2 3; do
			[ "oci-$i" = "${winners[0]:-}" ] || oci delete --force "oci-$i"
		done
		if [ -n "${winners[0]:-}" ]; then
			is "${winners[0]}" created
			oci delete --force "${winners[0]}"
			((++won))
		fi
	done
	echo "won: $won of 10"
	[ "$won" -ge 5 ]
	[ ! -e "$OCI_GROUPS/${B##*/}" ]
}

@test "a cgroup in which somebody is about to begin is refused, and not removed" {
	sh_bundle 'sleep 1000'
	mkdir -p "$OCI_GROUPS/${B##*/}/oci-b"
	jq '.linux.cgroupsPath += "/oci-b"' "$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
	exec 9< "$OCI_GROUPS/${B##*/}/oci-b"
	flock -n 9
	run -1 oci create --bundle "$B" oci-b < /dev/null
	[[ $output == *"is in use"* ]]
	[ -d "$OCI_GROUPS/${B##*/}/oci-b" ]
	exec 9<&-
	create oci-b
	oci delete --force oci-b
	rmdir "$OCI_GROUPS/${B##*/}"
}
