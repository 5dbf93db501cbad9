# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# -v, --mount, --tmpfs; and roots that would like to be mounted over.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "-v shows a directory, with the same owners on both sides" {
	mkdir data
	echo from-host > data/theirs
	chown 1000:44 data/theirs
	[ "$(box -v "$PWD/data:/data" -- cat /data/theirs)" = from-host ]
	[ "$(box -v "$PWD/data:/data" -- stat -c %u:%g /data/theirs)" = 1000:44 ]
	box -v "$PWD/data:/data" -- sh -c 'echo x > /data/root; echo y > /data/ann; chown ann:ann /data/ann'
	[ "$(stat -c %u:%g data/root data/ann | xargs)" = '0:0 1000:1000' ]
	box -u ann -v "$PWD/data:/data" -- sh -c 'echo more >> /data/theirs'
	grep -qx more data/theirs
	[ "$(box -v ./data:/data -- cat /data/root)" = x ]
}

@test "-v of the whole host, and of what its kernel shows" {
	local dir
	for dir in /proc /sys /dev; do
		run -0 --separate-stderr box -v $dir:/host:ro -- sh -c 'ls /host > /dev/null; touch /host/x 2> /dev/null || echo no'
		[ "$output$stderr" = no ]
	done
	run -0 --separate-stderr box -v /:/host:ro -- sh -c 'cat /host/etc/passwd; stat -c %u /host/etc/passwd /host/proc/sys; echo 2> /dev/null > /host/proc/sys/kernel/core_pattern || echo no'
	[ "$output" = "$(cat /etc/passwd)"$'\n0\n65534\nno' ]
	[[ $stderr == *"volume /: what is mounted below it keeps the ids of the host"* ]]
}

@test "a file over a directory is refused as what it is, and the other way round" {
	mkdir dir
	: > file
	refused 125 'mount /etc: a file cannot be mounted over a directory' ctr run --rm --rootfs "$FS" -v "$PWD/file:/etc" -- true
	refused 125 'mount /etc/passwd: a directory cannot be mounted over a file' ctr run --rm --rootfs "$FS" -v "$PWD/dir:/etc/passwd" -- true
}

@test "a root that cannot be id-mapped is not told of an option of mounts" {
	refused 125 "map the ids of the root's layers" ctr run --rm --rootfs /proc -- true
	hinted 'run with --userns host'
	[[ $stderr != *noidmap* ]]
}

@test "--mount without a type is that of a volume, and a path there is told of type=bind" {
	box --mount source=shared,target=/data -- sh -c 'echo 1 > /data/one'
	[ "$(box -v shared:/data -- cat /data/one)" = 1 ]
	ctr volume rm shared
	refused 125 "'/tmp' is not a name for a volume" ctr run --rm --rootfs "$FS" --mount src=/tmp,dst=/data -- true
	hinted type=bind
}

@test "-v …:ro cannot be written, by anyone" {
	mkdir data
	run ! box -v "$PWD/data:/data:ro" --cap-add ALL -- touch /data/x
	[[ "$output" =~ "Read-only" ]]
	run ! box -v "$PWD/data:/data:ro" -- mount -o remount,rw,bind /data
	[ -z "$(ls data)" ]
}

@test "-v options: noexec, nosuid, nodev hold" {
	mkdir data
	cp "$FS/bin/busybox" data/true
	run -0 box -v "$PWD/data:/data" -- /data/true
	run -126 box -v "$PWD/data:/data:noexec" -- /data/true
	[[ "$(box -v "$PWD/data:/data:ro,noexec,nosuid,nodev" -- grep ' /data ' /proc/self/mountinfo)" =~ \
		ro,nosuid,nodev,noexec ]]
}

@test "devices in a volume are the host's, and stay closed unless dev is said" {
	[ -c /dev/net/tun ] || skip "no /dev/net/tun on this host"
	mkdir data
	mknod data/tun c 10 200
	for userns in private host; do
		run ! box --userns $userns -v "$PWD/data:/data" -- sh -c ': < /data/tun'
		run ! box --userns $userns --mount "type=bind,source=$PWD/data,target=/data" -- sh -c ': < /data/tun'
		run ! box --userns $userns -v "$PWD/data/tun:/dev/t" -- sh -c ': < /dev/t'
	done
	run -0 box -v "$PWD/data:/data:dev" -- sh -c ': < /data/tun'
	cp -a "$FS" hostile
	mknod hostile/tun c 10 200
	run ! ctr run --rm --rootfs hostile -- sh -c ': < /tun'
}

