# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Where containers are kept: full, read-only, foreign, or two of them.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# on SIZE COMMAND: a shell in a mount namespace of its own with a small file system at $PWD/small, the
# store on it.
on() {
	mkdir -p small
	CTR_ROOT=$PWD/small/root CTR_STATE=$PWD/small/state unshare -m --propagation private \
		bash -c 'mount -t tmpfs -o "$1" small small && eval "$2"' bash "$1" "$2"
}

# The kernel maps the ids of a tmpfs from 6.3 on.
if [ "$(printf '%s\n' 6.3 "$(uname -r)" | sort -V | head -n 1)" = 6.3 ]; then MAPPED=yes; else MAPPED=''; fi
export IDS=${MAPPED:+private}
IDS=${IDS:-host}

@test "a store on a tmpfs works, or it is said why not" {
	run --separate-stderr on size=8m 'ctr run --rm --rootfs "$FS" -- sh -c "echo x > /f; rm -r /home; cat /f"'
	[ -n "$MAPPED" ] || [[ "$status $stderr" == "125 ctr: run: cannot map the ids"*"hint: "*"--userns host" ]]
	[ -z "$MAPPED" ] || [ "$status $output" = '0 x' ]
	[ "$(on size=8m 'ctr run --rm --userns host --rootfs "$FS" -- sh -c "echo x > /f; rm -r /home; cat /f"')" = x ]
}

@test "a disk that is full before the start: one line, and nothing is left" {
	run --separate-stderr -125 on size=1m 'mkdir -p small/root small/state; head -c 2m /dev/zero > small/fill
		ctr run --rm --userns $IDS --rootfs "$FS" -- true; status=$?
		[ -z "$(ls -A small/state)" ] && [ -z "$(ls -A small/root/containers)" ] || echo left >&2; exit $status' \
		2> /dev/null
	grep -q 'No space left on device' <<< "$stderr"
	not grep -qx left <<< "$stderr"
	[ "$(grep -c '^ctr: ' <<< "$stderr")" -eq 1 ]
}

@test "no more inodes, at each point of a start: one line, and nothing is left" {
	for n in {3..24}; do
		run --separate-stderr on "size=1m,nr_inodes=$n" 'ctr run --rm --userns $IDS --rootfs "$FS" -- sh -c "echo >> /etc/passwd; true"; status=$?
			ctr gc > /dev/null
			[ -z "$(ls -A small/state 2> /dev/null)" ] && [ -z "$(ls -A small/root/containers 2> /dev/null)" ] ||
				echo left >&2; exit $status'
		echo "$n inodes: $status $stderr"
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
		not grep -qx left <<< "$stderr"
		# overlayfs mounts for reading only where it cannot make its working directory.
		not grep -q 'Read-only' <<< "$stderr"
		[ "$status" -eq 0 ] || [ "$(grep -c '^ctr: run: ' <<< "$stderr")" -eq 1 ]
	done
	[ "$status" -eq 0 ]
}

@test "a disk that fills up while it runs is the container's affair; ctr rm still works" {
	# Without the reserve, what a failed rm leaves would be left for good.
	run --separate-stderr on size=2m 'head -c 256k /dev/zero > small/reserve
		ctr run --name filler --userns $IDS --rootfs "$FS" -- sh -c "cat /dev/zero > /big; exit 9"; echo "run $?"
		ctr rm filler; echo "rm $?"; rm small/reserve; ctr rm -f filler 2> /dev/null'
	echo "$output $stderr"
	grep -q 'write error: No space left' <<< "$stderr"
	grep -qx 'run 9' <<< "$output"
	grep -qx 'rm 0' <<< "$output"
}

