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
	[ ! -d oci ] || ctr-oci --root "$PWD/oci" delete --force up 2> /dev/null || :
	[ -z "${at:-}" ] || user_down
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

# oci_up FILTER: a container "up" of an engine, whose config.json is changed by the filter.
oci_up() {
	mkdir -p b
	ctr-oci spec --bundle b
	jq ".root = {path: \"$FS\"} | .process.terminal = false | .process.args = [\"sleep\", \"600\"]
		| .linux.cgroupsPath = \"system.slice:ctr:up$$\" | $1" b/config.json > new && mv new b/config.json
	ctr-oci --root "$PWD/oci" --systemd-cgroup create --bundle b up < /dev/null > out 2>&1
}

@test "annotations of an engine's container are properties of its scope" {
	needs_systemd
	oci_up '.annotations = {
		"org.systemd.property.TimeoutStopUSec": "uint64 123456789",
		"org.systemd.property.CollectMode": "\u0027inactive\u0027",
		"org.systemd.property.RuntimeMaxSec": "1000.5",
		"org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.KillSignal": "12",
		"org.systemd.property.CPUWeight": "@t 77",
		"org.systemd.property.OOMPolicy": "\"continue\"",
		"org.systemd.property.After": "[\u0027basic.target\u0027, \u0027local-fs.target\u0027]",
		"org.systemd.property.Description": "\u0027one = two\u0027",
		"org.systemd.other": "?"}'
	[ "$(property "up$$" TimeoutStopUSec)" = "2min 3.456789s" ]
	[ "$(property "up$$" CollectMode)" = inactive ]
	[ "$(property "up$$" RuntimeMaxUSec)" = "16min 40.500000s" ]
	[ "$(property "up$$" SendSIGHUP)" = yes ]
	[ "$(property "up$$" KillSignal)" = 12 ]
	[ "$(property "up$$" CPUWeight)" = 77 ]
	[ "$(property "up$$" OOMPolicy)" = continue ]
	[ "$(property "up$$" Description)" = "one = two" ]
	[[ " $(property "up$$" After) " == *" basic.target "* ]]
	[[ " $(property "up$$" After) " == *" local-fs.target "* ]]
	[ "$(property "up$$" Delegate)" = yes ]
	ctr-oci --root "$PWD/oci" delete --force up
}

@test "a property that systemd refuses is refused in one line, and nothing is left" {
	needs_systemd
	local annotation
	for annotation in '"NoSuchProperty": "1"' '"TimeoutStopUSec": "5"' '"CollectMode": "\u0027never\u0027"' '"Slice": "\u0027a.service\u0027"'; do
		run -1 oci_up ".annotations = {\"org.systemd.property.${annotation#\"}}"
		[ "$(wc -l < out)" = 1 ]
		[[ "$(cat out)" == *"systemd does not make ctr-up$$.scope: "* ]]
		[ -z "$(ls oci)" ]
		until_true "no scope" no_scopes
		[ ! -e "$top/system.slice/ctr-up$$.scope" ]
	done
}

# A user of this host who has no session: daemon. Bundle and programs are in the session's own directory.
user_up() { # FILTER
	needs_systemd
	needs memory
	[ "$(id -un 1)" = daemon ] || skip "this host has no user daemon with the id 1"
	[ ! -e /run/user/1 ] || skip "the user daemon has a session"
	systemctl start user@1.service
	at=$top/user.slice/user-1.slice/user@1.service/user.slice/ctr-user$$.scope
	mkdir -p /run/user/1/u/bin
	cp "$BUILD"/ctr-{oci,scope,seccomp} /run/user/1/u/bin
	cp -a "$FS" /run/user/1/u/rootfs
	ctr-oci spec --rootless --bundle /run/user/1/u
	jq ".process.terminal = false | .process.args = [\"sleep\", \"600\"] | .linux.cgroupsPath = \":ctr:user$$\"
		| .linux.uidMappings[0].hostID = 1 | .linux.gidMappings[0].hostID = 1
		| .linux.resources = {memory: {limit: 67108864}, pids: {limit: 50}} | $1" /run/user/1/u/config.json > new
	cp new /run/user/1/u/config.json
	chown -R 1:1 /run/user/1/u
}
user_down() {
	systemctl stop user@1.service
	until_true "the session ends" not test -e /run/user/1
}
# in_session COMMAND...: by the user, from outside of the user's systemd; as_user: from within;
# in_namespace: as root of a user namespace as well.
in_session() {
	(cd /run/user/1/u && exec setpriv --reuid 1 --regid 1 --clear-groups env -i "PATH=$PWD/bin:$PATH" \
		XDG_RUNTIME_DIR=/run/user/1 "$@")
}
as_user() { in_session systemd-run --user --scope --quiet env "${run_env[@]}" "$@"; }
in_namespace() { as_user unshare --user --map-root-user --mount "$@"; }
run_env=()