@test "a source that is a link to nothing is called that" {
	ln -s nowhere dangling
	for flags in "-v $PWD/dangling:/d" "--mount type=bind,src=$PWD/dangling,dst=/d"; do
		run -125 ctr run --rm --rootfs "$FS" $flags -- true
		[[ "${lines[0]}" =~ 'No such file or directory' ]]
		[ "${lines[1]}" = 'hint: it is a symbolic link, and what it leads to is not there' ]
	done
}

@test "-v makes a missing source, --mount does not" {
	box -v "$PWD/new/deep:/data" -- touch /data/x
	[ -f new/deep/x ]
	refused 125 "$PWD/missing" ctr run --rm --rootfs "$FS" \
		--mount "type=bind,source=$PWD/missing,target=/data" -- true
	[ ! -e missing ]
	[ "$(box --mount "type=bind,source=$PWD/new,target=/data,readonly" -- ls /data)" = deep ]
	run ! box --mount "type=bind,src=$PWD/new,dst=/data,ro" -- touch /data/x
}

@test "--tmpfs is empty, private and no bigger than asked" {
	run ! box --tmpfs /t:size=1m -- dd if=/dev/zero of=/t/x bs=64k count=32
	[[ "$output" =~ "No space left" ]]
	run -0 box --tmpfs /t:size=1m -- dd if=/dev/zero of=/t/x bs=64k count=8
	[ "$(box --tmpfs /etc -- sh -c 'ls /etc | grep -c passwd')" = 0 ]
	[ "$(box --tmpfs /t:mode=0700,uid=1000,gid=44 -- stat -c '%a %u:%g' /t)" = '700 1000:44' ]
	[ "$(box --tmpfs /t -- stat -c %a /t)" = 1777 ]
	run -126 box --tmpfs /t -- sh -c 'cp /bin/busybox /t/true; exec /t/true'
	run -0 box --tmpfs /t:exec -- sh -c 'cp /bin/busybox /t/true; exec /t/true'
	run -0 box --mount type=tmpfs,target=/t,tmpfs-size=1m -- df /t
	[ "$(box --tmpfs /dev/shm:size=1m -- df -k /dev/shm | awk 'END {print $2}')" = 1024 ]
	[ "$(box --shm-size 2m -- sh -c 'df -k /dev/shm; stat -c %a /dev/shm' | awk 'NR == 2 {size = $2} END {print size, $1}')" = '2048 1777' ]
	refused 125 'is no size' ctr run --rm --rootfs "$FS" --shm-size 0 -- true
	refused 125 "'1m,exec'" ctr run --rm --rootfs "$FS" --shm-size 1m,exec -- true
}

@test "a mount within another is there, in whatever order they are named" {
	mkdir outer inner
	echo o > outer/file
	echo i > inner/file
	for order in "-v $PWD/outer:/data -v $PWD/inner:/data/in" "-v $PWD/inner:/data/in -v $PWD/outer:/data"; do
		# shellcheck disable=SC2086
		[ "$(box $order -- cat /data/file /data/in/file | xargs)" = 'o i' ]
	done
	[ "$(box --tmpfs /data -v "$PWD/inner:/data/a/b" -- cat /data/a/b/file)" = i ]
	refused 125 /data ctr run --rm --rootfs "$FS" -v "$PWD/outer:/data" -v "$PWD/inner:/data" -- true
}

@test "a file can be shown as a file" {
	echo mine > hosts
	[ "$(box -v "$PWD/hosts:/etc/hosts" -- cat /etc/hosts)" = mine ]
	[ "$(box -v "$PWD/hosts:/new/place" -- cat /new/place)" = mine ]
	[ ! -e "$FS/new" ]
	run ! box -v "$PWD/hosts:/etc" -- true
	run ! box -v "$PWD:/etc/passwd" -- true
}

