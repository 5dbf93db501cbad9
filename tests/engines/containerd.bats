#!/usr/bin/env bats
# containerd, by its own client, with the configuration of contrib/containerd.
load engines

IMAGE=docker.io/library/box:latest

setup_file() {
	local at=/run/engines/containerd
	# The client forgets --runc-binary where it maps ids, and create has no such flag.
	mkdir -p "$at/bin"
	ln -s "$ENGINE_RUNTIME" "$at/bin/runc"
	{
		sed "s,\"/usr/local/bin/ctr-oci\",\"$ENGINE_RUNTIME\",; /^version/d" "$CONTRIB/containerd/config-v2.toml" > "$at/tail"
		printf '%s\n' 'version = 2' "root = \"$at/root\"" "state = \"$at/state\""
		printf '%s\n' '[grpc]' "address = \"$at/sock\""
		cat "$at/tail"
		# The image of the sandbox is one that is there; lowering a score takes CAP_SYS_RESOURCE.
		printf '%s\n' '[plugins."io.containerd.grpc.v1.cri"]' 'sandbox_image = "docker.io/library/pause:latest"' \
			'restrict_oom_score_adj = true'
	} > "$at/config.toml"
	PATH=$at/bin:$PATH containerd -c "$at/config.toml" > "$at/log" 2>&1 3>&- &
	echo $! > "$at/pid"
	until_true "containerd listens" client version > /dev/null 2>&1
	image_archive "$IMAGE" > "$at/image.tar"
	client images import "$at/image.tar" > /dev/null
	client -n k8s.io images import "$at/image.tar" > /dev/null
	image_archive docker.io/library/pause:latest sleep 100000 > "$at/pause.tar"
	client -n k8s.io images import "$at/pause.tar" > /dev/null
}

teardown_file() { end_daemon /run/engines/containerd/pid; }

teardown() {
	local id
	for id in $(client task ls -q); do
		client task kill -s 9 "$id" > /dev/null 2>&1 || :
		client task delete -f "$id" > /dev/null 2>&1 || :
	done
	for id in $(client container ls -q); do client container delete "$id"; done
}

client() { timeout 60 /usr/bin/ctr -a /run/engines/containerd/sock "$@"; }
# box [FLAGS] -- COMMAND
box() {
	local flags=()
	while [ "$1" != -- ]; do flags+=("$1") && shift; done
	shift
	client run --runc-binary "$ENGINE_RUNTIME" --rm "${flags[@]}" "$IMAGE" box "$@"
}
up() { client run --runc-binary "$ENGINE_RUNTIME" -d "$IMAGE" "$@" > /dev/null; }
is() { [ "$(client task ls | awk -v id="$1" '$1 == id {print $3}')" = "$2" ]; }
in_task() { client task exec --exec-id "x$RANDOM" "$@"; }

@test "run: output, standard error, input" {
	run --separate-stderr -0 box -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	# The client keeps its side of the input open: a cat would not end.
	[ "$(echo in | box -- head -n 1)" = in ]
}

@test "run: exit status of the payload" { run -3 box -- sh -c 'exit 3'; }

@test "run: a command that is not there, or may not be executed" {
	run ! box -- nosuch
	[[ $output == *"executable file not found"* ]]
	run ! box -- /etc/passwd
	[[ $output == *"permission denied"* ]]
	[ -z "$(client container ls -q)" ]
}

@test "run -t: a terminal" {
	[ "$(on_terminal "/usr/bin/ctr -a /run/engines/containerd/sock run --runc-binary $ENGINE_RUNTIME --rm -t $IMAGE a tty")" = /dev/pts/0 ]
}

