#!/usr/bin/env bats
# buildah, told the runtime by --runtime.
load engines

setup_file() {
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' > /etc/containers/policy.json
	mkdir -p /etc/containers/containers.conf.d
	printf '[containers]\nnetns = "none"\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' \
		> /etc/containers/containers.conf.d/test.conf
	root_tar > "$BATS_FILE_TMPDIR/root.tar"
}

setup() {
	C=$(buildah from scratch)
	buildah add -q "$C" "$BATS_FILE_TMPDIR/root.tar" / > /dev/null
}
teardown() { buildah rm -a > /dev/null; }

# in_it [FLAGS] -- COMMAND
in_it() {
	local flags=()
	while [ "$1" != -- ]; do flags+=("$1") && shift; done
	buildah run --isolation oci --runtime "$ENGINE_RUNTIME" --network none "${flags[@]}" "$C" "$@"
}

@test "run: output, standard error and input" {
	run --separate-stderr -0 in_it -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo in | in_it -- cat)" = in ]
}

@test "run: exit status of the payload" {
	run in_it -- sh -c 'exit 4'
	[ "$status" = 4 ]
}

@test "run: a command that is not there fails it" {
	run in_it -- nosuch
	[ "$status" != 0 ]
	[[ $output == *"not found"* ]]
}

@test "run -t: a terminal" {
	[ "$(on_terminal "buildah run -t --isolation oci --runtime $ENGINE_RUNTIME --network none $C tty")" = /dev/pts/0 ]
}

@test "--user, --workdir, --env, --hostname" {
	[ "$(in_it --user ann --workingdir /tmp --env A=b -- sh -c 'echo $(id -un) $PWD $A')" = "ann /tmp b" ]
	[ "$(in_it --hostname web -- hostname)" = web ]
}

@test "-v: a directory" {
	echo text > "$BATS_TEST_TMPDIR/f"
	[ "$(in_it -v "$BATS_TEST_TMPDIR:/mnt" -- cat /mnt/f)" = text ]
	run ! in_it -v "$BATS_TEST_TMPDIR:/mnt:ro" -- touch /mnt/g
}

@test "--cap-add, --cap-drop" {
	[ "$(in_it --cap-drop all -- awk '/^CapEff/ {print $2}' /proc/self/status)" = 0000000000000000 ]
	[ $((0x$(in_it --cap-add CAP_NET_ADMIN -- awk '/^CapEff/ {print $2}' /proc/self/status) & 0x1000)) = $((0x1000)) ]
}

@test "copy, commit: what was run is in the image" {
	echo text > "$BATS_TEST_TMPDIR/f"
	buildah copy -q "$C" "$BATS_TEST_TMPDIR/f" /etc/f > /dev/null
	in_it -- sh -c 'cat /etc/f >/etc/g'
	buildah commit -q "$C" made > /dev/null
	local next
	next=$(buildah from --pull-never localhost/made)
	[ "$(C=$next in_it -- cat /etc/g)" = text ]
	buildah rm "$next" > /dev/null
	buildah rmi made > /dev/null
}

@test "build: a Containerfile with RUN" {
	buildah commit -q "$C" base > /dev/null
	printf '%s\n' 'FROM localhost/base' 'RUN echo built >/built' 'RUN cat /built' > "$BATS_TEST_TMPDIR/Containerfile"
	run -0 buildah bud --isolation oci --runtime "$ENGINE_RUNTIME" --network none -t made "$BATS_TEST_TMPDIR"
	[[ $output == *built* ]]
	printf '%s\n' 'FROM localhost/base' 'RUN exit 7' > "$BATS_TEST_TMPDIR/Containerfile"
	run buildah bud --isolation oci --runtime "$ENGINE_RUNTIME" --network none "$BATS_TEST_TMPDIR"
	[ "$status" != 0 ]
	buildah rmi -a -f > /dev/null
}

@test "end: no process, cgroup or state is left" {
	until_true "nothing left" nothing_remains || { remains; false; }
}
