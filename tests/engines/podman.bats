#!/usr/bin/env bats
# podman, with the drop-in of contrib/podman.
load engines

setup_file() {
	# 127.0.0.1 is all there is in here: no test has a network but those that name one.
	podman_conf <<- END
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[containers]
		log_driver = "k8s-file"
		netns = "none"
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		$(controller pids || echo "pids_limit = 0")
	END
	root_tar | podman import -q - box > /dev/null
	podman image inspect box > /dev/null
}

teardown() {
	podman pod rm -f -a -t 0 > /dev/null 2>&1 || :
	# podman has a process of its own for what ended by itself, which may be in the middle of that.
	until_true "all are removed" podman rm -f -a -t 0 > /dev/null
}

box() { podman run --rm "$@"; }
up() { podman run -d --name "$@" > /dev/null; }
is() { [ "$(podman inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
status_code() { podman inspect -f '{{.State.ExitCode}}' "$1"; }

@test "info: the runtime is the one that is tested" {
	[ "$(podman info -f '{{.Host.OCIRuntime.Path}}')" = "$ENGINE_RUNTIME" ]
	[[ "$(podman info -f '{{.Host.OCIRuntime.Version}}')" == *"$NAME"* ]]
}

@test "run: output and standard error apart" {
	run --separate-stderr -0 box box sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run: standard input" { [ "$(echo hello | box -i box cat)" = hello ]; }

@test "run: exit status of the payload" { run -3 box box sh -c 'exit 3'; }

@test "run: 125 if podman itself fails" { run -125 box --memory 1x box true; }

@test "run: 126 if the command may not be executed" {
	run -126 box box /etc/passwd
	[[ $output == *"OCI permission denied"* ]]
}

@test "run: 127 if there is no such command" {
	run -127 box box nosuch
	[[ $output == *"not found"* ]]
	run -127 box box /no/such
	run -127 box --workdir / --entrypoint /no/such box
}

@test "run: 137 if it is killed" {
	up a box sleep 100
	podman kill a
	[ "$(podman wait a)" = 137 ]
	run -137 box --pid host box sh -c 'kill -9 $$'
}

@test "run: a missing working directory is no missing command" {
	podman create --name a --workdir /nonexistent box true > /dev/null
	run podman start -a a
	[ "$status" != 127 ]
}

# What a container writes to a terminal as its last may get lost on its way through conmon and podman, with any
# runtime: it lives on for a moment.
@test "run -t: a terminal, its size, and the status" {
	[ "$(on_terminal 'podman run --rm -it box sh -c "tty; test -t 0 && test -t 1; sleep .3"')" = /dev/pts/0 ]
	run on_terminal 'podman run --rm -it box sh -c "exit 4" || echo "was $?"'
	[ "$output" = "was 4" ]
	[ "$(on_terminal 'stty rows 33 cols 99; podman run --rm -it box sh -c "sleep .3; stty size; sleep .3"')" = "33 99" ]
}

@test "run --init: catatonit is process 1" {
	[[ "$(box --init box cat /proc/1/cmdline | tr '\0' ' ')" == */dev/init* || "$(box --init box cat /proc/1/comm)" == *init* || "$(box --init box cat /proc/1/comm)" == catatonit ]]
}

@test "run --rm: nothing is listed afterwards" {
	box box true
	[ -z "$(podman ps -aq)" ]
}

@test "exec: output, status, environment, directory, user" {
	up a box sleep 100
	[ "$(podman exec a echo hello)" = hello ]
	run -5 podman exec a sh -c 'exit 5'
	[ "$(podman exec -e A=b -w /tmp -u 1000:6 a sh -c 'echo $A $PWD $(id -u) $(id -g)')" = "b /tmp 1000 6" ]
	[ "$(echo in | podman exec -i a cat)" = in ]
}

@test "exec: 126 and 127" {
	up a box sleep 100
	run -127 podman exec a nosuch
	run -126 podman exec a /etc/passwd
}

@test "exec: after one that failed the container is well" {
	up a box sleep 100
	run -127 podman exec a nosuch
	is a running
	[ "$(podman exec a echo x)" = x ]
	podman stop -t 0 a
	is a exited
}

@test "exec -t: a terminal" {
	up a box sleep 100
	[ "$(on_terminal 'podman exec -it a sh -c "test -t 0 && tty; sleep .3"')" = /dev/pts/0 ]
	run on_terminal 'podman exec -it a sh -c "exit 6" || echo "was $?"'
	[ "$output" = "was 6" ]
}

@test "exec -d: goes on by itself" {
	up a box sleep 100
	podman exec -d a sh -c 'sleep .2; echo done >/tmp/file'
	until_true written podman exec a grep -q "done" /tmp/file
}

@test "exec: refused when it is stopped or paused" {
	up a box sleep 100
	podman pause a
	run ! podman exec a true
	podman unpause a
	podman stop -t 0 a
	run ! podman exec a true
}

@test "exec --privileged: all capabilities" {
	up a box sleep 100
	podman exec --privileged a sh -c 'grep CapEff /proc/self/status' > "$BATS_TEST_TMPDIR/priv"
	not grep -q "$(podman exec a grep CapEff /proc/self/status)" "$BATS_TEST_TMPDIR/priv"
}

@test "stop: SIGTERM first, and its own status" {
	up a box sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a | grep -q ready'
	podman stop -t 10 a
	[ "$(status_code a)" = 9 ]
}

@test "stop: SIGKILL after the time" {
	up a box sh -c 'trap "" TERM; echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a | grep -q ready'
	podman stop -t 1 a
	[ "$(status_code a)" = 137 ]
}

@test "kill: any signal, by name" {
	up a box sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a | grep -q ready'
	podman kill -s USR1 a
	until_true usr1 eval 'podman logs a | grep -q usr1'
	podman kill a
	until_true exited is a exited
}

@test "kill: refused when it is stopped" {
	up a box true
	podman wait a > /dev/null
	run ! podman kill a
}

@test "pause, unpause: frozen and not" {
	up a box sh -c 'while :; do date +%s%N >/tmp/now; done'
	until_true runs podman exec a test -s /tmp/now
	podman pause a
	is a paused
	local root one
	podman unpause a
	is a running
	podman pause a
	run ! podman pause a
	podman rm -f -t 0 a
}

@test "restart: another process" {
	up a box sleep 100
	local pid
	pid=$(podman inspect -f '{{.State.Pid}}' a)
	podman restart -t 0 a
	is a running
	[ "$(podman inspect -f '{{.State.Pid}}' a)" != "$pid" ]
}

@test "restart: a policy" {
	up a --restart on-failure:2 box sh -c 'echo x; exit 1'
	until_true thrice eval '[ "$(podman logs a | wc -l)" = 3 ]'
}

@test "start: again, after it has ended; attached" {
	podman create --name a box sh -c 'echo again' > /dev/null
	[ "$(podman start -a a)" = again ]
	[ "$(podman start -a a)" = again ]
}

@test "init: podman init, then start" {
	podman create --name a box sh -c 'echo late' > /dev/null
	podman init a
	is a initialized || is a created
	[ "$(podman start -a a)" = late ]
}

@test "wait, logs, top, ps, inspect" {
	up a box sh -c 'echo one; echo two >&2; until [ -e /tmp/end ]; do sleep 1; done; exit 3'
	until_true sleeps eval '[ "$(podman top a comm | tail -n +2 | sort | xargs)" = "sh sleep" ]'
	[ "$(podman ps -q --no-trunc)" = "$(podman inspect -f '{{.Id}}' a)" ]
	podman exec a touch /tmp/end
	[ "$(podman wait a)" = 3 ]
	[ "$(podman logs a 2>&1 | sort | tr '\n' ' ')" = "one two " ]
}

@test "rm -f: a running one, and a paused one" {
	up a box sleep 100
	up b box sleep 100
	podman pause b
	podman rm -f -t 0 a b
	[ -z "$(podman ps -aq)" ]
}

# bats test_tags=full
@test "stats: figures" {
	needs memory
	up a box sleep 100
	[[ "$(podman stats --no-stream --format '{{.MemUsage}}' a)" =~ ^[0-9.]+[kM]B\ / ]]
}

# bats test_tags=full
@test "update: memory" {
	needs memory
	up a -m 64m box sleep 100
	podman update -m 128m a || skip "this podman has no update"
	[ "$(podman exec a cat /sys/fs/cgroup/memory.max)" = 134217728 ]
}

# bats test_tags=full
@test "limits: one that takes too much memory is killed" {
	needs memory
	run -137 box -m 16m --memory-swap 16m box sh -c 'tail /dev/zero'
}

# bats test_tags=full
@test "limits: memory, pids, CPU" {
	for c in memory pids cpu; do needs $c; done
	[ "$(box -m 64m --pids-limit 50 --cpus .5 box cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max \
		/sys/fs/cgroup/cpu.max | tr '\n' ' ')" = "67108864 50 50000 100000 " ]
}

@test "limits: --ulimit, --shm-size, --oom-score-adj" {
	[ "$(box --ulimit nofile=100:200 --ulimit nproc=500:500 box sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" = "100 200 " ]
	[ "$(box --shm-size 1m box df -k /dev/shm | awk 'END {print $2}')" = 1024 ]
	[ "$(box --oom-score-adj 500 box cat /proc/self/oom_score_adj)" = 500 ]
}

@test "--cgroups=disabled: no cgroup is made" {
	[ "$(box --cgroups=disabled box echo x)" = x ]
	up a --cgroups=disabled box sleep 100
	[ -z "$(find /sys/fs/cgroup -name "*$(podman inspect -f '{{.Id}}' a)*")" ]
	podman exec a true
	podman stop -t 0 a
}

@test "--read-only: the root is, /tmp is not" {
	run ! box --read-only box touch /file
	box --read-only box touch /tmp/file /run/file /dev/shm/file
	run ! box --read-only --read-only-tmpfs=false box touch /tmp/file
}

@test "-v, volume: a directory, read-only, propagation, a volume, a file" {
	mkdir "$BATS_TEST_TMPDIR/d"
	echo text > "$BATS_TEST_TMPDIR/d/f"
	[ "$(box -v "$BATS_TEST_TMPDIR/d:/mnt" box cat /mnt/f)" = text ]
	run ! box -v "$BATS_TEST_TMPDIR/d:/mnt:ro" box touch /mnt/g
	box -v "$BATS_TEST_TMPDIR/d:/mnt:rshared" box touch /mnt/g
	[ "$(box -v "$BATS_TEST_TMPDIR/d/f:/etc/hostname" box cat /etc/hostname)" = text ]
	box -v vol:/data box sh -c 'echo kept >/data/x'
	[ "$(box -v vol:/data box cat /data/x)" = kept ]
	podman volume rm vol
	run ! box -v "$BATS_TEST_TMPDIR/d:/mnt:nosuid,noexec" box sh -c 'cp /bin/busybox /mnt/echo && /mnt/echo x'
	[ "$(box -v "$BATS_TEST_TMPDIR/d:/mnt:O" box sh -c 'echo other >/mnt/f; cat /mnt/f')" = other ]
	grep -q text "$BATS_TEST_TMPDIR/d/f"
}

@test "--tmpfs, --mount: with options" {
	box --tmpfs /scratch:size=1m,mode=700 box sh -c 'grep " /scratch tmpfs" /proc/mounts' | grep -q size=1024k
	box --mount type=tmpfs,dst=/scratch,tmpfs-size=1m box sh -c 'grep -q " /scratch tmpfs" /proc/mounts'
	[ "$(box --mount type=image,src=box,dst=/other box ls /other/etc/passwd)" = /other/etc/passwd ]
}

@test "--hostname, --add-host, --dns: names" {
	[ "$(box --hostname web box hostname)" = web ]
	box --network host --add-host other:10.0.0.9 box grep -q 'other' /etc/hosts
}

@test "--user, --group-add: who it is" {
	[ "$(box --user ann box id -un)" = ann ]
	[ "$(box --user 1000:6 box sh -c 'id -u; id -g' | tr '\n' ' ')" = "1000 6 " ]
	[ "$(box --user 4242 box id -u)" = 4242 ]
	[[ "$(box --user ann --group-add 77 box id -G)" == *77* ]]
}

caps() { awk '/^CapEff/ {print $2}'; }

@test "--cap-add, --cap-drop: exactly" {
	[ "$(box --cap-drop all box cat /proc/self/status | caps)" = 0000000000000000 ]
	[ "$(box --cap-drop all --cap-add net_admin box cat /proc/self/status | caps)" = 0000000000001000 ]
	[ "$(box --cap-drop all --cap-add chown --user ann box cat /proc/self/status | caps)" = 0000000000000001 ]
}

@test "--privileged: capabilities, devices, no masks" {
	box --privileged box sh -c 'test -c /dev/kmsg || test -c /dev/full'
	[ "$(box --privileged box cat /proc/self/status | caps)" = "$(caps < /proc/self/status)" ]
	box --privileged box sh -c 'mount -t tmpfs none /mnt 2>/dev/null || mkdir -p /mnt && mount -t tmpfs none /mnt'
}

@test "--security-opt: seccomp, no-new-privileges, mask, unmask" {
	[ "$(box box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 2 ]
	[ "$(box --security-opt seccomp=unconfined box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 0 ]
	[ "$(box --security-opt no-new-privileges box awk '/^NoNewPrivs:/ {print $2}' /proc/self/status)" = 1 ]
	jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}' \
		> "$BATS_TEST_TMPDIR/profile.json"
	run ! box --security-opt seccomp="$BATS_TEST_TMPDIR/profile.json" box mkdir /x
	[[ $output == *"No space left"* ]]
	[ -z "$(box --security-opt mask=/etc/passwd box cat /etc/passwd)" ]
	[ "$(box box sh -c 'grep -c " /proc/keys " /proc/mounts')" = 1 ]
	[ "$(box --security-opt unmask=/proc/keys box sh -c 'grep -c " /proc/keys " /proc/mounts || :')" = 0 ]
}

@test "--device: there, and no other" {
	box --device /dev/kmsg:/dev/log1 box test -c /dev/log1 || box --device /dev/vda:/dev/disk1:r box test -b /dev/disk1
	box box sh -c 'mknod /tmp/d b 254 0; ! head -c 1 /tmp/d'
}

@test "--sysctl" {
	[ "$(box --sysctl kernel.msgmax=4096 box cat /proc/sys/kernel/msgmax)" = 4096 ]
}

@test "--pid, --ipc, --uts, --cgroupns: of the host and of another container" {
	up a box sleep 100
	[ "$(box --pid host box readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	# podman wants the host to have it.
	[ ! -d /dev/mqueue ] || [ "$(box --ipc host box readlink /proc/self/ns/ipc)" = "$(readlink /proc/self/ns/ipc)" ]
	[ "$(box --uts host box hostname)" = "$(hostname)" ]
	[ "$(box --cgroupns host box readlink /proc/self/ns/cgroup)" = "$(readlink /proc/self/ns/cgroup)" ]
	[ "$(box --pid container:a box cat /proc/1/comm)" = sleep ]
}

@test "--network=none: loopback alone" {
	[ "$(box --network none box sh -c 'ls /sys/class/net || cat /proc/net/dev | grep -c :' | tr '\n' ' ')" = "lo " ]
}

@test "--network=host: the host's" {
	[ "$(box --network host box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(box --network host box ip addr show lo | grep -c 127.0.0.1)" = 1 ]
}

@test "--network=bridge: an address, and two that reach each other" {
	podman network create --subnet 10.99.77.0/24 --disable-dns net1 > /dev/null || skip "no bridge network here"
	run podman run -d --name a --network net1 --ip 10.99.77.5 box sh -c 'echo found | nc -l -p 80'
	if [ "$status" != 0 ]; then
		podman network rm -f net1
		skip "netavark cannot set up a network here: ${output:0:120}"
	fi
	until_true listens eval 'podman exec a netstat -ltn | grep -q :80'
	[ "$(box --network net1 box nc 10.99.77.5 80)" = found ]
	podman rm -f -t 0 a
	podman network rm -f net1
}

@test "--userns=auto: ids of its own" {
	[ "$(box --userns=auto box awk 'NR == 1 {print $1}' /proc/self/uid_map)" = 0 ]
	[ "$(box --userns=auto box awk 'NR == 1 {print ($2 >= 1000000)}' /proc/self/uid_map)" = 1 ]
	box --userns=auto box sh -c 'touch /file && [ "$(stat -c %u /file /etc/passwd | sort -u)" = 0 ]'
	up a --userns=auto box sleep 100
	[ "$(podman exec a id -u)" = 0 ]
	podman stop -t 0 a
}

@test "--uidmap: ids that are named" {
	[ "$(box --uidmap 0:70000:2000 --gidmap 0:70000:2000 --user ann box awk '{print $2, $3}' /proc/self/uid_map)" = "70000 2000" ]
}

@test "pod: create, run in it, namespaces are shared, stop, rm" {
	podman pod create --name p --hostname podhost > /dev/null
	up a --pod p box sleep 100
	[ "$(podman run --rm --pod p box hostname)" = podhost ]
	[ "$(podman run --rm --pod p box readlink /proc/self/ns/net)" = "$(podman exec a readlink /proc/self/ns/net)" ]
	podman pod stop -t 0 p
	podman pod start p
	podman pod rm -f -t 0 p
}

@test "healthcheck run: healthy and not" {
	up a --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 box sleep 100
	run ! podman healthcheck run a
	podman exec a touch /tmp/well
	podman healthcheck run a
}

@test "build: RUN, USER, COPY, WORKDIR" {
	cd "$BATS_TEST_TMPDIR"
	echo text > file
	printf '%s\n' 'FROM box' 'COPY file /etc/file' 'RUN echo built >/etc/built && cat /etc/file >>/etc/built' \
		'USER ann' 'WORKDIR /home/ann' 'RUN id -un >who' 'CMD cat /etc/built who' > Containerfile
	podman build -q --network none -t built . > build.log 2>&1 || { cat build.log; false; }
	[ "$(box built | tr '\n' ' ')" = "built text ann " ]
	podman rmi -f built
}

@test "build: a RUN that fails fails it" {
	printf '%s\n' 'FROM box' 'RUN exit 7' > "$BATS_TEST_TMPDIR/Containerfile"
	run podman build --network none "$BATS_TEST_TMPDIR"
	[ "$status" != 0 ]
	[[ $output == *7* ]]
}

@test "cp, diff, commit, export" {
	up a box sleep 100
	echo text > "$BATS_TEST_TMPDIR/f"
	podman cp "$BATS_TEST_TMPDIR/f" a:/tmp/f
	[ "$(podman exec a cat /tmp/f)" = text ]
	podman cp a:/etc/passwd "$BATS_TEST_TMPDIR/passwd"
	grep -q ann "$BATS_TEST_TMPDIR/passwd"
	# Without its noun, diff takes "a" for the beginning of an image's id, if there is one.
	podman container diff a | grep -q '^A /tmp/f$'
	podman commit -q a copied > /dev/null
	[ "$(box copied cat /tmp/f)" = text ]
	podman export a | tar -t | grep -q '^tmp/f$'
	podman rmi -f copied
}

@test "kube: generate and play" {
	up a box sleep 100
	podman generate kube a > "$BATS_TEST_TMPDIR/a.yaml"
	podman rm -f -t 0 a
	podman play kube --network none "$BATS_TEST_TMPDIR/a.yaml" > "$BATS_TEST_TMPDIR/out" 2>&1 || { cat "$BATS_TEST_TMPDIR/out"; false; }
	[ "$(podman ps -q | wc -l)" -ge 1 ]
	podman play kube --down "$BATS_TEST_TMPDIR/a.yaml"
}

@test "--systemd=always: cgroup writable, stops by its own signal" {
	up a --systemd=always box sh -c 'trap "exit 0" RTMIN+3 2>/dev/null || trap "exit 0" 37; mkdir /sys/fs/cgroup/init && echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a 2>&1 | grep -q ready'
	[ "$(podman exec a awk '$2 == "/run" {print $3}' /proc/mounts)" = tmpfs ]
	podman stop -t 10 a
	[ "$(status_code a)" = 0 ]
}

@test "--preserve-fds" {
	[ "$(podman run --rm --preserve-fds 1 box sh -c 'cat <&3' 3<<< text)" = text ]
}

@test "--sdnotify=container: NOTIFY_SOCKET reaches it" {
	[ -n "$(NOTIFY_SOCKET=$BATS_TEST_TMPDIR/n podman run --rm --sdnotify=container box sh -c 'echo $NOTIFY_SOCKET' 2> /dev/null)" ] || skip "no socket to notify"
}

@test "hooks: of a hooks directory" {
	mkdir "$BATS_TEST_TMPDIR/h"
	printf '#!/bin/sh\ncat >%s/state\n' "$BATS_TEST_TMPDIR" > "$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	jq -n --arg p "$BATS_TEST_TMPDIR/hook" '{version: "1.0.0", hook: {path: $p}, when: {always: true}, stages: ["createRuntime"]}' \
		> "$BATS_TEST_TMPDIR/h/h.json"
	podman --hooks-dir "$BATS_TEST_TMPDIR/h" run --rm box true
	jq -e '.pid > 1 and (.bundle | length) > 1' "$BATS_TEST_TMPDIR/state"
}

@test "many: twenty at once" {
	local i pids=()
	for i in {1..20}; do
		box box echo "$i" > "$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(cat "$BATS_TEST_TMPDIR"/{1..20} | sort -n | tail -n 1)" = 20 ]
}

@test "end: no process, cgroup or state is left" {
	until_true "nothing left" nothing_remains || { remains; false; }
}

# bats test_tags=full
@test "checkpoint, restore: it goes on where it was, also from an archive" {
	command -v criu > /dev/null && criu check > /dev/null 2>&1 || skip "criu does not work on this host"
	last() { podman logs "$1" | tail -n1; }
	is_above() { [ "$(last "$1")" -gt "$2" ]; }
	up c box sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep .1; done'
	until_true counting is_above c 0
	podman container checkpoint c
	is c exited
	n=$(last c)
	podman container restore c
	is c running
	until_true "more than $n" is_above c "$n"
	podman container checkpoint --export "$BATS_TEST_TMPDIR/c.tar" c
	n=$(podman logs c | tail -n1)
	podman rm c
	podman container restore --import "$BATS_TEST_TMPDIR/c.tar"
	until_true "more than $n" is_above c "$n"
}