@test "run: flags of the client" {
	[ "$(box --cwd /tmp --env A=b -- sh -c 'echo $PWD $A')" = "/tmp b" ]
	run ! box --read-only -- touch /x
	[ "$(box --cap-drop CAP_CHOWN -- sh -c 'chown 1 /tmp || echo no' 2> /dev/null)" = no ]
	echo text > "$BATS_TEST_TMPDIR/f"
	[ "$(box --mount "type=bind,src=$BATS_TEST_TMPDIR,dst=/mnt,options=rbind:ro" -- cat /mnt/f)" = text ]
	[ "$(box --net-host -- readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(box --seccomp -- awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 2 ]
	[ "$(box --privileged -- awk '/^CapEff/ {print $2}' /proc/self/status)" = "$(awk '/^CapEff/ {print $2}' /proc/self/status)" ]
}

@test "run: ids of its own" {
	[ "$(box --uidmap 0:70000:65536 --gidmap 0:70000:65536 -- awk '{print $2}' /proc/self/uid_map)" = 70000 ]
}

# bats test_tags=full
@test "run: limits" {
	needs memory
	needs cpu
	# The client's containers have no cgroup file system of theirs.
	client run --runc-binary "$ENGINE_RUNTIME" -d --memory-limit 67108864 --cpus .5 "$IMAGE" a sleep 100
	group=/sys/fs/cgroup$(cut -d: -f3 "/proc/$(client task ls | awk '$1 == "a" {print $2}')/cgroup")
	[ "$(cat "$group/memory.max" "$group/cpu.max")" = "67108864
50000 100000" ]
}

@test "create, start: apart" {
	client container create "$IMAGE" a sleep 100
	client task start -d a
	is a RUNNING
}

@test "exec: output and status" {
	up a sleep 100
	[ "$(in_task a echo hello)" = hello ]
	run -5 in_task a sh -c 'exit 5'
	[ "$(in_task --cwd /tmp a pwd)" = /tmp ]
	[ "$(echo in | in_task a cat)" = in ]
}

@test "exec: as another user" {
	up a sleep 100
	[ "$(in_task --user 1000:1000 a id -u)" = 1000 ]
}

@test "exec: after one that failed the container is well" {
	up a sleep 100
	run ! in_task a nosuch
	[[ $output == *"executable file not found"* ]]
	is a RUNNING
	[ "$(in_task a echo x)" = x ]
	client task kill -s 9 a
	until_true stopped is a STOPPED
}

@test "exec -t: a terminal" {
	up a sleep 100
	on_terminal '/usr/bin/ctr -a /run/engines/containerd/sock task exec -t --exec-id e a sh -c "tty; sleep .3"' | grep -qx /dev/pts/0
}

@test "exec -d: goes on by itself" {
	up a sleep 100
	in_task -d a sh -c 'sleep .2; echo x >/tmp/f'
	until_true written in_task a test -s /tmp/f
}

@test "kill: a signal; all of them" {
	up a sh -c 'trap "exit 9" TERM; touch /tmp/ready; while :; do sleep .05; done'
	until_true ready in_task a test -e /tmp/ready
	client task kill a
	until_true stopped is a STOPPED
	run client task delete a
	[[ $output == *"exit code 9"* ]]
	up b sh -c 'sleep 100 & sleep 100'
	client task kill -a -s 9 b
	until_true stopped is b STOPPED
}

@test "pause, resume: frozen and not" {
	up a sleep 100
	client task pause a
	is a PAUSED
	run ! in_task a true
	client task resume a
	is a RUNNING
	in_task a true
}

@test "ps: all processes" {
	up a sh -c 'sleep 100 & sleep 100; :'
	until_true three eval '[ "$(client task ps a | tail -n +2 | wc -l)" = 3 ]'
}

@test "metrics: figures" {
	up a sleep 100
	[[ "$(client task metrics a)" == *METRIC* ]]
}

@test "delete: a running task is refused, with -f it goes" {
	up a sleep 100
	run ! client task delete a
	is a RUNNING
	client task delete -f a || :
	[ -z "$(client task ls -q)" ]
}

@test "events: what happens is told" {
	command timeout 60 /usr/bin/ctr -a /run/engines/containerd/sock events > "$BATS_TEST_TMPDIR/events" 3>&- &
	# When it has begun to listen it does not say.
	heard() { box -- true && grep -q /tasks/exit "$BATS_TEST_TMPDIR/events" && grep -q /tasks/delete "$BATS_TEST_TMPDIR/events"; }
	until_true told heard
	kill $!
	wait || :
}

@test "outlive: a container outlives containerd" {
	up a sleep 100
	end_daemon /run/engines/containerd/pid
	PATH=/run/engines/containerd/bin:$PATH containerd -c /run/engines/containerd/config.toml >> /run/engines/containerd/log 2>&1 3>&- &
	echo $! > /run/engines/containerd/pid
	until_true "containerd listens" client version > /dev/null 2>&1
	is a RUNNING
	[ "$(in_task a echo x)" = x ]
}

@test "CRI: the plugin loads with both runtimes" {
	[ "$(client plugins ls | awk '$2 == "cri" {print $NF}')" = ok ]
	containerd -c /run/engines/containerd/config.toml config dump | grep -q 'runtimes.ctr-oci\]'
}

# bats test_tags=full
@test "CRI: a pod, a container, exec, stop, remove" {
	needs cpu
	run timeout 60 "$HERE/cri.js" /run/engines/containerd/sock ctr-oci sh -c 'echo inside; exit 5'
	echo "$output"
	[ "$output" = "pod runs
state 0 exit 0
state 1 exit 0
exec said inside exit 5
state 2 exit 143
pod is gone" ]
}

@test "end: no process, cgroup or state is left" {
	end_daemon /run/engines/containerd/pid
	until_true "nothing left" nothing_remains || { remains; false; }
}
