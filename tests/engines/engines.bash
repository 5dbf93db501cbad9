# shellcheck shell=bash
# What the tests of all engines share. The name of a test is "VERB: what", VERB being its row in the
# table of docs/engines.md. tests/engines/run.sh is where they can run.
bats_require_minimum_version 1.5.0
[ -n "${ENGINE_RUNTIME:-}" ] || { echo "run me by tests/engines/run.sh" >&2 && exit 1; }
HERE=$BATS_TEST_DIRNAME
CONTRIB=$HERE/../../contrib
NAME=$(basename "$ENGINE_RUNTIME")
PATH=$PATH:/sbin:/usr/sbin

# root_tar: a root of busybox, as a tar on standard output.
root_tar() {
	local dir applet
	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,etc,proc,sys,dev,tmp,root,home/ann}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in $(busybox --list); do [ -e "$dir/bin/$applet" ] || ln -s busybox "$dir/bin/$applet"; done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh ann:x:1000:1000::/home/ann:/bin/sh > "$dir/etc/passwd"
	printf '%s\n' root:x:0: ann:x:1000: disk:x:6:ann > "$dir/etc/group"
	chmod 755 "$dir"
	chmod 1777 "$dir/tmp"
	chown 1000:1000 "$dir/home/ann"
	tar -C "$dir" -c .
	rm -rf "$dir"
}

# image_archive NAME [COMMAND...]: the same as an image of one layer, as `docker save` writes it.
image_archive() {
	local dir id name=$1
	shift
	[ $# -gt 0 ] || set -- /bin/sh
	dir=$(mktemp -d)
	root_tar > "$dir/layer.tar"
	id=$(sha256sum < "$dir/layer.tar" | cut -d' ' -f1)
	jq -n --arg id "$id" '$ARGS.positional as $cmd | {architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: ["sha256:" + $id]},
		config: {Cmd: $cmd, Env: ["PATH=/bin:/usr/bin"]}, history: [{created_by: "tar"}]}' --args "$@" > "$dir/config.json"
	jq -n --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' > "$dir/manifest.json"
	tar -C "$dir" -c manifest.json config.json layer.tar
	rm -rf "$dir"
}

# podman_conf [RUNTIME]: the drop-in of contrib/podman for the runtime at that path, and more of it from
# standard input.
podman_conf() {
	local runtime=${1:-$ENGINE_RUNTIME} dir=/etc/containers/containers.conf.d
	mkdir -p "$dir"
	sed "s,\"/usr/local/bin/ctr-oci\",\"$runtime\"," "$CONTRIB/podman/ctr-oci.conf" > "$dir/ctr-oci.conf"
	[ "$NAME" = ctr-oci ] || sed -i "s/^runtime = .*/runtime = \"$NAME\"/; s,^ctr-oci = .*,$NAME = [\"$runtime\"]," \
		"$dir/ctr-oci.conf"
	cat > "$dir/test.conf"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' > /etc/containers/policy.json
}

# TEST_PATIENCE: how many times longer things may take on a slow machine.
timeout() { command timeout $(($1 * ${TEST_PATIENCE:-1})) "${@:2}"; }

# until_true WHAT COMMAND...: within ten seconds.
until_true() {
	local what=$1 deadline=$((SECONDS + 10 * ${TEST_PATIENCE:-1}))
	shift
	until "$@"; do
		if [ $SECONDS -gt $deadline ]; then
			echo "not in time: $what" >&2
			return 1
		fi
		sleep .1
	done
}

# oom_told CONTAINER: whether docker has heard that the kernel killed for want of memory.
oom_told() { docker events --since 0 --until "$(date +%s)" --filter event=oom --filter "container=$1" | grep -q .; }

# `! COMMAND` cannot fail a test.
not() { if "$@"; then return 1; fi; }

controller() { grep -qw "$1" /sys/fs/cgroup/cgroup.controllers; }
# needs CONTROLLER: skips where cgroup v2 does not have it.
needs() { controller "$1" || skip "cgroup v2 has no $1 controller on this host"; }
# Raising limits, which some runtimes do for nothing, takes CAP_SYS_RESOURCE.
can_raise_limits() { (ulimit -S -l unlimited && ulimit -H -l unlimited) 2> /dev/null; }

# on_terminal COMMAND: a command line with a terminal of its own, its output without CRs, and without what
# script(1) sends it at the end of its input.
on_terminal() { script -qefc "$1" /dev/null < /dev/null | tr -d '\r' | sed 's/\^@//g'; }

# What is there now: processes, mounts, cgroups, and states of the runtime.
remains() {
	ps -eo pid=,ppid=,args= | grep -vE " (ps|grep|sed|tee|cat|bash|timeout|awk|/usr/(lib|libexec)/bats\S*)( |$)|bats|run\.sh" || :
	sed 's/ - .*//' /proc/self/mountinfo | cut -d' ' -f4,5 | grep -E 'merged|rootfs|/netns/|overlay-containers' | grep -v '/docker/exec/netns/default$' || :
	find /sys/fs/cgroup -mindepth 1 -type d ! -path '*/runner*' -exec sh -c '[ -n "$(cat "$1/cgroup.procs")" ] && echo "$1"' - {} \;
	ls /run/ctr-oci /run/crun /run/runc 2> /dev/null | grep -v : || :
}
nothing_remains() { [ -z "$(remains)" ]; }

# end_daemon PIDFILE: and wait for its end.
end_daemon() {
	local pid
	[ -f "$1" ] || return 0
	pid=$(cat "$1")
	rm "$1"
	kill "$pid"
	until_true "daemon ends" not grep -qs '^State:.[^ZX]' "/proc/$pid/status"
}
