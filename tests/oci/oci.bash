# shellcheck shell=bash
# What the tests of ctr-oci share: bundles over one root of busybox, a state directory of their own,
# and the proof that nothing is left behind.
# shellcheck source=tests/cli/helpers.bash
source "$BATS_TEST_DIRNAME/../cli/helpers.bash"

oci_file_setup() {
	file_setup
	# Others on this host may run these tests as well.
	export OCI_ROOT=$PWD/oci OCI_GROUPS OCI_PLACE=/ctr-test-$BATS_ROOT_PID
	OCI_GROUPS=$(dirname "$GROUPS_AT")$OCI_PLACE
	base_config > base.json
}

# Everything that was created is deleted, and nothing of it is there. Whoever calls it sees to its status:
# bats heeds only that of the last command of a teardown.
oci_teardown() {
	local id left
	for id in $(ctr-oci --root "$OCI_ROOT" list -q 2> /dev/null); do timeout 60 ctr-oci --root "$OCI_ROOT" delete --force "$id" || :; done
	left=$(ls "$OCI_ROOT" 2> /dev/null; find "$OCI_GROUPS" -mindepth 1 -type d 2> /dev/null; new_mounts)
	rmdir "$OCI_GROUPS" 2> /dev/null || :
	[ -z "$left" ] || { echo "left behind: $left" >&2; return 1; }
}

oci() { ctr-oci --root "$OCI_ROOT" "$@"; }

# An ordinary container without a user namespace, as engines run by root make it.
base_config() {
	cat <<-END
	{"ociVersion": "1.0.2",
	 "root": {"path": "$FS", "readonly": false},
	 "hostname": "box",
	 "process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["/bin/sh"], "cwd": "/",
	  "env": ["PATH=/bin:/usr/bin"], "noNewPrivileges": true,
	  "capabilities": {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL", "CAP_CHOWN"],
	   "permitted": ["CAP_KILL", "CAP_CHOWN"]}},
	 "mounts": [
	  {"destination": "/proc", "type": "proc", "source": "proc"},
	  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
	  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
	  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
	  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
	 "linux": {"namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
	   {"type": "network"}, {"type": "cgroup"}],
	  "cgroupsPath": "$OCI_PLACE/base",
	  "maskedPaths": ["/proc/kcore", "/proc/keys"], "readonlyPaths": ["/proc/sys"]}}
	END
}

# bundle [JQ FILTER]: a directory of this test's with a config.json, and a group of its own; its path
# is in $B.
bundle() {
	B=$(mktemp -d "$BATS_TEST_TMPDIR/bundle.XXXX")
	jq ".linux.cgroupsPath = \"$OCI_PLACE/${B##*/}\" | ${1:-.}" "$BATS_FILE_TMPDIR/base.json" > "$B/config.json"
}

# A shell script as the payload.
sh_bundle() { bundle ".process.args = [\"/bin/sh\", \"-c\", $(jq -Rn --arg s "$1" '$s')] | ${2:-.}"; }

# create ID: from $B, with its streams in files, as an engine keeps them.
create() { oci create --bundle "$B" --pid-file "$B/pid" "$@" < /dev/null > "$B/out" 2> "$B/err"; }

status_of() { oci state "$1" | jq -r .status; }
is() { [ "$(status_of "$1")" = "$2" ]; }
