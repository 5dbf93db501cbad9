#!/usr/bin/env bats
# Terminals, sockets and descriptors between an engine and a container.
load oci
load peer

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { cd "$BATS_FILE_TMPDIR"; }
teardown() {
	[ -z "${receiver-}" ] || kill "$receiver" 2> /dev/null || :
	peer_clean
	oci_teardown
}

# receive SOCKET FILE: takes one descriptor at SOCKET and copies what is read from it to FILE.
receive() {
	rm -f "$1" "$2"
	python3 -c '
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1] + "~"); s.listen(1); os.rename(sys.argv[1] + "~", sys.argv[1])
c, _ = s.accept()
_, anc, _, _ = c.recvmsg(64, socket.CMSG_SPACE(4))
fd = array.array("i", anc[0][2])[0]
out = open(sys.argv[2], "wb", buffering=0)
out.write((os.readlink(f"/proc/self/fd/{fd}") + "\n").encode())
while os.isatty(fd):
    try: d = os.read(fd, 4096)
    except OSError: break
    if not d: break
    out.write(d)
' "$1" "$2" 3>&- &
	receiver=$!
	until_true listening test -S "$1"
}

console() {
	sh_bundle 'tty; stty size; echo done' '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 99}'
	receive "$BATS_TEST_TMPDIR/console" "$BATS_TEST_TMPDIR/seen"
	oci create --bundle "$B" --console-socket "$BATS_TEST_TMPDIR/console" oci-a
	oci start oci-a
	until_true ended grep -q "done" "$BATS_TEST_TMPDIR/seen"
	grep -q '^/dev/.*ptmx\|^/dev/pts/ptmx\|ptmx' "$BATS_TEST_TMPDIR/seen"
	grep -q '33 99' "$BATS_TEST_TMPDIR/seen"
	grep -q '/dev/' "$BATS_TEST_TMPDIR/seen"
}
@test "--console-socket: the engine gets the terminal, with its size" { both console; }

exec_console() {
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	receive "$BATS_TEST_TMPDIR/console" "$BATS_TEST_TMPDIR/seen"
	oci exec --tty --detach --console-socket "$BATS_TEST_TMPDIR/console" oci-a sh -c 'tty; echo done'
	until_true ended grep -q "done" "$BATS_TEST_TMPDIR/seen"
}
@test "exec --console-socket" { both exec_console; }

@test "--pidfd-socket" {
	sh_bundle 'sleep 1000'
	receive "$BATS_TEST_TMPDIR/pidfd" "$BATS_TEST_TMPDIR/seen"
	oci create --bundle "$B" --pidfd-socket "$BATS_TEST_TMPDIR/pidfd" oci-a < /dev/null > /dev/null 2>&1
	until_true seen grep -q 'pidfd' "$BATS_TEST_TMPDIR/seen"
}

no_socket() {
	bundle '.process.terminal = true'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"--console-socket"* ]]
}
@test "a terminal without a socket is refused for create" { both no_socket; }

@test "a socket path longer than an address" {
	local deep
	deep=$BATS_TEST_TMPDIR/$(printf 'd%.0s' {1..100})
	mkdir "$deep"
	ln -s "$deep" "$BATS_TEST_TMPDIR/s"
	sh_bundle 'echo done' '.process.terminal = true'
	receive "$BATS_TEST_TMPDIR/s/c" "$BATS_TEST_TMPDIR/seen"
	oci create --bundle "$B" --console-socket "$deep/c" oci-a
	oci start oci-a
	until_true ended grep -q "done" "$BATS_TEST_TMPDIR/seen"
}

listeners() {
	sh_bundle 'cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd'
	echo three > "$BATS_TEST_TMPDIR/3"
	echo four > "$BATS_TEST_TMPDIR/4"
	# bats has a use for 3 itself.
	local OCI
	rt_words
	run -0 bash -c 'b=$1 t=$2 && shift 2 && LISTEN_FDS=1 "$@" run --bundle "$b" --preserve-fds 1 oci-a 3< "$t/3" 4< "$t/4" 9< /dev/null' \
		bash "$B" "$BATS_TEST_TMPDIR" "${OCI[@]}"
	# crun 1.8.1 sets no LISTEN_PID.
	local pid=' 1'
	[ "$RT" = ours ] || pid=
	[ "$(tr -s '\n ' ' ' <<< "$output")" = "three four 1$pid 0 1 2 3 4 5 " ]
}
@test "--preserve-fds and LISTEN_FDS reach the payload, LISTEN_PID is 1" { both listeners; }

pipes_closed() {
	sh_bundle 'sleep 1000'
	exec 8> >(cat > "$BATS_TEST_TMPDIR/pipe"; touch "$BATS_TEST_TMPDIR/closed")
	create oci-a
	exec 8>&-
	until_true closed test -e "$BATS_TEST_TMPDIR/closed"
}
@test "an engine's pipes are not kept open by a container that waits for its start" { both pipes_closed; }

own_terminal() {
	sh_bundle 'tty; exit 3' '.process.terminal = true'
	local OCI
	rt_words
	run -3 script -qec "${OCI[*]} run --bundle $B oci-a" /dev/null
	[[ $output == *"/dev/"* ]]
}
@test "run with a terminal of one's own" { both own_terminal; }

