#!/usr/bin/env bats
# Containers that are written to files and go on from them, by CRIU. Most kernels that it does not know
# yet it refuses: then nothing but the refusals is tested.
load oci

setup_file() { oci_file_setup; }
setup() {
	cd "$BATS_FILE_TMPDIR"
	I=$BATS_TEST_TMPDIR/images W=$BATS_TEST_TMPDIR/work
}
teardown() {
	local status=0
	oci_teardown || status=1
	if [ -n "${NETNS:-}" ]; then ip netns del "$NETNS" || status=1; fi
	until_true "end of criu" no_criu || status=1
	return $status
}

need_criu() {
	command -v criu > /dev/null || skip "criu is not installed"
	criu check > /dev/null 2>&1 || skip "criu does not work on this kernel"
	# CRIU 4 wants as many descriptors as there can be, and is nothing without.
	(ulimit -n "$(cat /proc/sys/fs/nr_open)") 2> /dev/null || skip "criu may not raise its limit of descriptors here"
}

# It counts to standard output and into a file; a file in memory keeps where it began.
COUNT='mkdir /dev/shm/d; echo first > /dev/shm/d/f; i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/n; sleep .1; done'

# Pipes, as engines have them: what comes out is in $B/out and $B/err, whoever writes it.
piped() { "$@" < /dev/null > >(exec cat >> "$B/out") 2> >(exec cat >> "$B/err"); }

started() { # ID [JQ FILTER]
	sh_bundle "$COUNT" "${2:-.}"
	piped oci create --bundle "$B" --pid-file "$B/pid" "$1"
	oci start "$1"
	until_true counting test -s "$FS/tmp/n"
}

dump() { oci checkpoint --image-path "$I" --work-path "$W" "$@"; }
restore() {
	piped oci restore --detach --bundle "$B" --image-path "$I" --work-path "$W" --pid-file "$B/pid" "$@"
}

count_is_above() { [ "$(tail -n1 "$B/out")" -gt "$1" ]; }
counts_on() { until_true "more than $1" count_is_above "$1"; }
of_process() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$(cat "$B/pid")/status"; }

@test "a counter goes on where it was" {
	need_criu
	started oci-a
	before=$(cat "/proc/$(cat "$B/pid")/mountinfo" | cut -d' ' -f4-6 | sort)
	dump oci-a
	run ! oci state oci-a
	not alive "$(cat "$B/pid")"
	n=$(cat "$FS/tmp/n")
	restore oci-a
	is oci-a running
	[ "$(oci state oci-a | jq .pid)" = "$(cat "$B/pid")" ]
	counts_on "$n"
	# No number is missing, and none is there twice.
	diff <(head -n "$((n + 1))" "$B/out") <(seq "$((n + 1))")
	run -0 oci exec oci-a cat /dev/shm/d/f /proc/1/cmdline
	[[ "$output" == first*counting* || "$output" == first*sleep* ]]
	after=$(cat "/proc/$(cat "$B/pid")/mountinfo" | cut -d' ' -f4-6 | sort)
	diff <(echo "$before") <(echo "$after")
	[ ! -s "$B/err" ]
	oci kill oci-a 9
	until_true stopped is oci-a stopped
	oci delete oci-a
}

