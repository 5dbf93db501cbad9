#!/usr/bin/env bats
# Hooks: all six, in their order, with the state that the specification gives them. crun 1.8.1 has other
# statuses in it, and says no more of one that fails than that it did.
load oci
load peer

setup_file() {
	oci_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() {
	cd "$BATS_FILE_TMPDIR"
	LOG=$BATS_TEST_TMPDIR/log
}
teardown() {
	peer_clean
	oci_teardown
}

# hook POINT [MORE]: notes the point and the status it is told.
hook() {
	jq -n --arg p "$1" --arg log "$LOG" --arg more "${2:-:}" '{path: "/bin/sh", args: ["sh", "-c",
		("s=$(cat); echo \"" + $p + " $(echo \"$s\" | sed -E \"s/.*.status.: *.([a-z]*).*/\\1/\")\" >>" + $log + "; " + $more)]}'
}

with_hooks() {
	local filter=. point
	for point; do filter+=" | .hooks.$point += [$(hook "$point")]"; done
	sh_bundle 'until [ -e /tmp/go ]; do sleep .05; done' "$filter"
}

@test "each at its point, and with its status" {
	with_hooks prestart createRuntime createContainer poststart poststop
	create oci-a
	[ "$(cat "$LOG")" = "prestart creating
createRuntime creating
createContainer creating" ]
	oci start oci-a
	touch "$FS/tmp/go"
	until_true stopped is oci-a stopped
	rm "$FS/tmp/go"
	oci delete oci-a
	[ "$(tail -n 2 "$LOG")" = "poststart running
poststop stopped" ]
}

@test "startContainer runs in the container" {
	sh_bundle 'cat /tmp/hook; rm /tmp/hook' '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/tmp/hook"]}]'
	create oci-a
	[ ! -e "$FS/tmp/hook" ]
	oci start oci-a
	until_true stopped is oci-a stopped
	jq -e '.status == "created" and .id == "oci-a"' "$B/out"
}

hosts_proc() {
	sh_bundle 'true' ".hooks.createContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/self/exe; ls $FS/dev/pts/ptmx\"], env: [\"PATH=/bin:/usr/bin\"]}]
		| .hooks.createContainer[0].args[2] |= \"(\(.)) >$LOG 2>&1\""
	create oci-a
	[ "$(cat "$LOG")" = "$(readlink -f /bin/readlink)"$'\n'"$FS/dev/pts/ptmx" ]
}
@test "createContainer has the host's /proc, and the root with its mounts where the bundle has it" { both hosts_proc; }

not_by_exec() {
	sh_bundle 'sleep 100' '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo ran >>/tmp/hook"]}]'
	create oci-a
	oci start oci-a
	[ "$(oci exec oci-a cat /tmp/hook)" = ran ]
	rm "$FS/tmp/hook"
}
@test "exec runs no hooks of the start" { both not_by_exec; }

sees_namespaces() {
	sh_bundle 'true' ".hooks.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"pid=\$(sed -E 's/.*.pid.: *([0-9]+).*/\\\\1/'); readlink /proc/\$pid/ns/net /proc/\$pid/ns/uts >$LOG\"]}]"
	create oci-a
	[ "$(cat "$LOG")" = "$(readlink "/proc/$(cat "$B/pid")/ns/net" "/proc/$(cat "$B/pid")/ns/uts")" ]
	[ "$(head -n 1 "$LOG")" != "$(readlink /proc/self/ns/net)" ]
}
@test "createRuntime sees the namespaces and the pid of the container" { both sees_namespaces; }

@test "a hook that fails fails the create, and nothing is left" {
	sh_bundle 'true' '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo because >&2; exit 3"]}]'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"hook createRuntime[0]: /bin/sh ended with status 3: because"* ]]
	run -1 oci state oci-a
}

@test "a poststart hook that fails ends the container, and fails the start" {
	sh_bundle 'sleep 100' ".hooks.poststart = [{path: \"/bin/false\"}, $(hook poststart)] | .hooks.poststop = [$(hook poststop)]"
	create oci-a
	run -1 oci start oci-a
	[[ $output == *"hook poststart[0]: /bin/false ended with status 1"* ]]
	is oci-a stopped
	[ ! -e "$LOG" ]
	oci delete oci-a
	[ "$(cat "$LOG")" = "poststop stopped" ]
}

@test "poststop hooks are run, all of them, for a create that a hook failed" {
	sh_bundle 'true' ".hooks.createContainer = [{path: \"/bin/false\"}] | .hooks.poststop = [{path: \"/bin/false\"}, $(hook poststop),
		{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >$LOG.state\"]}]"
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"hook createContainer[0]"* ]]
	[ "$(cat "$LOG")" = "poststop stopped" ]
	jq -e '.pid == 0 and .id == "oci-a"' "$LOG.state"
}

gone() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:blank:]]*Z' "/proc/$1/status"; }

@test "a hook out of its time is killed" {
	sh_bundle 'true' '.hooks.prestart = [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]'
	run -1 oci create --bundle "$B" oci-a
	[[ $output == *"was not done within 1 s"* ]]
	# With what it has begun.
	printf '#!/bin/sh\nsleep 98765 & echo $! > %s/child; sleep 98765\n' "$BATS_TEST_TMPDIR" > "$BATS_TEST_TMPDIR/slow"
	chmod +x "$BATS_TEST_TMPDIR/slow"
	sh_bundle 'true' ".hooks.prestart = [{path: \"$BATS_TEST_TMPDIR/slow\", env: [\"PATH=$PATH\"], timeout: 1}]"
	# It may be out of its time before it has begun anything.
	for try in 1 2 3; do
		run -1 oci create --bundle "$B" oci-a
		[[ $output == *"was not done within 1 s"* ]]
		[ ! -e "$BATS_TEST_TMPDIR/child" ] || break
	done
	until_true "end of the child" gone "$(cat "$BATS_TEST_TMPDIR/child")"
}

