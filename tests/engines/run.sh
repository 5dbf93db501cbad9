#!/bin/bash
# run.sh BUILD [ENGINE...]: podman, rootless (podman of a user), buildah, containerd, docker, or all, drive
# BUILD/ctr-oci, and gitlab (gitlab-ci-local) BUILD/ctr; the last line counts. ENGINE_RUNTIME=crun is the control: a test that fails with it too is
# none of ctr-oci. BUILD/engines.md has the table of it, which docs/engines.md shows.
# ENGINE_TAGS=full runs the tests only that take a host with all controllers, and CRIU.
# run.sh BUILD -- COMMAND...: that, in the same surroundings.
# run.sh BUILD --systemd: podman and docker with the systemd cgroup manager, which is the host's.
#
# Engines, and what they start, are in namespaces of their own: processes, mounts, network, cgroups
# (a plain cgroup2 tree at /sys/fs/cgroup), SysV. Directories in which they keep things are in memory.
# So the host has none of it afterwards, however this ends. Of systemd there is only one: engines that
# use it have a mount namespace of their own and no more: a run that is killed leaves their containers.
set -u
here=$(cd "$(dirname "$0")" && pwd)

fail() {
	echo "engines: $*" >&2
	exit 1
}

# A cgroup below the host's cgroup2 root, which becomes the root of the engines'.
enclose() {
	local top status
	[ "$(id -u)" = 0 ] || fail "needs root"
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$top" ] || fail "this host has no cgroup2 file system mounted"
	cgroup=$top/ctr-engines-$$
	mkdir "$cgroup" || exit
	trap 'leave 9' EXIT
	trap 'exit 130' INT TERM HUP
	(
		echo "$BASHPID" > "$cgroup/cgroup.procs"
		exec unshare --mount --cgroup --net --ipc --uts --pid --fork --kill-child \
			--propagation private "$here/run.sh" "$@" enclosed
	) &
	# A group with processes of its own gives none of its controllers to those below.
	until [ -d "$cgroup/runner" ] || ! kill -0 $! 2> /dev/null; do sleep .02; done
	echo $! > "$cgroup/runner/cgroup.procs"
	wait $!
	status=$?
	leave 0 || status=1
	trap - EXIT
	return $status
}

