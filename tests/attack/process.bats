#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# What our own processes show on their way in, and what a payload gets with it.
load attack

setup_file() {
	attack_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { attack_setup; }
teardown() { attack_teardown; }

# Programs of this test's own, as they may be destroyed.
programs() {
	mkdir bin
	cp "$BUILD"/{ctr,ctr-oci,ctr-supervisor,ctr-init,ctr-seccomp} "$BUILD/attack/naive" bin/
	sha256sum bin/* > sums
	root_copy root
	printf '#!/proc/self/exe\n' > root/bin/script
	printf '#!proc/self/exe\n' > root/bin/relative
	printf '#!/bin/echo\n' > root/bin/honest
	printf '#!/proc/self/exe\n' > root/bin/swapped
	chmod 755 root/bin/{script,relative,honest,swapped}
}
unchanged() { sha256sum --quiet -c sums >&2; }
changed() { not unchanged 2> /dev/null; }

@test "our program is opened from inside, kept, and overwritten (CVE-2019-5736)" {
	local n oci command
	programs
	oci="$PWD/bin/ctr-oci --root $OCI_ROOT"
	bundle ".root.path = \"$PWD/root\" | .process.args = [\"inside\", \"overwrite\"]"
	$oci create --bundle "$B" oci-a < /dev/null > caught 2>&1
	$oci start oci-a
	$oci exec -d oci-a inside swap /bin/swapped /bin/honest > /dev/null 2>&1
	for ((n = 0; n < 20; n++)); do
		for command in /proc/self/exe /bin/script /bin/relative swapped; do
			timeout 20 $oci exec oci-a "$command" > /dev/null 2>&1 || :
		done
	done
	# The interpreter takes a word too: it logs to a pipe that nobody reads.
	mkfifo root/tmp/pipe
	printf '#!proc/self/exe --log=/tmp/pipe\n' > root/bin/relative
	timeout 60 $oci exec -d oci-a relative > /dev/null 2>&1 || :
	until_true "one is held" grep -q held caught
	timeout 1 cat root/tmp/pipe > /dev/null || :
	held unchanged
	# It was there, and could not be written to.
	until_true "one is caught" grep -q caught caught
	held not grep -q overwritten caught
	# A create and its start are no other.
	for command in /proc/self/exe script relative swapped; do
		jq ".process.args = [\"$command\"] | .linux.namespaces |= map(if .type == \"pid\" then .path = \"/proc/$(oci state oci-a | jq .pid)/ns/pid\" else . end) |
			if .linux.cgroupsPath then .linux.cgroupsPath += \"-again\" else . end" \
			"$B/config.json" > again.json
		mkdir -p again
		mv again.json again/config.json
		timeout 20 $oci run --bundle again oci-b < /dev/null > /dev/null 2>&1 || :
	done
	held unchanged
	for ((n = 0; n < 500; n++)); do
		bin/naive exec "$(oci state oci-a | jq .pid)" /proc/self/exe || :
		! changed || break
	done
	control_fell changed
	until_true "it says so" grep -q overwritten caught
}

@test "our program is opened from inside where users are the host's: ctr, and its ctr-init" {
	local n command
	programs
	"$PWD/bin/ctr" run -d --init --userns host --name kept --rootfs "$PWD/root" -- inside overwrite > /dev/null
	"$PWD/bin/ctr" exec -d kept inside swap /bin/swapped /bin/honest
	for ((n = 0; n < 400; n++)); do
		[ "$n" -lt 20 ] || ! logged kept caught || break
		for command in /proc/self/exe /bin/script /bin/relative swapped; do
			timeout 20 bin/ctr exec kept "$command" > /dev/null 2>&1 || :
		done
	done
	held unchanged
	until_true "one is caught" grep -q caught "$CTR_ROOT/containers/kept/log"
	for ((n = 0; n < 500; n++)); do
		bin/naive exec "$(payload kept)" /proc/self/exe || :
		! changed || break
	done
	ctr rm -f kept
	control_fell changed
}

@test "descriptors of ours are read by those who are inside already (CVE-2016-9962)" {
	local n pid
	started spy --cap-add SYS_PTRACE -- inside spy
	for ((n = 0; n < 50; n++)); do ctr exec spy true; done
	held not logged spy seen
	# In namespaces of users and processes that are shared.
	bundle '.process.capabilities[] += ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"] | .process.args = ["inside", "spy"] |
		.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 400000, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
		.mounts |= map(select(.destination != "/sys"))'
	create oci-a
	oci start oci-a
	pid=$(oci state oci-a | jq .pid)
	for ((n = 0; n < 20; n++)); do oci exec oci-a true; done
	held not grep seen "$B/out"
	mkdir other
	jq ".process.args = [\"true\"] | .linux.namespaces |= map(if .type == \"user\" or .type == \"pid\" then .path = \"/proc/$pid/ns/\\(.type)\" else . end) |
		del(.linux.uidMappings, .linux.gidMappings) | if .linux.cgroupsPath then .linux.cgroupsPath += \"-other\" else . end" "$B/config.json" > other/config.json
	for ((n = 0; n < 30; n++)); do
		oci create --bundle other oci-b < /dev/null > said 2>&1 || { cat said; false; }
		oci exec oci-b true
		oci start oci-b
		oci delete --force oci-b
	done
	held not grep seen "$B/out"
	for ((n = 0; n < 500; n++)); do
		naive enter "$pid" || :
		! grep -q seen "$B/out" || break
	done
	control_fell grep -q seen "$B/out"
}

@test "mounts, networks and the command line of whoever comes in" {
	local n pid
	started watch -- inside glimpse hunter2
	for ((n = 0; n < 100; n++)); do ctr exec -e PASSWORD=hunter2 watch true; done
	held not logged watch seen
	ctr rm -f watch
	bundle '.process.args = ["inside", "glimpse", "hunter2"]'
	create oci-a
	oci start oci-a
	for ((n = 0; n < 100; n++)); do oci exec -e PASSWORD=hunter2 oci-a true; done
	held not grep seen "$B/out"
	oci delete --force oci-a
	started watch -- inside glimpse hunter2
	pid=$(payload watch)
	for ((n = 0; n < 500; n++)); do
		naive enter "$pid" hunter2 || :
		! (logged watch 'seen: cmdline' && logged watch 'seen: mountinfo' && logged watch 'seen: net/unix') || break
	done
	control_fell logged watch 'seen: mountinfo'
	control_fell logged watch 'seen: net/unix'
	control_fell logged watch 'seen: cmdline'
	ctr rm -f watch
}

# open_inside NAME COMMAND...: what a program of that name, on its way in, has open of the host's directories
# and files when it gives up its rights, or makes one of the calls $AT. It stands still there for some seconds. Its
# caller has $STREAMS for standard streams.
open_inside() {
	local name=$1 p found='' at=${AT:-capset,setuid}
	while [ -z "$found" ]; do
		strace -f -qq -o /dev/null -e trace="$at" -e "inject=$at:delay_exit=$((3000000 * TEST_PATIENCE))" \
			"${@:2}" <> "${STREAMS:-/dev/null}" >&0 2>&0 3>&- &
		CONTROLS=$!
		while [ -z "$found" ] && kill -0 "$CONTROLS" 2> /dev/null; do
			found=$(grep -lsP '^NSpid:\t\d+\t\d+$' /proc/[0-9]*/status | cut -d/ -f3 |
				while read -r p; do grep -qsx "$name" "/proc/$p/comm" && echo "$p"; done)
		done
		sleep "$TEST_PATIENCE"
		for p in $found; do
			find "/proc/$p/fd" -mindepth 1 -printf '%l\n' 2> /dev/null
		done | grep -vx /dev/null | grep ^/ > open
		wait "$CONTROLS" || :
	done
	CONTROLS=
	cat open
	[ -s open ]
}

