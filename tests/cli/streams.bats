# shellcheck shell=bash disable=SC2016
# Standard streams of run and exec without a terminal.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

fds='for n in 0 1 2; do readlink /proc/self/fd/$n; done'
# A reader that does not read, whose pipe is full soon.
blocked() { mkfifo pipe && exec 7<> pipe; }

@test "they are pipes of ours, or the container's /dev/null" {
	: > log
	box -- sh -c "$fds" > log 2>> err
	run -0 cat log
	[[ "${lines[0]}" = /dev/null && "${lines[1]}" = pipe:* && "${lines[2]}" = pipe:* ]]
	[ "${lines[1]}" != "${lines[2]}" ]
	run -0 box -i -- sh -c "$fds" < log
	[[ "${lines[0]}" = pipe:* ]]
	started kept -- sleep 600
	ctr exec kept sh -c "$fds" > log 2>> err < /etc/passwd
	run -0 cat log
	[[ "${lines[0]}" = /dev/null && "${lines[1]}" = pipe:* && "${lines[2]}" = pipe:* ]]
	ctr exec -d kept sh -c '(for n in 0 1 2; do readlink /proc/$$/fd/$n; done) > /tmp/fds; true'
	until_true "it has said so" eval '[ "$(ctr exec kept cat /tmp/fds | wc -l)" = 3 ]'
	[ "$(ctr exec kept sort -u /tmp/fds)" = /dev/null ]
	ctr rm -f kept
}

@test "output and errors stay apart, and in order where they are one" {
	local pairs='for i in $(seq 500); do echo $i; echo $i >&2; done'
	box -- sh -c "$pairs" > out 2> err
	seq 500 | cmp - out
	seq 500 | cmp - err
	seq 500 | sed p > both
	box -- sh -c "$pairs" > out 2>&1
	cmp both out
	box -- sh -c "$pairs" 2>&1 | cmp both -
	started kept -- sleep 600
	ctr exec kept sh -c "$pairs" 2>&1 | cmp both -
	ctr rm -f kept
}

@test "a file that is appended to" {
	echo first > log
	box -- sh -c 'echo second; seq 100000' >> log
	[ "$(sed -n 2p log)" = second ]
	[ "$(wc -l < log)" -eq 100002 ]
}

@test "much of it comes whole, out and in" {
	[ "$(box -- head -c 50000000 /dev/zero | wc -c)" -eq 50000000 ]
	[ "$(head -c 50000000 /dev/zero | box -i -- wc -c)" -eq 50000000 ]
	head -c 5000000 /dev/zero > zeros
	[ "$(box -i -- wc -c < zeros)" -eq 5000000 ]
	[ "$(head -c 5000000 /dev/zero | box -i -- cat | wc -c)" -eq 5000000 ]
	python3 -c 'import socket, subprocess, sys
a, b = socket.socketpair()
p = subprocess.Popen(sys.argv[1:], stdin=b, stdout=b)
b.close(); a.sendall(b"in\n"); a.shutdown(socket.SHUT_WR)
n = 0
while d := a.recv(65536): n += len(d)
sys.exit(p.wait() or n != 1000003)' "$BUILD/ctr" run --rm -i --rootfs "$FS" -- sh -c 'cat; head -c 1000000 /dev/zero'
}

@test "a reader that has gone: the payload gets SIGPIPE" {
	for how in 'box --' 'ctr exec kept'; do
		[ "$how" = 'box --' ] || started kept -- sleep 600
		$how sh -c 'yes; echo $? >&2' 2> status 3>&- | head -n 1 > /dev/null
		grep -qx 141 status
	done
	# Before it has written anything.
	timeout 20 ctr exec kept sh -c 'sleep .5; yes; echo $? >&2' 2> status 3>&- | true
	grep -qx 141 status
	ctr rm -f kept
}

@test "what cannot be written is said, and is no success" {
	run -125 eval 'ctr run --rm --rootfs "$FS" -- echo hi 2>&1 > /dev/full'
	[ "$output" = 'ctr: run: write to standard output: No space left on device' ]
	run -3 eval 'ctr run --rm --rootfs "$FS" -- sh -c "echo hi; exit 3" 2>&1 > /dev/full'
	[ "$output" = 'ctr: warning: write to standard output: No space left on device' ]
	run -125 bash -c 'ulimit -f 10; ctr run --rm --rootfs "$FS" -- sh -c "head -c 20000 /dev/zero; true" > "$PWD/limited"'
	[ "$(stat -c %s limited)" -eq 10240 ]
}

@test "an output that is open for reading only is not a closed one" {
	run -125 eval 'ctr run --rm --rootfs "$FS" -- echo hi 2>&1 1< /dev/null'
	[ "$output" = 'ctr: run: write to standard output: Bad file descriptor' ]
	run -3 eval 'ctr run --rm --rootfs "$FS" -- sh -c "echo hi; exit 3" 2>&1 1< /etc/passwd'
	[ "$output" = 'ctr: warning: write to standard output: Bad file descriptor' ]
	run -0 eval 'ctr run --rm --rootfs "$FS" -- true 2>&1 1< /dev/null'
	[ "$output" = '' ]
	run -0 eval 'ctr run --rm --rootfs "$FS" -- echo hi 2>&1 1>&-'
	[ "$output" = '' ]
}

