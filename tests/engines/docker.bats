#!/usr/bin/env bats
# Docker, with the configuration of contrib/docker. Its bridge needs netfilter modules and a network of
# the host's: containers here have none, or the host's.
load engines

DOCKER_AT=/run/engines/docker
export DOCKER_HOST=unix://$DOCKER_AT/sock

daemon() {
	dockerd --config-file "$DOCKER_AT/daemon.json" --data-root "$DOCKER_AT/data" --exec-root "$DOCKER_AT/exec" \
		-H "$DOCKER_HOST" -p "$DOCKER_AT/own-pid" --iptables=false --ip6tables=false --bridge=none \
		"$@" >> "$DOCKER_AT/log" 2>&1 3>&- &
	echo $! > "$DOCKER_AT/pid"
	until_true "docker listens" docker version > /dev/null 2>&1
}

setup_file() {
	mkdir -p "$DOCKER_AT"
	jq --arg path "$ENGINE_RUNTIME" '.runtimes["ctr-oci"].path = $path | .["default-runtime"] = "ctr-oci"' \
		"$CONTRIB/docker/daemon.json" > "$DOCKER_AT/daemon.json"
	if ! daemon; then
		tail -n 3 "$DOCKER_AT/log" > "$DOCKER_AT/why"
		return 0
	fi
	image_archive box:latest > "$DOCKER_AT/image.tar"
	docker load -q -i "$DOCKER_AT/image.tar" > /dev/null
}

teardown_file() { end_daemon "$DOCKER_AT/pid"; }

setup() { [ ! -e "$DOCKER_AT/why" ] || skip "dockerd does not run here: $(head -c 300 "$DOCKER_AT/why")"; }

teardown() {
	local all
	all=$(docker ps -aq 2> /dev/null) || return 0
	# shellcheck disable=SC2086
	[ -z "$all" ] || docker rm -f $all > /dev/null
}

