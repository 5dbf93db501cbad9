# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034
# The supervisor with pipes: status, log, clients, limits.

bats_require_minimum_version 1.5.0
load supervisor_lib

setup_file() { supervisor_build; }
setup() { supervisor_setup; }
teardown() { supervisor_teardown; }

@test "the exit status and the time of the end are recorded" {
	local began ns
	began=$(date +%s)
	start pipe 'exit 7'
	ended 7
	[ "$(wc -l <"$D/exit")" -eq 2 ]
	ns=$(sed -n 2p "$D/exit")
	[ $((ns / 1000000000)) -ge "$began" ]
	[ $((ns / 1000000000)) -le "$(date +%s)" ]
}

@test "death by a signal is 128 and its number" {
	start pipe 'kill -KILL $$'
	ended 137
}

@test "cleanup runs last, holds the lock, nothing else, and has default signals" {
	CLEANUP="exec >$D/cleaned 2>&1; head -n1 $D/exit; flock -n $D/lock true || echo locked
		readlink /proc/\$\$/fd/\$1; ls /proc/\$\$/fd | wc -l; pwd; sed -n 's/SigIgn:.//p' /proc/self/status"
	start pipe 'exit 3'
	ended 3
	# 0, 1, 2, the lock, and the copy of stdout that sh makes
	run cat "$D/cleaned"
	[ "${lines[0]}" = 3 ]
	[ "${lines[1]}" = locked ]
	[ "${lines[2]}" = "$D/lock" ]
	[ "${lines[3]}" -le 5 ]
	[ "${lines[4]}" = / ]
	[ "${lines[5]}" = 0000000000000000 ]
	flock -n "$D/lock" true
}

@test "lines of both streams are logged in the CRI form" {
	start pipe 'echo one; echo two >&2; echo; printf end'
	ended 0
	[ "$(grep -cE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z std(out|err) [FP] ' "$D/log")" -eq 4 ]
	[ "$(grep -c ' stdout F one$' "$D/log")" -eq 1 ]
	[ "$(grep -c ' stderr F two$' "$D/log")" -eq 1 ]
	[ "$(grep -c ' stdout F $' "$D/log")" -eq 1 ]
	[ "$(grep -c ' stdout P end$' "$D/log")" -eq 1 ]
}

@test "a piece of a line is logged after a second, and its rest as the rest" {
	start pipe 'printf prompt; allowed; echo done'
	until_true "the piece is logged" logged ' stdout P prompt$'
	allow
	ended 0
	logged ' stdout F done$'
}

@test "a long line is split into bounded records and nothing of it is lost" {
	start pipe 'head -c 10000 /dev/zero | tr "\0" x; echo'
	ended 0
	[ "$(grep -c ' stdout P ' "$D/log")" -ge 4 ]
	[ "$(awk '{ if (length($0) > 2100) n++ } END { print n + 0 }' "$D/log")" -eq 0 ]
	[ "$(cut -d' ' -f4- "$D/log" | tr -d '\n' | wc -c)" -eq 10000 ]
}

@test "the log is rotated and never exceeds twice its limit" {
	start pipe 'seq 100000'
	ended 0
	[ "$(stat -c %s "$D/log")" -le 65536 ]
	[ "$(stat -c %s "$D/log.1")" -le 65536 ]
	[ "$(stat -c %s "$D/log.1")" -gt 32768 ]
	[ "$(tail -n1 "$D/log" | cut -d' ' -f4)" = 100000 ]
	# no gap where one file ends and the other begins
	[ $(($(head -n1 "$D/log" | cut -d' ' -f4) - $(tail -n1 "$D/log.1" | cut -d' ' -f4))) -eq 1 ]
}

sum() { awk '{ n += $1 } END { print n }'; }

