# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Containers in scopes of systemd.
# bats file_tags=systemd
load helpers

setup_file() { file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	top=$(dirname "$GROUPS_AT")
}
teardown() {
	nothing_left
	if has_systemd; then [ -z "$(scopes)" ]; fi
}

has_systemd() {
	[ -d /run/systemd/system ] && busctl --system --timeout=5 get-property org.freedesktop.systemd1 \
		/org/freedesktop/systemd1 org.freedesktop.systemd1.Manager Version > /dev/null 2>&1
}
needs_systemd() { has_systemd || skip "systemd with D-Bus is not process 1 here"; }
scopes() { systemctl list-units --all --plain --no-legend 'ctr-*.scope'; }
# What asked systemd just before it was killed may yet get its scope.
gc_ends() { ctr gc > /dev/null && no_scopes; }
no_scopes() { [ -z "$(scopes)" ]; }
property() { systemctl show -P "$2" "ctr-$1.scope"; }
scoped() { started "$1" --cgroup-manager systemd "${@:2}"; }
id_of() { jq -r .id "$CTR_STATE/$1/record.json"; }
quiet_bus() { [ -S "$PWD/bus" ]; }

@test "a scope has the container in it, with its limits as properties" {
	needs_systemd
	needs memory
	scoped web -m 64m --memory-high 48m --cpus 0.5 --cpu-weight 50 --pids-limit 77 --cpuset-cpus 0 -- sleep 600
	id=$(id_of web)
	[ "$(group web)" = "$top/system.slice/ctr-$id.scope/container" ]
	[ "$(property "$id" ActiveState)" = active ]
	[ "$(property "$id" Slice)" = system.slice ]
	[ "$(property "$id" Delegate)" = yes ]
	[ "$(property "$id" DefaultDependencies)" = no ]
	[ "$(property "$id" Description)" = "Container web" ]
	[ "$(property "$id" MemoryMax)" = $((64 << 20)) ]
	[ "$(property "$id" MemoryHigh)" = $((48 << 20)) ]
	[ "$(property "$id" MemorySwapMax)" = $((64 << 20)) ]
	[ "$(property "$id" CPUQuotaPerSecUSec)" = 500ms ]
	[ "$(property "$id" CPUWeight)" = 50 ]
	[ "$(property "$id" TasksMax)" = 77 ]
	[ "$(property "$id" AllowedCPUs)" = 0 ]
	for group in "$(group web)" "$(dirname "$(group web)")"; do
		[ "$(cat "$group/memory.max")" = $((64 << 20)) ]
		[ "$(cat "$group/memory.high")" = $((48 << 20)) ]
		[ "$(cat "$group/cpu.max")" = "50000 100000" ]
		[ "$(cat "$group/cpu.weight")" = 50 ]
		[ "$(cat "$group/pids.max")" = 77 ]
		[ "$(cat "$group/cpuset.cpus")" = 0 ]
	done
	# Nobody but the container is in the scope, and ctr-scope is gone.
	[ "$(find "$(dirname "$(group web)")" -mindepth 1 -maxdepth 1 -type d)" = "$(group web)" ]
	run ! pgrep ctr-scope
	run -0 ctr exec web grep ^0:: /proc/self/cgroup
	[ "$output" = 0::/ ]
	[ "$(ctr inspect web | jq -r '.[0].cgroup')" = "$(group web)" ]
	[ "$(jq -r .linux.cgroupsPath "$CTR_ROOT/containers/web/config.json")" = ":ctr:$id" ]
	ctr rm -f web
	[ -z "$(scopes)" ]
}

@test "no limit of systemd's own is put on it" {
	needs_systemd
	needs pids
	scoped free --pids-limit -1 -- sleep 600
	[ "$(property "$(id_of free)" TasksMax)" = infinity ]
	[ "$(cat "$(group free)/../pids.max")" = max ]
	ctr rm -f free
}

@test "daemon-reload keeps limits and device rules" {
	needs_systemd
	needs memory
	run -0 box --cgroup-manager systemd --userns host --device /dev/kmsg:/dev/kmsg:rw -- sh -c ': > /dev/kmsg'
	scoped kept -m 64m --pids-limit 77 --cpus 0.25 --cpuset-cpus 0 --oom-group --userns host \
		--cgroup-conf memory.swap.high=1048576 --device /dev/kmsg:/dev/kmsg:r -- sleep 600
	g=$(group kept)
	run ! ctr exec kept sh -c ': > /dev/kmsg'
	files=(memory.max pids.max cpu.max cpuset.cpus memory.oom.group memory.swap.high cgroup.max.descendants)
	for f in "${files[@]}"; do echo "$f $(cat "$g/$f")"; done > before
	systemctl daemon-reload
	systemctl set-property --runtime "ctr-$(id_of kept).scope" CPUWeight=60
	systemctl daemon-reload
	for f in "${files[@]}"; do echo "$f $(cat "$g/$f")"; done > after
	diff before after
	[ "$(cat "$g/../cpu.weight")" = 60 ]
	run ! ctr exec kept sh -c ': > /dev/kmsg'
	[[ "$output" == *"not permitted"* ]]
	ctr rm -f kept
}

