#!/usr/bin/env bats
# Another process in a container, as engines ask for it.
load oci
load peer

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() {
	cd "$BATS_FILE_TMPDIR"
	begin
}
begin() {
	sh_bundle 'while :; do sleep .1; done'
	create oci-a
	oci start oci-a
}
teardown() {
	peer_clean
	oci_teardown
}

# in_one FUNCTION: in a container of its own where it is not ours, which there is.
in_one() {
	[ "$RT" = ours ] || begin
	"$@"
}

# process JQ: a process.json of this test's; its path is in $P.
process() {
	P=$BATS_TEST_TMPDIR/process.json
	jq ".process | $1" "$B/config.json" > "$P"
}

output_and_status() {
	run -0 oci exec oci-a echo hello
	[ "$output" = hello ]
	run -9 oci exec oci-a sh -c 'exit 9'
	run -137 oci exec oci-a sh -c 'kill -9 $$'
}
@test "a command on the command line: output and status" { both in_one output_and_status; }

same_place() {
	run -0 oci exec oci-a sh -c 'hostname; cat /proc/self/cgroup | grep ^0'
	[ "${lines[0]}" = box ]
	[ "${lines[1]}" = 0::/ ]
	[ "$(oci exec oci-a readlink /proc/self/ns/net)" = "$(readlink "/proc/$(cat "$B/pid")/ns/net")" ]
}
@test "it is in the namespaces and the group of the container" { both in_one same_place; }

by_process() {
	process '.args = ["sh", "-c", "echo $X; pwd; id -u; id -g"] | .env += ["X=y"] | .cwd = "/tmp"
		| .user = {"uid": 1000, "gid": 1000}'
	run -0 oci exec --process "$P" oci-a
	[ "$output" = $'y\n/tmp\n1000\n1000' ]
}
@test "--process: arguments, environment, directory, user" { both in_one by_process; }

privileges() {
	privileged() { oci exec "$@" grep NoNewPrivs: /proc/self/status; }
	sh_bundle 'sleep 1000' '.process.noNewPrivileges = false'
	create oci-free
	oci start oci-free
	[ "$(privileged oci-free)" = 'NoNewPrivs:	0' ]
	[ "$(privileged --no-new-privs oci-free)" = 'NoNewPrivs:	1' ]
	[ "$(privileged oci-free)" = 'NoNewPrivs:	0' ]
}
@test "--no-new-privs: for this command" { both privileges; }

unsaid() {
	sh_bundle 'sleep 1000'
	create oci-bound
	oci start oci-bound
	privileged() { oci exec "$@" grep NoNewPrivs: /proc/self/status; }
	[ "$(privileged oci-bound)" = 'NoNewPrivs:	1' ]
	[ "$(privileged --no-new-privs=false oci-bound)" = 'NoNewPrivs:	0' ]
}
@test "--no-new-privs=false: not for this command, though the container has it" { unsaid; }

# on CPUS WANTED: where a process with this execCPUAffinity may run, whose caller is on processor 0 only.
on() {
	process ".args = [\"grep\", \"Cpus_allowed_list\", \"/proc/self/status\"] | .execCPUAffinity = $1"
	run -0 taskset -c 0 timeout 60 ctr-oci --root "$OCI_ROOT" exec --process "$P" oci-a
	[ "$(cut -f2 <<< "$output")" = "$2" ] || { echo "$1: $output"; return 1; }
}

@test "processors: the final ones, or else all that the container has" {
	local all
	all=$(cat /sys/devices/system/cpu/online)
	[ "$all" != 0 ] || skip "there is one processor"
	on '{"initial": "0", "final": "1"}' 1
	on '{"final": "1"}' 1
	on '{"initial": "0"}' "$all"
	on '{"initial": "0", "final": ""}' "$all"
	on '{}' "$all"
}

detached() {
	process '.args = ["sleep", "1000"]'
	oci exec --process "$P" --detach --pid-file "$BATS_TEST_TMPDIR/pid" oci-a < /dev/null > /dev/null 2>&1
	grep -q sleep "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/comm"
	[[ "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" == *"${B##*/}"* ]]
}
@test "--detach: the caller does not wait, the pid file names the process" { both in_one detached; }

@test "a command that is not there: 255, and the words" {
	process '.args = ["nosuch"]'
	run -255 oci --log "$BATS_TEST_TMPDIR/log" --log-format json exec --process "$P" oci-a
	[ "$(wc -l < "$BATS_TEST_TMPDIR/log")" = 1 ]
	[[ $(jq -r .msg "$BATS_TEST_TMPDIR/log") == *'executable file not found in $PATH'* ]]
	is oci-a running
}

@test "a command that is not executable: 255, and the words" {
	process '.args = ["/etc/passwd"]'
	run -255 oci exec --process "$P" oci-a
	[[ $output == *"permission denied"* ]]
}

