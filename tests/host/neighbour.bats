# shellcheck shell=bash
# What one container could take from the host and its neighbours, in the test machine, whose settings are ours.
# Each with a control: the same where the filter lets it.
load ../cli/helpers

setup_file() {
	file_setup
	cp "$BUILD/attack/inside" "$FS/bin/inside"
}
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	SEEN=$PWD/seen
	: > "$SEEN"
}
teardown() {
	echo core > /proc/sys/kernel/core_pattern
	echo /sbin/modprobe > /proc/sys/kernel/modprobe
	nothing_left
}

# handler COMMAND: a program of the host's that the kernel calls, and that notes it.
handler() {
	printf '#!/bin/sh\n%s >> %s\n' "$1" "$SEEN" > handler
	chmod +x handler
}

@test "a program of the host's that core_pattern names gets nothing of a container, and the log of the kernel no file" {
	handler 'cat > /dev/null; echo dumped'
	echo "|$PWD/handler" > /proc/sys/kernel/core_pattern
	run box -- inside crash
	run box --ulimit core=0 -- inside crash
	started kept -- sleep 600
	run ctr exec kept inside crash
	ctr rm -f kept
	sleep 1
	[ ! -s "$SEEN" ]
	# With a limit of the user's own the payload may set it, and 0 is not none.
	run box --ulimit core=unlimited -- inside crash
	until_true "it was dumped" [ -s "$SEEN" ]
}

@test "a container makes the host's kernel load no module" {
	handler 'echo "$@"'
	echo "$PWD/handler" > /proc/sys/kernel/modprobe
	box -- inside modules
	[ ! -s "$SEEN" ]
	box --security-opt seccomp=unconfined -- inside modules
	grep -q tty-ldisc "$SEEN"
	grep -q bridge "$SEEN"
	grep -q net-pf-2-proto-0-type-3 "$SEEN"
}

@test "what keeps a caller from being killed does not keep a container" {
	protected() { (echo -900 > /proc/self/oom_score_adj && "$@"); }
	[ "$(protected box -- cat /proc/self/oom_score_adj)" = 0 ]
	protected started kept -- sleep 600
	[ "$(ctr exec kept cat /proc/1/oom_score_adj)" = 0 ]
	[ "$(protected ctr exec kept cat /proc/self/oom_score_adj)" = 0 ]
	ctr rm -f kept
	[ "$(protected box --oom-score-adj -100 -- cat /proc/self/oom_score_adj)" = -100 ]
	[ "$(protected cat /proc/self/oom_score_adj)" = -900 ]
	first() { (echo 300 > /proc/self/oom_score_adj && "$@"); }
	[ "$(first box -- cat /proc/self/oom_score_adj)" = 0 ]
}

@test "asynchronous I/O of the host is not taken by a container" {
	events() { cat /proc/sys/fs/aio-nr; }
	started aio -- inside take-aio
	until_true "it has tried" logged aio taken
	[ "$(events)" -lt 100 ]
	ctr rm -f aio
	started aio --security-opt seccomp=default+aio -- inside take-aio
	until_true "it has tried" logged aio taken
	[ "$(events)" -gt 60000 ]
	ctr rm -f aio
}

# Niceness, policy, what it may have for the asking, and whether addresses are the same each time.
@test "a caller in real time, urgent or without random addresses does not make a container so" {
	local look='sed "s/.*) //" /proc/self/stat | cut -d" " -f17,39; sed -nE "s/^Max (nice|realtime) priority *//p" /proc/self/limits; cat /proc/self/personality'
	local usual='0 0 0 0 0 0 00000000' how
	urgent() { prlimit --rtprio=50 --nice=30 nice -n -5 setarch -R "$@"; }
	realtime() { prlimit --rtprio=50 --nice=30 chrt -f 7 setarch -R "$@"; }
	started kept -- sleep 600
	for how in urgent realtime 'nice -n 7' 'chrt -i 0'; do
		[ "$($how ctr run --rm --rootfs "$FS" -- sh -c "$look" | xargs)" = "$usual" ]
		[ "$($how ctr exec kept sh -c "$look" | xargs)" = "$usual" ]
	done
	ctr rm -f kept
	ionice -c 1 ctr run -d --name kept --rootfs "$FS" -- sleep 600
	[ "$(ionice -p "$(payload kept)")" = "$(ionice -p $$)" ]
	ctr rm -f kept
	[ "$(realtime ctr run --rm --ulimit rtprio=3 --rootfs "$FS" -- sh -c "$look" | xargs)" = '0 0 0 0 3 3 00000000' ]
	[ "$(urgent sh -c "$look" | xargs)" = '-5 0 30 30 50 50 00040000' ]
	[ "$(realtime sh -c "$look" | xargs)" = '0 1 30 30 50 50 00040000' ]
	[ "$(ionice -c 1 sh -c 'ionice -p $$')" != "$(ionice -p $$)" ]
}
