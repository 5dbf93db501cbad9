# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# What a container sees of the host, and may do: as little as it is given.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

namespaces() { for n in "$@"; do readlink "/proc/self/ns/$n"; done; }
inside() { box "$@" -- sh -c 'for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done'; }

@test "every namespace is a new one" {
	namespaces cgroup ipc mnt net pid user uts | sort > host
	inside | sort > one
	inside | sort > two
	[ "$(wc -l < one)" -eq 7 ]
	[ -z "$(comm -12 host one)" ]
}

@test "net, pid, ipc, uts, userns, cgroupns: host keeps the host's, and only that" {
	namespaces cgroup ipc mnt net pid user uts | sort > host
	for n in net pid ipc uts userns cgroupns; do
		kind=${n/ns/}
		inside --$n host | sort > inside
		[ "$(comm -12 host inside)" = "$(readlink "/proc/self/ns/$kind")" ]
	done
	inside --network host | grep -qxF "$(readlink /proc/self/ns/net)"
	inside --net none | not grep -qxF "$(readlink /proc/self/ns/net)"
}

@test "--cgroupns host: the host's groups are seen, and none can be written" {
	started seen --cgroupns host -- sleep 60
	[ "$(ctr exec seen readlink /proc/self/ns/cgroup)" = "$(readlink /proc/self/ns/cgroup)" ]
	[ "$(ctr exec seen grep ^0:: /proc/self/cgroup)" = "$(grep ^0:: "/proc/$(payload seen)/cgroup")" ]
	[[ "$(ctr exec seen grep ^0:: /proc/self/cgroup)" =~ ^0::/ctr/[^/]+$ ]]
	[ "$(ctr exec seen ls /sys/fs/cgroup | xargs)" = "$(ls /sys/fs/cgroup | xargs)" ]
	[ "$(jq -c '[.linux.namespaces[].type] | index("cgroup")' "$CTR_ROOT/containers/seen/config.json")" = null ]
	ctr rm -f seen
	box --cgroupns host --userns host -- sh -c 'for d in $(find /sys/fs/cgroup -type d); do
		! mkdir $d/of-a-container 2> /dev/null || echo $d; done' > made
	[ ! -s made ]
	[ "$(box --cgroupns private -- grep ^0:: /proc/self/cgroup)" = 0::/ ]
	refused 125 'writable-cgroups needs a user and a cgroup namespace' \
		ctr run --rm --rootfs "$FS" --cgroupns host --security-opt writable-cgroups -- true
}

@test "--timens private: clocks of its own that show the host's time" {
	[ "$(box -- readlink /proc/self/ns/time)" = "$(readlink /proc/self/ns/time)" ]
	[ "$(box --timens host -- readlink /proc/self/ns/time)" = "$(readlink /proc/self/ns/time)" ]
	started clocked --timens private -- sleep 60
	own=$(readlink "/proc/$(payload clocked)/ns/time")
	[ "$own" != "$(readlink /proc/self/ns/time)" ]
	[ "$(ctr exec clocked sh -c 'for n in time time_for_children; do readlink /proc/self/ns/$n; done' | sort -u)" = "$own" ]
	[ "$(ctr exec clocked cat /proc/self/timens_offsets | awk '{print $2, $3}' | sort -u)" = '0 0' ]
	[ $(($(ctr exec clocked cut -d. -f1 /proc/uptime) - $(cut -d. -f1 /proc/uptime))) -le 1 ]
	[ "$(jq -c '[.linux.namespaces[].type] | index("time") != null' "$CTR_ROOT/containers/clocked/config.json")" = true ]
	[ "$(jq -c '.linux.timeOffsets' "$CTR_ROOT/containers/clocked/config.json")" = null ]
	ctr rm -f clocked
	run -0 ctr run --dry-run --rootfs "$FS" --timens private -- true
	[[ $output == *clone*,time* ]]
	run -0 ctr run --dry-run --rootfs "$FS" --cgroupns host -- true
	[[ $output =~ clone\ [^$'\n']* && ${BASH_REMATCH[0]} != *cgroup* ]]
}