@test "what a process of ours that ends inside has open is taken (CVE-2026-46333, CVE-2024-21626)" {
	local pid
	started kept -- sleep 1000
	held not open_inside ctr ctr exec kept true
	held not open_inside ctr ctr run --rm --name new --rootfs "$FS" -- true
	bundle '.process.args = ["sleep", "1000"] | .linux.namespaces += [{type: "user"}] | .mounts |= map(select(.destination != "/sys")) |
		.linux.uidMappings = [{containerID: 0, hostID: 400000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	create oci-a
	oci start oci-a
	pid=$(oci state oci-a | jq .pid)
	held not open_inside ctr-oci ctr-oci --root "$OCI_ROOT" exec oci-a true
	mkdir other
	jq ".process.args = [\"true\"] | .linux.namespaces |= map(if .type == \"user\" or .type == \"pid\" then .path = \"/proc/$pid/ns/\\(.type)\" else . end) |
		del(.linux.uidMappings, .linux.gidMappings) | .linux.cgroupsPath += \"-other\"" "$B/config.json" > other/config.json
	held not open_inside ctr-oci ctr-oci --root "$OCI_ROOT" run --bundle other oci-b
	control_fell open_inside naive "$BUILD/attack/naive" enter "$pid"
}

@test "the standard streams of whoever calls, in a process of ours on its way in (CVE-2026-46333)" {
	local STREAMS=$PWD/log flag
	: > log
	lent() { AT=$1 open_inside "${@:2}" | grep -x "$STREAMS"; }
	started kept -- sleep 1000
	for flag in '' -d -i -t; do
		held not lent setgroups ctr ctr exec $flag kept true
	done
	for flag in '' -d -i -t; do
		held not lent unshare ctr ctr run --rm $flag --rootfs "$FS" -- true
	done
	control_fell lent setuid naive "$BUILD/attack/naive" enter "$(payload kept)"
}

typist() { timeout 60 python3 "$BATS_TEST_DIRNAME/typist.py" "$@" < /dev/null; }

@test "the caller's terminal, kept by what a command leaves behind, and the caller's log" {
	# In a session of its own, where no terminal is kept from it.
	local lurk='setsid sh -c "stty -echo <&2; head -n 1 <&2 > /tmp/stolen" & true' peek='timeout 1 cat < /proc/$$/fd/1 > /tmp/stolen; true'
	root_copy root
	chmod 1777 root/tmp
	started kept --userns host -v "$PWD/root/tmp:/tmp" -- sleep 1000
	stolen() { grep -q "$1" root/tmp/stolen; }
	held [ "$(typist ctr exec kept sh -c "$lurk")" = echo ]
	held not stolen hunter2
	held [ "$(typist ctr run --rm --userns host -v "$PWD/root/tmp:/tmp" --rootfs "$FS" -- sh -c "$lurk; sleep 1")" = echo ]
	held not stolen hunter2
	echo secret > log
	ctr exec kept sh -c "$peek" >> log
	held not stolen secret
	ctr run --rm --userns host -v "$PWD/root/tmp:/tmp" --rootfs "$FS" -- sh -c "$peek" >> log
	held not stolen secret
	control_fell [ "$(typist "$BUILD/attack/naive" exec "$(payload kept)" /bin/sh -c "$lurk")" = 'no echo' ]
	control_fell stolen hunter2
	"$BUILD/attack/naive" exec "$(payload kept)" /bin/sh -c "$peek" >> log
	control_fell stolen secret
	ctr rm -f kept
}

@test "capabilities of whoever calls us: inheritable and ambient sets are empty (CVE-2022-29162, CVE-2026-30892)" {
	local sets='grep -E "^Cap(Inh|Amb)" /proc/self/status | sort -u -k 2 | wc -l; grep -c "^Cap\(Inh\|Amb\):.0000000000000000" /proc/self/status'
	with_caps() { setpriv --inh-caps +chown,+kill --ambient-caps +chown,+kill "$@"; }
	held [ "$(with_caps ctr run --rm --rootfs "$FS" -- sh -c "$sets" | xargs)" = "1 2" ]
	held [ "$(with_caps ctr run --rm --rootfs "$FS" -u ann -- sh -c "$sets" | xargs)" = "1 2" ]
	with_caps ctr run -d --name kept --rootfs "$FS" -- sleep 1000 > /dev/null
	held [ "$(with_caps ctr exec kept sh -c "$sets" | xargs)" = "1 2" ]
	ctr rm -f kept
	bundle ".process.args = [\"sh\", \"-c\", $(jq -Rn --arg s "$sets" '$s')]"
	held [ "$(with_caps ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a < /dev/null | xargs)" = "1 2" ]
	bundle '.process.args = ["sleep", "1000"]'
	create oci-a
	oci start oci-a
	held [ "$(with_caps ctr-oci --root "$OCI_ROOT" exec oci-a sh -c "$sets" | xargs)" = "1 2" ]
	control_fell [ "$(with_caps sh -c "$sets" | xargs)" != "1 2" ]
}

is_root() { [ "$(peer exec -u "$1" oci-a id -u)" = 0 ]; }

# as_stolen PID: a user of the host with uid 100000 joins it to become uid 1000, and reads what is that one's.
as_stolen() {
	timeout 20 setpriv --reuid 100000 --regid 100000 --clear-groups \
		nsenter --user -t "$1" setpriv --reuid 1000 cat secret/file 2>&1 | grep -q told
}

has_namespace() { [ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }

@test "a user of the host has the id that is root of an engine's container, and wants the others of its map" {
	local pid
	mkdir -m 0700 secret
	echo told > secret/file
	chown -R 1000:1000 secret
	chmod 755 .
	bundle '.process.args = ["sleep", "1000"] | .linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000},
			{"containerID": 1000, "hostID": 1000, "size": 1}] |
		.linux.gidMappings = .linux.uidMappings'
	oci create --bundle "$B" oci-a < /dev/null > /dev/null 2>&1
	oci start oci-a
	held not as_stolen "$(oci state oci-a | jq .pid)"
	oci delete --force oci-a
	setpriv --reuid 100000 --regid 100000 --clear-groups unshare -U sleep 1000 3>&- &
	pid=$!
	until_true "it has a namespace" has_namespace "$pid"
	cat > /proc/$pid/uid_map <<< $'0 100000 1000\n1000 1000 1'
	cat > /proc/$pid/gid_map <<< $'0 100000 1000\n1000 1000 1'
	control_fell as_stolen "$pid"
	kill -KILL "$pid"
	wait "$pid" || :
}

@test "ids that are none" {
	local id peer
	started kept -- sleep 1000
	bundle '.process.args = ["sleep", "1000"]'
	create oci-a
	oci start oci-a
	for id in -1 4294967295 4294967296 18446744073709551616 0x0 ' 0' +0 1e3 0: 0:-1 0:4294967296; do
		held refused 125 "user|group" ctr run --rm --rootfs "$FS" -u "$id" -- true
		run ! timeout 20 ctr exec -u "$id" kept true
		held [ "$status" -ne 0 ]
		run -255 oci exec -u "$id" oci-a true
	done
	# What the container was not started with; it is one where ids are the host's.
	run ! timeout 20 ctr exec -u 65536 kept true
	held [ "$status" -ne 0 ]
	for id in -1 4294967295 4294967296 0.5 '"0"'; do
		bundle ".process.user.uid = $id"
		oci_run oci-b
		held [ "$status" -eq 1 ]
	done
	ctr rm -f kept
	control_fell [ "$(naive user 4294967296)" = 0 ]
	for peer in crun runc; do
		bundle '.process.args = ["sleep", "1000"]'
		RT=$peer create oci-a
		RT=$peer peer start oci-a
		falls $peer is_root 4294967296
		[ $peer != crun ] || falls $peer is_root -1
	done
}

run_hangs() {
	local status=0
	peer run --bundle "$B" oci-a > said 2>&1 || status=$?
	[ $status -eq 124 ] || [ $status -eq 137 ]
}

@test "/etc/passwd is a FIFO, a device, endless, or leads there (CVE-2024-9676, CVE-2026-47262)" {
	local what peer
	root_copy root
	bounded() { prlimit --as=268435456 timeout "${WITHIN:-60}" "$@"; }
	make_passwd() {
		rm -f root/etc/passwd root/etc/group
		case $1 in
		fifo) mkfifo root/etc/passwd ;;
		device) mknod root/etc/passwd c 1 5 ;;
		large) truncate -s 3G root/etc/passwd ;;
		link) ln -s /proc/kmsg root/etc/passwd ;;
		loop) ln -s passwd root/etc/passwd ;;
		directory) mkdir root/etc/passwd ;;
		esac
		cp -a root/etc/passwd root/etc/group
	}
	for what in fifo device large link loop directory; do
		make_passwd $what
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"sleep\", \"1000\"]"
		create oci-a
		oci start oci-a
		run bounded ctr run --rm --rootfs "$PWD/root" -u ann -- true
		echo "$what: $status $output" >&2
		held [ "$status" -eq 125 ]
		held one_line "$output"
		run bounded ctr run --rm --rootfs "$PWD/root" -u 0:video -- true
		held [ "$status" -eq 125 ]
		run bounded ctr-oci --root "$OCI_ROOT" exec -u 1000 oci-a true
		echo "$what: $status $output" >&2
		held [ "$status" -eq 0 -o "$status" -eq 255 ]
		held bounded ctr-oci --root "$OCI_ROOT" exec -u 0 oci-a true
		oci delete --force oci-a
		case $what in fifo | device | large) WITHIN=5 control_fell not bounded "$BUILD/attack/naive" passwd root ;; esac
		rm -rf root/etc/passwd root/etc/group
	done
	make_passwd fifo
	for peer in crun runc; do
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"true\"]"
		WITHIN=3 falls $peer run_hangs
	done
}
