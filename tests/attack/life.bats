#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Records, signals, races and words of a container that fights.
load attack

setup_file() {
	attack_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { attack_setup; }
teardown() { attack_teardown; }

# bystander: a process of the host's that nobody may signal; its pid is in $BYSTANDER. The kernel tells starts
# in hundredths of a second, and no pid comes again within one: what starts next is in another.
bystander() {
	sleep 1000 3>&- &
	BYSTANDER=$!
	CONTROLS="${CONTROLS:-} $!"
	sleep .1
}

# misdirect RECORD: names the bystander, whose start is another.
misdirect() {
	sed -i -E "s/\"pid\":[0-9]+/\"pid\":$BYSTANDER/" "$1"
	grep -q "\"pid\":$BYSTANDER" "$1"
}

@test "a record names a process that is somebody else's by now" {
	local pid verb
	bystander
	for verb in kill stop 'rm -f' gc pause exec; do
		started stale -- sleep 1000
		pid=$(payload stale)
		misdirect "$CTR_STATE/stale/record.json"
		case $verb in
		exec) timeout 5 ctr exec stale true || : ;;
		gc) timeout 5 ctr gc || : ;;
		*) timeout 10 ctr $verb stale > /dev/null 2>&1 || : ;; # stop waits for the holder of the claim
		esac
		held alive "$BYSTANDER"
		[ ! -e "$CTR_ROOT/containers/stale" ] || timeout 30 ctr rm -f stale
		held alive "$BYSTANDER"
		until_true "$verb: the payload is gone" not alive "$pid"
	done
	for verb in 'kill oci-a KILL' 'kill --all oci-a KILL' 'pause oci-a' 'exec oci-a true' 'delete oci-a' 'delete --force oci-a'; do
		bundle '.process.args = ["sleep", "1000"]'
		create oci-a
		oci start oci-a
		pid=$(oci state oci-a | jq .pid)
		misdirect "$OCI_ROOT/oci-a/record.json"
		# shellcheck disable=SC2086
		timeout 30 ctr-oci --root "$OCI_ROOT" $verb > /dev/null 2>&1 || :
		held alive "$BYSTANDER"
		oci delete --force oci-a
		held alive "$BYSTANDER"
		until_true "$verb: the payload is gone" not alive "$pid"
	done
	naive kill "$BYSTANDER" 9
	control_fell until_true "it is killed" not alive "$BYSTANDER"
}

# winners N COMMAND...: how many of N at once succeed.
winners() {
	local n=$1 i
	shift
	rm -f won.*
	for ((i = 0; i < n; i++)); do { ! timeout 60 "$@" > "said.$i" 2>&1 3>&- || touch "won.$i"; } & done
	wait
	find . -maxdepth 1 -name 'won.*' | wc -l
}
two_claim() { rm -f file; [ "$(winners 4 "$BUILD/attack/naive" claim file)" -gt 1 ]; }

two_delete() {
	bundle '.process.args = ["sleep", "1000"]'
	oci create --bundle "$B" oci-b < /dev/null > /dev/null 2>&1
	oci start oci-b
	oci kill oci-b KILL
	until_true stopped is oci-b stopped
	[ "$(winners 6 "$BATS_FILE_TMPDIR/peer.sh" "$RT" delete oci-b)" -gt 1 ]
}

@test "two starts, two deletes: one winner" {
	local n
	for ((n = 0; n < TRIES / 30; n++)); do
		held [ "$(winners 4 ctr run -d --name one --rootfs "$FS" -- sleep 1000)" = 1 ]
		held [ "$(winners 4 ctr rm one)" = 0 ]
		held [ "$(winners 4 ctr exec one true)" = 4 ]
		ctr stop -t 0 one > /dev/null
		held [ "$(winners 4 ctr rm one)" = 1 ]
		bundle '.process.args = ["sleep", "1000"]'
		held [ "$(winners 4 ctr-oci --root "$OCI_ROOT" create --bundle "$B" oci-a)" = 1 ]
		held [ "$(winners 4 ctr-oci --root "$OCI_ROOT" start oci-a)" = 1 ]
		held [ "$(winners 4 ctr-oci --root "$OCI_ROOT" delete oci-a)" = 0 ]
		oci kill oci-a KILL
		until_true stopped is oci-a stopped
		held [ "$(winners 4 ctr-oci --root "$OCI_ROOT" delete oci-a)" = 1 ]
	done
	control_fell until_true "two win" two_claim
	falls runc until_true "two delete it" two_delete
}

