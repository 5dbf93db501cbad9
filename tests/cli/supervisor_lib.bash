# shellcheck shell=bash disable=SC2034
# What the supervisor's and the init's tests share.
B=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}")

timeout() { command timeout $(($1 * ${TEST_PATIENCE:-1})) "${@:2}"; }

# $BIN: the programs of this directory that play ctr and its client.
supervisor_build() {
	local src=$BATS_TEST_DIRNAME/../../src p
	export BIN=$BATS_FILE_TMPDIR
	for p in supervisor_start supervisor_client; do
		"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -DCTR_LIBEXEC='""' -I"$src" -O1 -Wall -Wextra -o "$BIN/$p" \
			"$BATS_TEST_DIRNAME/$p.c" "$src"/console/{attach,console,spool}.c \
			"$src"/base/{arena,clock,err,escapes,fd,program,unwaited,utf8}.c -lutil
	done
}

supervisor_setup() {
	D=$BATS_TEST_TMPDIR
	LOG_MAX=65536
	TIMEOUT=0
	CLEANUP="echo cleaned >$D/cleaned"
	SUPERVISOR=
}

# What a COMMAND may wait for: that the test lets it, that so many clients are attached, that a terminal has
# the size of a person's, that the log has a text.
payload_words() {
	cat <<-END
		allowed() { until [ -e $D/go ]; do sleep .05; done; }
		attached() { until [ "\$(ls -l /proc/\$PPID/fd | grep -c socket:)" -gt "\$1" ]; do sleep .05; done; }
		sized() { until [ "\$(stty size)" = "33 77" ]; do sleep .05; done; }
		logged() { until grep -qs -- "\$1" $D/log; do sleep .05; done; }
	END
}

# start tty|pipe COMMAND: in the background; $SUPERVISOR is its pid. It has its clients' socket before it has
# a payload.
start() {
	"$BIN/supervisor_start" "$B/ctr-supervisor" "$D" "$1" "$LOG_MAX" "$TIMEOUT" "$CLEANUP" \
		"$(payload_words)"$'\n'"$2" </dev/null 3>&- &
	SUPERVISOR=$!
	until_true "the supervisor serves" test -s "$D/pid"
}
allow() { : >"$D/go"; }

# until_true WHAT COMMAND...: within half a minute.
until_true() {
	local what=$1 deadline=$((SECONDS + 30 * ${TEST_PATIENCE:-1}))
	shift
	while :; do
		"$@" && return
		[ $SECONDS -lt $deadline ] || break
		sleep .05
	done
	echo "not in time: $what" >&2
	return 1
}

logged() {
	grep -qs -- "$1" "$D/log" "$D/log.1"
}

# clients N: so many are attached; the supervisor has one socket more.
clients() { [ "$(find "/proc/$SUPERVISOR/fd" -lname 'socket:*' | wc -l)" -eq $(($1 + 1)) ]; }

gone() { ! grep -qs '^State:.[^ZX]' "/proc/$SUPERVISOR/status"; }
# ended STATUS: the supervisor has gone, having recorded that status.
ended() {
	until_true "the supervisor ends" gone || return
	wait "$SUPERVISOR"
	SUPERVISOR=
	[ "$(head -n1 "$D/exit")" = "$1" ] || { echo "status $(cat "$D/exit")" >&2; return 1; }
}

supervisor_teardown() {
	[ -z "$SUPERVISOR" ] || kill -KILL "$(cat "$D/pid")" "$SUPERVISOR" 2>/dev/null || :
	! mountpoint -q "$BATS_TEST_TMPDIR/small" || umount "$BATS_TEST_TMPDIR/small"
}

client() {
	timeout 120 "$BIN/supervisor_client" "$D" "$@"
}
