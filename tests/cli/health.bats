# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Health checks: who asks, what counts, what is left of it.
load helpers

setup_file() { file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	rm -f "$CTR_ROOT/events"
}
teardown() { nothing_left; }

health() { ctr inspect "$1" | jq -r "${2:-.[0].health.Status}" 2> /dev/null; }
is() { [ "$(health "$1")" = "$2" ]; }
asked() { [ "$(health "$1" '.[0].health.Log | length')" -ge "$2" ]; }
# asking NAME COMMAND [FLAGS]: one in the background that is asked ten times a second.
asking() {
	local name=$1 command=$2
	shift 2
	started "$name" --health-cmd "$command" --health-interval 100ms "$@" -- sh -c 'trap exit TERM; sleep 1000 & wait'
}

@test "starting, unhealthy, healthy: ps, inspect, wait and events tell" {
	asking c 'echo asked >> /n; test -e /well' --health-retries 2
	ctr ps --filter name=c | grep -q 'Up .* (\(health: starting\|unhealthy\))'
	ctr wait --condition unhealthy c
	ctr ps | grep -q 'Up .* (unhealthy)'
	started plain -- sleep 1000
	named() { ctr ps -a --filter "$@" --format '{{.name}}' | sort | xargs; }
	[ "$(named health=unhealthy)" = c ]
	[ "$(named health=none)" = plain ]
	[ "$(named health=unhealthy --filter health=none)" = 'c plain' ]
	[ -z "$(named health=healthy)" ]
	refused 125 "is no state of health" ctr ps --filter health=ill
	hinted unhealthy
	ctr rm -f plain
	[ "$(health c '.[0].health.FailingStreak')" -ge 2 ]
	ctr exec c touch /well
	timeout 60 ctr wait --condition healthy c
	ctr ps | grep -q 'Up .* (healthy)'
	[ "$(named health=healthy)" = c ]
	[ "$(ctr ps --format json | jq -r '.[0].healthStatus')" = healthy ]
	[ "$(health c '.[0].health.FailingStreak')" = 0 ]
	[ "$(ctr events --filter name=c --filter event=health_status --format '{{.attributes.status}}' | xargs)" = 'unhealthy healthy' ]
	# Nobody asks who is gone.
	ctr stop -t 0 c
	[ "$(health c '.[0].health')" = null ]
	refused 125 'cannot wait for c: the container is not running' ctr wait --condition healthy c
}