@test "a full disk loses records, says so later, and does not stop the container" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small tmpfs"
	mkdir "$D/small"
	mount -t tmpfs -o size=64k tmpfs "$D/small"
	D=$D/small
	head -c 28672 /dev/zero >"$D/ballast"
	# There is room again once all of it has been taken.
	cat >"$D/../taken.py" <<-'END'
		import fcntl, struct, termios, time
		while struct.unpack("i", fcntl.ioctl(1, termios.FIONREAD, bytes(4)))[0]:
		    time.sleep(.05)
	END
	start pipe "seq 2000; python3 $D/../taken.py; rm $D/ballast; echo after"
	ended 0
	logged 'stderr F \[ctr-supervisor: [0-9]* records could not be written\]$'
	logged ' stdout F after$'
	run ! grep -qvE '^[0-9TZ:.-]+ std(out|err) [FP] ' "$D/log"
	# every record is there or counted
	local kept lost
	kept=$(cat "$D"/log* | grep -cE ' stdout F [0-9]+$')
	lost=$(sed -n 's/.*ctr-supervisor: \([0-9]*\) rec.*/\1/p' "$D/log" | sum)
	[ $((kept + lost)) -eq 2000 ]
}

# skipped: how many bytes the log says it has not.
skipped() { sed -n 's/.*ctr-supervisor: \([0-9]*\) bytes above.*/\1/p' "$D"/log* | sum; }

@test "what comes faster than the log's rate is counted, whole lines of it, and the rest is there" {
	LOG_MAX=1000000
	LOG_RATE=20000 start pipe 'seq 200000; until grep -q above '"$D/log*"'; do sleep .1; done; echo after; exit 3'
	ended 3
	logged ' stdout F after$'
	run ! grep -hvE '^[0-9TZ:.-]+ stdout F ([0-9]+|after)$|ctr-supervisor: [0-9]+ bytes above --log-rate are not here\]$' "$D"/log*
	# every byte is there or counted: 1288895 of seq
	local kept
	kept=$(cat "$D"/log* | grep -hE ' stdout F [0-9]+$' | cut -d' ' -f4 | wc -c)
	echo "kept $kept, skipped $(skipped)"
	[ $((kept + $(skipped))) -eq 1288895 ]
	[ "$(cat "$D"/log* | wc -c)" -le 1500000 ]
}

@test "the last lines are in the log however fast they came: at the end, before a pause, of both streams" {
	LOG_RATE=1000 start pipe 'seq 200000; echo last >&2; seq 200001 400000'
	ended 0
	[ "$(grep -h ' stdout ' "$D/log" | tail -n1 | cut -d' ' -f4)" = 400000 ]
	logged ' stderr F last$'
	# whole lines without a gap, behind the number of bytes that are missing
	sed -n '/ above --log-rate /,$p' "$D/log" | grep ' stdout ' | cut -d' ' -f4 >"$D/tail"
	[ "$(wc -l <"$D/tail")" -ge 200 ]
	cmp "$D/tail" <(seq "$(head -n1 "$D/tail")" 400000)
	LOG_RATE=100000 start pipe 'seq 200000; logged " stdout F 200000$"; echo after'
	ended 0
	[ "$(tail -n1 "$D/log" | cut -d' ' -f4)" = after ]
}

@test "of lines with nothing in them no more is kept than of others" {
	LOG_RATE=1000 start pipe 'yes "" | head -n 500000; echo over'
	ended 0
	logged ' stdout F over$'
	[ "$(sed -n '/ above --log-rate /,$p' "$D/log" | wc -c)" -le 20000 ]
}

@test "a last line that is not ended is in the log, however fast it came" {
	LOG_RATE=1000 start pipe 'seq 200000; printf "and then"'
	ended 0
	logged ' stdout P and then$'
}

@test "a line that is half above the rate is not there at all; the end of the container tells what is missing" {
	LOG_RATE=1000 start pipe 'head -c 300000 /dev/zero | tr "\0" x; echo; echo short'
	ended 0
	logged ' stdout F short$'
	[ $(($(grep -h ' stdout ' "$D"/log* | cut -d' ' -f4 | tr -d '\n' | wc -c) + $(skipped))) -ge 300006 ]
	run ! grep -h 'stdout F x' "$D"/log*
}