passes_signals() {
	sh_bundle 'trap "echo got; exit 4" TERM; echo ready; while :; do sleep .05; done'
	local OCI pid status=0
	rt_words
	"${OCI[@]}" run --bundle "$B" oci-a > "$B/out" 2>&1 < /dev/null 3>&- &
	pid=$!
	until_true ready grep -q ready "$B/out"
	kill -TERM $pid
	wait $pid || status=$?
	[ "$status" = 4 ]
	grep -q got "$B/out"
}
@test "run passes signals on" { both passes_signals; }

# asked CALL...: with nothing but descriptor 4 beside the three, though bats has more.
asked() {
	run -0 timeout 60 bash -c 'for fd in {3..255}; do eval "exec $fd>&-"; done; exec "$@" 4< /etc/passwd' bash "$@"
	[[ ${lines[0]} == *"descriptors from 3 on are not open" ]]
}

# Descriptor 3 is the directory that ls reads.
not_given() {
	local n see='ls /proc/self/fd | xargs; echo $LISTEN_FDS'
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	sh_bundle "$see"
	for n in 2 3 20 2147483647; do
		asked ctr-oci --root "$OCI_ROOT" run --bundle "$B" --preserve-fds "$n" oci-b
		[ "${lines[1]}" = '0 1 2 3 4' ]
		asked ctr-oci --root "$OCI_ROOT" exec --preserve-fds "$n" oci-a sh -c "$see"
		[ "${lines[1]}" = '0 1 2 3 4' ]
	done
	asked env LISTEN_FDS=3 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-b
	[ "${lines[1]} ${lines[2]}" = '0 1 2 3 4 3' ]
	asked env LISTEN_FDS=1 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-b
	[ "${lines[1]} ${lines[2]}" = '0 1 2 3 1' ]
}
@test "--preserve-fds and LISTEN_FDS beyond what was given: what is there reaches the payload, nothing of ours does" { not_given; }

again() {
	local user=".process.user = {\"uid\": 101, \"gid\": 101} | .process.args = [\"sh\", \"-c\", \"echo out >> /dev/stdout; echo err >> /dev/stderr\"]"
	bundle "$user"
	[ "$(oci run --bundle "$B" oci-a 2>&1 < /dev/null | cat | xargs)" = 'out err' ]
	oci run --bundle "$B" oci-a > "$BATS_TEST_TMPDIR/file" 2>&1 < /dev/null
	[ "$(xargs < "$BATS_TEST_TMPDIR/file")" = 'out err' ]
	bundle "$user | .process.terminal = true"
	# The terminal shows the end of its input, too.
	[ "$(script -qec "ctr-oci --root $OCI_ROOT run --bundle $B oci-a" /dev/null < /dev/null | tr -dc 'a-z\n' | xargs)" = 'out err' ]
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	[ "$(oci exec -u 101:101 oci-a sh -c 'echo out > /dev/stdout; echo err > /dev/stderr' 2>&1 < /dev/null | cat | xargs)" = 'out err' ]
	[ "$(script -qec "ctr-oci --root $OCI_ROOT exec -t -u 101:101 oci-a sh -c 'echo out > /dev/stdout'" /dev/null < /dev/null | tr -dc 'a-z\n' | xargs)" = 'out' ]
}
@test "whoever the process is, it can open its streams again" { again; }

@test "pipes can be opened again in a user namespace, too" {
	sh_bundle 'echo out > /dev/stdout; echo err > /dev/stderr' '.process.user = {"uid": 101, "gid": 101} |
		.linux.namespaces += [{type: "user"}] | .mounts |= map(select(.destination != "/sys")) |
		.linux.uidMappings = [{containerID: 0, hostID: 400000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	[ "$(oci run --bundle "$B" oci-a 2>&1 < /dev/null | cat | xargs)" = 'out err' ]
}

@test "nobody gets the host's devices for that" {
	mknod -m 600 "$BATS_TEST_TMPDIR/null" c 1 3
	bundle '.process.user = {"uid": 101, "gid": 101} | .process.args = ["true"]'
	oci run --bundle "$B" oci-a < /dev/null > "$BATS_TEST_TMPDIR/null" 2>&1
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/null")" = 0 ]
}

@test "/dev/console is the terminal, where there is one" {
	sh_bundle 'stat -c "%t:%T" /dev/console $(tty) | uniq | wc -l; echo hi > /dev/console' '.process.terminal = true'
	[ "$(oci run --bundle "$B" oci-a < /dev/null | xargs)" = '1 hi' ]
	# On a root that cannot be written there is none, and that is no failure.
	sh_bundle 'echo hi' '.process.terminal = true | .root.readonly = true'
	[ "$(oci run --bundle "$B" oci-a < /dev/null)" = hi ]
}

@test "lines end in a newline alone, where run writes to no terminal" {
	sh_bundle 'echo one; echo two' '.process.terminal = true'
	[ "$(oci run --bundle "$B" oci-a < /dev/null)" = $'one\ntwo' ]
	sh_bundle 'sleep 1000'
	create oci-a
	oci start oci-a
	[ "$(oci exec -t oci-a sh -c 'echo one; echo two' < /dev/null)" = $'one\ntwo' ]
}

@test "streams that are closed are /dev/null: nothing of ours takes their place" {
	sh_bundle 'sleep 1000'
	oci create --bundle "$B" oci-a <&- >&- 2>&-
	run ! eval "ls -l /proc/$(oci state oci-a | jq .pid)/fd | grep -F '$OCI_ROOT'"
	timeout 20 ctr-oci --root "$OCI_ROOT" start oci-a
}
