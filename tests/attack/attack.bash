# shellcheck shell=bash
# What the attacks share. Each is also made on a control: naive, a program with one mistake of each kind,
# Debian 12's crun or runc, or whatever else is known to fall. An attack that does not work on its control
# proves nothing, and is a failed test.
# shellcheck source=tests/oci/oci.bash
source "$BATS_TEST_DIRNAME/../oci/oci.bash"
# shellcheck source=tests/oci/peer.bash
source "$BATS_TEST_DIRNAME/../oci/peer.bash"

export TRIES=${ATTACK_TRIES:-300}

attack_file_setup() {
	oci_file_setup
	cp "$BUILD/attack/inside" "$FS/bin/inside"
}
attack_setup() { cd "$BATS_TEST_TMPDIR" || return; }
attack_teardown() {
	[ -z "${CONTROLS:-}" ] || kill -KILL $CONTROLS 2> /dev/null || :
	local status=0
	peer_clean
	oci_teardown || status=1
	nothing_left || status=1
	return $status
}

naive() { "$BUILD/attack/naive" "$@"; }

# In place of a plain condition, so that the report says which of the two has failed.
control_fell() { "$@" || { echo "the control stands: the attack does not work" >&2; return 1; }; }
# falls PEER COMMAND...: the command tries it on that peer, and says whether it worked. Another version than
# Debian 12's may have been mended.
falls() {
	local version
	case $1 in crun) version=1.8.1 ;; runc) version=1.1.5 ;; esac
	command -v "$1" > /dev/null || skip "held, but a control is missing: $1 is not installed"
	[[ $("$1" --version) == "$1 version $version"[!0-9]* ]] ||
		skip "held, but a control is missing: $1 is not version $version"
	echo "its control, $1:" >&2
	RT=$1 control_fell "${@:2}"
}
# peer ARGUMENT...: that peer, within bounds.
peer() {
	command timeout -k 2 $((${WITHIN:-20} * TEST_PATIENCE)) "$BATS_FILE_TMPDIR/peer.sh" "$RT" "$@" < /dev/null
}
held() { "$@" || { echo "the attack works" >&2; return 1; }; }

# A directory of the host's that nobody may touch, and all that can be seen of it.
make_victim() {
	mkdir -p "$1/etc" "$1/proc"
	echo host > "$1/etc/passwd"
	look "$1" > "$1.before"
}
look() { find "$1" -printf '%P %i %m %U:%G %s %T@ %C@ %l\n' | sort; }
untouched() { look "$1" | diff "$1.before" - >&2; }
touched() { not untouched "$1" 2> /dev/null; }

# root_copy DIR: a root of this test's own.
root_copy() { cp -a "$FS" "$1"; }

# oci_run ID: runs $B within bounds, output and errors in $output.
oci_run() { run timeout 30 ctr-oci --root "$OCI_ROOT" run --bundle "$B" "$1" < /dev/null; }

# one_line: $stderr or $output is one line of ours, and perhaps a hint.
one_line() { [ "$(grep -vc '^hint: ' <<< "$1")" -eq 1 ] && [[ $1 =~ ^ctr(-image|-oci)?:\  ]]; }