user_scope_holds() { # COMMAND TO RUN ctr-oci WITH
	local pid
	"$@" ctr-oci --root /run/user/1/oci --systemd-cgroup create --pid-file /run/user/1/pid up < /dev/null > out 2>&1 || { cat out; return 1; }
	pid=$(cat /run/user/1/pid)
	[ "$top$(sed -n s/^0:://p "/proc/$pid/cgroup")" = "$at/container" ]
	[ "$(cat "$at/memory.max" "$at/container/memory.max" "$at/container/pids.max")" = $'67108864\n67108864\n50' ]
	[ "$(in_session systemctl --user show -P MemoryMax "ctr-user$$.scope")" = 67108864 ]
	"$@" ctr-oci --root /run/user/1/oci update --memory 134217728 --memory-swap 134217728 up
	[ "$(cat "$at/memory.max" "$at/container/memory.max")" = $'134217728\n134217728' ]
	in_session systemctl --user daemon-reload
	[ "$(cat "$at/memory.max" "$at/container/memory.max")" = $'134217728\n134217728' ]
	"$@" ctr-oci --root /run/user/1/oci delete --force up
	[ ! -e "$at" ]
	[ -z "$(in_session systemctl --user list-units --all --plain --no-legend 'ctr-*')" ]
}

@test "a user's container is in a scope of the user's systemd" {
	user_up .
	user_scope_holds as_user
	# From a session, which is not below the user's systemd, nobody gets there.
	run -1 in_session ctr-oci --root /run/user/1/oci --systemd-cgroup create up
	[[ "$output" == *"systemd-run --user --scope"* ]]
	[ -z "$(ls /run/user/1/oci)" ]
}

@test "the container of a user namespace's root is in a scope of its user's systemd, wherever the bus is named" {
	user_up 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces -= [{type: "user"}]'
	user_scope_holds in_namespace
	run_env=(XDG_RUNTIME_DIR= DBUS_SESSION_BUS_ADDRESS=)
	user_scope_holds in_namespace
	run_env=(-u XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1/bus)
	user_scope_holds in_namespace
}

