#!/bin/bash
# kill.sh [-n POINTS] - SIGKILL at points of `ctr run` and `ctr run -d`, then one `ctr gc`: nothing may
# be left. A point is (system call, k): the k-th call of that name in one of the processes, as strace
# counts them. Without -n, every point; with it, so many at even distances.
set -u
# Mounts and cgroups of others must not be taken for ours: a mount and a cgroup namespace of our own.
if [ "${1:-}" != --inside ]; then
	own=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)/ctr-faults-$$
	mkdir "$own" || exit 2
	(echo "$BASHPID" > "$own/cgroup.procs" &&
		exec unshare -m -C --propagation private "$0" --inside "$@")
	status=$?
	for _ in {1..50}; do
		rmdir "$own"/ctr "$own"/runner 2> /dev/null
		! rmdir "$own" 2> /dev/null || break
		sleep .1
	done
	exit $status
fi
shift
mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 2
mkdir /sys/fs/cgroup/runner && echo $$ > /sys/fs/cgroup/runner/cgroup.procs || exit 2
points=0
while getopts n: o; do
	case $o in n) points=$OPTARG ;; *) exit 2 ;; esac
done
build=$(realpath "${CTR_BUILD:-build}")
ctr=$build/ctr
T=$(mktemp -d)
export CTR_ROOT=$T/root CTR_STATE=$T/state
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/fs"/{bin,proc,sys,dev,etc,tmp}
cp "$(command -v busybox)" "$T/fs/bin/busybox" || exit 2
ln -s busybox "$T/fs/bin/true"

groups() { find /sys/fs/cgroup/ctr -mindepth 1 -type d 2>/dev/null | sort; }
mounts() { wc -l < /proc/self/mountinfo; }

before_groups=$(groups) before_mounts=$(mounts)

# What is left of the container, in words; nothing if all is well. A group of which the processes are
# on their way out may need a moment.
leftovers() {
	local kind new
	for kind in "$CTR_ROOT/containers" "$CTR_ROOT/spare" "$CTR_STATE"; do
		[ -z "$(ls -A "$kind" 2> /dev/null)" ] || echo "$kind: $(ls -A "$kind")"
	done
	[ "$(mounts)" = "$before_mounts" ] || echo "mounts: $(mounts), were $before_mounts"
	new=$(comm -13 <(echo "$before_groups") <(groups))
	[ -z "$new" ] || echo "cgroups: $new"
}

# The supervisor of a detached container ends by itself once `true` has.
settle() {
	for _ in {1..100}; do
		pgrep -f "$CTR_STATE" > /dev/null || return 0
		sleep .05
	done
	echo "processes: $(pgrep -af "$CTR_STATE")"
}

# With `warm` set, a container has run right before, so that there is something to spare.
passed=0 failed=0 warm=
try() { # CALL K WORDS…
	local call=$1 k=$2 out left
	shift 2
	[ -z "$warm" ] || "$ctr" run --rm --rootfs "$T/fs" -- /bin/true
	out=$(timeout -s KILL 20 strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$k" \
		"$ctr" "$@" 2>&1 < /dev/null)
	left=$(settle
		timeout 20 "$ctr" gc 2>&1 > /dev/null || echo "gc failed"
		leftovers)
	if [ -z "$left" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: ctr $* killed at $call $k: $left ${out:+(said: $out)}"
		rm -rf "$T/root/containers" "$T/root/spare" "$T/state"; mkdir -p "$T/root/containers" "$T/state"
	fi
}

# (call, k) for the greatest k that one process reaches.
enumerate() {
	strace -f -qq -o "$T/trace" "$ctr" "$@" > /dev/null 2>&1 < /dev/null
	sed -nE 's/^([0-9]+) +([a-z0-9_]+)\(.*/\1 \2/p' "$T/trace" | sort | uniq -c |
		awk '{ if ($1 > m[$3]) m[$3] = $1 } END { for (c in m) for (k = 1; k <= m[c]; k++) print c, k }' |
		grep -v '^exit' | sort
}

campaign() {
	local all step i=0
	[ -z "$warm" ] || "$ctr" run --rm --rootfs "$T/fs" -- /bin/true
	enumerate "$@" > "$T/points"
	settle > /dev/null; "$ctr" gc > /dev/null
	all=$(wc -l < "$T/points")
	step=1
	[ "$points" = 0 ] || step=$(((all + points - 1) / points))
	while read -r call k; do
		if [ $((i % step)) = 0 ]; then try "$call" "$k" "$@"; fi
		i=$((i + 1))
	done < "$T/points"
	echo "# ctr $1${2:+ $2}: $all points, every ${step}th tried"
}

campaign run --rm --name k --rootfs "$T/fs" -- /bin/true
warm=1
campaign run --rm --name k --rootfs "$T/fs" -- /bin/true
campaign run --rm -d --name k --rootfs "$T/fs" -- /bin/true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
