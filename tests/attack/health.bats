#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031
# Health checks of an image that means no good: what the supervisor starts again and again.
load attack

setup_file() {
	attack_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { attack_setup; }
teardown() {
	[ -z "${AWAY:-}" ] || { echo 1 > "$AWAY/cgroup.kill" && until_true "it is gone" rmdir "$AWAY/a" "$AWAY/b" "$AWAY"; }
	attack_teardown
}

# asked COMMAND [FLAGS]: a container with that health check, which the supervisor has asked twice.
asked() {
	local command=$1
	shift
	started c --health-cmd "$command" --health-interval 100ms --health-timeout 1s --health-retries 1 "$@" -- sleep 1000
	until_true "it was asked twice" answers 2
}
answers() { [ "$(ctr inspect c | jq '.[0].health.Log | length')" -ge "$1" ]; }
# Nothing that a health check has started is there, nor a group of one; whoever asks goes on.
nothing_stays() {
	until_true "the answer is unhealthy" unhealthy
	guarded c || return
	timeout 30 ctr stop -t 0 c || return
	not pgrep -fx "$1"
}
unhealthy() { [ "$(ctr inspect c | jq -r '.[0].health.Status')" = unhealthy ]; }
# A container of the control.
victim() {
	bundle '.process.args = ["sleep", "1000"]'
	peer run --detach --bundle "$B" oci-b > /dev/null 2>&1
}
asks() { victim && "$@"; }

@test "a health check that never stops writing" {
	asked 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
	held [ "$(stat -c %s "$CTR_STATE/c/health.json")" -lt 40000 ]
	held [ "$(du -sk "$CTR_ROOT/containers/c/log" 2> /dev/null | cut -f1)" -lt 64 ]
	held nothing_stays 'sh -c while :; do echo x+; done'
	keeps_all() {
		WITHIN=1 peer exec oci-b sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done' > said
		[ "$(stat -c %s said)" -gt 40000 ]
	}
	falls crun asks keeps_all
}

@test "a health check that leaves processes behind, which hold its output" {
	asked '(setsid sleep 4321 &); exit 1'
	held nothing_stays 'sleep 4321'
	stays() {
		WITHIN=3 peer exec oci-b sh -c '(setsid sleep 4322 > /dev/null 2>&1 &); exit 1' || :
		pgrep -fx 'sleep 4322'
	}
	falls crun asks stays
}

@test "a health check that minds no signal and never ends" {
	asked 'trap "" TERM INT HUP; (trap "" TERM; sleep 4323) & while :; do sleep 4323; done'
	held nothing_stays 'sleep 4323'
	stays() {
		WITHIN=1 peer exec oci-b sh -c 'trap "" TERM HUP; sleep 4324' || :
		pgrep -fx 'sleep 4324'
	}
	falls crun asks stays
}

@test "a health check that leaves its cgroup, which is what ends it" {
	asked 'mkdir -p /sys/fs/cgroup/away; echo $$ > /sys/fs/cgroup/away/cgroup.procs; exec sleep 4325' \
		--security-opt writable-cgroups
	held timeout 20 ctr healthcheck run c || [ $? = 1 ]
	held until_true "it does not stay" not pgrep -fx 'sleep 4325'
	held nothing_stays 'sleep 4325'
	AWAY=$GROUPS_AT/away-$BATS_ROOT_PID
	mkdir "$AWAY" "$AWAY/a" "$AWAY/b"
	sh -c "echo \$\$ > $AWAY/a/cgroup.procs; echo \$\$ > $AWAY/b/cgroup.procs; exec sleep 4326" 3>&- &
	CONTROLS=$!
	until_true "it has left" grep -q . "$AWAY/b/cgroup.procs"
	echo 1 > "$AWAY/a/cgroup.kill"
	control_fell alive "$CONTROLS"
}

@test "a health check that kills whoever asks, and all else that it sees" {
	asked 'kill -KILL $PPID; kill -KILL -1; exit 1'
	held answers 2
	held nothing_stays 'sh -c kill.*'
	killed() {
		local status=0
		sh -c 'sh -c "kill -KILL \$PPID"; exit 0' || status=$?
		[ $status = 137 ]
	}
	control_fell killed
}