@test "without a bus of the user's the failure, or the warning, is about that" {
	mkdir b
	ctr-oci spec --bundle b
	jq ".root = {path: \"$FS\", readonly: true} | .process.terminal = false | .process.args = [\"true\"]
		| del(.hostname) | .mounts = [] | .linux.namespaces = [{type: \"mount\"}, {type: \"pid\"}] | del(.linux.maskedPaths, .linux.readonlyPaths)" \
		b/config.json > new && mv new b/config.json
	export XDG_RUNTIME_DIR=$PWD/nosuch DBUS_SESSION_BUS_ADDRESS='' DBUS_SYSTEM_BUS_ADDRESS=unix:path=$PWD/nosuch
	oci=(ctr-oci --root "$PWD/oci" --systemd-cgroup)
	run -0 unshare --user --map-root-user --mount "${oci[@]}" run --bundle b up
	[[ "$output" == *"warning: up has no cgroup: cannot ask the systemd of user 0 over D-Bus"* ]]
	# Where process 1 is in the same namespace, its systemd is the system's.
	run -1 unshare --user --map-root-user --pid --fork --mount-proc "${oci[@]}" --rootless false run --bundle b up
	[[ "$output" == *"cannot ask systemd over D-Bus"* ]]
	jq '.linux.resources = {pids: {limit: 50}}' b/config.json > new && mv new b/config.json
	run -1 unshare --user --map-root-user --mount "${oci[@]}" run --bundle b up
	[[ "$output" == *"the limits that were asked for need a cgroup: cannot ask the systemd of user 0 over D-Bus"* ]]
	[ -z "$(ls oci)" ]
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

@test "an update to CPUs that the scope does not have; one that fails changes neither" {
	needs_systemd
	needs memory
	needs cpuset
	[ "$(nproc)" -ge 2 ] || skip "this host has one processor"
	oci() { ctr-oci --root "$PWD/oci" "$@"; }
	oci_up '.linux.resources = {memory: {limit: 67108864}, cpu: {cpus: "0"}}'
	oci start up
	g=$top/system.slice/ctr-up$$.scope/container
	held() { echo "$(cat "$g"/{cpuset.cpus,cpuset.cpus.effective,memory.max} "$g"/../{cpuset.cpus,memory.max})" "$(property "up$$" AllowedCPUs)"; }
	[ "$(held | xargs)" = "0 0 67108864 0 67108864 0" ]
	oci update --cpuset-cpus 1 up
	[ "$(held | xargs)" = "1 1 67108864 1 67108864 1" ]
	oci update --cpuset-cpus 0-1 up
	[ "$(held | xargs)" = "0-1 0-1 67108864 0-1 67108864 0-1" ]
	run -1 oci update --cpuset-cpus 0-63 --memory 33554432 up
	[[ $output == *"not all of them are there"* ]]
	until_true "the scope is as it was" test "$(held | xargs)" = "0-1 0-1 67108864 0-1 67108864 0-1"
	oci delete --force up
}

@test "an update holds for the scope as well, and through a daemon-reload" {
	needs_systemd
	needs memory
	oci() { ctr-oci --root "$PWD/oci" "$@"; }
	oci_up '.linux.resources = {memory: {limit: 67108864}, cpu: {quota: 20000, period: 50000}, pids: {limit: 50}}'
	oci start up
	g=$top/system.slice/ctr-up$$.scope/container
	both() { # FILE VALUE
		echo "$1: $(cat "$g/$1"), $(cat "$g/../$1")"
		[ "$(cat "$g/$1")" = "$2" ] && [ "$(cat "$g/../$1")" = "$2" ]
	}
	both memory.max 67108864
	oci update --memory 134217728 --memory-swap 134217728 --cpu-quota 40000 --pids-limit 60 up
	for _ in before after; do
		both memory.max 134217728
		both cpu.max "40000 50000"
		both pids.max 60
		systemctl daemon-reload
	done
	[ "$(property "up$$" MemoryMax)" = 134217728 ]
	oci update --memory -1 --memory-swap -1 --cpu-quota -1 up
	both memory.max max
	[ "$(property "up$$" MemoryMax)" = infinity ]
	[ "$(property "up$$" CPUQuotaPerSecUSec)" = infinity ]
	[ "$(property "up$$" TasksMax)" = 60 ]
	oci delete --force up
}

# What systemd would hear, and a refusal of its; a bus of our own is enough for that.
@test "ctr-scope --set says which properties of which unit change, and whether systemd did that" {
	cat > bus.py <<-'END'
		import os, socket, struct, subprocess, sys
		bus = socket.socket(socket.AF_UNIX)
		bus.bind("bus")
		bus.listen()
		ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		program = subprocess.Popen(sys.argv[2:], stdin=theirs)
		theirs.close()
		c = bus.accept()[0]
		data = b""
		def more():
		    global data
		    got = c.recv(65536)
		    if not got:
		        sys.exit("the bus was left")
		    data += got
		def line():
		    global data
		    while b"\r\n" not in data:
		        more()
		    one, data = data.split(b"\r\n", 1)
		    return one.lstrip(b"\0")
		while (said := line()) != b"BEGIN":
		    if said == b"AUTH EXTERNAL":
		        c.send(b"DATA\r\n")
		    elif said == b"NEGOTIATE_UNIX_FD":
		        c.send(b"AGREE_UNIX_FD\r\n")
		    else:
		        c.send(b"OK 0123456789abcdef0123456789abcdef\r\n")
		def pad(b, n=8):
		    return b + b"\0" * (-len(b) % n)
		def text(s):
		    return struct.pack("<I", len(s)) + s + b"\0"
		def reply(kind, serial, signature, body, error=None):
		    fields = b"\5\1u\0" + struct.pack("<I", serial)
		    fields = pad(fields) + b"\7\1s\0" + text(b"org.freedesktop.DBus")
		    if error:
		        fields = pad(fields) + b"\4\1s\0" + text(error)
		    if signature:
		        fields = pad(fields) + b"\x08\1g\0" + bytes([len(signature)]) + signature + b"\0"
		    c.send(pad(b"l" + bytes([kind, 1, 1]) + struct.pack("<III", len(body), serial, len(fields)) + fields) + body)
		while True:
		    while len(data) < 16:
		        more()
		    body_len, serial, fields_len = struct.unpack("<III", data[4:16])
		    head = 16 + fields_len + -fields_len % 8
		    while len(data) < head + body_len:
		        more()
		    fields, body, data = data[16:head], data[head:head + body_len], data[head + body_len:]
		    if b"Hello\0" in fields:
		        reply(2, serial, b"s", text(b":1.1"))
		        continue
		    print("call:", *(w.decode() for w in fields.split(b"\0") if w in (b"SetUnitProperties", b"sba(sv)")))
		    print("body:", body.hex())
		    if sys.argv[1] == "refuse":
		        reply(3, serial, b"s", text(b"it is of somebody else"), b"org.freedesktop.DBus.Error.AccessDenied")
		    else:
		        reply(2, serial, b"", b"")
		    break
		answer = ours.recv(10000)
		print("answer:", answer[:1].decode(), *(w.decode(errors="replace") for w in answer[1:].split(b"\0") if w))
		print("status:", program.wait())
	END
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$PWD/bus
	run -0 timeout 10 python3 bus.py take "$BUILD/ctr-scope" --set ctr-x.scope MemoryMax=t:5 AllowedCPUs=m:03
	# "ctr-x.scope", true, then the list: ("MemoryMax", t 5) and ("AllowedCPUs", ay 03).
	[[ "$output" == *"call: SetUnitProperties"* ]]
	body=0b0000006374722d782e73636f70650001000000
	body+=39000000090000004d656d6f72794d6178000174000000000000000005000000000000000b
	body+=000000416c6c6f7765644350557300026179000100000003
	[[ "$output" == *"body: $body"* ]]
	[[ "$output" == *"answer: +"* && "$output" == *"status: 0"* ]]
	rm bus
	run -0 timeout 10 python3 bus.py refuse "$BUILD/ctr-scope" --set ctr-x.scope MemoryMax=t:5
	[[ "$output" == *"answer: -"*"systemd does not change ctr-x.scope: it is of somebody else"* ]]
	[[ "$output" == *"status: 1"* ]]
}
