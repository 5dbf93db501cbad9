# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034
# The supervisor with a terminal. A person is played by script(1), which has one.

bats_require_minimum_version 1.5.0
load supervisor_lib

setup_file() { supervisor_build; }
setup() { supervisor_setup; }
teardown() { supervisor_teardown; }

# person COMMAND: types what COMMAND prints into a client that has a terminal of 33 rows, 77 columns; its
# screen is in a file. Whoever sees what the container has said has a client that passes keys on.
person() {
	rm -f "$D/screen"
	eval "$1" | timeout 120 script -qefc "stty rows 33 cols 77 && $BIN/supervisor_client $D tty" "$D/screen"
}
on_screen() { grep -qs -- "$1" "$D/screen"; }
# sees TEXT; left: the client has said how it ended
sees() { until_true "$1 is on the screen" on_screen "$1"; }
left() { sees '^\(exited\|detached\)'; }

@test "output and status reach a client; the log has the bytes of the terminal" {
	start tty 'test -t 0 && test -t 1 && test -t 2 && echo all three; attached 1; exit 9'
	run client tty </dev/null
	[ "$output" = $'all three\r\nexited 9' ]
	ended 9
	logged $' stdout F all three\r$'
}

@test "what is typed arrives, with the size of the window" {
	start tty 'sized; stty size; read -r x; echo "got $x"'
	run person 'sees "33 77"; echo hello; left'
	[[ $output == *"33 77"* ]]
	[[ $output == *"got hello"* ]]
	[[ $output == *"exited 0"* ]]
	ended 0
}

@test "a change of the window's size arrives" {
	start tty 'trap "stty size" WINCH; echo ready; until [ "$(stty size)" = "44 55" ]; do sleep .05; done'
	until_true "it is ready" logged ready
	run timeout 120 script -qefc "stty rows 33 cols 77
		(until grep -q '33 77' $D/log; do sleep .05; done; stty rows 44 cols 55 </dev/tty) & $BIN/supervisor_client $D tty" /dev/null
	[[ $output == *"33 77"*"44 55"* ]]
	ended 0
}

@test "ctrl-p ctrl-q detaches, the container goes on, and who comes back gets the last output" {
	start tty 'echo before; read -r x; echo "got $x"; exit 8'
	run person 'sees before; printf "\020\021"; left'
	[[ $output == *"before"*"detached"* ]]
	kill -0 "$SUPERVISOR"
	run person 'sees before; echo again; left'
	[[ $output == *"before"*"got again"*"exited 8"* ]]
	ended 8
}

@test "who attaches again with the same size has the screen drawn anew" {
	start tty 'trap "echo drawn" WINCH; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged ready
	run person 'sees drawn; printf "\020\021"; left'
	[[ $output == *"detached"* ]]
	: "the size is 33x77 now"
	more() { [ "$(grep -c drawn "$D/screen")" -ge 2 ]; } # one replayed, one new
	run person 'until_true "it is drawn anew" more; printf "\020\021"; left'
	more
	kill -KILL "$(cat "$D/pid")"
	ended 137
}

@test "a key that begins the sequence and is followed by another is passed on" {
	start tty 'stty raw -echo; echo ready; dd bs=1 count=2 2>/dev/null | od -An -tx1'
	run person 'sees ready; printf "\020x"; left'
	[[ $output == *"10 78"* ]]
	ended 0
}

@test "ctrl-c goes to the container, not to the client" {
	start tty 'trap "echo caught; exit 4" INT; echo ready; while :; do sleep .05; done'
	run person 'sees ready; printf "\003"; left'
	[[ $output == *"caught"*"exited 4"* ]]
	ended 4
}

@test "the end of a piped input is the end-of-file character" {
	start tty "stty -echo; : >$D/quiet; sleep .5; cat; echo over"
	run client tty < <(until_true "it is quiet" test -e "$D/quiet"; printf 'line\npart')
	[ "$output" = $'line\r\npartover\r\nexited 0' ]
	ended 0
}

@test "a long replay begins with a whole line" {
	start tty 'seq 1000000 1009999; attached 1'
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
		def logged(what):
		    while what not in open(sys.argv[1]).read(): time.sleep(.05)
		signal.signal(signal.SIGHUP, signal.SIG_IGN)
		line = os.ttyname(0)
		print("one", flush=True)
		logged("one")
		ctypes.CDLL(None).vhangup()
		time.sleep(.5)
		fd = os.open(line, os.O_RDWR | os.O_NOCTTY)
		os.write(fd, b"two\n")
		logged("two")
		os._exit(11)
	END
	command -v python3 >/dev/null || skip "needs python3"
	start tty "attached 1; exec python3 $D/getty.py $D/log"
	run client tty </dev/null
	[[ $output == *one*two*"exited 11" ]]
	ended 11
}

@test "a client that never reads delays a terminal for a bounded time only" {
	start tty 'attached 1; seq 50000; echo end'
	"$BIN/supervisor_client" "$D" stuck 1000 3>&- &
	local stuck=$!
	ended 0
	logged 'end.$'
	kill "$stuck"
}

@test "a big paste arrives whole" {
	start tty 'stty raw -echo; echo ready; head -c 200000 | cksum'
	until_true "it is ready" logged ready
	run client tty < <(head -c 200000 /dev/zero | tr '\0' y; until_true "it ends" test -s "$D/exit")
	[[ $output == *"$(head -c 200000 /dev/zero | tr '\0' y | cksum)"* ]]
	ended 0
}

@test "SIGTERM ends the client, restores the terminal, and leaves the container alone" {
	start tty 'allowed; exit 3'
	run timeout 60 script -qefc "stty -a >$D/before
		($BIN/supervisor_client $D tty <&1) 2>&1 &
		until stty -a | grep -q -- -icanon; do sleep .05; done
		kill -TERM \$(pgrep -P \$!) \$! 2>/dev/null; wait; stty -a >$D/after" /dev/null
	cmp "$D/before" "$D/after"
	allow
	ended 3
}