@test "how one ended is known although it has filled the disk of the store" {
	truncate -s 60M disk
	mkfs.ext4 -q -m 0 disk
	mkdir small state
	run unshare -m --propagation private bash -c 'mount -o loop disk small && export CTR_ROOT=$PWD/small/root CTR_STATE=$PWD/state &&
		ctr run -d --name filler --rootfs "$FS" -- sh -c "dd if=/dev/zero of=/a bs=1M; dd if=/dev/zero of=/b bs=1k; exit 7" > /dev/null
		ctr wait filler; sleep .2; ctr wait filler; ctr inspect filler | grep -c "exitStatus.: 7"; ctr rm filler && ls small/root/containers'
	echo "$output"
	[ "$output" = $'7\n7\n1\nfiller' ]
}

@test "a --rm that the machine took with it leaves its name free, and is not shown" {
	local all group
	local -x CTR_STATE=$PWD/state CTR_ROOT=$PWD/root
	ctr image build busybox > /dev/null
	for next in 'run --rm --name gone busybox echo free' gc; do
		ctr run -d --rm --name gone busybox sleep 1000 > /dev/null
		mapfile -t all < <(supervisors gone; payload gone)
		group=${GROUPS_AT%/ctr}$(sed -n 's/^0:://p' "/proc/$(payload gone)/cgroup")
		# Stopped first, so that none of them does anything about the end of another.
		kill -STOP "${all[@]}"
		kill -KILL "${all[@]}"
		until_true "its group is removed" eval 'rmdir "$group" 2> /dev/null'
		rm -r "$CTR_STATE"
		[ -z "$(ctr ps -aq)" ]
		run ctr $next
		[ "$status" -eq 0 ]
		[ -z "$(ls root/containers)" ]
	done
}