# within SECONDS COMMAND...
within() { timeout "$@" > said 2>&1 || { [ $? -ne 124 ] || { echo "hangs: $*" >&2; return 1; }; }; }

calm() { [ -z "$(processes)" ]; }

@test "a payload that forks, stops itself and minds no signal holds nobody up" {
	local oci="ctr-oci --root $OCI_ROOT"
	bundle '.process.args = ["inside", "storm"]'
	create oci-a
	oci start oci-a
	until_true "the storm is up" grep -q storming "$B/out"
	held within 60 $oci kill oci-a TERM
	held within 60 $oci kill --all oci-a TERM
	held within 60 $oci pause oci-a
	held within 60 $oci ps oci-a
	held within 60 $oci exec oci-a true
	held within 60 $oci resume oci-a
	held within 60 $oci pause oci-a
	held within 60 $oci delete --force oci-a
	run ! oci state oci-a
	started storm -- inside storm
	until_true "the storm is up" logged storm storming
	held within 60 ctr kill -s TERM storm
	held within 60 ctr pause storm
	held within 60 ctr exec storm true
	held within 60 ctr unpause storm
	held within 60 ctr stop -t 1 storm
	held within 60 ctr rm storm
	started storm -- inside storm
	held within 60 ctr rm -f storm
	until_true "nobody of it is left" calm
	bystander
	kill -STOP "$BYSTANDER"
	control_fell not within 2 "$BUILD/attack/naive" stop "$BYSTANDER"
}

# stays_in: an exec does not end when it is told to, and what is stopped is still the runtime itself.
stays_in() {
	local status n
	for ((n = 0; n < 100; n++)); do
		status=0
		command timeout -k 2 -s INT 1 "$BATS_FILE_TMPDIR/peer.sh" "$RT" exec oci-a true < /dev/null > /dev/null 2>&1 3>&- || status=$?
		# shellcheck disable=SC2046
		[ $status -ne 137 ] || ! grep -qs "^$RT" $(sed 's,.*,/proc/&/comm,' "$(rt_group)/cgroup.procs") || return 0
	done
	return 1
}

