# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034
# The supervisor with a terminal. A person is played by script(1), which has one.

bats_require_minimum_version 1.5.0
load supervisor_lib

setup_file() { supervisor_build; }
setup() { supervisor_setup; }
teardown() { supervisor_teardown; }

# person COMMAND: types what COMMAND prints into a client that has a terminal of 33 rows, 77 columns.
person() {
	bash -c "$1" | timeout 30 script -qefc "stty rows 33 cols 77 && $BIN/supervisor_client $D tty" \
		/dev/null
}

@test "output and status reach a client; the log has the bytes of the terminal" {
	start tty 'test -t 0 && test -t 1 && test -t 2 && echo all three; sleep 1; exit 9'
	run client tty </dev/null
	[ "$output" = $'all three\r\nexited 9' ]
	ended 9
	logged $' stdout F all three\r$'
}

@test "what is typed arrives, with the size of the window" {
	start tty 'sleep 1; stty size; read -r x; echo "got $x"'
	run person 'sleep 1.5; echo hello; sleep 1'
	[[ $output == *"33 77"* ]]
	[[ $output == *"got hello"* ]]
	[[ $output == *"exited 0"* ]]
	ended 0
}

@test "a change of the window's size arrives" {
	start tty 'trap "stty size" WINCH; i=0; while [ $i -lt 30 ]; do sleep .1; i=$((i + 1)); done'
	sleep .3
	run timeout 30 script -qefc "stty rows 33 cols 77
		(sleep .7; stty rows 44 cols 55 </dev/tty) & $BIN/supervisor_client $D tty" /dev/null
	[[ $output == *"33 77"*"44 55"* ]]
	ended 0
}

@test "ctrl-p ctrl-q detaches, the container goes on, and who comes back gets the last output" {
	start tty 'echo before; read -r x; echo "got $x"; sleep 1; exit 8'
	run person 'sleep .5; printf "\020\021"; sleep .5'
	[[ $output == *"before"*"detached"* ]]
	kill -0 "$SUPERVISOR"
	run person 'sleep .3; echo again; sleep 1.5'
	[[ $output == *"before"*"got again"*"exited 8"* ]]
	ended 8
}

@test "who attaches again with the same size has the screen drawn anew" {
	start tty 'trap "echo drawn" WINCH; i=0; while [ $i -lt 40 ]; do sleep .1; i=$((i + 1)); done'
	sleep .3
	run person 'sleep .5; printf "\020\021"; sleep .2'
	[[ $output == *"detached"* ]]
	: "the size is 33x77 now"
	run person 'sleep .5; printf "\020\021"; sleep .2'
	[ "$(grep -c drawn <<<"$output")" -ge 2 ] # one replayed, one new
	kill -KILL "$(cat "$D/pid")"
	ended 137
}

@test "a key that begins the sequence and is followed by another is passed on" {
	start tty 'stty raw -echo; dd bs=1 count=2 2>/dev/null | od -An -tx1'
	run person 'sleep .5; printf "\020x"; sleep 1'
	[[ $output == *"10 78"* ]]
	ended 0
}

@test "ctrl-c goes to the container, not to the client" {
	start tty 'trap "echo caught; exit 4" INT; while :; do sleep .1; done'
	run person 'sleep .5; printf "\003"; sleep 1'
	[[ $output == *"caught"*"exited 4"* ]]
	ended 4
}

@test "the end of a piped input is the end-of-file character" {
	start tty 'stty -echo; sleep .5; cat; echo over'
	run client tty < <(sleep .3; printf 'line\npart')
	[ "$output" = $'line\r\npartover\r\nexited 0' ]
	ended 0
}

@test "a long replay begins with a whole line" {
	start tty 'seq 1000000 1009999; sleep 3'
	until_true "all is out" logged '1009999'
	client tty </dev/null >"$D/out" 2>&1
	head -n1 "$D/out" | grep -qE $'^100[0-9]{4}\r$'
	[ "$(stat -c %s "$D/out")" -gt 7000 ]
	grep -q 1009999 "$D/out"
	ended 0
}

@test "a hang-up of the line does not end its console" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to hang up a terminal"
	cat >"$D/getty.py" <<-'END'
		import ctypes, os, signal, sys, time
		signal.signal(signal.SIGHUP, signal.SIG_IGN)
		line = os.ttyname(0)
		print("one", flush=True)
		time.sleep(.5)
		ctypes.CDLL(None).vhangup()
		time.sleep(.5)
		fd = os.open(line, os.O_RDWR | os.O_NOCTTY)
		os.write(fd, b"two\n")
		time.sleep(.5)
		os._exit(11)
	END
	command -v python3 >/dev/null || skip "needs python3"
	start tty "exec python3 $D/getty.py"
	run client tty </dev/null
	[[ $output == *one*two*"exited 11" ]]
	ended 11
}

@test "a client that never reads delays a terminal for a bounded time only" {
	start tty 'sleep .5; seq 50000; echo end'
	"$BIN/supervisor_client" "$D" stuck 40 3>&- &
	local stuck=$! began
	began=$(date +%s)
	ended 0
	[ $(($(date +%s) - began)) -lt $((20 * ${TEST_PATIENCE:-1})) ]
	logged 'end.$'
	kill "$stuck"
}

@test "a big paste arrives whole" {
	start tty 'stty raw -echo; echo ready; head -c 200000 | cksum'
	sleep .5
	run client tty < <(head -c 200000 /dev/zero | tr '\0' y; sleep 5)
	[[ $output == *"$(head -c 200000 /dev/zero | tr '\0' y | cksum)"* ]]
	ended 0
}

@test "SIGTERM ends the client, restores the terminal, and leaves the container alone" {
	start tty 'sleep 2; exit 3'
	run timeout 20 script -qefc "stty -a >$D/before
		($BIN/supervisor_client $D tty <&1) 2>&1 & sleep .5
		kill -TERM \$(pgrep -P \$!) \$! 2>/dev/null; wait; stty -a >$D/after" /dev/null
	cmp "$D/before" "$D/after"
	ended 3
}
