# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Single system calls that fail: what `make faults` has found once.
load helpers

setup_file() { file_setup; }
setup() {
	[ -x "$BUILD/faults/inject" ] || skip "needs make fault-programs"
	cd "$BATS_TEST_TMPDIR" || return
}
teardown() { nothing_left; }

ENOMEM=12 EAGAIN=11 EMFILE=24 EIO=5

# failing PROCESS:CALL:ERROR STATUS COMMAND…: the command ends with that status and one line.
failing() {
	local point=$1 status=$2
	shift 2
	"$BUILD/faults/inject" -p "$point" -r 3 -- "$BUILD/ctr" "$@" 3> result > out 2> err < /dev/null
	cat result err
	grep -q "^$status hit .* ended$" result
	[ "$(grep -vc '^hint: ' err)" -eq 1 ]
	grep -q '^ctr: ' err
}

@test "gc leaves alone what it cannot see" {
	started here -- sleep 60
	local pid
	pid=$(payload here)
	until_true "there are two" guarded here
	# Held by nobody, it is gc's to judge.
	local both
	both=$(supervisors here)
	# shellcheck disable=SC2086
	kill -STOP $both
	# shellcheck disable=SC2086
	kill -KILL $both
	until_true "nobody holds it" flock -n "$CTR_STATE/here" true
	failing 0:pidfd_open:$EMFILE 125 gc
	alive "$pid"
	[ -d "$CTR_STATE/here" ]
	ctr rm -f here
}

@test "a start that cannot send to its child does not wait for it" {
	failing 0:sendmsg:$ENOMEM 125 run --rm --name mute --rootfs "$FS" -- true
}

@test "a group that was made and cannot be looked at is undone" {
	failing 0:fsetxattr:$ENOMEM 125 run --rm --name blind --rootfs "$FS" -- true
}

@test "stop does not kill because it cannot wait" {
	local name
	for name in traced patient; do
		started $name -- sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep .05; done'
		until_true "it is ready" logged $name ready
	done
	# The first one is main's look at its standard streams.
	"$BUILD/faults/inject" -t calls -r 3 -- "$BUILD/ctr" stop traced 3> result
	failing "0:$(awk '$4 ~ /^p?poll$/ && $1 == 0 {k = $2} END {print k}' calls):$EAGAIN" 125 stop patient
	ctr rm -f traced patient
}

@test "what is not supervised does not run, and says why in one line" {
	failing 0.1:waitid:$EIO 125 run -d --name alone --rootfs "$FS" -- sleep 60
	[ -z "$(containers)" ]
}

@test "output that cannot be written is an error" {
	run --separate-stderr -125 bash -c 'ctr run --rm -d --rootfs "$FS" -- true > /dev/full'
	[[ "$stderr" =~ ^"ctr: run: "[a-z]*-[a-z]*" was ended and removed, as its id could not be written: ".*"No space left" ]]
	gone() { [ -z "$(containers)" ]; }
	until_true "it is gone" gone
}

@test "gc removes what a killed import has left" {
	mkdir -p tree
	echo x > tree/file
	export CTR_ROOT=$PWD/images-root
	run -0 "$BUILD/faults/inject" -p 0:renameat2:KILL -- "$BUILD/ctr" image import tree one:1
	[ -n "$(ls -A images-root/images/staging)" ]
	ctr gc
	[ -z "$(ls -A images-root/images/staging)$(ls -A images-root/images/blobs/sha256)$(ls -A images-root/images/layers)" ]
}