@test "the mount table inside knows nothing of the host" {
	box -- cat /proc/self/mountinfo > inside
	not grep -qE " - (ext4|xfs|btrfs|cgroup) " inside
	not grep -qE '/tmp|/var/lib|/run|/home|ctr|/bats' inside
	[ "$(cut -d' ' -f5 inside | grep -cx /)" -eq 1 ]
	grep -qE ' / / .* - overlay ' inside
	[ "$(cut -d' ' -f5 inside | grep -vE '^/(|proc|sys|dev|etc)(/|$)' | wc -l)" -eq 0 ]
}

@test "the root has no way out" {
	[ "$(box -- ls /.. | sort | xargs)" = "$(box -- ls / | sort | xargs)" ]
	[ "$(box -- sh -c 'cd /../../..; ls' | xargs)" = "$(box -- ls / | xargs)" ]
	[ "$(box -- stat -c %i / /..| sort -u | wc -l)" -eq 1 ]
	[ "$(box -- sh -c 'ls -A /proc/1/root/ | wc -l')" = "$(box -- sh -c 'ls -A / | wc -l')" ]
}

@test "the host's mount table does not change while containers run" {
	sort /proc/self/mountinfo > before
	started one -v "$FS:/data" --tmpfs /t -- sleep 60
	started two -- sleep 60
	# Mounts of others on this machine do not matter: ours would name our directories or an overlay.
	sort /proc/self/mountinfo | comm -13 before - > new
	not grep -qE "$BATS_RUN_TMPDIR|overlay" new
	ctr rm -f one two
}

@test "ids: 65536 of its own, others for each container" {
	started one -- sleep 60
	started two -- sleep 60
	for c in one two; do
		ctr exec $c cat /proc/self/uid_map > $c.uid
		ctr exec $c cat /proc/self/gid_map > $c.gid
		read -r from to count < $c.uid
		[ "$from" -eq 0 ]
		[ "$count" -eq 65536 ]
		[ "$to" -ge 65536 ]
		[ $((to % 65536)) -eq 0 ]
		[ "$(awk '{print $2}' /proc/"$(payload $c)"/uid_map)" = "$to" ]
		[ "$(stat -c %u /proc/"$(payload $c)")" = "$to" ]
		diff $c.uid $c.gid
	done
	not cmp -s one.uid two.uid
	not test "$(awk '{print $2}' one.uid)" -eq "$(awk '{print $2}' two.uid)"
	ctr rm -f one two
}

@test "eleven capabilities, none of them inheritable or ambient" {
	run -0 box -- cat /proc/self/status
	[ "$(grep '^Cap' <<< "$output" | tr -s '\t' ' ' | xargs)" = "CapInh: 0000000000000000 CapPrm: \
00000000800405fb CapEff: 00000000800405fb CapBnd: 00000000800405fb CapAmb: 0000000000000000" ]
	grep -qP '^NoNewPrivs:\t1$' <<< "$output"
	grep -qP '^Seccomp:\t2$' <<< "$output"
	grep -qP '^Groups:\t *$' <<< "$output"
}

@test "--cap-add and --cap-drop change the sets, and nothing but them" {
	in_box() { box "$@" -- sed -n 's/^CapBnd:\t//p' /proc/self/status; }
	[ "$(in_box --cap-drop ALL)" = 0000000000000000 ]
	[ "$(in_box --cap-drop all --cap-add NET_RAW)" = 0000000000002000 ]
	[ "$(in_box --cap-add CAP_SYS_PTRACE)" = 00000000800c05fb ]
	[ "$(in_box --cap-drop chown)" = 00000000800405fa ]
	[ $((0x$(in_box --cap-add ALL) > 0xffffffff)) -eq 1 ]
	run ! box --cap-drop CHOWN -- chown 5 /etc/passwd
	[[ "$(box --cap-add ALL -- date -s 2020-01-01 2>&1)" =~ "not permitted" ]]
}

