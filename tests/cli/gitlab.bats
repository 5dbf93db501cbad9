# shellcheck shell=bash
# contrib/gitlab: the scripts of a GitLab Runner's custom executor, called as the runner does: in its order, with
# its variables, each in a process group that a cancelled job's signals go to.
load helpers

setup_file() {
	file_setup
	export DRIVER=$BATS_TEST_DIRNAME/../../contrib/gitlab
	tar -C "$FS" -c . | ctr image import - box > /dev/null
}
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export BUILD_FAILURE_EXIT_CODE=77 SYSTEM_FAILURE_EXIT_CODE=99 BUILD_EXIT_CODE_FILE=$PWD/exit-code
	export CUSTOM_ENV_CI_JOB_ID CUSTOM_ENV_CI_JOB_IMAGE CUSTOM_ENV_CI_JOB_SERVICES='' JOB_RESPONSE_FILE
	job 4711
}
teardown() { nothing_left; }

# job ID [IMAGE]: what the runner tells about a job.
job() {
	CUSTOM_ENV_CI_JOB_ID=$1 CUSTOM_ENV_CI_JOB_IMAGE=${2-box} JOB_RESPONSE_FILE=$PWD/response-$1.json
	jq -n --argjson id "$1" '{id: $id, token: "secret", runner_info: {timeout: 600}}' > "$JOB_RESPONSE_FILE"
}
config() { "$DRIVER/config"; }
prepare() { "$DRIVER/prepare" box "$@"; }
# stage NAME [SCRIPT]: as the runner writes scripts, for bash, with the job's variables in them.
stage() {
	printf '#!/usr/bin/env bash\n\nset -eo pipefail\nset +o noclobber\n%s\nexit 0\n' "${2:-:}" > "script-$CUSTOM_ENV_CI_JOB_ID-$1"
	"$DRIVER/run" "$PWD/script-$CUSTOM_ENV_CI_JOB_ID-$1" "$1"
}
cleanup() { "$DRIVER/cleanup"; }

@test "a job: its stages see each other's files, and nothing is left" {
	run -0 config
	jq -e '.builds_dir == "/builds" and .cache_dir == "/cache" and .driver.name == "ctr" and
		.builds_dir_is_shared == false and .driver.version != ""' <<< "$output"
	run -0 prepare
	[ -z "$output" ]
	[ "$(ctr ps --format json | jq -r '.[0] | .name + " " + .image + " " + .labels["gitlab.job"]')" = 'gitlab-4711 box:latest 4711' ]
	run -0 stage prepare_script 'echo Running on $(hostname)'
	[[ $output == 'Running on '* ]]
	run -0 stage get_sources 'mkdir -p /builds/group/project; cd /builds/group/project; echo source > file'
	run -0 --separate-stderr stage step_script 'cd /builds/group/project; cat file; echo made > made; echo oops >&2'
	[ "$output" = source ]
	[ "$stderr" = oops ]
	run -0 stage upload_artifacts_on_success 'cat /builds/group/project/made'
	[ "$output" = made ]
	[ ! -e exit-code ]
	run -0 cleanup
	[ -z "$output" ]
	[ -z "$(ctr ps -a -q)" ]
}

@test "a script that fails is the job's failure, with its exit code; what comes after it runs" {
	local code
	prepare
	for code in 1 2 99 125 126 127 137 255; do
		run -77 stage step_script "exit $code"
		[ "$(cat exit-code)" = $code ]
	done
	run -77 stage step_script 'nosuchcommand'
	run -77 stage step_script 'kill -9 $$'
	[ "$(cat exit-code)" = 137 ]
	unset BUILD_EXIT_CODE_FILE
	run -77 stage step_script false
	run -0 stage after_script 'echo after'
	[ "$output" = after ]
	cleanup
}

@test "a container that goes away is the machine's failure" {
	prepare
	ctr kill gitlab-4711 > /dev/null
	run -99 stage step_script 'echo here'
	[[ $output == *'gitlab-4711 is gone' ]]
	[ ! -e exit-code ]
	cleanup
	prepare
	stage step_script 'echo runs; sleep 1000' > out &
	until_true "the script runs" grep -q runs out
	ctr rm -f gitlab-4711 > /dev/null
	local status=0
	wait $! || status=$?
	[ $status = 99 ]
	run -0 cleanup
}

@test "prepare fails: the machine's failure, said in a line, and nothing is left" {
	job 4711 nosuch
	run -99 prepare
	[[ $output == *"ctr: create: "*nosuch*"ctr: no container of the image nosuch" ]]
	run -0 cleanup
	job 4711
	run -99 prepare --memory nonsense
	: > file
	run -99 prepare -v "$PWD/file:/builds"
	run -0 cleanup
	run -99 "$DRIVER/prepare"
	CUSTOM_ENV_CI_JOB_SERVICES='[{"name":"redis","alias":"","entrypoint":null,"command":null}]'
	run -99 prepare
	[ "$output" = 'ctr: services: are not available here, as one container is made for a job' ]
	CUSTOM_ENV_CI_JOB_SERVICES='[]'
	run -0 prepare
	run -0 cleanup
}