@test "what is kept: the last five answers, 4 KiB of each, and nothing that acts on a terminal" {
	asking c 'head -c 100000 /dev/zero | tr "\0" x; exit 3'
	until_true "five answers" asked c 5
	sleep 0.5
	[ "$(health c '.[0].health.Log | length')" = 5 ]
	[ "$(health c '.[0].health.Log[4] | [.ExitCode, (.Output | length)] | @csv')" = 3,4096 ]
	[ "$(stat -c %s "$CTR_STATE/c/health.json")" -lt 30000 ]
	ctr rm -f c
	asking d 'printf "\377\033[2J\n\"},{"; echo err >&2'
	until_true "an answer" asked d 1
	not grep -q "$(printf '\033')" <(ctr inspect d)
	[ "$(health d '.[0].health.Log[0].Output')" = "$(printf '?\033[2J\n"},{err')" ]
}

@test "the start period: failures do not count, and it is asked more often" {
	started c --health-cmd 'test -e /well' --health-interval 1h --health-start-period 1h --health-start-interval 100ms \
		--health-retries 1 -- sleep 1000
	until_true "five answers" asked c 5
	is c starting
	[ "$(health c '.[0].health.FailingStreak')" = 0 ]
	ctr exec c touch /well
	timeout 60 ctr wait --condition healthy c
	sleep 0.5
	n=$(health c '.[0].health.Log[-1].End')
	sleep 0.5
	[ "$(health c '.[0].health.Log[-1].End')" = "$n" ]
}

@test "what takes too long has failed, and nothing of it is left" {
	asking c 'sleep 1234 & setsid sleep 1234 & sleep 1234' --health-timeout 300ms --health-retries 1
	timeout 60 ctr wait --condition unhealthy c
	[ "$(health c '.[0].health.Log[0] | [.ExitCode, .Output] | @csv')" = '-1,"the health check took longer than its timeout"' ]
	ctr rm -f c
	# Nor of what ended in time.
	asking d '(setsid sleep 1234 &) ; true' --health-interval 1h
	ctr healthcheck run d
	not pgrep -fx 'sleep 1234'
	[ -z "$(find "$(group d)" -mindepth 1 -type d)" ]
}

@test "it counts within the container's limits, in a group below its own" {
	asking c 'cat /proc/self/cgroup; id -u; pwd; echo $A'  -u 1000 -w /tmp -e A=b
	until_true "an answer" asked c 1
	[ "$(health c '.[0].health.Log[0].Output' | sed 's/^0::.*health$/group/; /^[1-9][0-9]*:/d' | xargs)" = 'group 1000 /tmp b' ]
}

@test "a command that is not there is an answer" {
	image_of none:1 '{"Cmd": ["sleep", "1000"], "Healthcheck": {"Test": ["CMD", "/no/such", "thing"], "Interval": 100000000}}'
	ctr run -d --name c none:1
	until_true "an answer" asked c 1
	[ "$(health c '.[0].health.Log[0].ExitCode')" = -1 ]
	health c '.[0].health.Log[0].Output' | grep -q 'cannot run /no/such'
	ctr rm -f c
	ctr image rm none:1
}

@test "of the image: CMD, CMD-SHELL, NONE, and what flags make of it" {
	image_of one:1 '{"Cmd": ["sleep", "1000"], "Healthcheck": {"Test": ["CMD", "echo", "a  b"], "Interval": 100000000, "Retries": 7}}'
	image_of two:1 '{"Cmd": ["sleep", "1000"], "Healthcheck": {"Test": ["CMD-SHELL", "echo $A b"]}}'
	image_of three:1 '{"Cmd": ["sleep", "1000"], "Healthcheck": {"Test": ["NONE"]}}'
	ctr run -d --name c one:1
	timeout 60 ctr wait --condition healthy c
	[ "$(health c '.[0].health.Log[0].Output')" = 'a  b' ]
	ctr run -d --name d -e A=a --health-interval 100ms two:1
	timeout 60 ctr wait --condition healthy d
	[ "$(health d '.[0].health.Log[0].Output')" = 'a b' ]
	ctr run -d --name e three:1
	ctr run -d --name f --no-healthcheck one:1
	ctr run -d --name g --health-cmd none one:1
	for n in e f g; do [ "$(health $n '.[0].health')" = null ]; done
	ctr run -d --name h --health-cmd 'echo mine' one:1
	timeout 60 ctr wait --condition healthy h
	[ "$(health h '.[0].health.Log[0].Output')" = mine ]
	jq -e '.annotations | to_entries | map(select(.key | endswith("health-retries")).value) == ["7"]' < "$CTR_ROOT/containers/h/config.json"
	refused 125 'e has no health check' ctr healthcheck run e
	refused 125 'e has no health check' ctr wait --condition healthy e
	ctr rm -f c d e f g h
	ctr image rm one:1 two:1 three:1
}

@test "one that is paused is not asked, and has not failed" {
	asking c 'echo asked >> /n' --health-timeout 1s --health-retries 1
	timeout 60 ctr wait --condition healthy c
	ctr pause c
	sleep 0.5
	n=$(health c '.[0].health.Log[-1].End')
	sleep 0.5
	[ "$(health c '.[0].health.Log[-1].End')" = "$n" ]
	refused 125 'c could not be asked' ctr healthcheck run c
	ctr resume c
	again() { [ "$(health c '.[0].health.Log[-1].End')" != "$n" ]; }
	until_true "it is asked again" again
	is c healthy
	[ "$(ctr events --filter name=c --filter event=health_status | wc -l)" = 1 ]
}

@test "paused while it answers: its time is not over" {
	started c --health-cmd 'touch /begun; sleep 3; true' --health-interval 100ms --health-timeout 2s --health-retries 1 -- sleep 1000
	until_true "it is asked" ctr exec c test -e /begun
	ctr pause c
	sleep 3
	ctr resume c
	is c starting || is c unhealthy
	[ "$(health c '[.[0].health.Log[] | select((.End | .[0:19] + "Z" | fromdate) - (.Start | .[0:19] + "Z" | fromdate) > 4)] | length')" = 0 ]
}

@test "healthcheck run: now, and its answer counts" {
	asking c 'test -e /well' --health-interval 1h --health-retries 1
	run -1 ctr healthcheck run c
	[ "$output" = unhealthy ]
	is c unhealthy
	ctr exec c touch /well
	run -0 ctr healthcheck run c
	[ "$output" = healthy ]
	is c healthy
	run -0 bash -c 'for i in 1 2 3 4; do ctr healthcheck run c & done; wait'
	[ "$(health c '.[0].health.Log | length')" = 5 ]
}

@test "each start begins anew; made and started later, kept with the container" {
	ctr create --name c --health-cmd 'test -e /well' --health-interval 100ms --health-retries 1 --rootfs "$FS" sleep 1000
	[ "$(health c '.[0].health')" = null ]
	ctr start c
	timeout 60 ctr wait --condition unhealthy c
	ctr stop -t 0 c
	started d --restart always --health-cmd 'test -e /well' --health-interval 100ms --health-retries 1 -- sh -c \
		'test -e /again || { touch /again; sleep 1; exit 1; }; sleep 1000'
	timeout 60 ctr wait --condition unhealthy d
	# Across its end: what an earlier start answered does not count.
	second() { [ "$(health d '.[0].restarts')" = 1 ] && ctr exec d touch /well; }
	until_true "it runs again" second
	timeout 60 ctr wait --condition healthy d
}

@test "it does not hold up the end, and outlives a supervisor" {
	asking c 'sleep 1234' --health-timeout 1000s
	asks() { pgrep -fx 'sleep 1234' > /dev/null; }
	until_true "it is asked" asks
	SECONDS=0
	ctr stop c
	[ $SECONDS -lt $((5 * TEST_PATIENCE)) ]
	not asks
	not pgrep -f "$CTR_STATE healthcheck due"
	asking d true
	timeout 60 ctr wait --condition healthy d
	until_true "it has a guard" guarded d
	kill -9 "$(supervisor d)"
	n=$(health d '.[0].health.Log[-1].End')
	again() { [ "$(health d '.[0].health.Log[-1].End')" != "$n" ]; }
	until_true "it is asked again" again
	# shellcheck disable=SC2046
	killed() {
		kill -9 $(supervisors d) 2> /dev/null || :
		[ -z "$(supervisors d)" ]
	}
	until_true "both are gone" killed
	forsaken() { ctr ps | grep -q 'Up .* (no supervisor)'; }
	until_true "nobody asks" forsaken
}

@test "one that is renamed is asked under its new name, and not another that has the old one" {
	asking c 'echo asked'
	timeout 60 ctr wait --condition healthy c
	ctr rename c d
	started c -- sleep 1000
	n=$(health d '.[0].health.Log[-1].End')
	again() { [ "$(health d '.[0].health.Log[-1].End')" != "$n" ]; }
	until_true "it is asked again" again
	[ "$(health c '.[0].health')" = null ]
}

@test "in the foreground and with --rm: the same" {
	run -0 ctr run --rm --name c --health-cmd 'touch /asked' --health-interval 100ms --rootfs "$FS" \
		sh -c 'until [ -e /asked ]; do sleep 0.1; done; echo seen'
	[ "$output" = seen ]
}

@test "what makes no sense is refused" {
	refused 125 'there is no health check' ctr run --health-interval 1s --rootfs "$FS" true
	hinted -- --health-cmd
	refused 125 '--health-interval: .*less than 1ms' ctr run --health-cmd true --health-interval 5us --rootfs "$FS" true
	refused 125 '--health-retries: .*number' ctr run --health-cmd true --health-retries 0 --rootfs "$FS" true
	refused 125 '--health-cmd: no command' ctr run --health-cmd '' --rootfs "$FS" true
	refused 125 'die-with-parent' ctr run --health-cmd true --die-with-parent --rootfs "$FS" true
	refused 125 '--condition: .*exited, healthy or unhealthy' ctr wait --condition well c
}
