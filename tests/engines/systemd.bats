#!/usr/bin/env bats
# podman, of root and of a user ("rootless"), and docker with the systemd cgroup manager, where systemd is
# process 1: tests/engines/run.sh BUILD --systemd, in the machine of tests/host/run -S.
load engines
[ -d /run/systemd/system ] || { echo "run me by tests/engines/run.sh BUILD --systemd" >&2 && exit 1; }

TOP=/sys/fs/cgroup
DOCKER_AT=/run/engines/docker
export DOCKER_HOST=unix://$DOCKER_AT/sock

podman_setup() {
	mkdir -p /etc/containers/containers.conf.d
	sed "s,\"/usr/local/bin/ctr-oci\",\"$ENGINE_RUNTIME\"," "$CONTRIB/podman/ctr-oci.conf" \
		> /etc/containers/containers.conf.d/ctr-oci.conf
	[ "$NAME" = ctr-oci ] || sed -i "s/^runtime = .*/runtime = \"$NAME\"/; s,^ctr-oci = .*,$NAME = [\"$ENGINE_RUNTIME\"]," \
		/etc/containers/containers.conf.d/ctr-oci.conf
	cat > /etc/containers/containers.conf.d/test.conf <<- END
		[engine]
		cgroup_manager = "systemd"
		events_logger = "file"
		[containers]
		log_driver = "k8s-file"
		netns = "none"
	END
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' > /etc/containers/policy.json
	root_tar | podman import -q - box > /dev/null
}

# podman of a user, the one named daemon, who gets a session for this.
rootless_setup() {
	systemctl start user@1.service
	mkdir -p $USER_AT/{home/.config/containers,bin}
	printf '[storage]\ndriver = "vfs"\n' > $USER_AT/home/.config/containers/storage.conf
	# The build tree may be where only root can go.
	[ "$NAME" != ctr-oci ] || cp "$CTR_BUILD"/ctr-{oci,scope,seccomp} $USER_AT/bin
	chown -R 1:1 $USER_AT/{home,bin}
	echo daemon:2300000:65536 | tee -a /etc/subuid >> /etc/subgid
	root_tar | rootless import -q - box > /dev/null 3>&-
}
USER_AT=/run/user/1
as_user() {
	setpriv --reuid 1 --regid 1 --clear-groups env -i "PATH=$PATH" TMPDIR=/var/tmp USER=daemon HOME=$USER_AT/home \
		XDG_RUNTIME_DIR=$USER_AT "$@"
}
rootless() { as_user podman ${RUNTIME_OF_USER:+--runtime "$RUNTIME_OF_USER"} "$@"; }
[ "$NAME" != ctr-oci ] || RUNTIME_OF_USER=$USER_AT/bin/ctr-oci

docker_setup() {
	mkdir -p "$DOCKER_AT"
	jq --arg path "$ENGINE_RUNTIME" '.runtimes["ctr-oci"].path = $path | .["default-runtime"] = "ctr-oci"
		| .["exec-opts"] = ["native.cgroupdriver=systemd"]' "$CONTRIB/docker/daemon.json" > "$DOCKER_AT/daemon.json"
	dockerd --config-file "$DOCKER_AT/daemon.json" --data-root "$DOCKER_AT/data" --exec-root "$DOCKER_AT/exec" \
		-H "$DOCKER_HOST" -p "$DOCKER_AT/own-pid" --iptables=false --ip6tables=false --bridge=none \
		>> "$DOCKER_AT/log" 2>&1 3>&- &
	echo $! > "$DOCKER_AT/pid"
	if ! until_true "docker listens" docker version > /dev/null 2>&1; then
		tail -n 3 "$DOCKER_AT/log" > "$DOCKER_AT/why"
		return 0
	fi
	image_archive box:latest > "$DOCKER_AT/image.tar"
	docker load -q -i "$DOCKER_AT/image.tar" > /dev/null
}

setup_file() {
	podman_setup
	rootless_setup
	docker_setup
}

teardown_file() {
	end_daemon "$DOCKER_AT/pid"
	systemctl stop user@1.service
}