@test "prepare is tried again: what an attempt left is no obstacle" {
	prepare
	stage get_sources 'echo old > /builds/file'
	prepare
	run -0 stage get_sources 'test ! -e /builds/file'
	cleanup
}

@test "the image and the flags: the runner's, unless the job names an image" {
	job 4711 ''
	prepare --hostname of-the-runner --env A=B --user ann
	run -0 stage step_script 'hostname; echo $A; id -un; echo mine > /builds/file; pwd'
	[ "$output" = $'of-the-runner\nB\nann\n/' ]
	cleanup
	job 4711 box:latest
	run -0 prepare
	cleanup
	# It is no flag of ctr's, whatever it is.
	for image in --privileged -v/:/host '--rootfs=/' '-v /:/host box' 'box sh' "box' 'x" $'box\nx' '$(touch here)' '../../box'; do
		job 4711 "$image"
		run -99 prepare
		[ -z "$(ctr ps -a -q)" ]
	done
	[ ! -e here ]
	cleanup
}

@test "a cancelled job: the script ends, after_script runs, cleanup kills what goes on" {
	prepare
	# A group of its own, as the runner has it.
	setsid "$DRIVER/run" <(echo 'echo runs; sleep 1000') step_script > out 2>&1 &
	until_true "the script runs" grep -q runs out
	kill -TERM -- -$!
	if wait $!; then return 1; fi
	run -0 stage after_script 'echo after'
	[ "$output" = after ]
	setsid "$DRIVER/run" <(echo 'trap "" TERM; echo stays; while :; do sleep 1; done') step_script > out 2>&1 &
	until_true "the script runs" grep -q stays out
	kill -TERM -- -$!
	sleep .2
	kill -KILL -- -$! || :
	wait $! || :
	run -0 cleanup
	[ -z "$(ctr ps -a -q)" ]
}

@test "killed at any point of prepare: cleanup leaves nothing" {
	local i
	for i in {1..12}; do
		setsid "$DRIVER/prepare" box > /dev/null 2>&1 &
		sleep .0$((i * 7))
		kill -KILL -- -$! 2> /dev/null || :
		wait $! || :
		run -0 cleanup
		[ -z "$(ctr ps -a -q)" ]
	done
}

@test "cleanup: of nothing, and twice" {
	run -0 cleanup
	prepare
	run -0 cleanup
	run -0 cleanup
}

@test "a runner that died: the container has a time at which it ends" {
	jq '.runner_info.timeout = -3599' response-4711.json > "$JOB_RESPONSE_FILE.new"
	mv "$JOB_RESPONSE_FILE.new" "$JOB_RESPONSE_FILE"
	# A timeout that makes no sense is none.
	prepare
	cleanup
	job 4711
	prepare
	[ "$(ctr inspect gitlab-4711 | jq -r '.[0].remove')" = true ]
	ctr inspect gitlab-4711 | grep -q 4200
	cleanup
}

@test "two jobs at once" {
	local id
	for id in 1 2; do
		(
			job $id
			prepare && stage get_sources "echo $id > /builds/id" && stage step_script 'sleep .3; cat /builds/id' > out-$id
			cleanup
		) &
	done
	wait
	[ "$(cat out-1 out-2)" = $'1\n2' ]
}

@test "variables of a job that want to be somebody else, or to be run" {
	job 1
	prepare
	job 2
	# That of another job, which it would remove.
	CUSTOM_ENV_CI_JOB_ID=1
	prepare
	[ "$(ctr ps --format json | jq -r '.[].name' | sort | tr '\n' ' ')" = 'gitlab-1 gitlab-2 ' ]
	cleanup
	[ "$(ctr ps --format json | jq -r '.[].name')" = gitlab-1 ]
	job 1
	export CUSTOM_ENV_ODD=$'a "quoted" \'line\'\nand $(touch here) `touch here`'
	export CUSTOM_ENV_PATH=/nowhere CUSTOM_ENV_CTR_ROOT=/nowhere CUSTOM_ENV_LD_PRELOAD=/nowhere
	run -0 env 'CUSTOM_ENV_BASH_FUNC_ctr%%=() { touch here; }' 'CUSTOM_ENV_a.b-c d=e' "$DRIVER/run" <(printf 'ODD=%q\nprintf "%%s" "$ODD"' "$CUSTOM_ENV_ODD") step_script
	[ "$output" = "$CUSTOM_ENV_ODD" ]
	# What the container is made of has none of them.
	run -0 ctr inspect gitlab-1
	[[ $output != *quoted* && $output != *CUSTOM_ENV* && $output != *secret* ]]
	cleanup
	[ ! -e here ]
}

@test "without the runner's word the job's number is taken, if it is one" {
	local id
	unset JOB_RESPONSE_FILE
	prepare
	[ "$(ctr ps --format json | jq -r '.[].name')" = gitlab-4711 ]
	cleanup
	for id in '' '../1' '1 2' '-f' $'1\n2' '$(touch here)'; do
		CUSTOM_ENV_CI_JOB_ID=$id
		run -99 prepare
		run -99 stage step_script
		run -99 cleanup
	done
	[ ! -e here ]
	export JOB_RESPONSE_FILE=$PWD/response
	echo '{"id": "../x"' > response
	CUSTOM_ENV_CI_JOB_ID=4711
	run -99 cleanup
}