@test "a read-only store: one line" {
	run --separate-stderr -125 on size=2m 'ctr gc > /dev/null; mount -o remount,ro small
		ctr run --rm --userns $IDS --rootfs "$FS" -- true'
	grep -q 'Read-only' <<< "$stderr"
	[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
}

@test "two stores know nothing of each other, and their names do not clash" {
	started same -- sleep 60
	other() { CTR_ROOT=$PWD/other/root CTR_STATE=$PWD/other/state "$@"; }
	other ctr run -d --name same --rootfs "$FS" -- sleep 60
	[ "$(payload same)" != "$(other payload same)" ]
	other ctr gc
	alive "$(payload same)"
	other ctr rm -f same
	alive "$(payload same)"
	ctr rm -f same
}

# Names as others hold them between our look and our claim: locked, and nothing to see but in the state.
@test "a made-up name that somebody takes meanwhile is not the end" {
	local holder
	local -x CTR_STATE=$PWD/state
	mkdir state
	python3 - "$CTR_STATE" "$BATS_TEST_DIRNAME/../../src/spec/name.c" 3>&- <<-'END' &
		import fcntl, os, re, resource, sys, time
		resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
		state, source = sys.argv[1], open(sys.argv[2]).read()
		words = lambda kind: re.findall('"([a-z]+)"', re.search(kind + r'\[WORDS\].*?};', source, re.S)[0])
		for name in [f'{a}-{n}' for a in words('adjectives') for n in words('nouns')]:
		    os.mkdir(f'{state}/{name}')
		    fcntl.flock(os.open(f'{state}/{name}', os.O_RDONLY), fcntl.LOCK_EX)
		open('held', 'w').close()
		time.sleep(100)
	END
	holder=$!
	until_true "all names are held" test -e held
	[ "$(ls "$CTR_STATE" | wc -l)" = 4096 ]
	run -0 box -- echo ran
	[ "$output" = ran ]
	run -0 ctr run -d --cidfile id --rootfs "$FS" -- sleep 1000
	[ "$output" = "$(cat id)" ]
	ctr rm -f "$output"
	kill "$holder"
}

@test "the config.json of a container is what was run, and readable by others" {
	started told -e A=b -w /etc -v "$FS:/data:ro" -- sleep 60
	python3 - "$CTR_ROOT/containers/told/config.json" "$(cat "/proc/$(payload told)/uid_map")" <<- 'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		assert c["process"]["args"] == ["sleep", "60"] and c["process"]["cwd"] == "/etc"
		assert "A=b" in c["process"]["env"] and c["process"]["noNewPrivileges"] is True
		assert {"user", "pid", "mount", "network", "ipc", "uts", "cgroup"} <= {
		    n["type"] for n in c["linux"]["namespaces"]}
		assert any(m["destination"] == "/data" and {"ro", "rro"} & set(m["options"]) for m in c["mounts"])
		assert c["ociVersion"].startswith("1.")
		inside, outside, count = map(int, sys.argv[2].split())
		for ids in "uidMappings", "gidMappings":
		    assert c["linux"][ids] == [{"containerID": inside, "hostID": outside, "size": count}]
	END
	ctr rm -f told
}

@test "somebody who is not root is told what is missing" {
	id nobody > /dev/null 2>&1 && command -v setpriv > /dev/null || skip "needs nobody and setpriv"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2> /dev/null || :
	program=$(command -v ctr)
	cp "$program" "$(dirname "$program")"/ctr-* . && chmod 755 ctr*
	run --separate-stderr timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups \
		env CTR_ROOT=/var/lib/ctr-of-nobody CTR_STATE=/run/ctr-of-nobody "$program" run --rm --rootfs / -- true
	[ "$status" -eq 125 ] || [ "$status" -eq 126 ]
	[ -z "$output" ]
	[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
}

@test "a relative or very long place for the store is refused" {
	refused 125 --root ctr --root relative ps
	CTR_ROOT=relative refused 125 CTR_ROOT ctr ps
	long=/$(printf 'd%.0s' {1..200})/$(printf 'd%.0s' {1..200})
	run --separate-stderr timeout 20 ctr --root "$PWD$long" --state "$PWD/s$long" run --rm --rootfs "$FS" -- echo hi
	[ "$output" = hi ] || [ "$status" -eq 125 ]
	started_there() { timeout 20 ctr --root "$PWD$long" --state "$PWD/s$long" "$@"; }
	# The path of a socket is short; a detached container must not depend on it.
	run --separate-stderr started_there run -d --rm --name far --rootfs "$FS" -- sleep 60
	[ "$status" -eq 0 ]
	started_there rm -f far
}

@test "the next container has the spare directory; nobody has what was put away" {
	ctr gc > /dev/null
	[ -z "$(ls -A "$CTR_ROOT/spare" 2> /dev/null)" ]
	box -- touch /f
	ready=$(stat -c %i "$CTR_ROOT/spare/ready")
	[ -e "$CTR_ROOT/spare/old/upper/f" ]
	[ "$(cd "$CTR_ROOT/spare/ready" && find . | sort | xargs)" = '. ./upper ./work' ]
	started next -- sleep 60
	[ "$(stat -c %i "$CTR_ROOT/containers/next")" = "$ready" ]
	[ "$(stat -c '%a %a' "$CTR_ROOT/containers/next")" = '700 700' ]
	ctr rm -f next > /dev/null
	run ! box -- ls /f
	ctr gc > /dev/null
	[ -z "$(ls -A "$CTR_ROOT/spare")" ]
}

@test "what files are mounted on in /etc is below the root, not made in each" {
	cp -a "$FS" bare
	rm -rf bare/etc/hosts bare/etc/hostname "$CTR_ROOT/points"
	ctr run -d --name first --rootfs bare -- sleep 60 > /dev/null
	[ "$(cd "$CTR_ROOT/containers/first/upper" && find etc | sort | xargs)" = 'etc etc/hostname etc/hosts' ]
	box -- true
	[ "$(cd "$CTR_ROOT/points" && find . -printf '%p %m %u %s\n' | grep -v '^\. \|etc ' | sort | xargs)" = \
		'./etc/hostname 644 root 0 ./etc/hosts 644 root 0' ]
	ctr run -d --name second --rootfs bare -- sleep 60 > /dev/null
	[ -z "$(ls -A "$CTR_ROOT/containers/second/upper")" ]
	for name in first second; do
		ctr exec $name cat /etc/hosts | grep -q localhost
		[ "$(ctr exec $name cat /etc/hostname)" = "$(ctr exec $name hostname)" ]
		[ "$(ctr exec $name stat -c %u:%a /etc/hosts)" = 0:644 ]
	done
	ctr rm -f first second > /dev/null
	# Nobody writes there.
	ctr run --rm --rootfs bare -- sh -c 'umount /etc/hosts 2> /dev/null; echo x > /etc/hosts; mv /etc/motd /etc/m; :' 2> /dev/null
	[ ! -s "$CTR_ROOT/points/etc/hosts" ]
}

@test "a root that has its own files, links or directories in /etc is as it is" {
	box -- true
	[ -d "$CTR_ROOT/points" ]
	cp -a "$FS" odd
	rm -rf odd/etc/hosts odd/etc/hostname
	mkdir odd/real
	mv odd/etc/* odd/real
	rmdir odd/etc
	ln -s real odd/etc
	[ "$(ctr run --rm --rootfs odd -- sh -c 'readlink /etc; ls /real/hosts; grep -c localhost /etc/hosts' | xargs)" = 'real /real/hosts 2' ]
	rm odd/etc
	mkdir odd/etc
	cp odd/real/* odd/etc
	echo own > odd/etc/other
	[ "$(ctr run --rm --rootfs odd --mount type=bind,src="$PWD/odd/etc/other",dst=/etc/hosts -- cat /etc/hosts)" = own ]
}

@test "a root in which the store lies, or that is on another mount, has no layer of it below" {
	box -- true
	mkdir -p above
	cp -a "$FS/." above
	rm -rf above/etc/hosts above/etc/hostname
	for i in 1 2; do
		[ "$(CTR_ROOT=$PWD/above/store ctr run --rm --rootfs above -- cat /etc/hostname | wc -c)" -gt 5 ]
	done
	[ -d above/store/points ]
	run unshare -m --propagation private bash -c 'mkdir -p there && mount --bind above there && for i in 1 2; do
		CTR_ROOT=$PWD/there/store ctr run --rm --rootfs above -- cat /etc/hostname || exit 1
		CTR_ROOT=$PWD/above/store ctr run --rm --rootfs there -- cat /etc/hostname || exit 1; done'
	[ "$status" -eq 0 ]
}

@test "what takes space is not put away, nor anything while the place is taken" {
	ctr gc > /dev/null
	box -- dd if=/dev/zero of=/big bs=1M count=1
	[ ! -e "$CTR_ROOT/spare/old" ]
	box -- sh -c 'for i in $(seq 100); do : > /f$i; done'
	[ ! -e "$CTR_ROOT/spare/old" ]
	mkdir -p "$CTR_ROOT/spare/old/there"
	exec 8< "$CTR_ROOT/spare"
	flock 8
	box -- true
	[ -d "$CTR_ROOT/spare/old/there" ]
	[ -z "$(containers)" ]
	exec 8<&-
	box -- true
	[ ! -e "$CTR_ROOT/spare/old/there" ]
}

@test "spare directories of another kind, or half made, do no harm" {
	for kind in 'mkdir -p new/upper' 'mkdir -p ready/work' 'mkdir ready' 'touch new old'; do
		ctr gc > /dev/null
		(cd "$CTR_ROOT/spare" && eval "$kind")
		run box -- true
		echo "$kind: $status $output"
		[ "$status" -eq 0 ]
		ctr gc > /dev/null
		[ -z "$(containers)$(ls -A "$CTR_ROOT/spare")" ]
	done
	rmdir "$CTR_ROOT/spare"
	ln -s /tmp "$CTR_ROOT/spare"
	box -- true
	[ ! -e /tmp/ready ] && [ ! -e /tmp/new ]
	rm "$CTR_ROOT/spare"
}

@test "a start that dies with an unmarked directory does not keep its name" {
	command -v strace > /dev/null || skip "needs strace"
	box -- true
	run ! strace -qq -o /dev/null -e trace=fsetxattr -e inject=fsetxattr:signal=KILL:when=1 \
		ctr run --rm --name early --rootfs "$FS" -- true
	[ -d "$CTR_ROOT/containers/early/upper" ]
	box --name early -- true
	[ -z "$(containers)" ]
}

@test "gc removes the groups of a store that is no more, when nobody is in them and they are old" {
	ctr --root "$PWD/r" --state "$PWD/s" run -d --name lost --rootfs "$FS" -- sleep 60
	state=$PWD/s
	at=$(CTR_STATE=$state group lost)
	[ -d "$at" ]
	while pkill -KILL -f -- "--state $PWD/s "; do sleep .1; done
	touch -d '1 hour ago' "$at"
	rm -r s
	ctr gc
	[ -d "$at" ] # somebody is in it
	echo 1 > "$at/cgroup.kill"
	empty() { grep -q 'populated 0' "$at/cgroup.events"; }
	until_true "it is dead" empty
	touch "$at"
	[ "$(ctr gc)" = '0 released, 0 removed' ]
	touch -d '1 hour ago' "$at"
	mkdir -p s/other
	echo unreadable > s/other/record.json # it may be of this one
	[ "$(ctr gc)" = '0 released, 0 removed' ]
	rm -r s/other # made anew
	[ "$(ctr gc)" = '0 released, 1 removed' ]
	[ ! -d "$at" ]
}

@test "a disk that has failed to write something of others does not keep --rm from starting" {
	command -v mkfs.ext4 > /dev/null || skip "needs mkfs.ext4"
	losetup -f > /dev/null 2>&1 || skip "needs loop devices"
	# A disk that is larger than what is below it.
	run --separate-stderr on size=12m 'truncate -s 64m small/disk && mkfs.ext4 -q -F -O ^has_journal small/disk &&
		mkdir small/on && mount -o loop small/disk small/on || exit 99
		dd if=/dev/urandom of=small/on/fill bs=1M count=20 2> /dev/null
		sync small/on/fill 2> /dev/null && exit 98
		rm small/on/fill
		ctr --root $PWD/small/on/root --state $PWD/state run --rm --rootfs "$FS" -- true; status=$?
		umount small/on; exit $status'
	[ "$status" -ne 99 ] || skip "needs loop devices"
	echo "$status $stderr"
	[ "$status" -eq 0 ]
}

@test "gc counts what it removes, and is quiet when there is nothing" {
	[ "$(ctr gc)" = '0 released, 0 removed' ]
	mkdir "$CTR_ROOT/containers/.new.1" 2> /dev/null || :
	ctr gc > /dev/null
	rm -rf "$CTR_ROOT/containers/.new.1"
}

@test "what only reads makes no store" {
	local command
	export CTR_ROOT=$PWD/none/root CTR_STATE=$PWD/none/state
	for command in ps 'ps -a -q' info 'stats --no-stream' 'image ls' gc; do
		run -0 --separate-stderr ctr $command
		[ -z "$stderr" ]
		[ ! -e none ]
	done
	[ "$(ctr ps --format json)$(ctr image ls --format json)" = '[][]' ]
	for command in inspect logs stop kill rm wait pause resume attach; do
		run -125 ctr $command box
		[[ "${lines[0]}" == *'no container box' ]]
		[ ! -e none ]
	done
	run -125 ctr image inspect box
	[[ "${lines[0]}" == *"no image 'box'" ]]
	[ ! -e none ]
}

@test "after a restart of the host, reading makes no state either" {
	export CTR_ROOT=$PWD/root CTR_STATE=$PWD/state
	ctr run --name box --rootfs "$FS" -- true
	mv state before
	[ "$(ctr ps -aq --no-trunc)" = "$(ctr inspect box | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')" ]
	run -0 ctr info
	[ ! -e state ]
	ctr rm box
	[ -z "$(ctr ps -aq)" ]
}
