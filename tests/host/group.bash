# shellcheck shell=bash
# Containers whose cgroup is looked at: no controller may be missing where these tests run.
# shellcheck source=tests/oci/oci.bash
source "$BATS_TEST_DIRNAME/../oci/oci.bash"

setup_file() {
	oci_file_setup
	cp "$BUILD/host/work" "$FS/bin/work"
}
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	oci_teardown && nothing_left
}

# up ID SCRIPT [JQ FILTER]: what the script prints is in $B/out.
up() {
	sh_bundle "$2" "${3:-.}"
	create "$1"
	oci start "$1"
}
said() { grep -qx "$1" "$B/out"; }
value() { cat "$OCI_GROUPS/${B##*/}/$1"; }