setup() {
	engine=${BATS_TEST_DESCRIPTION%% *}
	case $engine in
	podman) prefix=libpod ;;
	rootless) prefix=libpod systemctl=(as_user systemctl --user) ;;
	docker)
		prefix=docker
		[ ! -e "$DOCKER_AT/why" ] || skip "dockerd does not run here: $(head -c 300 "$DOCKER_AT/why")"
		;;
	esac
}

teardown() {
	local all
	case $engine in
	podman | rootless)
		$engine pod rm -f -a -t 0 > /dev/null 2>&1 || :
		until_true "all are removed" "$engine" rm -f -a -t 0 > /dev/null
		;;
	docker)
		all=$(docker ps -aq 2> /dev/null) || return 0
		# shellcheck disable=SC2086
		[ -z "$all" ] || docker rm -f $all > /dev/null
		;;
	esac
}

box() { $engine run --rm --network none "$@"; }
# up NAME ARGUMENT...: one that runs; its scope, the scope's group, its process, and the group of that.
up() {
	$engine run -d --network none --name "$@" > /dev/null
	look "$1"
}
look() {
	local id
	read -r id pid <<< "$($engine inspect -f '{{.Id}} {{.State.Pid}}' "$1")"
	scope=$prefix-$id.scope
	inner=$TOP$(sed -n s/^0:://p "/proc/$pid/cgroup")
	group=${inner%/container}
}
is() { [ "$($engine inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
status_code() { $engine inspect -f '{{.State.ExitCode}}' "$1"; }
systemctl=(systemctl)
property() { "${systemctl[@]}" show -P "$1" "${2:-$scope}"; }
units() { "${systemctl[@]}" list-units --all --plain --no-legend "$@"; }
gone() { [ -z "$(units "$@")" ]; }
frozen() { grep -qx "frozen $1" "$inner/cgroup.events"; }

# Both groups of the container have these.
in_files() { # FILE VALUE
	local dir
	for dir in "$group" "$inner"; do
		echo "$dir/$1: $(cat "$dir/$1")"
		[ "$(cat "$dir/$1")" = "$2" ]
	done
}

limits_hold() {
	[ "$(property MemoryMax)" = $((64 << 20)) ]
	[ "$(property TasksMax)" = 50 ]
	[ "$(property CPUQuotaPerSecUSec)" = 500ms ]
	in_files memory.max $((64 << 20))
	in_files pids.max 50
	in_files cpu.max "50000 100000"
	in_files cpu.weight "$(property CPUWeight)"
	# Half of what is usual; older runtimes make other weights of shares.
	[ "$NAME" != ctr-oci ] || [ "$(property CPUWeight)" = 59 ]
}
limited=(-m 64m --pids-limit 50 --cpus .5 --cpu-shares 512)

# Of a container that is told to end: its status is its own.
stops_with_7=(box sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep .1; done')
ready() { $engine logs "$1" | grep -q ready; }

# A stop of the scope, and a kill of all in it, from outside.
ended_by_systemd() {
	up c1 "${stops_with_7[@]}"
	until_true ready ready c1
	systemctl stop "$scope"
	[ "$($engine wait c1)" = 7 ]
	until_true exited is c1 exited
	until_true "no scope" gone "$scope"
	up c2 box sleep 1000
	systemctl kill -s KILL "$scope"
	[ "$($engine wait c2)" = 137 ]
	until_true "no scope" gone "$scope"
}

@test "podman info: the cgroup manager is systemd, the runtime the one that is tested" {
	[ "$(podman info -f '{{.Host.CgroupManager}} {{.Host.CgroupsVersion}} {{.Host.OCIRuntime.Path}}')" = "systemd v2 $ENGINE_RUNTIME" ]
}

@test "podman run: a scope below machine.slice has the payload in it, and its limits" {
	up c1 "${limited[@]}" box sleep 1000
	[ "$group" = "$TOP/machine.slice/$scope" ]
	[ "$(property Slice)" = machine.slice ]
	[ "$(property ActiveState)" = active ]
	[ "$(property Delegate)" = yes ]
	limits_hold
	systemctl daemon-reload
	limits_hold
}

@test "podman run: no limit of systemd's own without one" {
	up c1 --pids-limit 0 box sleep 1000
	[ "$(property TasksMax)" = infinity ]
	[ "$(property MemoryMax)" = infinity ]
	in_files pids.max max
}

@test "podman run: the status of the payload, and nothing that could not run leaves a scope" {
	run -3 box box sh -c 'exit 3'
	run -127 box box nosuch
	until_true "no scopes" gone 'libpod-*'
}

@test "podman run: out of memory kills in the scope, status 137" {
	# Whether podman calls that OOMKilled is for conmon to say; that of Debian 12 does of no runtime.
	run -137 podman run --name c1 -m 32m box sh -c 'tail /dev/zero'
	[ "$(status_code c1)" = 137 ]
	up c2 -m 32m box sh -c 'tail /dev/zero; echo "was $?"; sleep 1000'
	until_true killed eval 'podman logs c2 | grep -qx "was 137"'
	grep -qx 'oom_kill 1' "$inner/memory.events"
	grep -qx 'oom_kill 1' "$group/memory.events"
	is c2 running
}

@test "podman exec, top: in the same scope" {
	up c1 box sleep 1000
	[ "$(podman exec c1 cat /proc/self/cgroup)" = 0::/ ]
	podman exec -d c1 sleep 1001
	both_in() { [ "$(wc -l < "$inner/cgroup.procs")" = 2 ]; }
	until_true "both are in $inner" both_in
	run -5 podman exec c1 sh -c 'exit 5'
	[ "$(podman top c1 args | awk 'NR > 1 {print $1 $2}' | sort | tr '\n' ' ')" = "sleep1000 sleep1001 " ]
}

@test "podman pause, unpause: frozen and not" {
	up c1 box sleep 1000
	podman pause c1
	is c1 paused
	until_true frozen frozen 1
	[ "$(property ActiveState)" = active ]
	podman unpause c1
	is c1 running
	until_true "not frozen" frozen 0
}

@test "podman stats: figures" {
	up c1 -m 64m box sleep 1000
	run -0 podman stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' c1
	[[ $output =~ ^[0-9.]+[kM]?B\ /\ 67.11MB\ 1$ ]]
	[[ $output != 0B* ]]
}

@test "podman update: the properties follow" {
	up c1 "${limited[@]}" box sleep 1000
	podman update -m 128m --cpus .25 c1
	for _ in before after; do
		[ "$(property MemoryMax)" = $((128 << 20)) ]
		[ "$(property CPUQuotaPerSecUSec)" = 250ms ]
		in_files memory.max $((128 << 20))
		in_files cpu.max "25000 100000"
		in_files pids.max 50
		systemctl daemon-reload
	done
}

@test "podman stop, start, restart, rm: a scope while it runs" {
	up c1 "${stops_with_7[@]}"
	until_true ready ready c1
	podman stop -t 10 c1
	[ "$(status_code c1)" = 7 ]
	gone "$scope"
	podman start c1
	look c1
	[ "$(property ActiveState)" = active ]
	podman restart -t 0 c1
	look c1
	[ "$(property ActiveState)" = active ]
	podman rm -f -t 0 c1
	until_true "no scopes" gone 'libpod-*'
	[ ! -e "$group" ]
}

@test "podman wait: systemd stops or kills the scope, and podman sees that" { ended_by_systemd; }

@test "podman --cgroup-parent: a slice" {
	up c1 --cgroup-parent engines-a.slice box sleep 1000
	[ "$group" = "$TOP/engines.slice/engines-a.slice/$scope" ]
	[ "$(property Slice)" = engines-a.slice ]
	podman rm -f -t 0 c1
	until_true "no scope" gone "$scope"
	systemctl stop engines.slice
}

@test "podman pod: a slice with the scopes of its containers" {
	local id slice
	id=$(podman pod create --name pod)
	slice=machine-libpod_pod_$id.slice
	up c1 --pod pod -m 64m box sleep 1000
	[ "$group" = "$TOP/machine.slice/$slice/$scope" ]
	[ "$(property Slice)" = "$slice" ]
	[ "$(property MemoryMax)" = $((64 << 20)) ]
	[ "$(property Slice "libpod-$(podman pod inspect -f '{{.InfraContainerID}}' pod).scope")" = "$slice" ]
	podman pod rm -f -t 0 pod
	until_true "no scopes" gone 'libpod-*'
	until_true "no slice" gone "$slice"
}

@test "podman --systemd=always: a cgroup to write in, and its own signal" {
	up c1 --systemd=always --pids-limit 50 box sh -c 'trap "exit 8" RTMIN+3 || trap "exit 8" 37
		cd /sys/fs/cgroup && mkdir init && echo $$ > init/cgroup.procs && echo +pids > cgroup.subtree_control &&
		echo 20 > init/pids.max && echo ready; while :; do sleep .1; done'
	until_true ready ready c1
	look c1
	[[ $inner == */$scope/*init ]]
	[ "$(cat "$inner/pids.max")" = 20 ]
	systemctl daemon-reload
	[ "$(cat "$inner/pids.max")" = 20 ]
	podman exec c1 true
	podman stop -t 20 c1
	[ "$(status_code c1)" = 8 ]
	gone "$scope"
}

@test "podman --cgroups=split: in the service that podman is in" {
	run -0 systemd-run --quiet --wait --pipe -p Delegate=yes --unit engines-split -E HOME="$HOME" \
		nsenter --mount="/proc/$$/ns/mnt" podman run --rm --cgroups=split --cgroupns=host -m 64m box \
		sh -c 'g=$(sed -n s/^0:://p /proc/self/cgroup); echo $g; cat /sys/fs/cgroup$g/memory.max'
	[[ ${lines[0]} == /system.slice/engines-split.service/libpod-payload-* ]]
	[ "${lines[1]}" = $((64 << 20)) ]
	until_true "no service" gone engines-split.service
}

@test "rootless info: the cgroup manager is systemd, the runtime the one that is tested" {
	[ "$(rootless info -f '{{.Host.Security.Rootless}} {{.Host.CgroupManager}} {{.Host.OCIRuntime.Path}}')" = "true systemd ${RUNTIME_OF_USER:-$ENGINE_RUNTIME}" ]
}

@test "rootless run, exec, update: a scope of the user's systemd has the payload in it, and its limits" {
	up c1 "${limited[@]}" box sleep 1000
	[ "$group" = "$TOP/user.slice/user-1.slice/user@1.service/user.slice/$scope" ]
	[ "$(property ActiveState)" = active ]
	[ "$(property Delegate)" = yes ]
	limits_hold
	as_user systemctl --user daemon-reload
	limits_hold
	[ "$(rootless exec c1 cat /proc/self/cgroup)" = 0::/ ]
	run -5 rootless exec c1 sh -c 'exit 5'
	rootless update -m 128m c1
	for _ in before after; do
		[ "$(property MemoryMax)" = $((128 << 20)) ]
		in_files memory.max $((128 << 20))
		in_files pids.max 50
		as_user systemctl --user daemon-reload
	done
}

@test "rootless run: out of memory kills, status 137" {
	run -137 rootless run --rm --network none -m 32m box sh -c 'tail /dev/zero'
	until_true "no scopes" gone 'libpod-*'
}

@test "rootless pause, stop, start, rm: a scope while it runs" {
	up c1 "${stops_with_7[@]}"
	until_true ready ready c1
	rootless pause c1
	until_true frozen frozen 1
	rootless unpause c1
	until_true "not frozen" frozen 0
	rootless stop -t 10 c1
	[ "$(status_code c1)" = 7 ]
	gone "$scope"
	rootless start c1
	look c1
	[ "$(property ActiveState)" = active ]
	rootless rm -f -t 0 c1
	until_true "no scopes" gone 'libpod-*'
	[ ! -e "$group" ]
}

@test "rootless --annotation: a property of the scope" {
	up c1 --annotation org.systemd.property.TimeoutStopSec=2.5 box sleep 1000
	[ "$(property TimeoutStopUSec)" = 2.500000s ]
}

@test "rootless wait: systemd stops or kills the scope, and podman sees that" {
	up c1 "${stops_with_7[@]}"
	until_true ready ready c1
	as_user systemctl --user stop "$scope"
	[ "$(rootless wait c1)" = 7 ]
	until_true "no scope" gone "$scope"
}

@test "docker info: the cgroup driver is systemd, the runtime the one that is tested" {
	[ "$(docker info -f '{{.CgroupDriver}} {{.CgroupVersion}} {{(index .Runtimes "ctr-oci").Path}}')" = "systemd 2 $ENGINE_RUNTIME" ]
}

@test "docker run, exec, stats: a scope in system.slice has the payload in it, and its limits" {
	up c1 "${limited[@]}" box sleep 1000
	[ "$group" = "$TOP/system.slice/$scope" ]
	[ "$(property Slice)" = system.slice ]
	limits_hold
	systemctl daemon-reload
	limits_hold
	[ "$(docker exec c1 cat /proc/self/cgroup)" = 0::/ ]
	docker exec -d c1 sleep 1001
	both_in() { [ "$(wc -l < "$inner/cgroup.procs")" = 2 ]; }
	until_true "both are in $inner" both_in
	[[ "$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' c1)" =~ ^[0-9.]+[KM]iB\ /\ 64MiB\ 2$ ]]
}

@test "docker run: out of memory is told" {
	run -137 docker run --rm --network none -m 32m box sh -c 'tail /dev/zero'
	# Of the first process containerd's shim may report the end before it has read why.
	up c1 -m 32m box sleep 1000
	run -137 docker exec c1 tail /dev/zero
	until_true told oom_told c1
	docker kill c1
	[ "$(docker wait c1)" = 137 ]
	[ "$(docker inspect -f '{{.State.OOMKilled}}' c1)" = true ]
	until_true "no scopes" gone 'docker-*'
}

@test "docker pause, unpause, update" {
	up c1 "${limited[@]}" box sleep 1000
	docker pause c1
	is c1 paused
	until_true frozen frozen 1
	docker unpause c1
	until_true "not frozen" frozen 0
	docker update -m 128m --memory-swap 128m c1
	for _ in before after; do
		[ "$(property MemoryMax)" = $((128 << 20)) ]
		in_files memory.max $((128 << 20))
		in_files pids.max 50
		systemctl daemon-reload
	done
}

@test "docker stop, start, rm: a scope while it runs" {
	up c1 "${stops_with_7[@]}"
	until_true ready ready c1
	docker stop -t 10 c1
	[ "$(status_code c1)" = 7 ]
	gone "$scope"
	docker start c1
	look c1
	[ "$(property ActiveState)" = active ]
	docker rm -f c1
	until_true "no scope" gone "$scope"
	[ ! -e "$group" ]
}

@test "docker wait: systemd stops or kills the scope, and docker sees that" { ended_by_systemd; }

@test "docker --cgroup-parent: a slice" {
	up c1 --cgroup-parent engines-a.slice box sleep 1000
	[ "$group" = "$TOP/engines.slice/engines-a.slice/$scope" ]
	docker rm -f c1
	until_true "no scope" gone "$scope"
	systemctl stop engines.slice
}

left() {
	units 'libpod*' 'docker*' 'machine-*' 'engines*'
	find "$TOP" -mindepth 2 -type d \( -name 'libpod*' -o -name 'docker*' -o -name 'engines*' \)
	find /run/ctr-oci /run/engines -name record.json
	pgrep -al '^(conmon|containerd-shim|ctr-)'
}
nothing_left() { [ -z "$(left)" ]; }

@test "end: no scope, slice, cgroup, process or state is left" {
	end_daemon "$DOCKER_AT/pid"
	[ -z "$(as_user systemctl --user list-units --all --plain --no-legend 'libpod-*')" ]
	rootless system migrate
	systemctl stop user@1.service
	until_true "nothing left" nothing_left || { left; false; }
}