@test "it may do afterwards what it was allowed before, and no more" {
	need_criu
	started oci-a '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
		| .process.oomScoreAdj = 100 | .linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
		| .process.user = {"uid": 0, "gid": 0, "additionalGids": [7]}'
	all='CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Groups|Uid|Gid|SigIgn|SigBlk'
	of() { grep -E "^($all)" "/proc/$(cat "$B/pid")/status"
		cat "/proc/$(cat "$B/pid")/"{limits,oom_score_adj,cgroup}; }
	before=$(of)
	dump oci-a
	restore oci-a
	diff <(echo "$before") <(of)
	# Neither descriptors nor namespaces of whoever restored it are in it.
	[ "$(ls "/proc/$(cat "$B/pid")/fd" | sort -n | head -n 3 | tr '\n' ' ')" = "0 1 2 " ]
	for ns in pid ipc uts mnt net cgroup; do
		[ "$(readlink "/proc/$(cat "$B/pid")/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	[ "$(grep -c . < <(oci exec oci-a cat /proc/self/mountinfo | grep "$BATS_FILE_TMPDIR" | grep -v ' / '))" = 0 ]
}

@test "--leave-running: it goes on, and so does its copy later" {
	need_criu
	started oci-a
	dump --leave-running oci-a
	is oci-a running
	pid=$(cat "$B/pid")
	counts_on "$(tail -n1 "$B/out")"
	[ "$(cat "$B/pid")" = "$pid" ]
	oci delete --force oci-a
	restore oci-b
	is oci-b running
	counts_on "$(tail -n1 "$B/out")"
}

@test "a paused container is dumped, and stays paused if it is left running" {
	need_criu
	started oci-a
	oci pause oci-a
	dump --leave-running oci-a
	is oci-a paused
	oci resume oci-a
	counts_on "$(tail -n1 "$B/out")"
}

@test "--pre-dump, then the rest with --parent-path" {
	need_criu
	criu check --feature mem_dirty_track > /dev/null 2>&1 || skip "this kernel does not track what is written to memory"
	started oci-a
	oci checkpoint --image-path "$BATS_TEST_TMPDIR/first" --work-path "$W" --pre-dump oci-a
	is oci-a running
	dump --parent-path ../first oci-a
	run ! oci state oci-a
	n=$(cat "$FS/tmp/n")
	restore oci-a
	counts_on "$n"
}

@test "bind mounts come from the bundle that it is restored to" {
	need_criu
	mkdir -p "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
	echo one > "$BATS_TEST_TMPDIR/one/f"
	echo two > "$BATS_TEST_TMPDIR/two/f"
	ln -sfn ../home "$FS/tmp/link"
	started oci-a "(.root.readonly = true) | (.mounts += [
		{\"destination\": \"/tmp\", \"type\": \"bind\", \"source\": \"$FS/tmp\", \"options\": [\"rbind\"]},
		{\"destination\": \"/tmp/link/vol\", \"type\": \"bind\", \"source\": \"$BATS_TEST_TMPDIR/one\", \"options\": [\"bind\", \"ro\"]},
		{\"destination\": \"/etc/of\", \"type\": \"bind\", \"source\": \"$BATS_TEST_TMPDIR/one/f\", \"options\": [\"bind\", \"ro\"]}])"
	[ "$(oci exec oci-a cat /home/vol/f)" = one ]
	dump oci-a
	jq --arg d "$BATS_TEST_TMPDIR" '.mounts |= map(if .source == "\($d)/one" then .source = "\($d)/two" else . end)' \
		"$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
	restore oci-a
	[ "$(oci exec oci-a cat /home/vol/f)" = two ]
	[ "$(oci exec oci-a cat /etc/of)" = one ]
	run ! oci exec oci-a touch /home/vol/x
	run ! oci exec oci-a touch /root/x
	rm "$FS/tmp/link"
}

@test "a network that it joined is the one of the bundle again" {
	need_criu
	NETNS=ctr-test-$$
	ip netns add "$NETNS"
	started oci-a ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NETNS\" else . end)"
	dump oci-a
	restore oci-a
	[ /run/netns/"$NETNS" -ef "/proc/$(cat "$B/pid")/ns/net" ]
}

@test "the host's name and its queues" {
	need_criu
	started oci-a '.linux.namespaces |= map(select(.type != "ipc" and .type != "uts")) | del(.hostname)'
	dump oci-a
	n=$(cat "$FS/tmp/n")
	restore oci-a
	counts_on "$n"
}

@test "a terminal: its master goes to --console-socket" {
	need_criu
	cat > "$BATS_TEST_TMPDIR/take.py" <<-'END'
	import array, os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1] + "~")
	s.listen(1)
	os.rename(sys.argv[1] + "~", sys.argv[1])
	c, _ = s.accept()
	_, ancillary, _, _ = c.recvmsg(100, socket.CMSG_SPACE(4))
	fd = array.array("i", ancillary[0][2])[0]
	with open(sys.argv[2], "wb", buffering=0) as out:
	    while True:
	        try:
	            out.write(os.read(fd, 1000))
	        except OSError:
	            break
	END
	sh_bundle "$COUNT" '.process.terminal = true'
	for id in oci-a oci-b; do
		python3 "$BATS_TEST_TMPDIR/take.py" "$B/$id.sock" "$B/$id.out" 3>&- &
		until_true "socket of $id" test -S "$B/$id.sock"
		if [ $id = oci-a ]; then
			oci create --bundle "$B" --console-socket "$B/$id.sock" $id
			oci start $id
		else
			oci restore --detach --bundle "$B" --image-path "$I" --work-path "$W" --console-socket "$B/$id.sock" $id
		fi
		until_true "output of $id" test -s "$B/$id.out"
		if [ $id = oci-a ]; then
			dump $id
			n=$(cat "$FS/tmp/n")
		fi
	done
	until_true "more output" grep -q "^$((n + 2))" "$B/oci-b.out"
	oci kill oci-b 9
	wait
}

@test "restore in the foreground: its streams and its status are those of the call" {
	need_criu
	sh_bundle 'echo begin; while [ ! -e /tmp/go ]; do sleep .05; done; echo end; exit 7'
	piped oci create --bundle "$B" oci-a
	oci start oci-a
	until_true begun grep -q begin "$B/out"
	dump oci-a
	touch "$FS/tmp/go"
	run -7 --separate-stderr oci restore --bundle "$B" --image-path "$I" --work-path "$W" oci-a
	[ "$output" = end ]
	run ! oci state oci-a
	rm "$FS/tmp/go"
}

@test "hooks of the host's side are run for what is restored" {
	need_criu
	cat > "$BATS_TEST_TMPDIR/hook" <<-END
	#!/bin/sh
	echo "\$1 \$(jq -r '.id, .status, .pid > 1' | tr '\n' ' ')" >> $BATS_TEST_TMPDIR/hooks
	END
	chmod +x "$BATS_TEST_TMPDIR/hook"
	started oci-a ".hooks = ([\"prestart\", \"createRuntime\", \"poststart\", \"poststop\"]
		| map({key: ., value: [{path: \"$BATS_TEST_TMPDIR/hook\", args: [\"hook\", .]}]}) | from_entries)"
	dump oci-a
	rm "$BATS_TEST_TMPDIR/hooks"
	restore oci-b
	oci delete --force oci-b
	diff "$BATS_TEST_TMPDIR/hooks" - <<-END
	prestart oci-b creating true 
	createRuntime oci-b creating true 
	poststart oci-b running true 
	poststop oci-b stopped false 
	END
}

@test "a connection over TCP goes on with --tcp-established" {
	need_criu
	command -v iptables > /dev/null || skip "criu needs iptables to hold a connection"
	sh_bundle 'nc -l -p 7777 -e /bin/cat & sleep 1; (i=0; while :; do i=$((i+1)); echo $i; sleep .1; done) | nc 127.0.0.1 7777 | tee /tmp/n'
	piped oci create --bundle "$B" --pid-file "$B/pid" oci-a
	oci start oci-a
	until_true connected test -s "$B/out"
	run -1 dump oci-a
	[[ "$output" == *criu*TCP* || "$output" == *criu*tcp* ]]
	is oci-a running
	dump --tcp-established oci-a
	n=$(tail -n1 "$B/out")
	restore --tcp-established oci-a
	counts_on "$n"
}

@test "a dump that fails leaves the container running" {
	need_criu
	# A file without a name, larger than criu takes into its own.
	sh_bundle "exec 9> /root/big; dd if=/dev/zero bs=1M count=2 >&9; rm /root/big; $COUNT"
	piped oci create --bundle "$B" --pid-file "$B/pid" oci-a
	oci start oci-a
	until_true counting test -s "$B/out"
	run -1 dump oci-a
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *"checkpoint oci-a: criu cannot dump it: "*"criu's log is $W/dump.log"* ]]
	is oci-a running
	counts_on "$(tail -n1 "$B/out")"
}

@test "a restore that fails leaves nothing" {
	need_criu
	started oci-a
	dump oci-a
	for f in "$I"/mm-*.img; do truncate -s 20 "$f"; done
	run -1 oci restore --detach --bundle "$B" --image-path "$I" --work-path "$W" --pid-file "$B/pid2" oci-a
	[[ "$output" == *"restore oci-a: criu cannot restore it: "*"criu's log is $W/restore.log"* ]]
	[ ! -e "$B/pid2" ]
	run ! oci state oci-a
	rm "$I"/core-*.img
	run -1 oci restore --detach --bundle "$B" --image-path "$I" --work-path "$W" oci-a
	[[ "$output" == *"criu cannot restore it: "* ]]
}

@test "restore refuses an id that is taken, and does no harm" {
	need_criu
	started oci-a
	dump --leave-running oci-a
	run -1 oci restore --detach --bundle "$B" --image-path "$I" oci-a
	[[ "$output" == *"container with given ID already exists"* ]]
	is oci-a running
}

@test "without --image-path the files are in ./checkpoint" {
	need_criu
	started oci-a
	cd "$BATS_TEST_TMPDIR"
	oci checkpoint oci-a
	[ -s checkpoint/inventory.img ]
	piped oci restore --detach --bundle "$B" --pid-file "$B/pid" oci-a
	is oci-a running
}

@test "what is not running, or cannot be restored, is not dumped" {
	sh_bundle 'sleep 100'
	create oci-a
	run -1 dump oci-a
	[[ "$output" == *"cannot checkpoint a container that is created"* ]]
	oci start oci-a
	run -1 dump --parent-path / oci-a
	[[ "$output" == *"--parent-path: '/' is not relative to --image-path"* ]]
	run -1 dump --pre-dump --parent-path ./none oci-a
	[[ "$output" == *"--parent-path: open ./none, seen from --image-path: "* ]]
	run -1 dump --lazy-pages oci-a
	[[ "$output" == *"--lazy-pages: "* ]]
	run -1 dump --empty-ns pid oci-a
	[[ "$output" == *"--empty-ns: 'pid' is not network"* ]]
	run -1 dump --manage-cgroups-mode x oci-a
	[[ "$output" == *"--manage-cgroups-mode: 'x' is none of"* ]]
	is oci-a running
	oci kill oci-a 9
	until_true stopped is oci-a stopped
	run -1 dump oci-a
	[[ "$output" == *"cannot checkpoint a container that is stopped"* ]]
	run -1 dump oci-b
	[[ "$output" == *"container does not exist"* ]]
}

@test "without images, or without criu: one line that says so, and nothing is left" {
	sh_bundle 'sleep 100'
	run -1 oci restore --detach --bundle "$B" --image-path "$BATS_TEST_TMPDIR/none" oci-a
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *"--image-path: open $BATS_TEST_TMPDIR/none"* ]]
	create oci-a
	oci start oci-a
	# Where it could be is looked through anyway: it has to be hidden.
	# shellcheck disable=SC2016
	run -1 unshare -m sh -c 'criu=$(command -v criu) && mount --bind /dev/null "$(realpath "$criu")"
		exec ctr-oci --root "$OCI_ROOT" checkpoint --image-path "$1" oci-a' sh "$I"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *criu* ]]
	is oci-a running
}

# fake MODE COMMAND…: with a criu that behaves as MODE says, here or on any kernel. It says that it is there
# by a file, and the processes that it makes have its name.
fake() {
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir -p "$bin" "$I"
	echo '["", "", ""]' > "$I/descriptors.json"
	cat > "$bin/criu" <<-'END'
	#!/usr/bin/python3
	import ctypes, os, socket, sys, time
	mode, there = os.environ["FAKE"], os.environ["FAKE_THERE"]
	s = socket.socket(fileno=int(sys.argv[2]))
	request = s.recv(1 << 16)
	def number(n):
	    low = bytes([n & 127 | (128 if n > 127 else 0)])
	    return low + number(n >> 7) if n > 127 else low
	def message(*fields):
	    out = b""
	    for f, v in fields:
	        out += number(f << 3) + number(v) if isinstance(v, int) else number(f << 3 | 2) + number(len(v)) + v
	    return out
	def sibling(work):
	    call = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
	    pid = ctypes.CDLL(None).syscall(call, 0x8000 | 17, 0, 0, 0, 0)
	    if pid == 0:
	        s.close()
	        work()
	        os._exit(0)
	    return pid
	def for_ever():
	    open(there, "w").close()
	    while True:
	        time.sleep(100)
	def family():
	    os.fork()
	    for_ever()
	def notify(pid):
	    s.send(message((1, 6), (5, message((1, b"setup-namespaces"), (2, pid)))))
	    s.recv(1000)
	if mode == "ends":
	    sys.exit(0)
	elif mode == "asked":
	    from pycriu import rpc_pb2
	    with open(there, "w") as f:
	        f.write(str(rpc_pb2.criu_req.FromString(request)))
	    sys.exit(0)
	elif mode == "closes":
	    s.close()
	elif mode == "says nothing":
	    s.send(b"")
	elif mode == "garbage":
	    s.send(b"\xff" * 100)
	elif mode == "length":
	    s.send(b"\x4a" + b"\xff" * 9 + b"\x01" + b"x" * 20)
	elif mode == "large":
	    s.send(message((9, b"x" * 100000), (1, 2), (2, 1), (4, message((1, 1)))))
	elif mode == "other type":
	    s.send(message((1, 1), (2, 1)))
	elif mode == "many":
	    while True:
	        s.send(message((1, 6), (5, message((1, b"pre-resume")))))
	elif mode == "early":
	    sibling(family)
	elif mode.startswith("half"):
	    notify(sibling(family))
	    if mode == "half, garbage":
	        s.send(b"\xff")
	elif mode == "freezes":
	    with open(os.environ["FAKE_FREEZE"], "w") as f:
	        f.write("1")
	elif mode == "restores":
	    pid = sibling(lambda: (time.sleep(1), os._exit(7)))
	    notify(pid)
	    s.send(message((1, 2), (2, 1), (4, message((1, pid)))))
	for_ever()
	END
	chmod +x "$bin/criu"
	export FAKE_THERE=$BATS_TEST_TMPDIR/there FAKE_FREEZE
	FAKE=$1 PATH=$bin:$PATH exec timeout -k 1 "$((30 * ${TEST_PATIENCE:-1}))" "${@:2}"
}
fake_restore() { # MODE OPTION…
	(fake "$1" ctr-oci --root "$OCI_ROOT" restore "${@:2}" --bundle "$B" --image-path "$I" --work-path "$W" oci-a)
}
no_criu() { [ -z "$(pgrep -r RSDT -x criu)" ]; }
child_of() { pgrep -P "$1"; }

# asked COMMAND OPTION…: what criu is asked for, as CRIU's own definition of its protocol reads it, but for the
# numbers of descriptors.
asked() {
	if [ "$1" = restore ]; then set -- restore --bundle "$B" --detach "${@:2}"; fi
	run -1 --separate-stderr fake asked ctr-oci --root "$OCI_ROOT" "$1" --image-path "$I" --work-path "$W" "${@:2}" oci-a < /dev/null
	grep -v 'fd:' "$BATS_TEST_TMPDIR/there"
}
@test "each option asks criu for what it is named after, and for nothing else" {
	command -v criu > /dev/null || skip "criu is not installed"
	/usr/bin/python3 -c 'from pycriu import rpc_pb2' || skip "CRIU's protocol is not there for Python: python3-pycriu is not installed"
	local words option
	for command in checkpoint restore; do
		sh_bundle 'sleep 100'
		if [ $command = checkpoint ]; then
			create oci-a
			oci start oci-a
		fi
		asked $command > "$BATS_TEST_TMPDIR/plain"
		grep -q "type: $([ $command = restore ] && echo RESTORE || echo DUMP)" "$BATS_TEST_TMPDIR/plain"
		while IFS='|' read -r words option; do
			case $words in
			--lsm*) [ $command = restore ] || continue ;;
			--leave*) [ $command = checkpoint ] || continue ;;
			esac
			# shellcheck disable=SC2086
			asked $command $words > "$BATS_TEST_TMPDIR/with"
			diff "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/with" > "$BATS_TEST_TMPDIR/more" || :
			echo "$command $words: $(cat "$BATS_TEST_TMPDIR/more")"
			[ "$(sed -nE 's/^[<>] +//p' "$BATS_TEST_TMPDIR/more" | tail -n 1)" = "$option" ]
			[ "$(grep -c '^>' "$BATS_TEST_TMPDIR/more")" = 1 ]
		done <<-'END'
		--tcp-established|tcp_established: true
		--tcp-close|tcp_close: true
		--ext-unix-sk|ext_unix_sk: true
		--shell-job|shell_job: true
		--file-locks|file_locks: true
		--link-remap|link_remap: true
		--auto-dedup|auto_dedup: true
		--empty-ns network|empty_ns: 1073741824
		--manage-cgroups-mode strict|manage_cgroups_mode: STRICT
		--manage-cgroups-mode full|manage_cgroups_mode: FULL
		--leave-running|leave_running: true
		--lsm-profile apparmor:box|lsm_profile: "apparmor:box"
		--lsm-mount-context a:b:c|lsm_mount_context: "a:b:c"
		END
		oci delete --force oci-a
	done
}

