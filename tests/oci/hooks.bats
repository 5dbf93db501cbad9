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

@test "a hook that fails the start destroys the container: poststop hooks are run, and nothing is left" {
	local point
	for point in startContainer poststart; do
		sh_bundle 'sleep 100' ".hooks.$point = [{path: \"/bin/false\"}, $(hook "$point")] | .hooks.poststop = [$(hook poststop)]"
		create oci-a
		run -1 oci start oci-a
		[[ $output == *"hook ${point}[0]: /bin/false ended with status 1"* ]]
		[ "$(cat "$LOG")" = "poststop stopped" ]
		run -1 oci state oci-a
		[[ $output == *"container does not exist"* ]]
		[ ! -e "$OCI_GROUPS/${B##*/}" ]
		rm "$LOG"
	done
}

# where POINT [MORE]: a hook that notes its directory and its X and Y.
where() {
	jq -n --arg log "$LOG" '{path: "/bin/sh", args: ["sh", "-c", ("echo $(pwd) X=$X Y=$Y >>" + $log)]}'
}

@test "directory and environment: the bundle and the caller's, of createContainer the root, of startContainer the payload's" {
	local point filter='.process.env += ["X=payload"] | .process.cwd = "/tmp"'
	for point in prestart createRuntime createContainer poststart poststop; do filter+=" | .hooks.$point = [$(where)]"; done
	sh_bundle 'cat /tmp/hook' "$filter"' | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo $(pwd) X=$X Y=$Y > /tmp/hook"]}]'
	X=caller Y=y create oci-a
	X=caller Y=y oci start oci-a
	until_true stopped is oci-a stopped
	X=caller Y=y oci delete oci-a
	[ "$(cat "$LOG")" = "$B X=caller Y=y
$B X=caller Y=y
$FS X=caller Y=y
$B X=caller Y=y
$B X=caller Y=y" ]
	[ "$(cat "$B/out")" = "/tmp X=payload Y=" ]
	rm "$FS/tmp/hook"
}

@test "a hook with an environment of its own has that, and no more; an empty one is empty" {
	sh_bundle 'true' ".hooks.createRuntime = [$(where) + {env: [\"X=own\"]}, $(where) + {env: []}]"
	X=caller Y=y create oci-a
	[ "$(cat "$LOG")" = "$B X=own Y=
$B X= Y=" ]
}

@test "startContainer hooks are under the filter of the payload, with no_new_privs and without" {
	local nnp
	for nnp in true false; do
		sh_bundle 'true' ".process.noNewPrivileges = $nnp"' | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}
			| .hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/tmp/made"]}]'
		create oci-a
		run -1 oci start oci-a
		[[ $output == *"hook startContainer[0]: /bin/mkdir ended with status 1: mkdir: "* ]]
		[ ! -e "$FS/tmp/made" ]
	done
}

@test "what a hook leaves behind may go on writing" {
	cat > "$BATS_TEST_TMPDIR/daemon" <<- END
		#!/bin/sh
		(while [ ! -e $BATS_TEST_TMPDIR/go ]; do sleep .05; done; echo late >&2; echo later >&2; echo alive > $LOG) &
	END
	chmod +x "$BATS_TEST_TMPDIR/daemon"
	sh_bundle 'true' ".hooks.createRuntime = [{path: \"$BATS_TEST_TMPDIR/daemon\"}]"
	create oci-a
	touch "$BATS_TEST_TMPDIR/go"
	until_true "the daemon writes" grep -q alive "$LOG"
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