@test "standard input ends, and may end unread" {
	[ "$(seq 100000 | box -i -- head -n 1)" = 1 ]
	run -0 box -i -- cat < /dev/null
	[ "$output" = "" ]
	mkfifo open
	exec 6<> open
	run -7 timeout 20 ctr run --rm -i --rootfs "$FS" -- sh -c 'exit 7' < open
	exec 6>&-
}

@test "input that cannot be read is no end of it: run, exec and attach say so" {
	local said='pass standard input on: (I/O|Input/output) error'
	# The kernel reads EIO where a process has no memory, as long as that lives.
	exec 6< /proc/self/mem
	run -125 eval 'box -i -- cat 2>&1 <&6'
	[[ "$output" =~ ^"ctr: run: "$said$ ]]
	started asks -i -- sh -c 'cat; exit 3'
	run -4 eval 'ctr exec -i asks sh -c "cat; exit 4" 2>&1 <&6'
	[[ "$output" =~ ^"ctr: warning: "$said$ ]]
	run -3 eval 'ctr attach asks 2>&1 <&6'
	[[ "$output" =~ ^"ctr: warning: "$said$ ]]
	exec 6<&-
	ctr rm asks
}

@test "a reader that is blocked holds up neither signals, nor a timeout, nor the end" {
	blocked
	ctr run --rm --rootfs "$FS" -- yes > pipe 2> err 3>&- 7>&- &
	pid=$!
	sleep 1
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 143 ]
	status=0
	timeout 20 ctr run --rm --timeout 1s --rootfs "$FS" -- yes > pipe 2> err || status=$?
	[ "$status" -eq 124 ]
	# As much as fits in our own pipe, and no reader: the container is gone, ctr waits, and can be told not to.
	ctr run --name short --rootfs "$FS" -- head -c 10000 /dev/zero > pipe 2> err 3>&- 7>&- &
	pid=$!
	until_true "it has ended" eval 'ctr ps -a | grep -q "short.*Exited (0)"'
	ctr rm short
	alive $pid
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 143 ]
	exec 7>&-
}

@test "a reader that is slow gets all of it" {
	box -- head -c 300000 /dev/zero | { sleep 1; [ "$(wc -c)" -eq 300000 ]; }
	started kept -- sleep 600
	ctr exec kept head -c 300000 /dev/zero | { sleep 1; [ "$(wc -c)" -eq 300000 ]; }
	ctr rm -f kept
}

@test "what a command of exec leaves behind holds up nobody" {
	started kept -- sleep 600
	[ "$(timeout 10 ctr exec kept sh -c 'sleep 600 & echo out')" = out ]
	timeout 10 ctr exec kept sh -c 'while :; do echo more; done & echo out' > out
	grep -q out out
	ctr rm -f kept
}

again='echo out > /dev/stdout; echo err > /dev/stderr; echo fd > /proc/self/fd/1'
@test "whoever the process is, it can open its streams again" {
	for user in 0 ann 1234; do
		[ "$(box -u $user -- sh -c "$again" 2>&1 | cat | xargs)" = 'out err fd' ]
		[ "$(echo in | box -i -u $user -- sh -c 'cat < /dev/stdin')" = in ]
		[ "$(box -t -u $user -- sh -c "$again" | tr -d '\r' | xargs)" = 'out err fd' ]
	done
	[ "$(box --userns host -u ann -- sh -c "$again" 2>&1 | cat | xargs)" = 'out err fd' ]
	started kept -u ann -- sh -c "$again; sleep 600"
	until_true "it has said so" eval '[ "$(ctr logs kept 2>&1 | sort | xargs)" = "err fd out" ]'
	[ "$(ctr exec kept sh -c "$again" 2>&1 | cat | xargs)" = 'out err fd' ]
	[ "$(ctr exec -u 77 kept sh -c "$again" 2>&1 | cat | xargs)" = 'out err fd' ]
	[ "$(ctr exec -t -u 77 kept sh -c "$again" | tr -d '\r' | xargs)" = 'out err fd' ]
	ctr rm -f kept
}

@test "nobody gets the host's devices for that" {
	mknod -m 600 null c 1 3
	box -u ann -- true > null 2>&1
	[ "$(stat -c %u null)" = 0 ]
}

@test "/dev/console is the terminal, where there is one" {
	[ "$(box -t -u ann -- sh -c 'echo hi > /dev/console; stat -c "%t:%T %u" /dev/console $(tty) | uniq | wc -l' | tr -d '\r' | xargs)" = 'hi 1' ]
	run -1 box -- test -e /dev/console
}

@test "streams that are closed are /dev/null, and nothing else takes their place" {
	box -i -- sh -c 'cat; ls -l /proc/self/fd; echo err >&2' <&- >&- 2>&-
	started closed -- sleep 600 <&- >&- 2>&-
	[ "$(ctr exec closed echo kept)" = kept ]
	ctr exec closed sh -c 'echo lost; echo lost >&2' <&- >&- 2>&-
	[ "$(ctr exec closed readlink /proc/self/fd/2 2>&-)" = /dev/null ]
	ctr rm -f closed
}

@test "what ctr itself has to say to a closed standard output is an error" {
	started told -- sleep 600
	for words in ps 'kill -s 0 told' 'inspect told' --help 'ps --help' --version; do
		run -125 eval "ctr $words 2>&1 >&-"
		[[ "$output" = *'standard output: Bad file descriptor'* ]]
	done
	ctr ps 2>&- | grep -q told
	run -125 eval "ctr run -d --name untold --rootfs $FS -- sleep 600 2>&1 >&-"
	run -125 ctr inspect untold
	ctr rm -f told
}
