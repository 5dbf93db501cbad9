# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2154
# ctr top: the processes of a container.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

py() { python3 -c "import json,sys; j = json.load(sys.stdin); x = ($1); print(x)"; }
# top NAME COLUMN...: without the heading, one blank between the columns.
top_of() { ctr top "$@" | tail -n +2 | sed 's/  */ /g'; }
lines_are() { [ "$(top_of "${@:2}" | wc -l)" = "$1" ]; }

@test "top shows each process as the host and as the container number it, with its user there" {
	started web -- sh -c 'sleep 1001 & su ann -c "exec sleep 1002" & wait'
	until_true "three processes" lines_are 3 web
	ctr top web
	[ "$(ctr top web | head -n 1 | sed 's/  */ /g')" = "HPID PID USER %CPU TIME COMMAND" ]
	[ "$(top_of web pid user uid args | sort)" = "$(printf '%s\n' '1 root 0 sh -c sleep 1001 & su ann -c "exec sleep 1002" & wait' \
		'2 root 0 sleep 1001' '3 ann 1000 sleep 1002')" ]
	[ "$(top_of web hpid | head -n 1)" = "$(payload web)" ]
	[ "$(top_of web -o pid,ppid)" = "$(printf '1 0\n2 1\n3 1')" ]
	[ "$(top_of web huid | head -n 1)" = "$(stat -c %u "/proc/$(payload web)")" ]
	[ "$(top_of web comm,stat | tail -n 1)" = "sleep S" ]
	[[ "$(top_of web time etime rss vsz nice threads | head -n 1)" =~ ^00:00:0[0-9]\ [0-9:]{8}\ [0-9]+\ [0-9]+\ 0\ 1$ ]]
	# What comes in later, also one that makes a group of its own, is in it.
	ctr exec -d web sleep 1003
	until_true "four processes" lines_are 4 web
	[ "$(ctr top web --format json | py '[(p["pid"], p["user"], p["command"]) for p in j][:3:2]')" = \
		"[(1, 'root', 'sh -c sleep 1001 & su ann -c \"exec sleep 1002\" & wait'), (3, 'ann', 'sleep 1002')]" ]
	[ "$(ctr top "$(ctr ps -q)" --format json | py 'sorted(j[0]) == sorted("hostPid pid parentPid user uid gid hostUid state cpuPercent cpuTimeMs elapsedMs nice threads virtualBytes residentBytes name command".split())')" = True ]
	ctr pause web
	lines_are 4 web
	ctr resume web
}

@test "top says how busy a process is" {
	started busy -- sh -c 'while :; do :; done'
	sleep 2
	top_of busy
	[ "$(ctr top busy --format json | py 'j[0]["cpuPercent"] > 5 and j[0]["cpuTimeMs"] > 100 and j[0]["elapsedMs"] >= j[0]["cpuTimeMs"]')" = True ]
	[ "$(top_of busy stat)" = R ]
}

@test "top prints nothing that acts on a terminal" {
	local escape=$'\e[31m'
	started evil -- sh -c 'printf "#!/bin/sh\nsleep 1000; :\n" > "/tmp/$1"; chmod 755 "/tmp/$1"
		printf "x$1:x:7:7:::\n" >> /etc/passwd; "/tmp/$1" "a
b" & sleep 1000' sh "$escape"
	until_true "the command" bash -c 'ctr top evil | grep -q "a?b"'
	ctr top evil > shown
	ctr top evil user comm args >> shown
	ctr top evil --format json >> shown
	cat -v shown
	not grep -q $'\e' shown
	grep -q 'a?b' shown
	grep -qi 'u001b\[31m' shown
}

@test "top shows numbers where the container has no names that can be read" {
	started odd -- sh -c 'rm /etc/passwd; mkfifo /etc/passwd; exec sleep 1000'
	until_true "sleep" bash -c 'ctr top odd comm | grep -qx "sleep *"'
	run --separate-stderr -0 timeout 30 ctr top odd user
	[ "${lines[1]}" = 0 ]
	[[ "$stderr" =~ ^"ctr: warning: users have no names: the container's /etc/passwd is not a regular file"$ ]]
	ctr exec odd rm /etc/passwd
	[ "$(top_of odd user)" = 0 ]
}

@test "top shows what shares the host's process ids, and only the container's" {
	started shared --pid host -- sh -c 'sleep 1000 & wait'
	until_true "two processes" lines_are 2 shared
	[ "$(top_of shared pid)" = "$(top_of shared hpid)" ]
	[ "$(top_of shared ppid | tail -n 1)" = "$(payload shared)" ]
	ctr kill shared
}

@test "top refuses what it cannot do" {
	run -0 ctr run --name over --rootfs "$FS" -- true
	refused 125 "cannot list the processes of over: the container is not running" ctr top over
	refused 125 'no container nobody' ctr top nobody
	refused 125 'top takes a container' ctr top
	started web -- sleep 1000
	refused 125 "there is no column 'aux'" ctr top web aux
	hinted 'hpid pid ppid'
	refused 125 "unknown flag -e" ctr top web -ef
	refused 125 'is neither table, json nor a template' ctr top web --format yaml
	refused 125 'more than 12 columns' ctr top web pid,pid,pid,pid,pid,pid,pid pid,pid,pid,pid,pid,pid
}
