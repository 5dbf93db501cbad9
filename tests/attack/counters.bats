#!/usr/bin/env bats
# What the kernel counts for each user: a container takes all that it can, and others still get some.
load attack

setup_file() { attack_file_setup; }
setup() {
	attack_setup
	inside=$BUILD/attack/inside
	# What a user may have of signals and queues follows from the caller's limits: this goes faster.
	ulimit -S -i 1000
	started beside -- sleep 1000
	# For files of the control's ids.
	OPEN=$(mktemp -d /tmp/ctr-attack.XXXXXX)
	chmod 1777 "$OPEN"
}
teardown() {
	[ -z "${CONTROL:-}" ] || kill -KILL "$CONTROL" 2> /dev/null || :
	rm -rf "$OPEN"
	attack_teardown
}

has_taken() { grep -qs ^took "$1"; }
log_of_taker() { ctr logs taker > taken 2> /dev/null && has_taken taken; }

# taker WHAT MAX [FLAGS]: a container with default flags, or these, takes all of it.
taker() {
	rm -f taken
	started taker "${@:3}" -- inside take "$1" /dev/shm "$2"
	until_true "a container has taken $1" log_of_taker
}
took() { sed -n 's/^took \([0-9]*\).*/\1/p' taken; }

# control WHAT MAX: the same in a namespace that root has made.
control() {
	rm -f taken
	"$BUILD/attack/naive" users "$inside" take "$1" "$OPEN" "$2" > taken 3>&- &
	CONTROL=$!
	until_true "the control has taken $1" has_taken taken
}
control_ends() {
	kill -KILL "$CONTROL"
	wait "$CONTROL" || :
	CONTROL=
}

# taken_from_nobody WHAT [FLAGS]
taken_from_nobody() {
	local what=$1 few=1
	# Other processes of the host's root give some back now and then.
	[ "$what" != signals ] || few=200
	"$inside" try "$what" "$OPEN" "$few" || skip "this kernel gives nobody: $what"
	taker "$what" 10000000 "${@:2}"
	cat taken
	[ "$(took)" -gt 0 ]
	held "$inside" try "$what" "$OPEN" "$few"
	held ctr exec beside inside try "$what" /dev/shm "$few"
	ctr rm -f taker
	control "$what" 10000000
	cat taken
	control_fell not "$inside" try "$what" "$OPEN" "$few"
	control_ends
}

@test "all inotify instances of the host" { taken_from_nobody inotify; }
@test "all inotify watches of the host" { taken_from_nobody watches; }
@test "all pending signals of the host" { taken_from_nobody signals; }
@test "all message queues of the host" { taken_from_nobody queues; }
@test "all fanotify groups of the host" {
	ctr rm -f beside
	started beside --security-opt seccomp=unconfined -- sleep 1000
	taken_from_nobody fanotify --security-opt seccomp=unconfined
}

@test "all pseudo-terminals of the host" {
	taker terminals 2000
	held [ "$(took)" -gt 10 ]
	held [ "$(took)" -le 256 ]
	held ctr exec beside inside try terminals /dev/shm 1
	ctr rm -f taker
	control terminals 2000
	cat taken
	control_fell [ "$(took)" -gt 500 ] # or as many as it may open
	control_ends
}

@test "all processes of the host, whether its groups count them or not" {
	taker processes 5000
	held [ "$(took)" -gt 4000 ]
	held [ "$(took)" -le 4096 ]
	held ctr exec beside true
	ctr rm -f taker
	# All ids of the container together.
	taker users 5000
	held [ "$(took)" -gt 4000 ]
	held [ "$(took)" -le 4096 ]
	ctr rm -f taker
	control processes 5000
	control_fell [ "$(took)" -eq 5000 ]
	control_ends
}
