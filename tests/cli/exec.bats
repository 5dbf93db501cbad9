# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr exec: one more process in a container that runs.
load helpers

setup_file() { file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	started box -e KEPT=yes -w /etc -- sleep 600
}
teardown() { nothing_left; }

# populated N: so many processes are in the group.
populated() { [ "$(wc -l < "$(group box)/cgroup.procs")" -eq "$1" ]; }

@test "status, output, standard input" {
	for n in 0 1 7 126 127 255; do
		status=0
		ctr exec box sh -c "exit $n" || status=$?
		[ "$status" -eq "$n" ]
	done
	[ "$(ctr exec box echo a 'b  c' -x)" = 'a b  c -x' ]
	run --separate-stderr ctr exec box sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo hello | ctr exec -i box cat)" = hello ]
	[ "$(echo hello | ctr exec box cat)" = "" ]
	[ "$(head -c 3000000 /dev/zero | ctr exec -i box wc -c)" -eq 3000000 ]
	run -137 ctr exec box sh -c 'kill -KILL $$'
	run -143 ctr exec box sh -c 'kill -TERM $$'
}

@test "what cannot be executed: 127, 126" {
	refused 127 nosuch ctr exec box nosuch
	refused 127 /bin/nosuch ctr exec box /bin/nosuch
	refused 126 /etc/passwd ctr exec box /etc/passwd
	refused 125 'a container and a command' ctr exec box
	refused 125 nosuch ctr exec nosuch true
	kill -0 "$(payload box)"
}

@test "environment, directory and user are the container's, or as asked" {
	[ "$(ctr exec box sh -c 'echo $KEPT; pwd; id -u' | xargs)" = 'yes /etc 0' ]
	[ "$(ctr exec -e A=b -e KEPT=no -w /tmp -u ann box sh -c 'echo $A $KEPT; pwd; id -u; id -G; echo $HOME' | xargs)" = \
		'b no /tmp 1000 1000 6 /home/ann' ]
	[ "$(ctr exec -u 5:6 box sh -c 'id -u; id -g' | xargs)" = '5 6' ]
	[ "$(ctr exec -u ann box sed -n 's/^CapEff:\t//p' /proc/self/status)" = 0000000000000000 ]
	printf 'F=file\n' > env
	[ "$(ctr exec --env-file env box sh -c 'echo $F')" = file ]
	refused 125 nosuch ctr exec -u nosuch box true
	refused 125 absolute ctr exec -w tmp box true
	run -0 env SECRET=1 ctr exec box env
	not grep -qE 'SECRET|CTR_' <<< "$output"
}

@test "a user that the container has not is refused as run does" {
	for user in 99999 99999:0 0:99999; do
		refused 125 "^ctr: exec: --user: '$user' is not among the container's ids\$" ctr exec -u $user box true
		hinted 'ctr run -u 99999'
	done
	started hosted --userns host -- sleep 60
	[ "$(ctr exec -u 99999 hosted id -u)" = 99999 ]
	ctr rm -f hosted
}

@test "it is in every namespace and in the cgroup of the container" {
	ctr exec box sh -c 'for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done' > mine
	ctr exec box sh -c 'for n in cgroup ipc mnt net pid user uts; do readlink /proc/1/ns/$n; done' | diff mine -
	ctr exec -d box sleep 77
	until_true "it is in the group" populated 2
	until_true "it is what was asked for" eval "ctr exec box ps | grep -q 'sleep 77'"
	[ "$(ctr exec box grep ^0:: /proc/self/cgroup)" = 0::/ ]
}