@test "criu that ends early, or says what is no answer: the restore fails, and nothing is left" {
	sh_bundle 'sleep 100'
	for mode in ends closes 'says nothing' garbage length large 'other type' many 'half, garbage'; do
		run -1 fake_restore "$mode" --detach < /dev/null
		[[ "$output" == *"restore oci-a: "*criu* ]]
		until_true "end of criu" no_criu
		run ! oci state oci-a
	done
}

@test "criu that has answered, and does not end: what it has restored goes on" {
	sh_bundle 'sleep 100'
	run -7 fake_restore restores < /dev/null
	until_true "end of criu" no_criu
	run ! oci state oci-a
	# containerd's word for what is so anyway.
	run -7 fake_restore restores -no-subreaper --keep < /dev/null
	is oci-a stopped
}

@test "the class of resctrl: what is restored is in it before it has children" {
	export FAKE_RESCTRL=$BATS_TEST_TMPDIR/resctrl
	mkdir -p "$FAKE_RESCTRL/gold/mon_groups"
	touch "$FAKE_RESCTRL/gold/tasks"
	sh_bundle 'sleep 100' '.linux.intelRdt = {"closID": "gold", "enableMonitoring": true}'
	(fake restores "$CTR_BUILD/oci-resctrl" --root "$OCI_ROOT" restore --bundle "$B" --image-path "$I" --pid-file "$B/pid" oci-a) < /dev/null || [ $? = 7 ]
	[ "$(cat "$FAKE_RESCTRL/gold/tasks")" = "$(cat "$B/pid")" ]
	[ -z "$(ls "$FAKE_RESCTRL/gold/mon_groups")" ]
	: > "$FAKE_RESCTRL/gold/tasks"
	run -1 fake ends "$CTR_BUILD/oci-resctrl" --root "$OCI_ROOT" restore --detach --bundle "$B" --image-path "$I" oci-a < /dev/null
	[ -z "$(ls "$FAKE_RESCTRL/gold/mon_groups")$(cat "$FAKE_RESCTRL/gold/tasks")" ]
	until_true "end of criu" no_criu
}