@test "whoever comes in is stopped: that can be given up, and what has happened be removed" {
	local n peer
	started freezer --cap-add KILL -- inside freeze
	bundle '.process.args = ["inside", "freeze"]'
	create oci-a
	oci start oci-a
	# One that is stopped before its exec is given up, later on the signal is the payload's.
	for ((n = 0; n < 4; n++)); do
		command timeout -k 2 -s INT 1 ctr exec freezer true < /dev/null > /dev/null 2>> gave-up 3>&- || :
		command timeout -k 2 -s INT 1 ctr-oci --root "$OCI_ROOT" exec oci-a true < /dev/null > /dev/null 2>> gave-up 3>&- || :
	done
	[ "$(grep -vc "interrupted while the container's process was starting" gave-up)" -eq 0 ]
	held within 60 ctr rm -f freezer
	held within 60 ctr-oci --root "$OCI_ROOT" delete --force oci-a
	bystander
	kill -STOP "$BYSTANDER"
	control_fell not within 2 "$BUILD/attack/naive" stop "$BYSTANDER"
	# It takes its time, and luck: not in a short run.
	[ "$TRIES" -ge 1000 ] || return 0
	for peer in runc crun; do
		bundle '.process.args = ["inside", "freeze"]'
		RT=$peer create oci-a
		RT=$peer peer start oci-a
		falls $peer stays_in
	done
}

raw() { grep -qE $'\e|\a|\r' "$@"; }

run_says_raw() { peer --log said run --bundle "$B" oci-a 2>&1 | raw -; }

@test "what hooks, processes and configurations say does not reach a terminal raw" {
	local evil=$'\e]0;owned\a\e[2J\rnext' evil_name
	evil_name=".process.args = [\"/$(jq -Rn --arg s "$evil" '$s' | sed 's/^"//; s/"$//')\"]"
	local evil_hook=".process.args = [\"true\"] | .hooks.createRuntime = [{path: \"/bin/sh\",
		args: [\"sh\", \"-c\", \"printf '\\\\033]0;owned\\\\a\\\\033[2J\\\\rmore\\n' >&2; exit 1\"]}]"
	bundle "$evil_hook"
	run ! timeout 20 ctr-oci --root "$OCI_ROOT" --log "$PWD/log" --log-format json run --bundle "$B" oci-a < /dev/null
	[[ $output =~ owned ]]
	held not raw <<< "$output"
	held not raw log
	[ "$(jq -s length log)" -eq 1 ]
	bundle "$evil_name"
	run ! timeout 20 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a < /dev/null
	held not raw <<< "$output"
	printf '#!%s\n' "$evil" > "$FS/bin/evil"
	chmod 755 "$FS/bin/evil"
	run ! timeout 20 ctr run --rm --rootfs "$FS" -- evil
	held not raw <<< "$output"
	rm "$FS/bin/evil"
	started named -l "x=$evil" -- sh -c 'printf "x\033[2J" > /proc/self/comm; while :; do sleep 100; done'$'# \e[2J'
	ctr ps > shown
	ctr inspect named >> shown
	held not raw shown
	bundle '.process.args = ["sh", "-c", "printf \"x\\033[2J\" > /proc/self/comm; echo up; while :; do sleep 100; done"]'
	create oci-a
	oci start oci-a
	until_true "it is up" grep -q up "$B/out"
	oci ps oci-a > shown
	oci list >> shown
	held not raw shown
	control_fell raw "/proc/$(oci state oci-a | jq .pid)/comm"
	ctr rm -f named
	bundle "$evil_name"
	falls crun run_says_raw
	bundle "$evil_hook"
	falls runc run_says_raw
}

@test "console output: nothing in it is taken for the log's own, and it comes back as it was" {
	head -c 300000 /dev/urandom > bytes
	printf '\n{"time":"2020-01-01T00:00:00Z","stream":"stderr","log":"forged"}\n\0\377\n' >> bytes
	cat bytes > forged
	timeout 60 ctr run --rm --rootfs "$FS" -i -- cat < bytes > through
	held cmp bytes through
	started loud -v "$PWD/bytes:/bytes:ro" -- cat /bytes
	timeout 30 ctr wait loud > /dev/null
	ctr logs loud > logged
	held cmp bytes logged
	[ "$(ctr logs loud 2>&1 > /dev/null | wc -c)" -eq 0 ]
	ctr rm loud
	# A line without an end, at a terminal that is closed meanwhile.
	started endless -t -- sh -c 'while :; do printf "%1000s"; done'
	sleep 1
	[ "$(stat -c %s "$CTR_ROOT"/containers/endless/log* | awk '{s += $1} END {print (s < 200000000)}')" = 1 ]
	held within 60 ctr rm -f endless
	# A log of lines of JSON that are put together by hand is what one forges.
	while IFS= read -r line; do echo "{\"log\":\"$line\"}"; done < <(printf 'x"}\n","level":"forged\n') > naive.log 2> /dev/null
	control_fell [ "$(jq -r .level < <(grep forged naive.log))" = forged ]
}

# What the process has written, in MiB, and its CPU time, in hundredths of a second.
wrote() { awk '/^wchar/ { print int($2 / 1048576) }' "/proc/$1/io"; }
worked() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# floods PID: within three seconds it has written more than 8 MiB, or had more than half of a CPU.
floods() {
	local wrote worked began=$EPOCHREALTIME elapsed
	wrote=$(wrote "$1") worked=$(worked "$1")
	sleep 3
	wrote=$(($(wrote "$1") - wrote)) worked=$(($(worked "$1") - worked))
	elapsed=$((${EPOCHREALTIME/./} - ${began/./}))
	echo "in $((elapsed / 1000)) ms: $wrote MiB, $worked ticks" >&2
	[ $wrote -gt 8 ] || [ $((worked * 10000 * 2)) -gt $elapsed ]
}

@test "a flood of output makes whoever logs it work and write without bound" {
	local how
	for how in "" -t; do
		# shellcheck disable=SC2086
		started flood --log-max-size 64k $how -- sh -c 'exec yes ""'
		held not floods "$(supervisor flood)"
		ctr rm -f flood
	done
	# One byte at a time, each of which wakes the reader.
	started flood --log-max-size 64k -- sh -c 'exec awk "BEGIN { while (1) { printf \"x\"; fflush() } }"'
	held not floods "$(supervisor flood)"
	ctr rm -f flood
	# A logger without a bound.
	python3 -c '
import os, time
log = open("control.log", "wb")
while True:
    for line in os.read(0, 65536).split(b"\n"):
        log.write(b"%.9f stdout F %s\n" % (time.time(), line))
        if log.tell() > 1 << 24: log.seek(0)' < <(exec "$FS/bin/busybox" yes "") 3>&- &
	CONTROLS="${CONTROLS:-} $!"
	control_fell until_true "it floods" floods $!
}
