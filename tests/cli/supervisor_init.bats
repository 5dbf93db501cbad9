# shellcheck shell=bash disable=SC2016
# ctr-init as PID 1 of a new PID namespace.

bats_require_minimum_version 1.5.0
load supervisor_lib

setup() {
	D=$BATS_TEST_TMPDIR
	unshare -pf true 2>/dev/null || skip "needs the privilege to make a PID namespace"
}

init() {
	timeout 60 unshare -pf --mount-proc "$B/ctr-init" -- "$@"
}

# background COMMAND: ctr-init in the background; $INIT is its pid here.
background() {
	# bash starts what is in the background with SIGINT and SIGQUIT ignored
	env --default-signal=INT,QUIT unshare -pf --kill-child --mount-proc "$B/ctr-init" -- sh -c "$1" >"$D/out" 2>&1 3>&- &
	UNSHARE=$!
	until_true "it has started" grep -qs ready "$D/out"
	INIT=$(pgrep -P "$UNSHARE")
}

@test "the status is the command's" {
	run init sh -c 'exit 0'
	[ "$status" -eq 0 ]
	run init sh -c 'exit 77'
	[ "$status" -eq 77 ]
}

@test "death by a signal is 128 and its number" {
	run init sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	run init sh -c 'kill -SEGV $$'
	[ "$status" -eq 139 ]
}

@test "a command that cannot run is 127 or 126, with one line" {
	run -127 init /nonexistent
	[ "$output" = "ctr-init: cannot run /nonexistent: No such file or directory" ]
	run init /etc/passwd
	[ "$status" -eq 126 ]
	[ "$output" = "ctr-init: cannot run /etc/passwd: Permission denied" ]
	run "$B/ctr-init" sh
	[ "$status" -eq 125 ]
}

@test "arguments and environment pass unchanged" {
	X='a  b' run init sh -c 'printf "%s|" "$@" "$X"' sh '' 'c d' --
	[ "$output" = '|c d|--|a  b|' ]
}

@test "orphans are reaped" {
	run init sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do (sleep .1 & exit 0); done
		while set -- /proc/[0-9]*; [ $# -gt 2 ]; do sleep .05; done; ps -eo pid,ppid,stat,comm'
	[ "$status" -eq 0 ]
	[[ $output == *ctr-init* ]]
	run ! grep -qE ' Z|defunct' <<<"$output"
}

@test "without it, the same orphans are zombies" {
	# The control: a PID 1 that does not reap.
	run timeout 30 unshare -pf --mount-proc python3 -c '
import subprocess, time
subprocess.call(["sh", "-c", "(sleep .1 & exit 0)"])
seen = ""
while "\nZ" not in seen:
    time.sleep(.05)
    seen = subprocess.check_output(["ps", "-eo", "stat,comm"]).decode()
print(seen)'
	grep -qE '^Z' <<<"$output"
}

@test "an orphan's end does not end the container, the command's does" {
	run init sh -c '(sh -c "exit 9" &); sleep .3; sleep 100 & exit 5'
	[ "$status" -eq 5 ]
}

@test "every signal is passed on, the real-time ones of the C library included" {
	background 'for s in HUP INT QUIT USR1 USR2 TERM WINCH CONT; do trap "echo got $s" $s; done
		echo ready; while :; do sleep .05; done'
	local s
	for s in HUP INT QUIT USR1 USR2 TERM WINCH CONT; do
		kill -"$s" "$INIT"
		until_true "SIG$s arrived" grep -q "got $s" "$D/out"
	done
	# sh has no trap for these: the command dies of it
	kill -34 "$INIT"
	local status=0
	wait "$UNSHARE" || status=$?
	[ "$status" -eq 162 ]
}

@test "the command starts with no signal blocked or ignored" {
	run init sed -n 's/Sig\(Blk\|Ign\):.//p' /proc/self/status
	[ "${lines[0]}" = 0000000000000000 ]
	[ "${lines[1]}" = 0000000000000000 ]
}

@test "the command is the foreground process group of its terminal" {
	run timeout 30 script -qefc \
		"unshare -pf --mount-proc setsid -cw '$B/ctr-init' -- sh -c 'ps -o pid=,pgid=,tpgid= -p \$\$'" /dev/null
	# shellcheck disable=SC2046
	set -- $(tr -d '\r' <<<"$output")
	[ "$1" = "$2" ]
	[ "$2" = "$3" ]
}

@test "ctrl-c reaches the command" {
	on_screen() { grep -qs "^$1" "$D/screen"; }
	run timeout 60 script -qefc "unshare -pf --mount-proc '$B/ctr-init' -- sh -c \
		'trap \"echo caught; exit 6\" INT; echo go; sleep 600 & wait'" "$D/screen" \
		< <(until_true "it is ready" on_screen go; printf '\003'; until_true "it has it" on_screen '.*caught')
	[[ $output == *caught* ]]
}