# interrupted SIGNAL MODE COMMAND…: what the call says is in $B/said, its status is returned.
interrupted() {
	rm -f "$BATS_TEST_TMPDIR/there"
	fake "${@:2}" < /dev/null > "$B/said" 2>&1 3>&- &
	local timeout=$!
	until_true "criu at work" test -e "$BATS_TEST_TMPDIR/there"
	kill "-$1" "$(child_of $timeout)"
	wait $timeout
}

@test "a restore that is interrupted ends criu and all that it has made" {
	sh_bundle 'sleep 100'
	for mode in sleeps early half; do
		for sig in TERM INT HUP; do
			run -1 interrupted $sig "$mode" ctr-oci --root "$OCI_ROOT" restore --bundle "$B" --image-path "$I" oci-a
			until_true "end of criu" no_criu
			run ! oci state oci-a
			grep -q "restore oci-a: .*criu.*signal" "$B/said"
		done
	done
}

@test "a restore that is killed: criu and all that it has made end, and delete --force undoes the rest" {
	sh_bundle 'sleep 100'
	for mode in sleeps early half; do
		run -137 interrupted KILL "$mode" ctr-oci --root "$OCI_ROOT" restore --bundle "$B" --image-path "$I" oci-a
		until_true "end of criu" no_criu
		oci delete --force oci-a
		run ! oci state oci-a
		[ -z "$(ls "$OCI_ROOT")" ]
	done
}

