#!/usr/bin/env bats
# ctr-oci for a user like any other: a user namespace is all the rights that there are.
load oci

# A user with a range of ids, known in mount namespaces of these tests only, and a place that they can
# reach. Programs are found beside ctr-oci.
setup_file() {
	oci_file_setup
	export ID=54321 HOME_OF=$PWD/home
	mkdir -p "$HOME_OF"/{bin,run}
	cp "$BUILD"/ctr-{oci,seccomp} "$HOME_OF/bin"
	cp -a "$FS" "$HOME_OF/fs"
	chown -R $ID:$ID "$HOME_OF"
	{ cat /etc/passwd; echo "ctrtest:x:$ID:$ID::$HOME_OF:/bin/sh"; } > passwd
	echo "ctrtest:2000000:65536" > sub
	local up=$BATS_RUN_TMPDIR d
	chmod o+x "$up" "$BATS_FILE_TMPDIR"
	for d in "$up"/*; do chmod o+x "$d"; done
}
setup() {
	cd "$HOME_OF" || return
	as unshare -U true 2> /dev/null || skip "users may make no user namespaces on this host"
}
teardown() {
	local id left
	for id in $(as ctr-oci list -q 2> /dev/null); do as ctr-oci delete --force "$id" || :; done
	left=$(ls "$HOME_OF/run/ctr-oci")
	[ -z "$left" ] || { echo "left behind: $left" >&2; return 1; }
	[ -z "${CG:-}" ] || until_true "the group goes" remove_group || return
	rmdir "$(dirname "$OCI_GROUPS")/ctr-oci" 2> /dev/null || :
}

remove_group() { find "$CG" -depth -type d -exec rmdir {} + 2> /dev/null; [ ! -e "$CG" ]; }

# as COMMAND...: by the user. $CG: in that group, which is delegated.
as() {
	# shellcheck disable=SC2016
	unshare -m --propagation private bash -c '
		mount --bind "$1/passwd" /etc/passwd
		for f in /etc/subuid /etc/subgid; do mount --bind "$1/sub" $f; done
		[ -z "${CG:-}" ] || echo $$ > "$CG/cgroup.procs"
		cd "$2" && id=$3 && shift 3 && exec setpriv --reuid "$id" --regid "$id" --clear-groups env -i \
			"PATH=$HOME_OF/bin:$PATH" "XDG_RUNTIME_DIR=${RUNTIME_DIR-$HOME_OF/run}" "$@"' \
		- "$BATS_FILE_TMPDIR" "$PWD" "$ID" "$@"
}
delegated() {
	local at
	at=$(dirname "$OCI_GROUPS")/rootless-$$
	mkdir "$at" 2> /dev/null || skip "no cgroup v2 tree that can be written"
	CG=$at
	chown "$ID:$ID" "$CG" "$CG"/cgroup.{procs,subtree_control}
	export CG
}
ranges() {
	command -v newuidmap > /dev/null || skip "newuidmap (package uidmap) is not installed"
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "this host has no /etc/subuid"
}

ONE='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 54321, size: 1}] |
	.linux.gidMappings = .linux.uidMappings'
MANY='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 54321, size: 1},
	{containerID: 1, hostID: 2000000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'

# user_bundle SCRIPT [JQ FILTER]: one id, unless the filter says otherwise; the path is in $B.
user_bundle() {
	BATS_TEST_TMPDIR=$HOME_OF sh_bundle "$1" ".root.path = \"$HOME_OF/fs\" | del(.linux.cgroupsPath) | ${2:-$ONE}"
	chown -R "$ID:$ID" "$B"
}
run_as() {
	user_bundle "$@"
	as ctr-oci run --bundle "$B" "oci-$RANDOM" < /dev/null
}
user_create() { as ctr-oci create --bundle "$B" --pid-file "$B/pid" "$@" < /dev/null > "$B/out" 2> "$B/err"; }
user_status() { as ctr-oci state "$1" | jq -r .status; }
user_is() { [ "$(user_status "$1")" = "$2" ]; }

@test "one id, mapped without help: root inside, nobody else" {
	run -3 --separate-stderr run_as 'id -u; cat /proc/self/uid_map /proc/self/setgroups; exit 3'
	[ "$(xargs <<< "$output")" = "0 0 $ID 1 deny" ]
	[[ "$stderr" == "ctr-oci: warning: "*"has no cgroup"* ]]
}

@test "ranges of ids, by newuidmap" {
	ranges
	run -0 --separate-stderr run_as 'cat /proc/self/uid_map; cat /proc/self/setgroups; touch /tmp/f; chown 7:8 /tmp/f; stat -c %u:%g /tmp/f' "$MANY |
		.process.capabilities = {bounding: [\"CAP_CHOWN\"], effective: [\"CAP_CHOWN\"], permitted: [\"CAP_CHOWN\"]}"
	[ "$(xargs <<< "$output")" = "0 $ID 1 1 2000000 65536 allow 7:8" ]
	[ "$(stat -c %u:%g fs/tmp/f)" = 2000006:2000007 ]
	rm fs/tmp/f
}

@test "ranges that are not the user's are refused, in newuidmap's words" {
	ranges
	run -1 run_as true "$MANY | .linux.uidMappings[1].hostID = 9000000"
	[[ "$output" == *"newuidmap"* ]]
	as ctr-oci list -q | not grep .
}

@test "another user with groups of a range" {
	ranges
	run -0 --separate-stderr run_as 'id -u; id -G' "$MANY | .process.user = {uid: 5, gid: 6, additionalGids: [7, 8]}"
	[ "$(xargs <<< "$output")" = "5 6 7 8" ]
}

@test "additional groups with one id are refused with the reason" {
	run -1 run_as true "$ONE | .process.user.additionalGids = [0]"
	[[ "$output" == *additionalGids*setgroups* ]]
}

@test "no user namespace: refused" {
	run -1 run_as true .
	[[ "$output" == *"needs a user namespace"* ]]
}

@test "devices are the host's, and can be used; those that it lacks are refused" {
	run -0 --separate-stderr run_as 'echo x > /dev/null && head -c 3 /dev/zero | wc -c; stat -c %t:%T /dev/random /dev/kmsg' \
		"$ONE"' | .linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	[ "$(xargs <<< "$output")" = "3 1:8 1:b" ]
	run -1 run_as true "$ONE"' | .linux.devices = [{path: "/dev/none", type: "c", major: 3999, minor: 1}]'
	[[ "$output" == *"/dev/none"*"the host has none"* ]]
}

@test "mounts: a directory of the user, read-only, /sys, /proc, mqueue, a terminal without its group" {
	mkdir -p vol && echo mine > vol/f && chown -R "$ID:$ID" vol
	run -0 --separate-stderr run_as 'cat /vol/f; touch /vol/x 2> /dev/null || echo ro; ls /sys/class/net; grep -c mqueue /proc/mounts; stat -c %g /dev/pts' \
		"$ONE"' | .mounts += [{destination: "/vol", type: "bind", source: "'"$PWD"'/vol", options: ["rbind", "ro", "nosuid"]},
			{destination: "/dev/mqueue", type: "mqueue", source: "mqueue"}]'
	[ "$(xargs <<< "$output")" = "mine ro lo 1 0" ]
}

@test "the host's network: its /sys is shown" {
	run -0 --separate-stderr run_as '[ -d /sys/class/net/lo ] && readlink /proc/self/ns/net' \
		"$ONE"' | .linux.namespaces |= map(select(.type != "network"))'
	[ "$output" = "$(readlink /proc/self/ns/net)" ]
}

@test "the OOM score: raised, and lowering it is a warning" {
	run -0 --separate-stderr run_as 'cat /proc/self/oom_score_adj' "$ONE | .process.oomScoreAdj = 300"
	[ "$output" = 300 ]
	run -0 --separate-stderr run_as 'cat /proc/self/oom_score_adj' "$ONE | .process.oomScoreAdj = -500"
	[ "$output" = 0 ]
	[[ "$stderr" == *"OOM score"* ]]
}

@test "create, start, exec, kill, delete" {
	user_bundle 'echo up; sleep 100'
	user_create oci-a
	user_is oci-a created
	[ ! -s "$B/out" ]
	as ctr-oci start oci-a
	user_is oci-a running
	run -4 as ctr-oci exec oci-a sh -c 'cat /proc/1/cmdline; id -u; exit 4'
	[[ "$output" == *sleep*0 ]]
	run -0 as ctr-oci exec -t oci-a tty
	[[ "$output" == /dev/pts/* ]]
	run -255 as ctr-oci exec oci-a /no/such
	[[ "$output" == *"no such file or directory"* || "$output" == *"not found in \$PATH"* ]]
	run -1 as ctr-oci pause oci-a
	[[ "$output" == *"has no cgroup"* ]]
	as ctr-oci kill oci-a KILL
	until_true stopped user_is oci-a stopped
	as ctr-oci delete oci-a
}

# By the pid that it is told, as those of devices and networks do.
@test "hooks: one of the user's enters the namespaces, and finds the mounts made" {
	user_bundle 'cat /tmp/of-hook' "$ONE"
	local script="pid=\$(sed -E 's/.*\"pid\": *([0-9]+).*/\\1/'); exec > $B/hook 2>&1
		nsenter -t \$pid -U --preserve-credentials -n -m --wd=/ sh -c 'readlink /proc/self/ns/user; ls $HOME_OF/fs/dev/pts/ptmx; echo hooked > $HOME_OF/fs/tmp/of-hook'"
	jq --arg s "$script" '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}] |
		.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/bin:/bin"]}]' "$B/config.json" > "$B/new"
	mv "$B/new" "$B/config.json"
	chown -R "$ID:$ID" "$B"
	user_create oci-a || { cat "$B/err" "$B/hook"; false; }
	[ "$(cat "$B/hook")" = "$(readlink "/proc/$(cat "$B/pid")/ns/user")"$'\n'"$HOME_OF/fs/dev/pts/ptmx" ]
	as ctr-oci start oci-a
	until_true stopped user_is oci-a stopped
	[ "$(cat "$B/out")" = hooked ]
}