@test "--cap-add counts for a user who is not root, in run and in exec, and root starts with no ambient set" {
	sets() { sed -n 's/^Cap\(Eff\|Amb\):\t//p' /proc/self/status | xargs; }
	asked=$(declare -f sets)
	[ "$(box -u 1000 --cap-add NET_ADMIN --cap-add CHOWN -- sh -c "$asked; sets")" = "0000000000001001 0000000000001001" ]
	[ "$(box -u 1000 -- sh -c "$asked; sets")" = "0000000000000000 0000000000000000" ]
	[ "$(box --cap-add NET_ADMIN -- sh -c "$asked; sets")" = "00000000800415fb 0000000000000000" ]
	[ "$(box -u 0:5 --cap-add NET_ADMIN -- sh -c "$asked; sets")" = "00000000800415fb 0000000000000000" ]
	started caps --cap-add NET_ADMIN -- sleep 600
	[ "$(ctr exec -u 1000 caps sh -c "$asked; sets")" = "0000000000001000 0000000000001000" ]
	[ "$(ctr exec caps sh -c "$asked; sets")" = "00000000800415fb 0000000000000000" ]
	ctr rm -f caps
	started user -u 1000 --cap-add CHOWN -- sleep 600
	[ "$(ctr exec user sh -c "$asked; sets")" = "0000000000000001 0000000000000001" ]
	[ "$(ctr exec -u root user sh -c "$asked; sets")" = "00000000800405fb 0000000000000000" ]
	ctr rm -f user
}

@test "a program whose file has capabilities that the container has not runs without them" {
	cp -a "$FS" marked
	rm marked/bin/sed
	cp marked/bin/busybox marked/bin/sed
	setcap cap_net_raw=ep marked/bin/sed || skip "files take no capabilities here"
	effective() { ctr run --rm --rootfs "$PWD/marked" "$@" -- /bin/sed -n 's/^CapEff:\t//p' /proc/self/status; }
	[ "$(effective)" = 00000000800405fb ]
	[ "$(effective -u ann)" = 0000000000000000 ]
	# Where marks of files count, they are as they always were.
	run -126 effective --security-opt no-new-privileges=false
	[ "$(effective -u ann --security-opt no-new-privileges=false --cap-add NET_RAW)" = 0000000000002000 ]
}

@test "a 32-bit program is refused with the way to let it in" {
	[ "$(uname -m)" = x86_64 ] || skip "the program is for i386"
	printf '%s\n' '.globl _start' '_start: mov $4,%eax' 'mov $1,%ebx' 'mov $m,%ecx' 'mov $3,%edx' 'int $0x80' \
		'mov $1,%eax' 'xor %ebx,%ebx' 'int $0x80' 'm: .ascii "ok\n"' > a.s
	as --32 a.s -o a.o
	ld -m elf_i386 a.o -o small
	./small || skip "this kernel runs none"
	run -126 box -v "$PWD:/w" -- /w/small
	[[ "$output" =~ "32-bit program".*"seccomp=default+32bit" ]]
	run -0 box -v "$PWD:/w" --security-opt seccomp=default+32bit -- /w/small
	[ "$output" = ok ]
	run -0 box -v "$PWD:/w" --security-opt seccomp=vps+32bit -- /w/small
}

@test "profiles of ours have names, and words behind them" {
	in_box() { box "$@" -- sed -n 's/^Seccomp:\t//p' /proc/self/status; }
	touch vps
	for name in default vps default+aio vps+32bit+aio; do
		[ "$(in_box --security-opt "seccomp=$name")" = 2 ]
	done
	[ "$(in_box --security-opt seccomp=unconfined)" = 0 ]
	for name in default+ default+none vps+core unconfined+aio; do
		run -125 box --security-opt "seccomp=$name" -- true
	done
	# What it was started with holds for exec too.
	started named --security-opt seccomp=vps -- sleep 600
	[ "$(ctr exec named sed -n 's/^Seccomp:\t//p' /proc/self/status)" = 2 ]
	ctr exec named unshare -U true
	run ! box -- unshare -U true
	ctr rm -f named
}