@test "it has no more rights than the container's own process" {
	for field in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters; do
		own=$(ctr exec box sed -n "s/^$field:\t//p" /proc/1/status)
		[ -n "$own" ]
		[ "$(ctr exec box sed -n "s/^$field:\t//p" /proc/self/status)" = "$own" ]
	done
	for command in 'mount -t tmpfs none /tmp' 'unshare -U true' 'dmesg'; do
		run ! ctr exec box $command
	done
	started loose --cap-drop ALL --security-opt seccomp=unconfined -- sleep 60
	[ "$(ctr exec loose sed -n 's/^CapBnd:\t//p' /proc/self/status)" = 0000000000000000 ]
	[ "$(ctr exec loose sed -n 's/^Seccomp:\t//p' /proc/self/status)" = 0 ]
	ctr rm -f loose
}

@test "nothing of ours leaks into it" {
	exec 5< / 6> file 7< /etc/passwd
	[ "$(ctr exec box sh -c 'ls /proc/$$/fd; true' | xargs)" = '0 1 2' ]
	[ "$(ctr exec -u ann box sh -c 'ls /proc/$$/fd; true' | xargs)" = '0 1 2' ]
	exec 5<&- 6>&- 7<&-
	run -0 bash -c 'trap "" INT TERM PIPE; ctr exec box cat /proc/self/status'
	grep -qP '^SigIgn:\t0000000000000000$' <<< "$output"
	grep -qP '^SigBlk:\t0000000000000000$' <<< "$output"
}

@test "resource limits, umask and oom score are the container's" {
	started limited --ulimit nofile=99:100 --umask 077 --oom-score-adj 321 -- sleep 60
	[ "$(ctr exec limited sh -c 'ulimit -n; umask; cat /proc/self/oom_score_adj' | xargs)" = '99 0077 321' ]
	ctr rm -f limited
}

@test "a hostile PATH and a hostile root run nothing of the host" {
	cp -a "$FS" hostile
	ctr run -d --name hostile --rootfs hostile -e PATH=/evil:. -w /tmp -- /bin/sleep 60 > /dev/null
	ctr exec hostile /bin/sh -c '/bin/mkdir /evil; echo "#!/bin/sh
echo evil" > /evil/sh; /bin/chmod 755 /evil/sh'
	[ "$(ctr exec hostile sh -c true)" = evil ]
	ctr exec hostile /bin/sh -c '/bin/rm /etc/passwd; /bin/mkfifo /etc/passwd'
	timeout -s KILL 60 ctr exec hostile /bin/true
	timeout -s KILL 60 ctr exec -u 0 hostile /bin/true
	run timeout -s KILL 60 ctr exec -u ann hostile /bin/true
	[ "$status" -eq 125 ]
	ctr rm -f hostile
}

@test "/proc of the container replaced under it does not lead exec out" {
	for command in /proc/self/exe /proc/1/exe; do
		run timeout 10 ctr exec box "$command"
		[[ ! "$output" =~ "containers on the kernel" ]]
	done
	run timeout 10 ctr exec -w /proc/self/fd/3 box ls
	[[ ! "$output" =~ (boot|var|opt) ]]
	[ "$status" -ne 0 ]
}

@test "not in what is paused, ended or unknown" {
	ctr pause box
	refused 125 'box.*paused' ctr exec box true
	hinted 'ctr resume box'
	ctr resume box
	ctr exec box true
	ctr kill box
	ctr wait box
	refused 125 'box.*not running' ctr exec box true
	ctr rm box
}

@test "signals to ctr exec reach what it runs, and only that" {
	ctr exec box sh -c 'trap "exit 33" TERM; echo ready; while :; do sleep .05; done' > out 3>&- &
	pid=$!
	until_true "it is ready" grep -q ready out
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 33 ]
	alive "$(payload box)"
}

@test "the end of the container ends what was executed in it" {
	ctr exec box sleep 600 3>&- &
	pid=$!
	until_true "it runs" populated 2
	ctr rm -f box
	status=0
	wait $pid || status=$?
	[ "$status" -eq 137 ]
}

@test "twenty at once" {
	for n in {1..20}; do (ctr exec box sh -c "exit $n" 3>&- || echo $? > status.$n) & done
	wait
	for n in {1..20}; do [ "$(cat status.$n)" -eq "$n" ]; done
	until_true "nobody stays" populated 1
}

@test "with host ids, our program stays as it is (CVE-2019-5736)" {
	sum=$(sha256sum < "$BUILD/ctr")
	started plain --userns host -- sh -c 'while :; do for p in /proc/[0-9]*; do [ "$p" = /proc/1 ] ||
		(: >> $p/exe) 2> /dev/null; done; done'
	for n in {1..20}; do ctr exec plain true; done
	run ctr exec plain /proc/self/exe
	[ "$status" -ne 0 ]
	ctr rm -f plain
	[ "$(sha256sum < "$BUILD/ctr")" = "$sum" ]
}

@test "-u: nothing is the container's own user, and a group alone names none" {
	started user --user 1000:1001 -- sleep 600
	[ "$(ctr exec -u '' user id -u)" = 1000 ]
	refused 125 "--user: ':6' names a group, and no user" ctr exec -u :6 user id -u
	refused 125 "--user: ':6' names a group, and no user" ctr run --rm --rootfs "$FS" -u :6 -- true
}

# hold NAME [FLAGS]: a container whose process holds on to each `sleep 54321` that it finds, as a tracer, and
# kills it: what has ended is a zombie that nobody else can reap.
hold() {
	ctr run -d --name "$@" --rootfs "$HOST_ROOT" -- python3 -c '
import ctypes, os, time
libc = ctypes.CDLL(None)
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open(f"/proc/{pid}/cmdline", "rb").read()
        except OSError:
            continue
        if line.startswith(b"sleep\x0054321") and libc.ptrace(0x4206, int(pid), 0, 0) == 0:
            os.kill(int(pid), 9)
            time.sleep(1000)
    time.sleep(.02)
' > /dev/null
}

@test "exec ends by a signal although a tracer keeps the process that has ended" {
	hold holder
	local status=0
	command timeout -k $((20 * TEST_PATIENCE)) $((4 * TEST_PATIENCE)) ctr exec holder sleep 54321 || status=$?
	[ "$status" -eq 124 ]
	ctr rm -f holder
}