@test "exec as another of the ids, by the user who is none of them" {
	ranges
	user_bundle 'sleep 100' "$MANY | .process.user = {uid: 1000, gid: 1000}"
	user_create oci-a
	as ctr-oci start oci-a
	run -0 as ctr-oci exec --user 7:7 oci-a id -u
	[ "$output" = 7 ]
	as ctr-oci delete --force oci-a
	not kill -0 "$(cat "$B/pid")" 2> /dev/null || until_true gone not alive "$(cat "$B/pid")"
}

@test "a delegated part of the tree: the group is there, pause and resume work, and it goes" {
	delegated
	user_bundle 'sleep 100'
	user_create oci-a
	[ ! -s "$B/err" ]
	[ "$(sed -n 's/^0:://p' "/proc/$(cat "$B/pid")/cgroup")" = "/${CG##*/}/ctr-oci/oci-a" ]
	as ctr-oci start oci-a
	as ctr-oci pause oci-a
	user_is oci-a paused
	as ctr-oci resume oci-a
	run -0 as ctr-oci exec oci-a cat /proc/self/cgroup
	[[ "$output" == *0::/ ]]
	as ctr-oci delete --force oci-a
	[ ! -e "$CG/ctr-oci/oci-a" ]
}

@test "a delegated part of the tree: limits, by controllers that it is given from above" {
	delegated
	local top file value=100
	top=$(dirname "$CG")
	if echo +pids > "$top/cgroup.subtree_control"; then
		file=pids.max
	elif echo +hugetlb > "$top/cgroup.subtree_control"; then
		file=$(find "$CG" -name 'hugetlb.*.max' ! -name '*.rsvd.*' -printf '%f\n' | head -n 1) value=$((1 << 30))
	else
		skip "cgroup v2 has neither pids nor hugetlb on this host"
	fi 2> /dev/null
	# A group with processes of its own hands nothing down.
	run -1 --separate-stderr run_as true "$ONE | .linux.resources.unified = {\"$file\": \"$value\"}"
	[[ "$stderr" == *"a group above holds processes itself"* ]]
	mkdir "$CG/session"
	chown -R "$ID:$ID" "$CG/session"
	CG=$CG/session run -0 --separate-stderr run_as "cat /sys/fs/cgroup/$file" "$ONE | .linux.resources.unified = {\"$file\": \"$value\"} |
		.mounts += [{destination: \"/sys/fs/cgroup\", type: \"cgroup\", source: \"cgroup\", options: [\"ro\"]}]"
	[ "$output" = "$value" ]
}

@test "a container of root with the same id is in nobody's way" {
	mkdir "$(dirname "$OCI_GROUPS")/ctr-oci" 2> /dev/null || :
	CG=$(dirname "$OCI_GROUPS")/ctr-oci/oci-of-$$
	mkdir "$CG" 2> /dev/null || skip "no cgroup v2 tree that can be written"
	sleep 100 3>&- &
	echo $! > "$CG/cgroup.procs"
	user_bundle 'echo hi'
	CG='' run -0 --separate-stderr as ctr-oci run --bundle "$B" "oci-of-$$"
	kill %1
	wait
	[ "$output" = hi ]
}

@test "a limit where nothing is delegated is refused with the reason" {
	run -1 run_as true "$ONE | .linux.resources.pids.limit = 10"
	[[ "$output" == *"limits"*"need a cgroup"* ]]
	run -1 run_as true "$ONE"' | .linux.cgroupsPath = "/elsewhere/'$$'" | .linux.resources.pids.limit = 10'
	[ ! -e "$(dirname "$OCI_GROUPS")/elsewhere" ]
}

@test "--rootless: true, false and auto, nothing else; --cgroup-manager disabled is quiet" {
	user_bundle 'echo hi'
	for r in true auto; do
		run -0 --separate-stderr as ctr-oci --rootless=$r run --bundle "$B" oci-a
		[ "$output" = hi ]
	done
	run -1 as ctr-oci --rootless=false run --bundle "$B" oci-a
	[[ "$output" == *cgroup* ]]
	run -1 as ctr-oci --rootless=maybe run --bundle "$B" oci-a
	[[ "$output" == *"--rootless"*maybe* ]]
	run -0 as ctr-oci --cgroup-manager disabled run --bundle "$B" oci-a
	[ "$output" = hi ]
}

@test "an empty XDG_RUNTIME_DIR is root's place" {
	user_bundle true
	RUNTIME_DIR='' run -1 as ctr-oci run --bundle "$B" oci-a
	[[ "$output" == *"/run/ctr-oci"* ]]
}

@test "root of a namespace, as rootless engines call it" {
	ranges
	user_bundle 'id -u; echo x > /dev/null && stat -c %t:%T /dev/zero; readlink /proc/self/ns/user; cat /proc/self/oom_score_adj' \
		'.process.oomScoreAdj = -100'
	# shellcheck disable=SC2016
	run -0 --separate-stderr as unshare -Um --map-root-user --map-auto \
		sh -c 'readlink /proc/self/ns/user; ctr-oci run --bundle "$1" oci-a; ls "$XDG_RUNTIME_DIR"/ctr-oci' - "$B"
	[ "${lines[1]}" = 0 ] && [ "${lines[2]}" = 1:5 ] && [ "${lines[3]}" = "${lines[0]}" ]
}

# What podman --uidmap asks for: the caller is nobody inside.
@test "root of a namespace: /dev and its pipes are of the container's root, whoever that is" {
	ranges
	user_bundle 'stat -c %u:%g /dev /dev/fd; echo x > /dev/null; stat -c %u:%g:%F /dev/pipe' '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 7, size: 100}] | .linux.gidMappings = .linux.uidMappings |
		.linux.devices = [{path: "/dev/pipe", type: "p", fileMode: 420, uid: 3, gid: 4}]'
	run -0 --separate-stderr as unshare -Um --map-root-user --map-auto ctr-oci run --bundle "$B" oci-a
	[ "$(xargs <<< "$output")" = "0:0 0:0 3:4:fifo" ]
}