@test "the scope goes with the container, however that ends" {
	needs_systemd
	run -3 box --cgroup-manager systemd -- sh -c 'exit 3'
	[ -z "$(scopes)" ]
	run -127 box --cgroup-manager systemd -- nosuch
	[ -z "$(scopes)" ]
	scoped one -- sleep 600
	ctr stop -t 1 one
	[ -z "$(scopes)" ]
	ctr rm one
	scoped two --stop-timeout 1 -- sh -c 'sleep 600 & sleep 600 & exec sleep 600'
	systemctl stop "ctr-$(id_of two).scope"
	until_true "it ends" not ctr exec two true
	until_true "its scope goes" no_scopes
	ctr rm two
	run -137 box --cgroup-manager systemd -- sh -c 'kill -KILL $$; kill -KILL 1; exit 137'
	[ -z "$(scopes)" ]
}

@test "a slice is where --cgroup-parent says" {
	needs_systemd
	slice=of$BATS_ROOT_PID-a.slice
	scoped sliced --cgroup-parent "$slice" -- sleep 600
	[ "$(group sliced)" = "$top/of$BATS_ROOT_PID.slice/$slice/ctr-$(id_of sliced).scope/container" ]
	[ "$(property "$(id_of sliced)" Slice)" = "$slice" ]
	ctr rm -f sliced
	run -0 box --cgroup-manager systemd --cgroup-parent -.slice -- true
	systemctl stop "$slice" "of$BATS_ROOT_PID.slice"
}

@test "killed holders leave no scope behind gc" {
	needs_systemd
	scoped killed -- sleep 600
	pid=$(payload killed)
	kill -KILL "$(supervisor killed)"
	# The container itself is not harmed.
	alive "$pid"
	ctr gc
	alive "$pid"
	kill -KILL "$pid"
	until_true "it ends" not alive "$pid"
	ctr gc
	[ -z "$(scopes)" ]
	ctr rm killed
}

@test "a start that is killed at any time leaves no scope behind gc" {
	needs_systemd
	for ms in 005 010 015 020 025 030 040 050 060 080 100 200 400; do
		after=$(awk "BEGIN {print 0.$ms * $TEST_PATIENCE}")
		# Alone, and with its process group.
		command timeout -s KILL "$after" ctr run --rm --rootfs "$FS" --cgroup-manager systemd -- true || :
		box --cgroup-manager systemd -- true 3>&- & pid=$!
		sleep "$after"
		kill -KILL $pid || :
	done 2> /dev/null
	until_true "they end" gc_ends
	[ -z "$(containers)" ]
}

@test "a record that is lost does not strand the scope" {
	needs_systemd
	scoped lost -- sleep 600
	pid=$(payload lost)
	kill -KILL "$(supervisor lost)"
	: > "$CTR_STATE/lost/record.json"
	ctr rm -f lost
	not alive "$pid"
	[ -z "$(scopes)" ]
}

@test "a service has its containers below itself" {
	needs_systemd
	needs memory
	cat > service <<-END
		set -e
		me=\$(sed -n s/^0:://p /proc/self/cgroup)
		mkdir "$top\$me/service"
		echo \$\$ > "$top\$me/service/cgroup.procs"
		export CTR_ROOT=$CTR_ROOT CTR_STATE=$CTR_STATE
		$BUILD/ctr run -d --name served --rootfs "$FS" -m 64m --cgroup-parent "\$me/containers" -- sleep 60
		cat "$top\$me"/containers/*/memory.max
		$BUILD/ctr rm -f served
	END
	run -0 systemd-run --quiet --wait --pipe -p Delegate=yes bash "$PWD/service"
	[[ "$output" == *$'\n'$((64 << 20))$'\n'* ]]
}

@test "an engine's container is in the scope that its bundle names" {
	needs_systemd
	mkdir bundle
	cp -a "$FS" bundle/rootfs
	(cd bundle && ctr-oci spec)
	jq '.linux.cgroupsPath = "system.slice:ctr:engine" | .process.args = ["sleep", "600"] | .process.terminal = false' \
		bundle/config.json > c && mv c bundle/config.json
	oci=(ctr-oci --root "$PWD/oci" --systemd-cgroup)
	"${oci[@]}" create --bundle bundle engine < /dev/null > out 2>&1
	pid=$("${oci[@]}" state engine | jq .pid)
	[ "$(sed -n s/^0:://p "/proc/$pid/cgroup")" = /system.slice/ctr-engine.scope/container ]
	"${oci[@]}" start engine
	[ "$(property engine Slice)" = system.slice ]
	run ! "${oci[@]}" create --bundle bundle engine
	"${oci[@]}" delete --force engine
	[ -z "$(scopes)" ]
	# The name is free at once.
	for i in 1 2 3; do
		"${oci[@]}" create --bundle bundle engine < /dev/null > out 2>&1
		"${oci[@]}" delete --force engine
	done
	[ -z "$(scopes)" ]
}

@test "without D-Bus it is refused, and nothing is left" {
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$PWD/nosuch
	run -125 box --cgroup-manager systemd -- true
	[[ "$output" == *"cannot ask systemd over D-Bus"* ]]
	[ -z "$(containers)" ]
}

@test "a D-Bus that never answers is given up in time, and nothing is left" {
	python3 - 3>&- <<- 'END' &
		import socket
		s = socket.socket(socket.AF_UNIX)
		s.bind("bus")
		s.listen()
		kept = []
		while True:
		    kept.append(s.accept())
	END
	bus=$!
	until_true "the socket is there" quiet_bus
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$PWD/bus
	run -125 timeout 60 ctr run --rm --rootfs "$FS" --cgroup-manager systemd -- true
	kill $bus
	[[ "$output" == *"systemd did not make ctr-"*" within 10 seconds"* ]]
	[ -z "$(containers)" ]
	run ! pgrep -P $$ ctr-scope
}