@test "a target with .., or the root itself, is refused" {
	for target in /../etc /a/../../etc / /. relative ''; do
		run --separate-stderr -125 box -v "$PWD:$target" -- true
		[ -z "$output" ]
		[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
	done
}

@test "links in the root that point out of it lead nowhere but into it (CVE-2026-41579)" {
	mkdir victim src
	echo src > src/file
	cp -a "$FS" hostile
	rmdir hostile/dev hostile/etc/../home/ann
	ln -s "$PWD/victim" hostile/dev
	ln -s "$PWD/victim" hostile/data
	ln -s ../../../../../../../../../..$PWD/victim hostile/up
	ln -s /proc/1/root$PWD/victim hostile/magic
	touch -d 2001-01-01 victim
	for flags in "" "-v $PWD/src:/data" "-v $PWD/src:/data/sub" "-v $PWD/src:/up" "-v $PWD/src:/magic/x" \
		"--tmpfs /data/t" "-w /data/w" "--read-only" "--device /dev/null:/dev/x"; do
		# shellcheck disable=SC2086
		timeout 20 ctr run --rm --rootfs hostile $flags -- true || :
		[ -z "$(ls -A victim)" ]
		[ "$(stat -c %Y victim)" = "$(date -d 2001-01-01 +%s)" ]
	done
}

@test "/proc or /sys as a link is refused, or stays inside (CVE-2019-19921)" {
	for kind in proc sys; do
		mkdir -p "victim-$kind"
		cp -a "$FS" "hostile-$kind"
		rmdir "hostile-$kind/$kind"
		ln -s "$PWD/victim-$kind" "hostile-$kind/$kind"
		run timeout 20 ctr run --rm --rootfs "hostile-$kind" -- ls /
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
		[ -z "$(ls -A "victim-$kind")" ]
		# What would be masked must not be open by another name.
		run timeout 20 ctr run --rm --rootfs "hostile-$kind" -- sh -c "echo 1 > /$kind/sys/kernel/panic"
		[ "$status" -ne 0 ]
	done
	cp -a "$FS" inside
	rmdir inside/proc
	mkdir inside/other
	ln -s other inside/proc
	run timeout 20 ctr run --rm --rootfs inside -- sh -c 'echo 1 > /other/sys/kernel/panic || echo 1 > /proc/sys/kernel/panic'
	[ "$status" -ne 0 ]
}

@test "files of the root that ctr reads do not hang it or fill its memory (CVE-2024-9676)" {
	for kind in fifo huge endless device directory link; do
		cp -a "$FS" "hostile-$kind"
		for file in passwd group; do
			f=hostile-$kind/etc/$file
			rm "$f"
			case $kind in
			fifo) mkfifo "$f" ;;
			huge) truncate -s 3G "$f" ;;
			endless) ln -s /dev/zero "$f" ;;
			device) mknod "$f" c 1 5 ;;
			directory) mkdir "$f" ;;
			link) ln -s "$file" "$f" ;;
			esac
		done
		for flags in "" "-u ann" "-u 5" "-u 5:video" "--group-add video"; do
			# shellcheck disable=SC2086
			run timeout -s KILL 60 bash -c '[ -n "${SANITIZER_REPORT-}" ] || ulimit -v 1000000; exec ctr run --rm --rootfs "$@" -- true' \
				bash "hostile-$kind" $flags
			echo "$kind $flags: $status $output"
			[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
		done
	done
}

@test "a working directory through a descriptor is refused (CVE-2024-21626)" {
	exec 7< /
	for n in 3 4 5 6 7 8 9 10 11 12; do
		run timeout 20 ctr run --rm --rootfs "$FS" -w /proc/self/fd/$n -- ls
		[[ ! "$output" =~ (usr|boot|var|opt) ]]
		[ "$status" -ne 0 ]
		run timeout 20 ctr run --rm --rootfs "$FS" -w /proc/self/fd/$n/.. -- ls
		[[ ! "$output" =~ (usr|boot|var|opt) ]]
	done
	cp -a "$FS" hostile
	ln -s /proc/self/fd/7 hostile/way-out
	run ! timeout 20 ctr run --rm --rootfs hostile -w /way-out -- ls
	exec 7<&-
}

@test "our program cannot be run or changed from inside (CVE-2019-5736)" {
	cp -a "$FS" hostile
	printf '#!/proc/self/exe\n' > hostile/script
	chmod 755 hostile/script
	ln -s /proc/self/exe hostile/bin/exe-link
	sums() { sha256sum "$BUILD"/ctr "$BUILD"/ctr-*; }
	sums > before
	for userns in private host; do
		for command in /proc/self/exe /script /bin/exe-link; do
			run --separate-stderr timeout 20 ctr run --rm --userns $userns --rootfs hostile -- "$command"
			echo "$userns $command: $status $output $stderr"
			[ "$status" -ne 0 ]
			[[ ! "$output" =~ "containers on the kernel" ]]
		done
		# Processes on the way into the container, seen from a container that waits for them.
		ctr run -d --name hunter --userns $userns --cap-add SYS_PTRACE --rootfs hostile -- sh -c '
			while :; do for p in /proc/[0-9]*; do [ "$p" = "/proc/$$" ] ||
				(echo pwned >> $p/exe) 2>/dev/null && echo hit $p; done; done'
		for n in {1..10}; do
			ctr exec hunter true
			ctr exec hunter /proc/self/exe true || :
		done
		ctr rm -f hunter
		sums | diff before -
	done
}