@test "in a paused container it is refused" {
	oci pause oci-a
	run -255 oci exec oci-a true
	[[ $output == *paused* ]]
	oci resume oci-a
}

@test "in a stopped container it is refused" {
	oci kill oci-a 9
	until_true stopped is oci-a stopped
	run -255 oci exec oci-a true
	[[ $output == *stopped* ]]
}

@test "a process.json that is none is refused with its line" {
	echo '{"args": ["true"], "cwd": 7}' > "$BATS_TEST_TMPDIR/p"
	run -255 oci exec --process "$BATS_TEST_TMPDIR/p" oci-a
	[[ $output == *"p:1:"* ]]
}

typed() {
	[ "$(echo typed | oci exec oci-a cat)" = typed ]
}
@test "standard input is the caller's" { both in_one typed; }

descriptors() {
	run -0 oci exec oci-a ls /proc/self/fd 7< "$B/config.json"
	[ "$(tr '\n' ' ' <<< "$output")" = "0 1 2 3 " ]
	# bats has a use for 3 itself.
	local OCI
	rt_words
	run -0 bash -c 'in=$1 passwd=$2 && shift 2 && "$@" exec --preserve-fds 2 oci-a sh -c "head -n 1 <&4" 3< "$in" 4< "$passwd"' \
		bash "$B/config.json" "$FS/etc/passwd" "${OCI[@]}"
	[ "$output" = "root:x:0:0:root:/root:/bin/sh" ]
}
@test "no descriptor above 2 reaches it unasked, those asked for do" { both in_one descriptors; }

dashes() {
	[ "$(oci exec -- oci-a echo inside)" = inside ]
}
@test "-- ends the options" { both in_one dashes; }

@test "-u: nothing is the container's user, and a group alone names none" {
	sh_bundle 'sleep 1000' '.process.user = {uid: 1000, gid: 1001}'
	create oci-user
	oci start oci-user
	[ "$(oci exec -u '' oci-user id -u)" = 1000 ]
	run -255 oci exec -u :6 oci-user id -u
	[[ $output == *"--user: ':6' names a group, and no user"* ]]
	[ "$(oci exec -u 7:8 oci-user sh -c 'id -u; id -g')" = $'7\n8' ]
}

caps_of() { oci exec "$@" grep CapEff: /proc/self/status | cut -f2; }
@test "--cap: one more than the container has, for root and for others" {
	sh_bundle 'sleep 1000' '.process.capabilities = {}'
	create oci-user
	oci start oci-user
	[ "$(caps_of oci-user)" = 0000000000000000 ]
	[ "$(caps_of --cap CAP_KILL oci-user)" = 0000000000000020 ]
	[ "$(caps_of -c CAP_KILL -c CAP_CHOWN -u 1000 oci-user)" = 0000000000000021 ]
	[ "$(oci exec --cap CAP_KILL oci-user grep CapInh: /proc/self/status | cut -f2)" = 0000000000000000 ]
	run --separate-stderr -0 oci exec --cap CAP_NONE oci-user true
	[[ $stderr == *"warning: --cap: 'CAP_NONE' is not a capability"* ]]
}

@test "--additional-gids" {
	[ "$(oci exec -g 7 --additional-gids 9 oci-a id -G)" = "0 7 9" ]
	run -255 oci exec -g x oci-a true
	[[ $output == *"--additional-gids: 'x' is no group id"* ]]
}

@test "--cgroup: a group below that of the container" {
	local group=$OCI_GROUPS/${B##*/}
	mkdir "$group/sub"
	[ "$(oci exec --cgroup sub oci-a grep ^0 /proc/self/cgroup)" = 0::/sub ]
	[ "$(oci exec --cgroup / oci-a grep ^0 /proc/self/cgroup)" = 0::/ ]
	run -255 oci exec --cgroup none oci-a true
	run -255 oci exec --cgroup ../.. oci-a true
	[[ $output == *"--cgroup: cgroup path: '../..' goes through"* ]]
	run -255 oci exec --cgroup cpu:sub oci-a true
	echo 1 > "$group/sub/cgroup.freeze"
	run -255 timeout 20 ctr-oci --root "$OCI_ROOT" exec --cgroup sub oci-a true
	[[ $output == *"cgroup sub is frozen"* ]]
}

@test "--ignore-paused: it begins when the container goes on" {
	oci pause oci-a
	ctr-oci --root "$OCI_ROOT" exec --ignore-paused oci-a echo begun < /dev/null > "$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	sleep .3
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	oci resume oci-a
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = begun ]
}

@test "options beside --process count" {
	process '.args = ["sh", "-c", "id -u; id -g; pwd; echo $X; grep CapEff /proc/self/status"]'
	run -0 oci exec --process "$P" -u 7:8 --cwd /tmp -e X=y --cap CAP_KILL oci-a < /dev/null
	[ "$output" = $'7\n8\n/tmp\ny\nCapEff:\t0000000000000020' ]
	run -255 oci exec --process "$P" oci-a true
}
