# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Containers in the background: from run -d to rm, and when their keepers are killed.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# stop_handler NAME: a container that minds TERM.
stop_handler() {
	started "$1" "${@:2}" -- sh -c 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged "$1" ready
}

@test "run -d prints the id and comes back while the container runs" {
	run -0 ctr run -d --name bg --rootfs "$FS" -- sleep 60
	[[ "$output" =~ ^[0-9a-f]{64}$ ]]
	kill -0 "$(payload bg)"
	[ "$(ctr inspect bg | jq '.[0].supervised')" = true ]
	not grep 'no supervisor' <(ctr ps)
	# The beginning of the id will do for a name.
	[ "$(ctr exec "${output:0:12}" echo hi)" = hi ]
	[ "$(ctr exec bg hostname)" = "${output:0:12}" ]
	ctr rm -f bg
}

@test "run -d with all that a supervisor can be told" {
	started all -i --timeout 600 --log-rate 0 --log-max-size 64k -- sh -c 'echo up; exec sleep 600'
	until_true "it is logged" logged all up
	until_true "it has a guard" guarded all
	grep -aqz -- --timeout-ns "/proc/$(supervisor all)/cmdline"
	ctr rm -f all
}

@test "run -d that cannot say the id leaves nothing" {
	refused_output() {
		local status=0
		"$@" 2> said || status=$?
		cat said >&2
		[ "$status" -eq 125 ]
		grep -q '^ctr: run: .* was ended and removed, as its id could not be written: ' said
		[ -z "$(containers)" ]
	}
	refused_output ctr run -d --name unsaid --rootfs "$FS" -- sleep 600 > /dev/full
	refused_output ctr run -d --rm --rootfs "$FS" -- sleep 600 > /dev/full
}

@test "a command whose reader has had enough ends in silence, as others do" {
	started many -- seq 2000
	[ "$(ctr wait many)" = 0 ]
	mkfifo pipe
	local words status
	for words in "logs many" "ps -a" "inspect many" info check "stats --no-stream"; do
		exec 5<> pipe 6> pipe 5<&-
		status=0
		# shellcheck disable=SC2086
		ctr $words >&6 2> said || status=$?
		exec 6>&-
		echo "$words: $status, $(cat said)"
		[ "$status" -eq 141 ]
		[ ! -s said ]
	done
	ctr rm many
}

@test "logs -f ends when nobody reads it any more, though there is nothing to print" {
	started quiet -- sh -c 'echo one; sleep 600'
	until_true "it is logged" logged quiet one
	timeout 20 bash -c 'ctr logs -f quiet | head -n 1; [ "${PIPESTATUS[0]}" -ne 124 ]' > out
	[ "$(cat out)" = one ]
	ctr rm -f quiet
}

@test "signals that were ignored when ctr was started are ignored: nohup, and what a script has in the background" {
	local sig how
	for how in "" -t; do
		for sig in HUP INT QUIT; do
			: > out
			env --ignore-signal=$sig ctr run $how --name hard --rootfs "$FS" -- sh -c 'echo up; sleep 2; exit 5' > out 2> /dev/null &
			until_true "it runs" grep -qs up out
			kill -$sig $!
			status=0
			wait $! || status=$?
			[ "$status" -eq 5 ]
			ctr rm hard
		done
	done
	started host -- sleep 600
	: > out
	env --ignore-signal=HUP ctr exec host sh -c 'echo up; sleep 1; exit 6' > out &
	until_true "it runs" grep -qs up out
	kill -HUP $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 6 ]
	ctr rm -f host
}

@test "run -d says why when the command cannot be run, and leaves nothing" {
	refused 127 nosuch ctr run -d --name never --rootfs "$FS" -- nosuch
	refused 126 /etc ctr run -d --name never --rootfs "$FS" -- /etc
	[ -z "$(containers)" ]
}

@test "run -d holds no descriptor of the shell that started it" {
	run -0 timeout 60 bash -c 'out=$(ctr run -d --name free --rootfs "$FS" -- sleep 600); [ ${#out} -eq 64 ]'
	ctr rm -f free
}

