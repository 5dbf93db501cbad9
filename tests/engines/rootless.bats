#!/usr/bin/env bats
# podman of a user who is not root: run.sh has made that user, and ranges of ids. A part of the cgroup
# tree is the user's, as in a session of systemd's; $APART is a group that is not.
load engines

setup_file() {
	export ID=54321 OURS=/run/rootless GROUP=/sys/fs/cgroup/rootless APART=/sys/fs/cgroup/apart RUNTIME=$ENGINE_RUNTIME
	local f
	mkdir -p "$OURS"/{home/.config/containers,run,bin} "$GROUP/session" "$APART"
	# The build tree may be where only root can go.
	if [ "$NAME" = ctr-oci ]; then
		cp "$CTR_BUILD"/ctr-{oci,seccomp} "$OURS/bin"
		RUNTIME=$OURS/bin/ctr-oci
	fi
	chown -R "$ID:$ID" "$OURS"/{home,run}
	chmod 700 "$OURS"/{home,run}
	for f in "$GROUP" "$GROUP/session"; do chown "$ID:$ID" "$f" "$f"/cgroup.{procs,threads,subtree_control}; done
	as newuidmap 2>&1 | grep -q usage && [ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "no newuidmap, or no /etc/subuid"
	as unshare -U true || skip "users may make no user namespaces on this host"
	if [ -c /dev/net/tun ]; then
		mknod -m 666 "$OURS/tun" c 10 200
		mount --bind "$OURS/tun" /dev/net/tun
	fi
	podman_conf "$RUNTIME" <<- END
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[containers]
		log_driver = "k8s-file"
		netns = "none"
	END
	# Overlay needs Linux 6.6 to be in a tmpfs without root.
	storage overlay
	if ! podman info > /dev/null 2>&1 3>&-; then
		rm -rf "$OURS"/home/.local "$OURS"/run/*
		storage vfs
	fi
	root_tar | podman import -q - box > /dev/null 3>&-
	podman image inspect box > /dev/null
}

# podman's own process stays for as long as the user has a session; migrate ends it.
teardown_file() {
	podman system migrate
	! mountpoint -q /dev/net/tun || umount /dev/net/tun
}

setup() {
	D=$OURS/home/$BATS_TEST_NUMBER
	mkdir "$D"
	chown "$ID:$ID" "$D"
	cd "$D" || return
}

teardown() {
	podman pod rm -f -a -t 0 > /dev/null 2>&1 || :
	# podman has a process of its own for what ended by itself, which may be in the middle of that.
	until_true "all are removed" podman rm -f -a -t 0 > /dev/null
}

storage() { printf '[storage]\ndriver = "%s"\n' "$1" > "$OURS/home/.config/containers/storage.conf"; }

# as COMMAND...: by the user, in a group of the user's, or in IN.
as() (
	echo "$BASHPID" > "${IN:-$GROUP/session}/cgroup.procs"
	exec setpriv --reuid "$ID" --regid "$ID" --clear-groups env USER=rootless HOME="$OURS/home" \
		XDG_RUNTIME_DIR="$OURS/run" "$@"
)
podman() { as podman "$@"; }
on_terminal() { as script -qefc "$1" /dev/null < /dev/null | tr -d '\r' | sed 's/\^@//g'; }

box() { podman run --rm "$@"; }
up() { podman run -d --name "$@" > /dev/null; }
is() { [ "$(podman inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
status_code() { podman inspect -f '{{.State.ExitCode}}' "$1"; }
host_pid() { podman inspect -f '{{.State.Pid}}' "$1"; }

@test "info: the runtime is the one that is tested, and nobody is root" {
	[ "$(podman info -f '{{.Host.OCIRuntime.Path}}')" = "$RUNTIME" ]
	[[ "$(podman info -f '{{.Host.OCIRuntime.Version}}')" == *"$NAME"* ]]
	[ "$(podman info -f '{{.Host.Security.Rootless}}')" = true ]
}

@test "run: output and standard error apart" {
	run --separate-stderr -0 box box sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run: standard input" { [ "$(echo hello | box -i box cat)" = hello ]; }

@test "run: the user outside, root inside" {
	[ "$(box box sh -c 'id -u; cat /proc/self/uid_map' | xargs)" = "0 0 $ID 1 1 2100000 65536" ]
	up a box sleep 100
	[ "$(stat -c %u:%g "/proc/$(host_pid a)")" = "$ID:$ID" ]
}

@test "run: /dev is root's, with the devices of the host" {
	[ "$(box box stat -c %u:%g /dev /dev/fd | xargs)" = "0:0 0:0" ]
	[ "$(box box sh -c 'echo x > /dev/null && head -c 3 /dev/zero | wc -c; stat -c %t:%T /dev/random' | xargs)" = "3 1:8" ]
	run ! box box mknod /tmp/d b 254 0
}

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
}

@test "run: 137 if it is killed" {
	up a box sleep 100
	podman kill a
	[ "$(podman wait a)" = 137 ]
	run -137 box --pid host box sh -c 'kill -9 $$'
}

# What a container writes to a terminal as its last may get lost on its way through conmon and podman,
# with any runtime: it lives on for a moment.
@test "run -t: a terminal, its size, and the status" {
	[ "$(on_terminal 'podman run --rm -it box sh -c "test -t 0 && test -t 1 && tty; sleep .3"')" = /dev/pts/0 ]
	run on_terminal 'podman run --rm -it box sh -c "exit 4" || echo "was $?"'
	[ "$output" = "was 4" ]
	[ "$(on_terminal 'stty rows 33 cols 99; podman run --rm -it box sh -c "sleep .3; stty size; sleep .3"')" = "33 99" ]
}

@test "run --init: catatonit is process 1" {
	[[ "$(box --init box cat /proc/1/cmdline)" == */*init* ]]
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