@test "a profile is read once: it is the container's, for exec too" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28, "comment": "\"ä\""}]}' > profile.json
	full() { run -1 "$@" mkdir /made && [[ $output = *'No space left'* ]]; }
	full box --security-opt seccomp=<(cat profile.json) --
	full box --security-opt seccomp=/dev/stdin -- < profile.json
	piped() { cat profile.json | box --security-opt seccomp=/dev/stdin -- "$@"; }
	full piped
	started piped --security-opt seccomp=<(cat profile.json) -- sleep 600
	full ctr exec piped
	ctr exec piped true
	ctr rm -f piped
	cp profile.json mine.json
	started box --security-opt seccomp=mine.json -- sleep 600
	full ctr exec box
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' > mine.json
	full ctr exec box
	rm mine.json
	full ctr exec box
	ctr rm -f box
	# The last one counts.
	box --security-opt seccomp=<(cat profile.json) --security-opt seccomp=default -- mkdir /made
	run -125 box --security-opt seccomp=<(echo '{broken') -- true
	run -125 box --security-opt seccomp=<(printf '{"defaultAction": "SCMP_ACT_ALLOW"}\0{') -- true
	run -125 box --security-opt seccomp="$PWD" -- true
	[[ $output = *'seccomp profile'* ]]
}

