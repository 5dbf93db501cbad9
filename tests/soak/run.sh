#!/bin/bash
# run.sh BUILD PROGRAM [ARGUMENT…] - runs mix.py, races.py, again.py or many.py in mount, cgroup and process id
# namespaces of its own, so that what is left behind is seen, and only that; then looks from outside
# whether the host has kept anything.
set -u
if [ "${1-}" != --inside ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	build=$(realpath "$1")
	shift
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$top" ] || { echo "soak: this host has no cgroup2 file system mounted" >&2; exit 2; }
	work=$(mktemp -d -t ctr-soak-XXXXXX)
	own=$top/${work##*/}
	mkdir "$own" || exit 2
	# The parent stays outside: a group with processes of its own hands no controllers down.
	unshare --mount --pid --fork --mount-proc --kill-child --propagation private \
		sh -c 'echo 0 > "$0/cgroup.procs" && exec unshare --cgroup "$@"' "$own" \
		"$here/run.sh" --inside "$build" "$work" "$@"
	status=$?
	for _ in {1..300}; do
		rmdir "$own"/ctr/supervisors "$own"/ctr "$own"/runner 2> /dev/null
		! rmdir "$own" 2> /dev/null || break
		sleep .1
	done
	left=$(find "$own" -type d 2> /dev/null; grep -F "$work" /proc/self/mountinfo)
	rm -rf --one-file-system "$work" || left+=" $work"
	if [ -n "$left" ]; then
		echo "not ok: the host has kept $left"
		exit 1
	fi
	exit $status
fi
shift
build=$1 work=$2
shift 2
! mountpoint -q /sys/fs/cgroup || umount -R /sys/fs/cgroup || exit 2
mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 2
mkdir /sys/fs/cgroup/runner && echo $$ > /sys/fs/cgroup/runner/cgroup.procs || exit 2
export CTR_ROOT=$work/root CTR_STATE=$work/state
mkdir -p "$work/fs"/{bin,proc,sys,dev,etc,tmp,root}
cp "$(command -v busybox)" "$work/fs/bin/busybox" || exit 2
for name in sh true sleep cat echo; do ln -s busybox "$work/fs/bin/$name"; done
cp "$build/soak/pause" "$work/fs/bin/pause" || exit 2
echo root:x:0:0::/root:/bin/sh > "$work/fs/etc/passwd"
cp -a "$work/fs" "$work/image" # what nobody may have written to
# Not by exec: this is process 1 here, which reaps what supervisors leave to it.
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/$1" "$build/ctr" "$work" "${@:2}"
