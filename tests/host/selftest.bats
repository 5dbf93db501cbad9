# shellcheck shell=bash
# What tests/host/run promises.
bats_require_minimum_version 1.5.0

setup_file() {
	export RUN=$BATS_TEST_DIRNAME/run HOST_DIR=${HOST_DIR:-$BATS_TEST_DIRNAME/../../build/host}
	HOST_DIR=$(realpath -m "$HOST_DIR")
	# Everything of these tests can be told from other runs by its memory.
	export MEMORY=1531
}

machines() { pgrep -f "qemu-system.*size=${MEMORY}M" || :; }
gone() {
	local i
	for i in {1..50}; do
		[ -n "$(machines)" ] || return 0
		sleep .1
	done
	echo "still there: $(machines)"
	return 1
}
host() { "$RUN" -m $MEMORY -d 1G -t 120 "$@"; }

@test "the status is the command's" {
	run -0 host true
	run -3 host sh -c 'exit 3'
	run -137 host sh -c 'kill -9 $$'
	run -127 host no-such-command
	gone
}

@test "output and errors come apart, whole and unchanged" {
	run -0 --separate-stderr host printf '%s\n' 'a  b' "q\"u'o \$te" 'é'
	[ "$output" = "$(printf '%s\n' 'a  b' "q\"u'o \$te" 'é')" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr host sh -c 'echo out; echo err >&2'
	[ "$output" = out ] && [ "$stderr" = err ]
	[ "$(host head -c 20000000 /dev/zero | md5sum)" = "$(head -c 20000000 /dev/zero | md5sum)" ]
}

@test "what the command leaves running is not waited for" {
	run -0 timeout 60 "$RUN" -m $MEMORY sh -c 'sleep 1000 & echo left'
	[ "$output" = left ]
}

@test "a command that takes too long ends with 124, a machine that fails with 125" {
	run -124 host -t 8 sleep 100
	[[ "$output" =~ "not done after 8 seconds" ]]
	run -125 host sh -c 'echo c > /proc/sysrq-trigger; sleep 100'
	[[ "$output" =~ "sysrq triggered crash" ]]
	run -125 host -k 1.2.3 true
	[[ "$output" =~ "no kernel 1.2.3" ]]
	gone
}

@test "the host's files are there, and cannot be changed" {
	echo before > "$BATS_TEST_TMPDIR/file"
	cd "$BATS_TEST_TMPDIR"
	run -0 host sh -c 'cat file; echo after > file; cat file; pwd'
	[ "$output" = "before
after
$PWD" ]
	[ "$(cat file)" = before ]
}

@test "it is a host: every controller and capability, quota on /scratch" {
	run -0 host sh -c 'cat /sys/fs/cgroup/cgroup.subtree_control; grep CapEff /proc/self/status
		grep " /scratch " /proc/mounts; id -u; readlink /proc/1/exe'
	for controller in cpu cpuset io memory pids hugetlb; do
		[[ " ${lines[0]} " == *" $controller "* ]]
	done
	[[ "${lines[1]}" =~ 1ffffffffff$ ]]
	[[ "${lines[2]}" =~ ext4.*prjquota ]]
	[ "${lines[3]}" = 0 ]
}

@test "-S: systemd has scopes, delegation and managers of users" {
	run -5 --separate-stderr host -S sh -ec 'cat /proc/1/comm; systemctl is-system-running
		systemd-run -q --scope --slice=machine -p Delegate=yes cat /proc/self/cgroup
		systemctl start user@65534; systemctl is-active user@65534
		cat /sys/fs/cgroup/user.slice/user-65534.slice/user@65534.service/cgroup.controllers; exit 5'
	echo "$output"
	[ "${lines[0]}" = systemd ]
	[ "${lines[1]}" = running ]
	[[ "${lines[2]}" =~ ^0::/machine.slice/run-.*\.scope$ ]]
	[ "${lines[3]}" = active ]
	[[ " ${lines[4]} " =~ " memory "(.*" ")?"pids " ]]
}

@test "a run that is ended or killed leaves nothing behind" {
	for signal in TERM KILL; do
		"$RUN" -m $MEMORY -d 1G sleep 100 3>&- > "$BATS_TEST_TMPDIR/out" 2>&1 &
		for _ in {1..300}; do [ -z "$(machines)" ] || break; sleep .1; done
		[ -n "$(machines)" ]
		kill -$signal $!
		wait $! || [ $? -gt 128 ]
		gone
	done
	# The next run sweeps; what is on its way out still holds the lock.
	sleep 2
	run -0 host true
	for left in "$HOST_DIR"/run.*; do
		[ ! -d "$left" ] || run ! flock -n "$left" true
	done
}