@test "no-new-privileges=false lets setuid programs be what they are" {
	mkdir suid
	cp "$FS/bin/busybox" suid/id
	chmod 4755 suid/id
	[ "$(box -v "$PWD/suid:/suid" -u ann -- /suid/id -u)" = 1000 ]
	[ "$(box -v "$PWD/suid:/suid:suid" -u ann --security-opt no-new-privileges=false -- \
		sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 0 ]
}

@test "mounting, unsharing, tracing the kernel are refused inside" {
	for command in 'mount -t tmpfs none /tmp' 'mount --bind /etc /tmp' 'umount /proc' 'unshare -m true' \
		'unshare -U true' 'unshare -n true' 'mount -o remount,rw /proc/sys' 'pivot_root / /tmp' \
		'mknod /tmp/sda b 8 0' 'swapoff -a' 'hwclock -w' 'dmesg' 'insmod /x' 'reboot -f' \
		'nsenter -t 1 -m true'; do
		echo "$command"
		run ! box -- $command
	done
	run ! box -- sh -c 'echo 1 > /proc/sys/kernel/panic'
	run ! box -- sh -c 'echo b > /proc/sysrq-trigger'
}

@test "kernel sockets that a container has no use for cannot be made" {
	cat > sockets.py <<- 'END'
		import socket
		for family in (38, 40, 17):      # AF_ALG, AF_VSOCK, AF_PACKET
		    try:
		        socket.socket(family, socket.SOCK_SEQPACKET if family == 38 else socket.SOCK_STREAM)
		        print("made", family)
		    except OSError: pass
		socket.socket(socket.AF_UNIX); socket.socket(socket.AF_INET); socket.socket(socket.AF_INET6)
		socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
		print("fine")
	END
	run -0 ctr run --rm -i --rootfs "$HOST_ROOT" -- python3 - < sockets.py
	[ "$output" = fine ]
}

@test "masked paths are empty, read-only paths cannot be written" {
	for path in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do
		[ ! -e $path ] || [ "$(box -- sh -c "head -c 100 $path | wc -c")" = 0 ]
	done
	for path in /proc/acpi /sys/firmware /proc/scsi /sys/devices/virtual/powercap; do
		[ ! -e $path ] || [ "$(box -- sh -c "ls -A $path | wc -l")" = 0 ]
	done
	for path in /proc/sys/kernel/domainname /proc/irq/default_smp_affinity /proc/pressure/memory /proc/sysrq-trigger; do
		[ ! -e $path ] || run ! box -- sh -c "echo 1 > $path"
	done
	run ! box --cap-add ALL -- sh -c 'echo x > /sys/kernel/uevent_helper'
	run ! box --cap-add ALL -- mkdir /sys/fs/cgroup/x
}

@test "sysctls of its own namespaces can be set, others not" {
	[ "$(box --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(box --sysctl kernel.shmmni=77 -- cat /proc/sys/kernel/shmmni)" = 77 ]
	refused 125 'kernel.panic' ctr run --rm --rootfs "$FS" --sysctl kernel.panic=1 -- true
	refused 125 'net.ipv4' ctr run --rm --rootfs "$FS" --net host --sysctl net.ipv4.ip_forward=1 -- true
	refused 125 'shm' ctr run --rm --rootfs "$FS" --ipc host --sysctl kernel.shmmni=1 -- true
	refused 125 '' ctr run --rm --rootfs "$FS" --sysctl ../../x=1 -- true
	refused 125 'nosuch' ctr run --rm --rootfs "$FS" --sysctl net.nosuch=1 -- true
	hinted 'there is no /proc/sys/net/nosuch in it$'
	# The two forms of sysctl(8), and what it takes for neither.
	[ "$(box --sysctl net/ipv4/conf/lo/forwarding=1 -- cat /proc/sys/net/ipv4/conf/lo/forwarding)" = 1 ]
	refused 125 'forwarding' ctr run --rm --rootfs "$FS" --sysctl net.ipv4.conf.lo/forwarding=1 -- true
	hinted "no /proc/sys/net/ipv4/conf/lo.forwarding in it; between dots, a '/' stands for a dot"
}

@test "low ports and ping need no privilege" {
	[ "$(box -- cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 0 ]
	[ "$(box -- cat /proc/sys/net/ipv4/ping_group_range | tr '\t' ' ')" = '0 65535' ]
	run -0 ctr run --rm --rootfs "$HOST_ROOT" -u nobody -- python3 -c 'from socket import *
s = socket(); s.bind(("127.0.0.1", 80)); s = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)'
}

@test "what it writes is kept with its own ids" {
	ctr run --name keeper --rootfs "$FS" -- sh -c 'echo x > /root-file; echo y > /ann-file
		chown 1000:44 /ann-file; mkdir /d; chown 1000 /d; touch /home/ann/.x; chown ann /etc/group'
	upper=$CTR_ROOT/containers/keeper/upper
	[ "$(stat -c %u:%g "$upper/root-file")" = 0:0 ]
	[ "$(stat -c %u:%g "$upper/ann-file")" = 1000:44 ]
	[ "$(stat -c %u "$upper/d")" = 1000 ]
	[ "$(stat -c %u:%g "$upper/home/ann")" = 1000:1000 ]
	[ "$(stat -c %u:%g "$upper/etc/group")" = 1000:0 ]
	[ "$(stat -c %u:%g "$FS/etc/group")" = 0:0 ]
	ctr rm keeper
}

@test "layers of an image stay as they are, bytes and owners" {
	image_of layered '{"Cmd": ["true"]}'
	print() { find "$CTR_ROOT/images/layers" -printf '%p %y %m %U:%G %s %T@\n' | sort
		find "$CTR_ROOT/images/layers" -type f -print0 | sort -z | xargs -0 sha256sum; }
	print > before
	ctr run --rm layered sh -c 'rm -rf /etc /home; chown -R 5:5 /root /tmp; echo x > /bin/busybox2'
	ctr run --rm -u ann layered true
	print | diff before -
	ctr-image rm layered
}

@test "no descriptor but 0, 1 and 2 reaches the payload" {
	exec 5< / 6> file 7< /etc/passwd 8< /proc 9<> file
	[ "$(box -- sh -c 'ls /proc/1/fd; true' | xargs)" = '0 1 2' ]
	started quiet -- sleep 60
	[ "$(ctr exec quiet ls /proc/1/fd | xargs)" = '0 1 2' ]
	[ "$(ctr exec quiet sh -c 'ls /proc/$$/fd; true' | xargs)" = '0 1 2' ]
	[ "$(box --userns host -- sh -c 'ls /proc/1/fd; true' | xargs)" = '0 1 2' ]
	[ "$(box --init -- sh -c 'ls /proc/$$/fd; true' | xargs)" = '0 1 2' ]
	[ "$(box --init -- sh -c 'ls /proc/1/fd; true' | wc -w)" -le 3 ]
	exec 5>&- 6>&- 7>&- 8>&- 9>&-
	ctr rm -f quiet
}

@test "started with its own descriptors closed, ctr still works" {
	[ "$(box -- echo x <&-)" = x ]
	box -- sh -c 'echo > /seen' >&- 2>&-
	run -0 box -i -- true <&-
	run -3 box -- sh -c 'exit 3' >&- 2>&- <&-
}

@test "/etc/hosts, /etc/hostname and resolv.conf" {
	run -0 box -h web --add-host db:10.1.2.3 --add-host v6:fd00::1 --dns 9.9.9.9 --dns-search example.org \
		--dns-option ndots:2 -- cat /etc/hosts /etc/hostname /etc/resolv.conf
	grep -qE $'^127.0.0.1\tlocalhost.* web' <<< "$output"
	grep -qE '^10\.1\.2\.3[[:space:]]db$' <<< "$output"
	grep -qE '^fd00::1[[:space:]]v6$' <<< "$output"
	grep -qx web <<< "$output"
	grep -qx 'nameserver 9.9.9.9' <<< "$output"
	grep -qx 'search example.org' <<< "$output"
	grep -qx 'options ndots:2' <<< "$output"
	diff <(grep ^nameserver /etc/resolv.conf) <(box --net host -- grep ^nameserver /etc/resolv.conf)
}

@test "the loopback is up, and is all there is" {
	[ "$(box -- ls /sys/class/net)" = lo ]
	run -0 box -- ip addr show lo
	[[ "$output" =~ LOOPBACK,UP && "$output" =~ "127.0.0.1/8" ]]
	[ "$(box --net host -- ls /sys/class/net | xargs)" = "$(ls /sys/class/net | xargs)" ]
}

@test "resource limits, umask and oom score are as asked" {
	[ "$(box -- sh -c 'ulimit -c')" = 0 ]
	[ "$(box --ulimit nofile=100:200 -- sh -c 'ulimit -n; ulimit -Hn' | xargs)" = '100 200' ]
	[ "$(box --ulimit core=unlimited -- sh -c 'ulimit -c')" = unlimited ]
	# Not 0, at which a handler of the host's would still be fed; and so it stays.
	core() { sed -n 's/^Max core file size *//p' /proc/self/limits | xargs; }
	asked=$(declare -f core)
	[ "$(box -- sh -c "$asked; core; ulimit -c 0; core")" = $'1 1 bytes\n1 1 bytes' ]
	[ "$(box --ulimit core=0 -- sh -c "$asked; ulimit -c 0; core")" = '1 1 bytes' ]
	[ "$(box --ulimit core=0:unlimited -- sh -c "$asked; core; ulimit -c 0; core")" = $'1 unlimited bytes\n0 0 bytes' ]
	[ "$(box -- sh -c umask)" = 0022 ]
	[ "$(box --umask 077 -- sh -c umask)" = 0077 ]
	[ "$(box --oom-score-adj 500 -- cat /proc/self/oom_score_adj)" = 500 ]
	[ "$( (umask 077; box -- sh -c umask) )" = 0022 ]
	[ "$( (ulimit -n 50; box -- sh -c 'ulimit -Hn') )" -le 50 ]
}

@test "signals are neither ignored nor blocked, whatever ours were" {
	run -0 bash -c 'trap "" INT TERM PIPE QUIT; ctr run --rm --rootfs "$FS" -- cat /proc/self/status'
	grep -qP '^SigIgn:\t0000000000000000$' <<< "$output"
	grep -qP '^SigBlk:\t0000000000000000$' <<< "$output"
}

@test "its cgroup is the root of what it sees" {
	[ "$(box -- grep ^0:: /proc/self/cgroup)" = 0::/ ]
	started grouped -- sleep 60
	[[ "$(grep ^0:: /proc/"$(payload grouped)"/cgroup)" =~ ^0::/ctr/[^/]+$ ]]
	[ "$(ctr exec grouped grep ^0:: /proc/self/cgroup)" = 0::/ ]
	[ "$(cat "$(group grouped)/cgroup.procs" | wc -l)" -eq 1 ]
	ctr rm -f grouped
}

# What an init system does with what it is given.
NEST='cd /sys/fs/cgroup && mkdir -p web/deep && echo $$ > web/deep/cgroup.procs && grep ^0:: /proc/self/cgroup'

@test "writable-cgroups: it makes groups below its own, which is all that it can change" {
	run ! box -- sh -c "$NEST"
	run ! box --security-opt writable-cgroups=false -- sh -c "$NEST"
	[ "$(box --security-opt writable-cgroups -- sh -c "$NEST")" = 0::/web/deep ]
	started nested --security-opt writable-cgroups=true -- sh -c "$NEST; exec sleep 60"
	until_true "it has moved" grep -q /web/deep "/proc/$(payload nested)/cgroup"
	local top
	top=$(group nested)
	top=${top%/web/deep}
	[ "$(stat -c %u "$top" "$top/cgroup.procs" "$top/cgroup.subtree_control" | sort -u)" = "$(awk '{print $2}' "/proc/$(payload nested)/uid_map")" ]
	[ "$(stat -c %u "$top/cgroup.max.descendants" "$top/cgroup.freeze" "$top/cgroup.type" | sort -u)" = 0 ]
	run ! ctr exec nested sh -c 'echo max > /sys/fs/cgroup/cgroup.max.descendants'
	run ! ctr exec nested sh -c 'echo 1 > /sys/fs/cgroup/cgroup.freeze'
	ctr pause nested
	ctr resume nested
	ctr rm -f nested
	[ ! -e "$top" ]
	refused 125 'writable-cgroups needs a user' ctr run --rm --rootfs "$FS" --userns host --security-opt writable-cgroups -- true
}

@test "exec finds a place where controllers were handed on" {
	has_controller hugetlb || skip "cgroup v2 has no hugetlb controller on this host"
	started handed --security-opt writable-cgroups --cgroup-conf hugetlb.2MB.max=0 -- \
		sh -c "$NEST; echo +hugetlb > cgroup.subtree_control; cat cgroup.subtree_control; exec sleep 60"
	until_true "it hands on" logged handed hugetlb
	[ "$(ctr exec handed grep ^0:: /proc/self/cgroup)" = 0::/.ctr ]
	ctr rm -f handed
}

@test "it sees its own processes only, and the host's cannot be signalled" {
	[ "$(box -- sh -c 'ls -d /proc/[0-9]* | wc -l')" -le 3 ]
	run ! box -- kill -0 $$
	sleep 50 3>&- &
	victim=$!
	run ! box --pid host -- kill -KILL $victim
	kill -0 $victim
	kill $victim
}

@test "with --userns host, the ids are the host's and the walls otherwise the same" {
	run -0 box --userns host -- cat /proc/self/uid_map /proc/self/status
	[ "$(head -n1 <<< "$output" | xargs)" = '0 0 4294967295' ]
	grep -qP '^CapEff:\t00000000800405fb$' <<< "$output"
	grep -qP '^Seccomp:\t2$' <<< "$output"
	run ! box --userns host -- mount -t tmpfs none /tmp
	run ! box --userns host -- mknod /tmp/sda b 8 0
	run ! box --userns host -- sh -c 'echo 1 > /proc/sys/kernel/panic'
}

@test "the host's own root can be run, and is not changed" {
	[ "$(ctr run --rm --rootfs "$HOST_ROOT" -- sh -c 'echo hi > /etc/ctr-was-here; cat /etc/ctr-was-here')" = hi ]
	[ ! -e "$HOST_ROOT/etc/ctr-was-here" ]
	run -0 ctr run --rm --rootfs "$HOST_ROOT" -- cat /proc/self/mountinfo
	[ "$(grep -c ' - overlay ' <<< "$output")" -eq 1 ]
}

# in_chroot COMMAND...: with what ctr looks at, in a mount namespace of its own.
in_chroot() {
	mkdir -p jail/build
	cp "$BUILD"/ctr jail/build/
	cp -a "$FS" jail/fs
	mkdir -p jail/{proc,sys,tmp}
	unshare -m sh -ec 'mount --rbind /proc jail/proc; mount --rbind /sys jail/sys
		export CTR_ROOT=/tmp/root CTR_STATE=/tmp/state
		exec chroot jail "$@"' sh "$@"
}

@test "a chroot, in which the kernel makes no user namespace, is named" {
	run -125 in_chroot /build/ctr run --rm --rootfs /fs -- true
	[[ $output == *chroot* && $output == *hint:* ]]
}

@test "the CPUs of whoever calls are not the container's" {
	[ "$(nproc)" -gt 1 ] || skip "one CPU"
	[ "$(taskset -c 0 ctr run --rm --rootfs "$FS" -- nproc)" = "$(nproc)" ]
	started kept -- sleep 1000
	[ "$(taskset -c 0 ctr exec kept nproc)" = "$(nproc)" ]
	ctr rm -f kept
	[ "$(ctr run --rm --rootfs "$FS" -- taskset -c 0 nproc)" = 1 ]
}

@test "the message queues of a container belong to its root" {
	[ "$(box stat -c %u:%g:%a /dev/mqueue)" = 0:0:1777 ]
}