@test "exec: 126 and 127, and the container is well" {
	up a box sleep 100
	run -127 podman exec a nosuch
	run -126 podman exec a /etc/passwd
	[ "$(podman exec a echo x)" = x ]
	podman stop -t 0 a
	is a exited
	run ! podman exec a true
}

@test "exec: where no cgroup is delegated" {
	IN=$APART up a box sleep 100
	[ "$(IN=$APART podman exec a echo x)" = x ]
	[ "$(podman exec a echo y)" = y ]
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

@test "exec --privileged: all capabilities" {
	up a box sleep 100
	podman exec --privileged a grep CapEff /proc/self/status > "$BATS_TEST_TMPDIR/priv"
	not grep -q "$(podman exec a grep CapEff /proc/self/status)" "$BATS_TEST_TMPDIR/priv"
}

@test "stop: SIGTERM first, and its own status" {
	up a box sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a | grep -q ready'
	podman stop -t 10 a
	[ "$(status_code a)" = 9 ]
}

@test "stop: SIGKILL after the time, also where no cgroup is delegated" {
	up a box sh -c 'trap "" TERM; while :; do sleep .05; done'
	podman stop -t 1 a
	[ "$(status_code a)" = 137 ]
	IN=$APART up b box sh -c 'trap "" TERM; while :; do sleep .05; done'
	IN=$APART podman stop -t 1 b
	[ "$(status_code b)" = 137 ]
}

@test "kill: any signal, by name" {
	up a box sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a | grep -q ready'
	podman kill -s USR1 a
	until_true usr1 eval 'podman logs a | grep -q usr1'
	podman kill a
	until_true exited is a exited
	run ! podman kill a
}

frozen() { grep -q '^frozen 1' "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")/cgroup.events"; }

@test "pause, unpause: frozen and not" {
	up a box sleep 100
	podman pause a
	is a paused
	until_true frozen frozen "$(host_pid a)"
	run ! podman exec a true
	run ! podman pause a
	podman unpause a
	is a running
	podman exec a true
}

@test "pause: refused, with the reason, where no cgroup is delegated" {
	IN=$APART up a box sleep 100
	IN=$APART run ! podman pause a
	[[ $output == *cgroup* ]]
	is a running
}

@test "restart: another process" {
	up a box sleep 100
	local pid
	pid=$(host_pid a)
	podman restart -t 0 a
	is a running
	[ "$(host_pid a)" != "$pid" ]
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
	is a running
	until_true sleeps eval '[ "$(podman top a comm | tail -n +2 | sort | xargs)" = "sh sleep" ]'
	[ "$(podman ps -q --no-trunc)" = "$(podman inspect -f '{{.Id}}' a)" ]
	podman exec a touch /tmp/end
	[ "$(podman wait a)" = 3 ]
	is a exited
	[ -z "$(podman ps -q)" ]
	[ "$(podman logs a 2>&1 | sort | tr '\n' ' ')" = "one two " ]
}

@test "rm -f: a running one, a paused one, one that has no cgroup" {
	up a box sleep 100
	up b box sleep 100
	IN=$APART up c box sleep 100
	podman pause b
	podman rm -f -t 0 a b c
	[ -z "$(podman ps -aq)" ]
}

# bats test_tags=full
@test "stats: figures" {
	needs memory
	up a -m 64m box sleep 100
	[[ "$(podman stats --no-stream --format '{{.MemUsage}}' a)" =~ ^[0-9.]+[kM]B\ /\ 67.11MB$ ]]
}

# bats test_tags=full
@test "limits: memory, pids, CPU, where the cgroup is delegated" {
	for c in memory pids cpu; do needs $c; done
	[ "$(box -m 64m --pids-limit 50 --cpus .5 box cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max \
		/sys/fs/cgroup/cpu.max | tr '\n' ' ')" = "67108864 50 50000 100000 " ]
}

@test "limits: --cgroup-conf, where the cgroup is delegated" {
	needs hugetlb
	[ "$(box --cgroup-conf hugetlb.2MB.max=4194304 box cat /sys/fs/cgroup/hugetlb.2MB.max)" = 4194304 ]
	IN=$APART run ! box --cgroup-conf hugetlb.2MB.max=4194304 box true
	[[ $output == *cgroup* ]]
}

@test "limits: refused, with the reason, where no cgroup is delegated or it has no controller" {
	IN=$APART run -126 box --memory 64m box true
	[[ $output == *"limit"* ]]
	if ! controller memory; then
		run -126 box --memory 64m box true
		[[ $output == *"cannot limit memory to 64M"* ]]
	fi
	[ "$(IN=$APART box --pids-limit 0 box echo without)" = without ]
}

@test "limits: --ulimit, --shm-size, --oom-score-adj" {
	[ "$(box --ulimit nofile=100:200 --ulimit nproc=500:500 box sh -c 'ulimit -n; ulimit -Hn' | tr '\n' ' ')" = "100 200 " ]
	[ "$(box --shm-size 1m box df -k /dev/shm | awk 'END {print $2}')" = 1024 ]
	[ "$(box --oom-score-adj 500 box cat /proc/self/oom_score_adj)" = 500 ]
}

@test "--cgroups=disabled: no cgroup is made" {
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

@test "-v, volume: owners, read-only, a volume, a file" {
	as sh -c 'mkdir d && echo text > d/f'
	[ "$(box -v "$D/d:/mnt" box stat -c %u:%g /mnt /mnt/f | xargs)" = "0:0 0:0" ]
	box -v "$D/d:/mnt" box sh -c 'echo root > /mnt/g && echo ann > /mnt/h && chown ann:ann /mnt/h'
	[ "$(stat -c %u:%g d/g d/h | xargs)" = "$ID:$ID 2100999:2100999" ]
	run ! box -v "$D/d:/mnt" --user ann box touch /mnt/i
	run ! box -v "$D/d:/mnt:ro" box touch /mnt/i
	[ "$(box -v "$D/d/f:/etc/hostname" box cat /etc/hostname)" = text ]
	# What is another's stays so, and cannot be had.
	install -m 600 /dev/null d/other
	run ! box -v "$D/d:/mnt" box cat /mnt/other
	box -v vol:/data --user ann box sh -c 'id -u' > /dev/null
	box -v vol:/data box sh -c 'echo kept >/data/x'
	[ "$(box -v vol:/data box cat /data/x)" = kept ]
	podman volume rm vol
	rm d/other
}

@test "--tmpfs, --mount: with options" {
	box --tmpfs /scratch:size=1m,mode=700 box sh -c 'grep " /scratch tmpfs" /proc/mounts' | grep -q size=1024k
	box --mount type=tmpfs,dst=/scratch,tmpfs-size=1m box sh -c 'grep -q " /scratch tmpfs" /proc/mounts'
	[ "$(box --mount type=image,src=box,dst=/other box ls /other/etc/passwd)" = /other/etc/passwd ]
}

@test "--hostname, --add-host: names" {
	[ "$(box --hostname web box hostname)" = web ]
	box --network host --add-host other:10.0.0.9 box grep -q 'other' /etc/hosts
}

@test "--user, --group-add: who it is" {
	[ "$(box --user ann box id -un)" = ann ]
	[ "$(box --user 1000:6 box sh -c 'id -u; id -g' | tr '\n' ' ')" = "1000 6 " ]
	[ "$(box --user 4242 box id -u)" = 4242 ]
	[[ "$(box --user ann --group-add 77 box id -G)" == *77* ]]
	up a --user ann box sleep 100
	[ "$(stat -c %u "/proc/$(host_pid a)")" = 2100999 ]
}

@test "--userns=keep-id: the same user inside" {
	as touch f
	[ "$(box --userns=keep-id -v "$D:/mnt" box sh -c 'id -u; stat -c %u:%g /mnt/f /dev /etc' | xargs)" = "$ID $ID:$ID 0:0 0:0" ]
	box --userns=keep-id -v "$D:/mnt" box touch /mnt/g
	[ "$(stat -c %u:%g g)" = "$ID:$ID" ]
	up a --userns=keep-id box sleep 100
	[ "$(podman exec a id -u)" = "$ID" ]
	[ "$(podman exec -u 0 a id -u)" = 0 ]
}

@test "--userns=auto: ids of its own" {
	box --userns=auto:size=1000 box sh -c 'touch /file && [ "$(stat -c %u /file /etc/passwd /dev | sort -u)" = 0 ]'
	[ "$(box --userns=auto:size=1000 box awk '{print $1, ($2 > 0), $3}' /proc/self/uid_map)" = "0 1 1000" ]
}

@test "--uidmap: ids that are named, of which the user is none" {
	[ "$(box --uidmap 0:1:2000 --gidmap 0:1:2000 box awk '{print $1, $2, $3}' /proc/self/uid_map)" = "0 1 2000" ]
	[ "$(box --uidmap 0:1:2000 --gidmap 0:1:2000 box stat -c %u:%g /dev /etc /home/ann | xargs)" = "0:0 0:0 1000:1000" ]
	up a --uidmap 0:1:2000 --gidmap 0:1:2000 box sleep 100
	[ "$(stat -c %u "/proc/$(host_pid a)")" = 2100000 ]
	[ "$(podman exec a id -u)" = 0 ]
	podman stop -t 0 a
}

caps() { awk '/^CapEff/ {print $2}'; }

@test "--cap-add, --cap-drop: exactly" {
	[ "$(box --cap-drop all box cat /proc/self/status | caps)" = 0000000000000000 ]
	[ "$(box --cap-drop all --cap-add net_admin box cat /proc/self/status | caps)" = 0000000000001000 ]
	[ "$(box --cap-drop all --cap-add chown --user ann box cat /proc/self/status | caps)" = 0000000000000001 ]
}

@test "--privileged: all capabilities of the namespace, and mounts" {
	[ "$(box --privileged box cat /proc/self/status | caps)" = "$(podman unshare cat /proc/self/status | caps)" ]
	box --privileged box sh -c 'mkdir -p /mnt && mount -t tmpfs none /mnt'
	run ! box --privileged box mknod /tmp/d b 254 0
}

@test "--security-opt: seccomp, no-new-privileges, mask, unmask" {
	[ "$(box box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 2 ]
	[ "$(box --security-opt seccomp=unconfined box awk '/^Seccomp:/ {print $2}' /proc/self/status)" = 0 ]
	[ "$(box --security-opt no-new-privileges box awk '/^NoNewPrivs:/ {print $2}' /proc/self/status)" = 1 ]
	[ -z "$(box --security-opt mask=/etc/passwd box cat /etc/passwd)" ]
	[ "$(box box sh -c 'grep -c " /proc/keys " /proc/mounts')" = 1 ]
	[ "$(box --security-opt unmask=/proc/keys box sh -c 'grep -c " /proc/keys " /proc/mounts || :')" = 0 ]
}

@test "--device: the host's" {
	[ "$(box --device /dev/full:/dev/full2 box stat -c %t:%T /dev/full2)" = 1:7 ]
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
	[ "$(box --network none box sh -c 'ls /sys/class/net' | tr '\n' ' ')" = "lo " ]
}

@test "--network=host: the host's" {
	[ "$(box --network host box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
}

@test "--network=slirp4netns: an address, and the host" {
	[ -c /dev/net/tun ] || skip "this host has no /dev/net/tun"
	[ "$(box --network slirp4netns box ip -4 addr show tap0 | awk '/inet/ {print $2}')" = 10.0.2.100/24 ]
	echo found | busybox nc -l -p 7117 3>&- &
	until_true listens grep -q :1BCD /proc/net/tcp /proc/net/tcp6
	[ "$(box --network slirp4netns:allow_host_loopback=true box nc 10.0.2.2 7117)" = found ]
	wait
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
	echo text > file
	printf '%s\n' 'FROM box' 'COPY file /etc/file' 'RUN echo built >/etc/built && cat /etc/file >>/etc/built' \
		'USER ann' 'WORKDIR /home/ann' 'RUN id -un >who' 'CMD cat /etc/built who' > Containerfile
	podman build -q --network none -t built . > "$BATS_TEST_TMPDIR/log" 2>&1 || { cat "$BATS_TEST_TMPDIR/log"; false; }
	[ "$(box built | tr '\n' ' ')" = "built text ann " ]
	podman rmi -f built
}

@test "build: a RUN that fails fails it" {
	printf '%s\n' 'FROM box' 'RUN exit 7' > Containerfile
	run podman build --network none .
	[ "$status" != 0 ]
	[[ $output == *7* ]]
}

@test "cp, diff, commit, export" {
	up a box sleep 100
	echo text > f
	podman cp f a:/tmp/f
	[ "$(podman exec a cat /tmp/f)" = text ]
	podman cp a:/etc/passwd passwd
	grep -q ann passwd
	podman container diff a | grep -q '^A /tmp/f$'
	podman commit -q a copied > /dev/null
	[ "$(box copied cat /tmp/f)" = text ]
	podman export -o a.tar a
	tar -t -f a.tar | grep -q '^tmp/f$'
	podman rmi -f copied
}

@test "--systemd=always: cgroup writable, stops by its own signal" {
	up a --systemd=always box sh -c 'trap "exit 0" RTMIN+3 2>/dev/null || trap "exit 0" 37; mkdir /sys/fs/cgroup/init && echo ready; while :; do sleep .05; done'
	until_true ready eval 'podman logs a 2>&1 | grep -q ready'
	podman stop -t 10 a
	[ "$(status_code a)" = 0 ]
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

nothing_of_ours() {
	local pause
	pause=$(cat "$OURS"/run/libpod/tmp/pause.pid) || return
	[ -z "$(ls "$OURS"/run/ctr-oci "$OURS"/run/crun 2> /dev/null | grep -v :)" ] &&
		[ -z "$(find "$GROUP" -mindepth 2 -type d ! -name 'session')" ] &&
		not grep -qE '/(merged|rootfs) ' "/proc/$pause/mountinfo"
}

@test "end: no process, cgroup, mount or state is left" {
	until_true "nothing of the user's left" nothing_of_ours
	podman system migrate
	until_true "nothing left" nothing_remains || { remains; false; }
}