@test "run -d, -t too, holds no lock of the shell that started it, and is not in its group" {
	local group=${GROUPS_AT%/*}/caller-$BATS_ROOT_PID how
	mkdir "$group"
	for how in -- -t; do
		(
			echo "$BASHPID" > "$group/cgroup.procs"
			flock 9
			ctr run -d --name free --rootfs "$FS" $how sleep 600
		) 9> lock > id
		flock -n lock true
		[ ! -s "$group/cgroup.procs" ]
		[ "$(sort -u < <(for p in $(supervisors free); do cat "/proc/$p/cgroup"; done) | sed -n 's/^0:://p')" = /ctr/supervisors ]
		ctr rm -f free
	done
	rmdir "$group"
}

@test "stop sends TERM and waits; the handler's status is kept" {
	stop_handler polite
	run -0 ctr stop polite
	[ "$output" = polite ]
	[ "$(ctr wait polite)" = 3 ]
	logged polite bye
	refused 125 'not running' ctr kill polite
	ctr stop polite
	ctr rm polite
}

@test "stop -t kills what does not listen" {
	started deaf --stop-timeout 1000 -- sh -c 'trap "" TERM; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged deaf ready
	timeout 60 ctr stop -t 1 deaf
	[ "$(ctr wait deaf)" = 137 ]
	ctr rm deaf
}

@test "ctr run --init in front passes signals on, also while it waits for one" {
	ctr run --rm --init --rootfs "$FS" -- sh -c 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep .05; done' > out 3>&- &
	until_true "it is ready" grep -q ready out
	kill -TERM $!
	wait $! && status=0 || status=$?
	[ "$status" = 3 ]
	grep -q bye out
}

@test "a signal that the first process shrugs off: stop and kill say so, at once" {
	started shrugs -- sleep 600
	run -0 ctr kill -s TERM shrugs
	[[ "${lines[0]}" = "ctr: warning: shrugs has no handler for SIGTERM, "*--init* && "${lines[1]}" = shrugs ]]
	run -0 ctr kill -s WINCH shrugs
	[ "$output" = shrugs ]
	run timeout 2 ctr stop -t -1 shrugs
	[[ "$output" = *"SIGTERM, "*"ctr kill"* ]]
	run -0 ctr stop -t 1 shrugs
	[[ "${lines[0]}" = "ctr: warning: shrugs has no handler for SIGTERM, "*"killed after the wait"* && "${lines[1]}" = shrugs ]]
	ctr rm shrugs
	# Not of what has a handler, ignores it, or is killed at once.
	started minds --init -- sleep 600
	run -0 ctr stop minds
	[ "$output" = minds ]
	started ignores -- sh -c 'trap "" TERM; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged ignores ready
	run -0 ctr kill -s TERM ignores
	[ "$output" = ignores ]
	run -0 ctr stop -t 0 ignores
	[ "$output" = ignores ]
	ctr rm minds ignores
}

@test "--stop-signal and --stop-timeout are the defaults of stop" {
	started usr --stop-signal USR1 -- sh -c 'trap "exit 5" USR1; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged usr ready
	ctr stop usr
	[ "$(ctr wait usr)" = 5 ]
	# A program that minds nothing, in less than the usual ten seconds; once is enough.
	for try in 1 2 3; do
		started short --stop-timeout 0 -- sleep 60
		t=$SECONDS
		ctr stop short
		t=$((SECONDS - t))
		ctr rm short
		[ $t -gt $((5 * TEST_PATIENCE)) ] || break
	done
	[ $t -le $((5 * TEST_PATIENCE)) ]
	ctr rm usr
}

@test "kill: KILL by default, any signal with -s" {
	started killed -- sleep 60
	ctr kill killed
	[ "$(ctr wait killed)" = 137 ]
	started hup -- sh -c 'trap "exit 9" HUP; echo ready; while :; do sleep .05; done'
	until_true "it is ready" logged hup ready
	# Whether it runs.
	for no in 0 00; do [ "$(ctr kill -s $no hup)" = hup ]; done
	refused 125 'not running' ctr kill -s 0 killed
	refused 125 "'0' is not a signal" ctr stop -s 0 hup
	ctr kill -s HUP hup
	[ "$(ctr wait hup)" = 9 ]
	refused 125 "NOSUCH" ctr kill -s NOSUCH hup
	ctr rm killed hup
}

@test "rm refuses a running container, rm -f kills it" {
	started busy -- sleep 60
	refused 125 'busy.*running' ctr rm busy
	hinted 'ctr rm -f busy'
	kill -0 "$(payload busy)"
	pid=$(payload busy)
	[ "$(ctr rm -f busy)" = busy ]
	not alive "$pid"
	refused 125 'no container busy' ctr rm busy
	[ -z "$(containers)" ]
}

@test "several at once: one that fails does not stop the others" {
	started one -- sleep 60
	started two -- sleep 60
	run --separate-stderr -125 ctr rm -f one nosuch two
	[ "$output" = $'one\ntwo' ]
	[ "${stderr_lines[0]}" = 'ctr: rm: no container nosuch' ]
	[ -z "$(containers)" ]
}

@test "several at once: whichever fails, each says the same as alone" {
	for command in stop kill rm pause resume wait inspect; do
		run --separate-stderr -125 ctr $command no1 no2
		[ "$(grep -v '^hint: ' <<< "$stderr" | sort)" = "ctr: $command: no container no1
ctr: $command: no container no2" ]
		run --separate-stderr -125 ctr $command no1
		[ "${stderr_lines[0]}" = "ctr: $command: no container no1" ]
	done
	started four -- sh -c 'exit 4'
	run --separate-stderr -125 ctr wait nosuch four
	[ "$output" = 4 ]
	ctr rm four
}

@test "wait prints the status, for those who ended and those who will" {
	started early -- sh -c 'exit 4'
	started late -- sh -c 'sleep .5; exit 6'
	run -0 ctr wait early late
	[ "$output" = $'4\n6' ]
	# It is kept as long as the container is.
	[ "$(ctr wait late)" = 6 ]
	[ "$(ctr wait late)" = 6 ]
	ctr rm early late
	refused 125 'no container late' ctr wait late
}

@test "wait and --rm: whoever waits gets the status" {
	ctr run -d --rm --name brief --rootfs "$FS" -- sh -c 'sleep .5; exit 8' > /dev/null
	[ "$(ctr wait brief)" = 8 ]
	until_true "it is gone" test ! -e "$CTR_ROOT/containers/brief"
}

@test "wait and --rm: who comes too late gets the status, too, by the name for a minute" {
	local i id
	for i in {1..10}; do
		id=$(ctr run -d --rm --name quick --rootfs "$FS" -- sh -c "exit $i")
		[ "$(ctr wait quick)" = "$i" ]
	done
	until_true "it is gone" test ! -e "$CTR_ROOT/containers/quick"
	run -0 ctr wait "$id" quick "${id:0:12}"
	[ "$output" = $'10\n10\n10' ]
	refused 125 'no container quick' ctr wait --condition healthy quick
	# What ended long ago is another's: of that only the id tells.
	now=$(date +%s)
	sed -Ei "s/\"timeNs\":[0-9]{10}/\"timeNs\":$((now - 90))/" "$CTR_ROOT/events"
	refused 125 'no container quick' ctr wait quick
	[ "$(ctr wait "$id")" = 10 ]
	# Nor is it told of what somebody has removed, or renamed.
	ctr create --name quick --rootfs "$FS" -- true > made
	ctr rename quick other
	refused 125 'no container quick' timeout 4 ctr wait quick
	ctr rm other
	refused 125 'no container other' timeout 4 ctr wait other
}

@test "a foreground container without --rm keeps status and files" {
	status=0
	ctr run --name kept --rootfs "$FS" -- sh -c 'echo x > /made; exit 21' || status=$?
	[ "$status" -eq 21 ]
	[ "$(ctr wait kept)" = 21 ]
	[ "$(cat "$CTR_ROOT/containers/kept/upper/made")" = x ]
	ctr rm kept
}

@test "paused, it makes no progress; resumed, it goes on" {
	started clock -- sh -c 'n=0; while :; do n=$((n + 1)); echo $n > /tmp/n; done'
	count() { cat "$CTR_ROOT/containers/clock/upper/tmp/n"; }
	until_true "it counts" test -s "$CTR_ROOT/containers/clock/upper/tmp/n"
	[ "$(ctr pause clock)" = clock ]
	one=$(count)
	sleep .3
	[ "$(count)" = "$one" ]
	refused 125 'already paused' ctr pause clock
	refused 125 'clock.*paused' ctr exec clock true
	ctr resume clock
	moved() { [ "$(count)" != "$one" ]; }
	until_true "it goes on" moved
	refused 125 'not paused' ctr resume clock
	ctr pause clock
	ctr rm -f clock
}

@test "a paused container can be stopped" {
	stop_handler frozen
	ctr pause frozen
	ctr stop -t 5 frozen
	[ "$(ctr wait frozen)" = 3 ]
	ctr rm frozen
}

@test "ctr killed with KILL: the container in its foreground lives, can be stopped, and gc cleans up" {
	ctr run --rm --name orphan --rootfs "$FS" -- sleep 60 3>&- &
	pid=$!
	until_true "it runs" running orphan
	kill -KILL $pid
	wait $pid || :
	payload=$(payload orphan)
	alive "$payload"
	ctr gc
	alive "$payload"
	[ "$(ctr exec orphan echo still)" = still ]
	ctr stop -t 0 orphan
	not alive "$payload"
	ctr gc
	[ -z "$(containers)" ]
	[ -z "$(leftovers)" ]
}

@test "ctr killed with KILL: the --timeout of the container in its foreground holds all the same" {
	local name
	for name in late early; do
		ctr run --timeout 3 --name $name --rootfs "$FS" -- sh -c "echo up; [ $name = late ] && exec sleep 600; sleep 1; exit 4" > out &
		until_true "it runs" running $name
		kill -KILL $!
		wait $! || :
		alive "$(payload $name)"
		until_true "it has been released" test ! -e "$CTR_STATE/$name"
		ctr rm $name
	done
	# Those who are not killed end as ever, and leave nobody behind.
	run -124 timeout 60 ctr run --rm --timeout .5 --rootfs "$FS" -- sleep 600
	run -3 ctr run --rm --timeout 600 --rootfs "$FS" -- sh -c 'exit 3'
}

@test "ctr killed with KILL, and the container ends by itself: gc finds it" {
	mkdir told
	ctr run --rm --name short -v "$PWD/told:/told" --rootfs "$FS" -- sh -c 'until [ -e /told/go ]; do sleep .05; done' 3>&- &
	pid=$!
	until_true "it runs" running short
	payload=$(payload short)
	kill -KILL $pid
	wait $pid || :
	alive "$payload"
	touch told/go
	gone() { not alive "$payload"; }
	until_true "it has ended" gone
	[[ "$(ctr gc)" =~ "1 released" ]]
	[ -z "$(containers)" ]
	[ "$(ctr gc)" = '0 released, 0 removed' ]
}

# As long as it is dying, it still counts as one of two.
kill_and_await() {
	kill -KILL "$1"
	until_true "$1 is dead" not alive "$1"
}

# Before Linux 6.15 the status of a payload whose supervisor was killed may be reaped by others first.
status_may_be_lost() {
	local major minor
	IFS=.- read -r major minor _ < /proc/sys/kernel/osrelease
	[ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 15 ]; }
}

@test "supervisors killed one after the other: output, log, status and --rm go on" {
	started steady -- sh -c 'trap "exit 9" TERM; i=0; while :; do echo line $((i += 1)); sleep .02; done'
	# The last one at work has lost a guard, after it had been one itself.
	for n in 1 2 3 4 5; do
		until_true "there are two" guarded steady
		# The older one is at work, and in turn the one that stands by.
		kill_and_await "$(supervisors steady | sort -n | sed -n "$((n % 2 + 1))p")"
		last=$(ctr logs --tail 1 steady)
		more() { [ "$(ctr logs --tail 1 steady)" != "$last" ]; }
		until_true "the log goes on" more
	done
	until_true "there are two again" guarded steady
	kill -0 "$(payload steady)"
	# Nothing is missing but what was in the hands of who was killed.
	ctr logs steady | sed 's/line //' | awk '$1 <= n { bad = 1 } { n = $1 } END { exit bad || NR < n - 50 }'
	timeout 30 ctr stop steady
	run timeout 30 ctr wait steady
	[ "$output" = 9 ] || { status_may_be_lost && [ "$output" = "ctr: wait: nobody saw how steady ended" ]; }
	ctr rm steady
	[ -z "$(containers)" ]
}

@test "a supervisor killed under a terminal: no hang-up, and who attaches is served" {
	started screen -t --rm -- sh -c 'trap "echo hung up >&2; exit 4" HUP; echo ready; read -r x; echo "got $x"; sleep .2; exit 5'
	until_true "it is ready" logged screen ready
	until_true "there are two" guarded screen
	kill_and_await "$(supervisor screen)"
	until_true "there are two again" guarded screen
	(sleep .3; echo word; sleep 5) 3>&- | ctr attach screen > out 2>&1 3>&- &
	pid=$!
	status=0
	wait $pid || status=$?
	cat out
	[ "$status" -eq 5 ] || { status_may_be_lost && grep -q 'lost the console of screen' out; }
	grep -q 'got word' out
	not grep -q 'hung up' out
	[ -z "$(containers)" ]
}

@test "both processes of a supervisor killed: the container lives, its output is no error, and rm -f cleans up" {
	started alone -- sh -c 'echo ready; while :; do echo more || exit; echo ok > /tmp/written; sleep .05; done'
	until_true "it is ready" logged alone ready
	until_true "there are two" guarded alone
	ctr logs -f alone > /dev/null 2> told 3>&- &
	keeper=$(supervisor alone)
	[ "$(cat "/proc/$keeper/comm")" = ctr-supervisor ]
	while pkill -KILL -f -- "^ctr-supervisor .* $CTR_STATE gc --container alone "; do sleep .1; done
	sleep .2
	kill -0 "$(payload alone)"
	ctr exec alone rm -f /tmp/written
	written() { ctr exec alone test -e /tmp/written; }
	until_true "it writes" written
	ctr gc
	[ "$(ctr exec alone echo hi)" = hi ]
	ctr ps | grep 'Up .* (no supervisor)'
	[ "$(ctr inspect alone | jq '.[0].supervised')" = false ]
	run --separate-stderr -125 ctr attach alone
	[[ "${stderr_lines[0]}" == 'ctr: attach: the supervisors of alone are gone'* ]]
	hinted 'ctr stop'
	run --separate-stderr -0 ctr logs alone
	[[ "$stderr" == *'the supervisors of alone are gone'* ]]
	[[ "$output" == *ready* ]]
	until_true "who follows is told" grep -q 'the supervisors of alone are gone' told
	[ "$(wc -l < told)" -eq 1 ]
	ctr rm -f alone
	[ -z "$(containers)" ]
}

@test "the supervisor is small, and holds nothing of where it was started" {
	started small -- sleep 60
	keeper=$(supervisor small)
	[ "$(awk '/^VmRSS/ {print $2}' "/proc/$keeper/status")" -lt 1024 ]
	not grep -q "$BATS_TEST_TMPDIR" <(readlink "/proc/$keeper/cwd")
	not grep -qE 'pipe.*\b(stdout|stderr)\b' <(ls -l "/proc/$keeper/fd")
	ctr rm -f small
}

@test "thirty at once start, run and end" {
	for n in {1..30}; do
		(ctr run --rm --rootfs "$FS" -- sh -c "exit $n" 3>&- || echo $? > status.$n) &
	done
	wait
	for n in {1..30}; do
		[ "$(cat status.$n)" -eq "$n" ]
	done
	[ -z "$(containers)" ]
}

@test "thirty in the background at once, with names made up" {
	for n in {1..30}; do
		ctr run -d --rootfs "$FS" -- sleep 60 > id.$n 3>&- &
	done
	wait
	[ "$(cat id.* | sort -u | wc -l)" -eq 30 ]
	[ "$(containers | wc -l)" -eq 30 ]
	# Each has a range of ids of its own.
	[ "$(for c in $(containers); do awk '{print $2}' "/proc/$(payload "$c")/uid_map"; done | sort -u | wc -l)" -eq 30 ]
	# shellcheck disable=SC2046
	ctr rm -f $(containers) > /dev/null
	[ -z "$(containers)" ]
}

@test "gc leaves the living alone" {
	started alive -- sleep 60
	for n in {1..5}; do ctr gc; done
	kill -0 "$(payload alive)"
	ctr rm -f alive
}

# between CALL N COMMAND...: the command, held up before its Nth CALL until it is let go. The tracer is no
# parent of it: it goes on when that is killed, and its process and status are its own.
between() {
	exec strace -D -qq -o /dev/null -e trace="$1" -e inject="$1:delay_enter=600000000:when=$2" "${@:3}"
}
tracer() { sed -n 's/^TracerPid:\t//p' "/proc/$1/status"; }
let_go() { kill -KILL "$(tracer "$1")"; }
new() { compgen -G "$CTR_STATE/.new.*" > /dev/null; }

@test "a start of which gc takes the directory away before it is locked makes another" {
	between flock 1 ctr run --rm --rootfs "$FS" -- echo fine > out 2>&1 3>&- &
	until_true "it is there" new
	[ "$(ctr gc)" = '0 released, 1 removed' ]
	let_go $!
	wait $!
	[ "$(cat out)" = fine ]
}

@test "so does a removal" {
	ctr run --name taken --rootfs "$FS" -- true
	between flock 2 ctr rm taken > out 2>&1 3>&- &
	until_true "it is there" new
	ctr gc
	let_go $!
	wait $!
	[ "$(cat out)" = taken ]
}

@test "of two who remove one container, the second says that there is none" {
	ctr run --name once --rootfs "$FS" -- true
	between renameat2 1 ctr rm once > out 2>&1 3>&- &
	first=$! status=0
	until_true "it is about to" new
	between unlinkat 1 ctr rm once 3>&- &
	second=$!
	until_true "the other is at it" test -d "$CTR_STATE/once"
	let_go $first
	let_go $second
	wait $first || status=$?
	wait $second
	[ "$status" -eq 125 ]
	[ "$(head -n 1 out)" = "ctr: rm: no container once any more" ]
}

@test "pause of a container that is removed meanwhile ends, and says so" {
	[ -z "${SANITIZER_REPORT-}" ] || skip "it counts system calls, and sanitizers have some of their own"
	started brief -- sleep 60
	frozen=$(group brief)/cgroup.freeze
	between pread64 2 ctr pause brief > out 2>&1 3>&- &
	pid=$!
	until_true "it is about to look" grep -q 1 "$frozen"
	ctr rm -f brief
	let_go $pid
	until_true "it ends" not alive $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 125 ]
	[ "$(cat out)" = "ctr: pause: cannot pause brief: the container is not running" ]
}

@test "rm of one container by many at once: all end, and it is gone" {
	started wanted -- sleep 60
	for n in {1..10}; do ctr rm -f wanted > out.$n 2>&1 3>&- & done
	wait
	[ -z "$(containers)" ]
}

@test "a killed ctr is no obstacle to the next of that name" {
	ctr run --rm --name retry --rootfs "$FS" -- sleep 60 3>&- &
	pid=$!
	until_true "it runs" running retry
	group=$(group retry)
	kill -KILL $pid
	wait $pid || :
	refused 125 'retry.*in use' ctr run --rm --name retry --rootfs "$FS" -- true
	echo 1 > "$group/cgroup.kill"
	empty() { grep -q 'populated 0' "$group/cgroup.events"; }
	until_true "it is dead" empty
	[ "$(ctr run --rm --name retry --rootfs "$FS" -- echo again)" = again ]
}

@test "removing many directories reads none of them again" {
	ctr run --name wide --rootfs "$FS" -- sh -c 'mkdir /w; for i in $(seq 300); do mkdir -p /w/$i/full; done'
	strace -f -o trace -e trace=openat ctr rm wide
	[ "$(grep -c '"full"\|"[0-9]*", O_RDONLY' trace)" -ge 300 ]
	[ "$(grep -c '"\.\."' trace)" -lt 10 ]
}

# elsewhere COMMAND...: by a shell that shares the root only.
elsewhere() { CTR_STATE=$PWD/other "$@"; }

@test "with another CTR_STATE, what runs is left alone" {
	started kept -- sleep 60
	started passing --rm -- sleep 60
	run -0 elsewhere ctr gc
	[[ "$output" == *'passing runs, but not by this CTR_STATE'* ]]
	[[ "$output" == *'0 released, 0 removed'* ]]
	run -0 elsewhere ctr ps -a
	[ "$(grep -c 'Up, not by this CTR_STATE' <<< "$output")" -eq 2 ]
	[ "$(elsewhere ctr inspect passing | jq -r '.[0] | .status, .id, .pid')" = "running
$(ctr inspect passing | jq -r '.[0].id')
null" ]
	for name in kept passing; do
		for command in stop kill rm 'rm -f' wait pause; do
			# shellcheck disable=SC2086
			run -125 --separate-stderr elsewhere timeout 60 ctr $command $name
			[[ "$stderr" == *"$name runs, but not by this CTR_STATE"* ]]
		done
		run -125 --separate-stderr elsewhere ctr run --rm --name $name --rootfs "$FS" -- true
		[[ "$stderr" == *"$name runs, but not by this CTR_STATE"* ]]
		alive "$(payload $name)"
		ctr exec $name true
	done
	[ -e "$CTR_ROOT/containers/kept/upper" ]
	ctr rm -f kept passing
	run -0 elsewhere ctr ps -aq
	[ -z "$output" ]
	[ -z "$(ls -A other)" ]
}

@test "with another CTR_STATE, what has ended is as anywhere" {
	started over -- true
	ctr wait over
	ctr stop over
	elsewhere ctr ps -a | grep 'Exited (0)'
	[ "$(elsewhere ctr rm over)" = over ]
	[ -z "$(containers)" ]
}

@test "with another CTR_STATE, a container that is being started is left alone" {
	between fsetxattr 2 ctr run --rm --name half --rootfs "$FS" -- echo fine > out 2>&1 3>&- &
	until_true "its files are there" test -e "$CTR_ROOT/containers/half"
	run -0 elsewhere ctr gc
	[[ "$output" == *'half runs or is being started, but not by this CTR_STATE'* ]]
	[ -e "$CTR_ROOT/containers/half" ]
	let_go $!
	wait $!
	[ "$(cat out)" = fine ]
}

@test "what has ended without a record, as its state directory was made anew, has no cgroup for long" {
	started lost -- sleep 60
	record=$(cat "$CTR_STATE/lost/record.json")
	slot=$(printf '%s/%03x' "$GROUPS_AT" "$(jq .slot <<< "$record")")
	while pkill -KILL -f -- "^ctr-supervisor .* $CTR_STATE gc --container lost "; do sleep .1; done
	mv "$CTR_STATE/lost" .
	kill -KILL "$(jq .pid <<< "$record")"
	until_true "it ends" grep -qx 'populated 0' "$slot/cgroup.events"
	touch -d '2 minutes ago' "$slot"
	# With a record that cannot be read it may still be somebody's.
	mkdir "$CTR_STATE/other"
	echo broken > "$CTR_STATE/other/record.json"
	CTR_ROOT=$PWD/r CTR_STATE=$PWD/s ctr gc
	[ -d "$slot" ]
	rm -r "$CTR_STATE/other"
	ctr gc
	[ ! -e "$slot" ]
	ctr rm lost
}

@test "what runs without a record, as its state directory was removed, is left alone but by rm -f" {
	started lost -- sleep 60
	pid=$(payload lost) group=$(group lost)
	while pkill -KILL -f -- "^ctr-supervisor .* $CTR_STATE gc --container lost "; do sleep .1; done
	rm -r "$CTR_STATE/lost"
	ctr gc
	run --separate-stderr -125 ctr rm lost
	[ "${stderr_lines[0]}" = 'ctr: rm: lost runs, but its record is lost' ]
	hinted 'ctr rm -f lost'
	alive "$pid"
	[ -e "$CTR_ROOT/containers/lost/upper" ]
	ctr rm -f lost
	not alive "$pid"
	[ -z "$(containers)" ]
	touch -d '2 minutes ago' "$group"
	ctr gc
	[ ! -e "$group" ]
}