@test "a client has all of what is above the log's rate" {
	LOG_RATE=1000 start pipe 'attached 1; seq 300000'
	client pipe </dev/null 2>"$D/how" >"$D/got"
	ended 0
	cmp "$D/got" <(seq 300000)
	[ "$(cat "$D/how")" = "exited 0" ]
	[ "$(skipped)" -gt 1000000 ]
}

@test "what it does for a container is a twentieth of a CPU, after a while" {
	local flood began worked elapsed
	for flood in 'exec yes ""' 'while :; do printf x; done' 'exec awk "BEGIN { while (1) { printf \"x\"; fflush() } }"'; do
		began=${EPOCHREALTIME/./}
		LOG_RATE=1000000 start pipe "$flood"
		sleep 4
		worked=$(awk '{ print $14 + $15 }' "/proc/$SUPERVISOR/stat")
		elapsed=$((${EPOCHREALTIME/./} - began))
		echo "$flood: $worked ticks in $((elapsed / 1000)) ms"
		[ $((worked * 10000)) -le $((elapsed / 15 + 500000)) ]
		kill -KILL "$(cat "$D/pid")"
		ended 137
		rm "$D"/log* "$D/pid"
	done
}

@test "many small lines, each written by itself, are all logged as long as they are within the rate" {
	cat >"$D/chatty.py" <<-'END'
		import os, time
		began = time.monotonic()
		for i in range(100000):
		    os.write(1, b"%d\n" % i)
		    while i > (time.monotonic() - began) * 16000: time.sleep(.0001)
	END
	LOG_MAX=10000000
	LOG_RATE=1048576 start pipe "exec python3 $D/chatty.py"
	ended 0
	cmp <(cut -d' ' -f4 "$D/log") <(seq 0 99999)
}

@test "a client that asks for it is waited for as long as it wants" {
	start pipe 'attached 2; seq 100000; exit 5'
	"$BIN/supervisor_client" "$D" slow 3 >"$D/slow" 3>&- &
	local slow=$!
	run timeout 60 "$BIN/supervisor_client" "$D" slow 0
	[ "$(tail -n1 <<<"$output")" = "exited 5" ]
	wait "$slow"
	[ "$(tail -n1 "$D/slow")" = "exited 5" ]
	[ "$(grep -c '^[0-9]*$' "$D/slow")" -eq 100000 ]
	ended 5
}

@test "a client gets output of both streams and the status" {
	start pipe 'read -r x; echo "got $x"; logged "got hello"; echo e >&2; exit 5'
	run client pipe <<<hello
	[ "$output" = $'got hello\ne\nexited 5' ]
	ended 5
}

@test "the end of input reaches the container" {
	start pipe 'cat; echo over'
	run client pipe < <(seq 20000)
	[ "$(tail -n3 <<<"$output" | tr '\n' ' ')" = "20000 over exited 0 " ]
	[ "${#lines[@]}" -eq 20002 ]
	ended 0
}

@test "a second client sees what comes after it attached; the first is not disturbed" {
	start pipe 'attached 1; echo line 1; attached 2; echo line 5'
	client pipe </dev/null >"$D/a" 2>&1 3>&- &
	local a=$!
	until_true "the first line" logged 'line 1'
	client raw ix >"$D/b"
	wait "$a"
	[ "$(tail -n1 "$D/a")" = "exited 0" ]
	grep -q 'line 5' "$D/a"
	grep -q 'line 5' "$D/b"
	run ! grep -q 'line 1' "$D/b"
	ended 0
}

@test "a client that never reads is dropped, and neither container nor others wait for it" {
	start pipe 'attached 2; seq 100000; echo end >&2'
	"$BIN/supervisor_client" "$D" stuck 1000 3>&- &
	local stuck=$!
	run timeout 60 "$BIN/supervisor_client" "$D" pipe </dev/null
	[ "$(tail -n1 <<<"$output")" = "exited 0" ]
	grep -qx 100000 <<<"$output"
	ended 0
	kill "$stuck"
}

