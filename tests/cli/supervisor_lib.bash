# shellcheck shell=bash disable=SC2034
# What the supervisor's and the init's tests share.
B=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}")

timeout() { command timeout $(($1 * ${TEST_PATIENCE:-1})) "${@:2}"; }

# $BIN: the programs of this directory that play ctr and its client.
supervisor_build() {
	local src=$BATS_TEST_DIRNAME/../../src p
	export BIN=$BATS_FILE_TMPDIR
	for p in supervisor_start supervisor_client; do
		"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -I"$src" -O1 -Wall -Wextra -o "$BIN/$p" \
			"$BATS_TEST_DIRNAME/$p.c" "$src"/container/{attach,console}.c \
			"$src"/base/{err,fd,utf8}.c -lutil
	done
}

supervisor_setup() {
	D=$BATS_TEST_TMPDIR
	LOG_MAX=65536
	TIMEOUT=0
	CLEANUP="echo cleaned >$D/cleaned"
	SUPERVISOR=
}

# start tty|pipe COMMAND: in the background; $SUPERVISOR is its pid.
start() {
	"$BIN/supervisor_start" "$B/ctr-supervisor" "$D" "$1" "$LOG_MAX" "$TIMEOUT" "$CLEANUP" "$2" \
		</dev/null 3>&- &
	SUPERVISOR=$!
	until_true "the supervisor serves" test -S "$D/attach.sock"
}

# until_true WHAT COMMAND...: within ten seconds.
until_true() {
	local what=$1 i
	shift
	for ((i = 0; i < 200 * ${TEST_PATIENCE:-1}; i++)); do
		"$@" && return
		sleep .05
	done
	echo "not in time: $what" >&2
	return 1
}

logged() {
	grep -qs -- "$1" "$D/log" "$D/log.1"
}

# ended STATUS: the supervisor has gone, having recorded that status.
ended() {
	wait "$SUPERVISOR"
	SUPERVISOR=
	[ "$(head -n1 "$D/exit")" = "$1" ] || { echo "status $(cat "$D/exit")" >&2; return 1; }
}

supervisor_teardown() {
	[ -z "$SUPERVISOR" ] || kill -KILL "$(cat "$D/pid")" "$SUPERVISOR" 2>/dev/null || :
	! mountpoint -q "$BATS_TEST_TMPDIR/small" || umount "$BATS_TEST_TMPDIR/small"
}

client() {
	timeout 30 "$BIN/supervisor_client" "$D" "$@"
}