@test "a checkpoint that is interrupted or killed: criu ends, and the container goes on" {
	sh_bundle 'sleep 100'
	create oci-a
	oci start oci-a
	FAKE_FREEZE=$OCI_GROUPS/${B##*/}/cgroup.freeze
	for mode in sleeps freezes; do
		run -1 interrupted TERM "$mode" ctr-oci --root "$OCI_ROOT" checkpoint --image-path "$I" oci-a
		grep -q "checkpoint oci-a: .*criu.*signal" "$B/said"
		until_true "end of criu" no_criu
		is oci-a running
	done
	oci pause oci-a
	run -1 interrupted INT sleeps ctr-oci --root "$OCI_ROOT" checkpoint --image-path "$I" oci-a
	is oci-a paused
	oci resume oci-a
	run -137 interrupted KILL sleeps ctr-oci --root "$OCI_ROOT" checkpoint --image-path "$I" oci-a
	until_true "end of criu" no_criu
	is oci-a running
	run -1 fake garbage ctr-oci --root "$OCI_ROOT" checkpoint --image-path "$I" oci-a
	[[ "$output" == *"checkpoint oci-a: what criu answers is no answer"* ]]
	is oci-a running
}

@test "features says whether it can be done" {
	[ "$(oci features | jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]')" = \
		"$(command -v criu > /dev/null && echo true || echo false)" ]
}