@test "a client that never reads, and asks for four seconds, is let go of then, not earlier" {
	start pipe 'attached 1; sleep 1; date +%s%N >'"$D/began"'; seq 60000; date +%s%N >'"$D/ended"'; allowed'
	"$BIN/supervisor_client" "$D" stuck 1000 4 3>&- &
	local stuck=$! took
	until_true "it has written all" test -s "$D/ended"
	took=$((($(cat "$D/ended") - $(cat "$D/began")) / 1000000))
	echo "$took ms"
	[ "$took" -ge 3500 ]
	[ "$took" -le $((4000 + 4000 * ${TEST_PATIENCE:-1})) ]
	until_true "it is let go of" clients 0
	kill -0 "$stuck"
	kill "$stuck"
	allow
	ended 0
}

@test "the ninth client is refused, and a place is free again when one leaves" {
	start pipe 'allowed; attached 8'
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		"$BIN/supervisor_client" "$D" stuck 1000 3>&- &
		pids+=($!)
	done
	until_true "eight are attached" clients 8
	run client pipe </dev/null
	[ "$output" = "supervisor_client: cannot attach: too many clients are attached already" ]
	kill "${pids[0]}"
	until_true "one has left" clients 7
	allow
	run client pipe </dev/null
	[ "$output" = "exited 0" ]
	kill "${pids[@]:1}"
	ended 0
}

@test "a message of unknown kind drops only its sender" {
	start pipe 'allowed; echo fine'
	run client raw '?'
	[ -z "$output" ]
	allow
	ended 0
	logged ' stdout F fine$'
}

@test "input that nobody reads stops nothing" {
	start pipe 'attached 1; sleep 1; echo still here; exit 4'
	run client pipe < <(head -c 500000 /dev/zero)
	[ "$output" = $'still here\nexited 4' ]
	ended 4
}

@test "a flood reaches a client that reads whole" {
	start pipe 'read -r x; head -c 50000000 /dev/zero'
	client pipe <<<go 2>"$D/how" | wc -c >"$D/count"
	ended 0
	[ "$(cat "$D/count")" -eq 50000000 ]
	[ "$(cat "$D/how")" = "exited 0" ]
}

@test "the timeout kills" {
	TIMEOUT=700000000
	start pipe 'exec sleep 600'
	ended 124
}

@test "a process that outlives the payload and holds its pipes does not delay the end" {
	start pipe 'sleep 600 & echo "$!"; exit 2'
	ended 2
	kill "$(cut -d' ' -f4 "$D/log")"
}

@test "signals other than SIGKILL do nothing to the supervisor" {
	start pipe 'allowed; exit 6'
	# The last of them is ignored last.
	until_true "it ignores them" grep -q '^SigIgn:.[89a-f]' "/proc/$SUPERVISOR/status"
	local s
	for s in HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP 34 64; do kill -"$s" "$SUPERVISOR"; done
	allow
	ended 6
	[ "$(cat "$D/cleaned")" = cleaned ]
}

@test "it is small, in its own session, and away from its caller's files" {
	start pipe 'seq 1000; allowed'
	until_true "it has logged" logged ' stdout F 1000$'
	local private
	private=$(awk '/^Private/ { n += $2 } END { print n }' "/proc/$SUPERVISOR/smaps_rollup")
	echo "private: $private kB"
	[ "$private" -le 100 ]
	[ "$(readlink "/proc/$SUPERVISOR/cwd")" = / ]
	[ "$(readlink "/proc/$SUPERVISOR/fd/1")" = /dev/null ]
	[ "$(cut -d' ' -f6 "/proc/$SUPERVISOR/stat")" = "$SUPERVISOR" ]
	allow
	ended 0
}

@test "wrong arguments are refused in one line" {
	run "$B/ctr-supervisor" --pid 1x
	[ "$status" -eq 125 ]
	[ "$output" = "ctr-supervisor: --pid: needs a number" ]
	run "$B/ctr-supervisor" --pidfd 99
	[ "$output" = "ctr-supervisor: --pidfd: is not an open descriptor above 2" ]
	run "$B/ctr-supervisor" --nonsense 1
	[ "$output" = "ctr-supervisor: --nonsense: unknown option" ]
	run "$B/ctr-supervisor"
	[ "$output" = "ctr-supervisor: --pid: is missing" ]
}