enclose_files() {
	[ "$(id -u)" = 0 ] || fail "needs root"
	[ -d /run/systemd/system ] && [ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not process 1 here"
	# A user's session has a directory that systemd mounts later.
	unshare --mount --propagation slave "$here/run.sh" "$@" enclosed
}

leave() {
	local i
	for i in {1..50}; do
		[ "$1" = 0 ] && [ "$i" -lt 30 ] || echo 1 > "$cgroup/cgroup.kill"
		find "$cgroup" -depth -type d -exec rmdir {} + 2> /dev/null
		[ -d "$cgroup" ] || return 0
		sleep .1
	done
	echo "engines: $cgroup is left" >&2
	return 1
}

# replace FILE LINE...: an own copy of a file of the host's, with more lines.
replace() {
	local file=$1 copy=/run/engines/${1##*/}
	shift
	cat "$file" > "$copy" 2> /dev/null
	printf '%s\n' "$@" >> "$copy"
	[ ! -e "$file" ] || mount --bind "$copy" "$file"
}

# The directories are in memory from now on.
own() {
	local dir
	for dir; do
		[ -d "$dir" ] && mount -t tmpfs -o mode=755 tmpfs "$dir"
	done
}

# Addresses and files of the host do not reach in here: what is mounted is a tmpfs.
enter() {
	local c
	mount -t proc proc /proc
	umount -R /sys/fs/cgroup
	mount -t sysfs sysfs /sys
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit
	mkdir /sys/fs/cgroup/runner
	echo $$ > /sys/fs/cgroup/runner/cgroup.procs
	until ! grep -q . /sys/fs/cgroup/cgroup.procs; do sleep .02; done
	for c in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$c" > /sys/fs/cgroup/cgroup.subtree_control
	done 2> /dev/null
	own /run
	ip link set lo up
	hostname engines
	enter_files
}

# systemd's sockets are in /run.
enter_beside_systemd() {
	mkdir -p /run/engines /run/containers /run/libpod /run/ctr-oci
	own /run/engines /run/containers /run/libpod /run/ctr-oci
	enter_files
}

enter_files() {
	own /var/tmp /var/lib/containers /etc/containers /etc/docker /etc/containerd /etc/cni /dev/shm
	chmod 1777 /var/tmp /dev/shm
	mkdir -p /run/lock /run/engines
	# "rootless" is the user of rootless.bats.
	replace /etc/passwd rootless:x:54321:54321::/run/rootless/home:/bin/sh
	replace /etc/group rootless:x:54321:
	replace /etc/subuid containers:1000000:1048576 rootless:2100000:65536
	replace /etc/subgid containers:1000000:1048576 rootless:2100000:65536
	export TMPDIR=/var/tmp HOME=/run/engines/home XDG_RUNTIME_DIR='' LC_ALL=C.UTF-8
	export ENGINE_RUNTIME=${ENGINE_RUNTIME:-$build/ctr-oci} CTR_BUILD=$build
	mkdir -p "$HOME"
	ENGINE_RUNTIME=$(command -v "$ENGINE_RUNTIME") || fail "no runtime ${ENGINE_RUNTIME:-}"
}

engine() {
	timeout --foreground $((900 * ${TEST_PATIENCE:-1})) bats --tap ${ENGINE_TAGS:+--filter-tags "$ENGINE_TAGS"} \
		"$here/$1.bats" > "$TMPDIR/tap"
	sed "s/^ok [0-9]* /ok $1 /; s/^not ok [0-9]* /not ok $1 /; /^1\.\./d" "$TMPDIR/tap"
	sed -nE 's/^1\.\.([0-9]+)$/'"$1"' \1/p' "$TMPDIR/tap" >> "$TMPDIR/plans"
	sed -nE "s/^(not )?ok [0-9]+ ([^#]*[^# ])( *# skip.*)?\$/$1|\1|\3|\2/p" "$TMPDIR/tap" >> "$TMPDIR/results"
}

# What was tested, by verb and engine: how many tests passed, failed, were skipped.
table() {
	awk -F'|' -v engines="$*" '
		BEGIN {
			columns = split(engines, engine, " ")
		}
		{
			verb = $4
			sub(/:.*/, "", verb)
			# Tests of more than one verb are in the row of each.
			verbs = split(verb, each, /, /)
			for (v = 1; v <= verbs; v++) {
				if (!(each[v] in seen)) rows[++n] = each[v]
				seen[each[v]] = 1
			}
			kind = $2 != "" ? " failed" : $3 != "" ? " skipped" : ""
			for (v = 1; v <= verbs; v++) count[each[v], $1, kind]++
		}
		END {
			line = "| |"
			rule = "|---|"
			for (c = 1; c <= columns; c++) {
				line = line " " engine[c] " |"
				rule = rule "---|"
			}
			print line "\n" rule
			split("| failed| skipped", kinds, "|")
			for (r = 1; r <= n; r++) {
				line = "| " rows[r] " |"
				for (c = 1; c <= columns; c++) {
					cell = ""
					for (k = 1; k <= 3; k++) {
						got = count[rows[r], engine[c], kinds[k]]
						if (got) cell = cell (cell != "" ? ", " : "") got kinds[k]
					}
					line = line " " cell " |"
				}
				print line
			}
		}' "$TMPDIR/results"
}

count() {
	local planned passed skipped
	planned=$(awk '{n += $2} END {print n + 0}' "$TMPDIR/plans")
	passed=$(grep -cE '^[a-z]+\|\|\|' "$TMPDIR/results")
	skipped=$(grep -cE '^[a-z]+\|\| *# skip' "$TMPDIR/results")
	# What a plan promised and nobody ran has failed.
	echo "$passed passed, $((planned - passed - skipped)) failed, $skipped skipped"
	[ "$passed" -gt 0 ] && [ $((planned - passed - skipped)) = 0 ]
}

build=$(realpath "$1") || exit
if [ "${*: -1}" != enclosed ]; then
	if [ "${2:-}" = --systemd ]; then enclose_files "$@"; else enclose "$@"; fi
	exit
fi
set -- "${@:2:$#-2}"
if [ "${1:-}" = --systemd ]; then
	shift
	enter_beside_systemd
	[ $# -gt 0 ] || set -- systemd
else
	enter
fi
if [ "${1:-}" = -- ]; then
	shift
	"$@"
	exit
fi
[ $# -gt 0 ] || set -- podman rootless buildah containerd docker gitlab
for e; do engine "$e"; done
[ "$*" = systemd ] || table "$@" > "$build/engines.md"
count