box() { docker run --rm --network none "$@"; }
up() { docker run -d --network none --name "$@" > /dev/null; }
is() { [ "$(docker inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
status_code() { docker inspect -f '{{.State.ExitCode}}' "$1"; }
caps() { awk '/^CapEff/ {print $2}'; }
is_admin() { [ $((0x$(caps <<< "$1") & 0x200000)) = $((0x200000)) ]; }

@test "info: the runtime is the one that is tested" {
	[ "$(docker info -f '{{.DefaultRuntime}}')" = ctr-oci ]
	[ "$(docker info -f '{{(index .Runtimes "ctr-oci").Path}}')" = "$ENGINE_RUNTIME" ]
}

@test "run: output, standard error, input" {
	run --separate-stderr -0 box box sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	[ "$(echo in | box -i box cat)" = in ]
}

@test "run: exit status of the payload" { run -3 box box sh -c 'exit 3'; }

@test "run: 125, 126, 127" {
	run -125 box --memory 1x box true
	run -126 box box /etc/passwd
	run -127 box box nosuch
	run -127 box box /no/such
}

@test "run: 137 if it is killed" {
	up c1 box sleep 100
	docker kill c1
	[ "$(docker wait c1)" = 137 ]
}

@test "run -t: a terminal, and the status" {
	[ "$(on_terminal 'docker run --rm --network none -it box tty')" = /dev/pts/0 ]
	[ "$(on_terminal 'docker run --rm --network none -it box sh -c "exit 4" || echo "was $?"')" = "was 4" ]
}

@test "run --init: tini is process 1" {
	command -v docker-init > /dev/null || skip "no docker-init here"
	[[ "$(box --init box cat /proc/1/comm)" == *init* ]]
}

@test "exec: output, status, environment, directory, user" {
	up c1 box sleep 100
	[ "$(docker exec c1 echo hello)" = hello ]
	run -5 docker exec c1 sh -c 'exit 5'
	[ "$(docker exec -e A=b -w /tmp -u 1000:6 c1 sh -c 'echo $A $PWD $(id -u) $(id -g)')" = "b /tmp 1000 6" ]
	[ "$(echo in | docker exec -i c1 cat)" = in ]
	is_admin "$(docker exec --privileged c1 cat /proc/self/status)"
}

@test "exec: a command that is not there, or may not be executed, and the container is well" {
	up c1 box sleep 100
	# This Docker says 126 of both, whatever the runtime.
	run docker exec c1 nosuch
	[ "$status" = 126 ] || [ "$status" = 127 ]
	[[ $output == *"executable file not found"* ]]
	run -126 docker exec c1 /etc/passwd
	is c1 running
	[ "$(docker exec c1 echo x)" = x ]
	docker stop -t 0 c1
	is c1 exited
}

@test "exec -t: a terminal" {
	up c1 box sleep 100
	[ "$(on_terminal 'docker exec -it c1 tty')" = /dev/pts/0 ]
}

@test "exec -d: goes on by itself" {
	up c1 box sleep 100
	docker exec -d c1 sh -c 'sleep .2; echo x >/tmp/f'
	until_true written docker exec c1 test -s /tmp/f
}

@test "stop: SIGTERM first, then SIGKILL" {
	up c1 box sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep .05; done'
	up c2 box sh -c 'trap "" TERM; echo ready; while :; do sleep .05; done'
	until_true ready eval 'docker logs c1 | grep -q ready && docker logs c2 | grep -q ready'
	docker stop -t 10 c1
	docker stop -t 1 c2
	[ "$(status_code c1)" = 9 ]
	[ "$(status_code c2)" = 137 ]
}

@test "kill: any signal, by name" {
	up c1 box sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep .05; done'
	until_true ready eval 'docker logs c1 | grep -q ready'
	docker kill -s USR1 c1
	until_true usr1 eval 'docker logs c1 | grep -q usr1'
}

@test "pause, unpause: frozen and not" {
	up c1 box sleep 100
	docker pause c1
	is c1 paused
	run ! docker exec c1 true
	docker unpause c1
	is c1 running
	docker exec c1 true
}

@test "restart: another process; a policy" {
	up c1 box sleep 100
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' c1)
	docker restart -t 0 c1
	[ "$(docker inspect -f '{{.State.Pid}}' c1)" != "$pid" ]
	up c2 --restart on-failure:2 box sh -c 'echo x; exit 1'
	until_true thrice eval '[ "$(docker logs c2 | wc -l)" = 3 ]'
}

@test "start: again, after it has ended" {
	docker create --network none --name c1 box echo again > /dev/null
	[ "$(docker start -a c1)" = again ]
	[ "$(docker start -a c1)" = again ]
}

@test "wait, logs, top, ps" {
	up c1 box sh -c 'echo one; echo two >&2; until [ -e /tmp/end ]; do sleep 1; done; exit 3'
	until_true sleeps eval '[ "$(docker top c1 -o pid,comm | tail -n +2 | awk "{print \$2}" | sort | xargs)" = "sh sleep" ]'
	[ "$(docker ps -q --no-trunc)" = "$(docker inspect -f '{{.Id}}' c1)" ]
	docker exec c1 touch /tmp/end
	[ "$(docker wait c1)" = 3 ]
	[ "$(docker logs c1 2>&1 | sort | tr '\n' ' ')" = "one two " ]
}

@test "rm -f: a running one, and a paused one" {
	up c1 box sleep 100
	up c2 box sleep 100
	docker pause c2
	docker rm -f c1 c2
	[ -z "$(docker ps -aq)" ]
}

# bats test_tags=full
@test "update, stats: memory" {
	needs memory
	up c1 -m 64m box sleep 100
	docker update -m 128m --memory-swap 256m c1
	[ "$(docker exec c1 cat /sys/fs/cgroup/memory.max)" = 134217728 ]
	[[ "$(docker stats --no-stream --format '{{.MemUsage}}' c1)" =~ ^[0-9.]+[KM]iB\ /\ 128MiB$ ]]
	up c2 box sleep 100
	[[ "$(docker stats --no-stream --format '{{.MemUsage}}' c2)" =~ ^[0-9.]+[KM]iB\ / ]]
}

# bats test_tags=full
@test "limits: one that takes too much memory is killed, and docker knows" {
	needs memory
	run -137 box -m 16m --memory-swap 16m box sh -c 'tail /dev/zero'
	# containerd's shim looks for such events from a moment after the start on, and may report the end of a
	# container before it has read why: so not the first process, and not at once.
	up c1 -m 16m --memory-swap 16m box sleep 1000
	run -137 docker exec c1 tail /dev/zero
	until_true told oom_told c1
	docker kill c1
	[ "$(docker wait c1)" = 137 ]
	[ "$(docker inspect -f '{{.State.OOMKilled}}' c1)" = true ]
}

# bats test_tags=full
@test "limits: memory, pids, CPU" {
	for c in memory pids cpu; do needs $c; done
	[ "$(box -m 64m --pids-limit 50 --cpus .5 box cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max \
		/sys/fs/cgroup/cpu.max | tr '\n' ' ')" = "67108864 50 50000 100000 " ]
}

@test "limits: --ulimit, --shm-size, --oom-score-adj" {
	[ "$(box --ulimit nofile=100:200 box sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" = "100 200 " ]
	[ "$(box --shm-size 1m box df -k /dev/shm | awk 'END {print $2}')" = 1024 ]
	[ "$(box --oom-score-adj 500 box cat /proc/self/oom_score_adj)" = 500 ]
}

@test "--read-only, --tmpfs" {
	run ! box --read-only box touch /x
	box --read-only --tmpfs /scratch:size=1m box touch /scratch/x
}

@test "-v, --mount, volume: a directory, read-only, a volume, a file" {
	mkdir "$BATS_TEST_TMPDIR/d"
	echo text > "$BATS_TEST_TMPDIR/d/f"
	[ "$(box -v "$BATS_TEST_TMPDIR/d:/mnt" box cat /mnt/f)" = text ]
	run ! box -v "$BATS_TEST_TMPDIR/d:/mnt:ro" box touch /mnt/g
	[ "$(box -v "$BATS_TEST_TMPDIR/d/f:/etc/issue" box cat /etc/issue)" = text ]
	[ "$(box --mount "type=bind,src=$BATS_TEST_TMPDIR/d,dst=/a,readonly" box cat /a/f)" = text ]
	box -v vol:/data box sh -c 'echo kept >/data/x'
	[ "$(box -v vol:/data box cat /data/x)" = kept ]
	docker volume rm vol
}

@test "--hostname, --user, --group-add, --workdir, --env" {
	[ "$(box --hostname web box hostname)" = web ]
	[ "$(box --user ann box id -un)" = ann ]
	[ "$(box --user 1000:6 --group-add 77 box id -G)" = "6 77" ]
	[ "$(box -w /new/dir -e A=b box sh -c 'echo $PWD $A')" = "/new/dir b" ]
}

@test "--cap-add, --cap-drop: exactly" {
	[ "$(box --cap-drop all box cat /proc/self/status | caps)" = 0000000000000000 ]
	[ "$(box --cap-drop all --cap-add net_admin box cat /proc/self/status | caps)" = 0000000000001000 ]
}

@test "--privileged: capabilities, and mounts" {
	is_admin "$(box --privileged box cat /proc/self/status)"
	box --privileged box sh -c 'mkdir -p /m && mount -t tmpfs none /m'
}

@test "--security-opt: seccomp, no-new-privileges" {
	[ "$(box box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 2 ]
	[ "$(box --security-opt seccomp=unconfined box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 0 ]
	[ "$(box --security-opt no-new-privileges box awk '/^NoNewPrivs:/ {print $2}' /proc/self/status)" = 1 ]
}

@test "--pid, --ipc, --uts, --cgroupns: of the host and of another container" {
	[ "$(box --pid host box readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	# Docker wants the host to have it.
	[ ! -d /dev/mqueue ] || [ "$(box --ipc host box readlink /proc/self/ns/ipc)" = "$(readlink /proc/self/ns/ipc)" ]
	[ "$(box --uts host box hostname)" = "$(hostname)" ]
	[ "$(box --cgroupns host box readlink /proc/self/ns/cgroup)" = "$(readlink /proc/self/ns/cgroup)" ]
	up c1 box sleep 100
	[ "$(box --pid container:c1 box cat /proc/1/comm)" = sleep ]
}

@test "--network=none, --network=host: and, host, another container's" {
	[ "$(box box ls /sys/class/net)" = lo ]
	[ "$(docker run --rm --network host box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	up c1 box sleep 100
	[ "$(docker run --rm --network container:c1 box readlink /proc/self/ns/net)" = "$(docker exec c1 readlink /proc/self/ns/net)" ]
}

@test "--device, --sysctl" {
	box --device /dev/null:/dev/nothing box sh -c 'echo x >/dev/nothing'
	[ "$(box --sysctl kernel.msgmax=4096 box cat /proc/sys/kernel/msgmax)" = 4096 ]
	box box sh -c 'mknod /tmp/d b 254 0; ! head -c 1 /tmp/d'
}

@test "build: RUN, USER, COPY, and one that fails" {
	cd "$BATS_TEST_TMPDIR"
	echo text > file
	printf '%s\n' 'FROM box' 'COPY file /etc/file' 'RUN cat /etc/file >/built' 'USER ann' 'RUN id -un >/home/ann/who' \
		'CMD cat /built /home/ann/who' > Dockerfile
	DOCKER_BUILDKIT=0 docker build -q --network none -t built . > log 2>&1 || { cat log; false; }
	[ "$(box built | tr '\n' ' ')" = "text ann " ]
	printf '%s\n' 'FROM box' 'RUN exit 7' > Dockerfile
	run env DOCKER_BUILDKIT=0 docker build --network none .
	[ "$status" != 0 ]
	[[ $output == *"returned a non-zero code: 7"* ]]
}

@test "build: by buildkit" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' 'FROM box' 'RUN echo made >/made' > Dockerfile
	run env DOCKER_BUILDKIT=1 docker build --network none -t kit .
	[ "$status" = 0 ] || skip "no buildkit with this client and daemon: ${lines[0]}"
	[ "$(box kit cat /made)" = made ]
}

@test "cp, diff, commit, export" {
	up c1 box sleep 100
	echo text > "$BATS_TEST_TMPDIR/f"
	docker cp "$BATS_TEST_TMPDIR/f" c1:/tmp/f
	[ "$(docker exec c1 cat /tmp/f)" = text ]
	docker diff c1 | grep -q '^A /tmp/f$'
	docker commit c1 copied > /dev/null
	[ "$(box copied cat /tmp/f)" = text ]
	docker export c1 | tar -t | grep -q '^tmp/f$'
}

@test "healthcheck run: becomes healthy" {
	up c1 --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 box sh -c 'touch /tmp/well; sleep 100'
	until_true healthy eval '[ "$(docker inspect -f "{{.State.Health.Status}}" c1)" = healthy ]'
}

@test "events: what happens is told" {
	command timeout 60 docker events --format '{{.Action}}' > "$BATS_TEST_TMPDIR/events" 3>&- &
	# When it has begun to listen it does not say.
	heard() { box box true && grep -q die "$BATS_TEST_TMPDIR/events" && grep -q destroy "$BATS_TEST_TMPDIR/events"; }
	until_true told heard
	kill $!
	wait || :
}

@test "outlive: a container outlives dockerd" {
	end_daemon "$DOCKER_AT/pid"
	daemon --live-restore
	up c1 box sleep 100
	end_daemon "$DOCKER_AT/pid"
	daemon --live-restore
	is c1 running
	[ "$(docker exec c1 echo x)" = x ]
}

@test "many: ten at once" {
	local i pids=()
	for i in {1..10}; do
		box box echo "$i" > "$BATS_TEST_TMPDIR/$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(cat "$BATS_TEST_TMPDIR"/{1..10} | sort -n | tail -n 1)" = 10 ]
}

@test "end: no process, cgroup or state is left" {
	teardown
	end_daemon "$DOCKER_AT/pid"
	until_true "nothing left" nothing_remains || { remains; false; }
}
