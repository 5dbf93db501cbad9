# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Limits: enforced where the host can, refused where it cannot, never dropped.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# bare COMMAND...: where cgroup v2 hands no controller down, whatever the host has.
make_bare() {
	export BARE=${GROUPS_AT%/*}/bare.$$ TOP=${GROUPS_AT%/*}
	mkdir -p "$BARE/in"
	cat > bare <<- 'END'
		#!/bin/sh -e
		echo $$ > "$BARE/in/cgroup.procs"
		exec unshare -Cm sh -ec 'umount -l "$0"; mount -t cgroup2 none "$0"; exec "$@"' "$TOP" "$@"
	END
	chmod +x bare
}
remove_bare() { find "$BARE" -depth -type d -exec rmdir {} + 2> /dev/null; [ ! -e "$BARE" ]; }

@test "where the group above all containers is frozen a start is refused at once, by its name" {
	make_bare
	mkdir "$BARE/in/ctr"
	echo 1 > "$BARE/in/ctr/cgroup.freeze"
	refused 125 'cgroup /ctr is frozen: nothing can start in /ctr/' ./bare ctr run --rm --rootfs "$FS" -- true
	hinted 'echo 0 >/sys/fs/cgroup/ctr/cgroup.freeze'
	echo 0 > "$BARE/in/ctr/cgroup.freeze"
	run -0 ./bare ctr run --rm --rootfs "$FS" -- true
	until_true "its groups go" remove_bare
}

@test "a limit whose controller is missing is refused with the reason" {
	make_bare
	[ "$(./bare cat "$TOP/cgroup.controllers")" = '' ]
	while read -r controller flag value; do
		refused 125 "$value.*no $controller controller|no $controller controller" \
			./bare ctr run --rm --rootfs "$FS" "$flag" "$value" -- true || failed=$flag
		hinted "$controller|systemd.unified_cgroup_hierarchy" || failed=$flag
	done <<- END
		memory --memory 512m
		memory --memory-high 512m
		memory --memory-reservation 64m
		cpu --cpus 1.5
		cpu --cpu-weight 50
		cpu --cpu-shares 512
		pids --pids-limit 100
		io --io-weight 50
		cpuset --cpuset-cpus 0
	END
	until_true "its groups go" remove_bare
	[ -z "$failed" ]
}

@test "what is not a limit is refused, naming the flag and the value" {
	while read -r flag value; do
		refused 125 "${flag}.*${value%%=*}" ctr run --rm --rootfs "$FS" "$flag" "$value" -- true < /dev/null
	done <<- END
		--memory 12Q
		--memory -1x
		--memory 1
		--memory 99999999999999999999
		--memory-swap abc
		--cpus -1
		--cpus 1.5.5
		--cpus nan
		--cpu-quota 10
		--cpu-period 1
		--cpu-weight 0
		--cpu-weight 10001
		--cpu-shares 1
		--cpuset-cpus 3-1
		--cpuset-cpus a
		--pids-limit x
		--pids-limit 1.5
		--io-weight 0
		--ulimit nofile
		--ulimit nosuch=1
		--ulimit nofile=5:1
		--oom-score-adj 1001
		--oom-score-adj x
		--umask 8
		--umask 7777777
		--timeout x
		--stop-timeout x
		--log-max-size x
		--log-max-size 16383
		--log-rate x
	END
	refused 125 'memory' ctr run --rm --rootfs "$FS" --memory '' -- true
	refused 125 'cpus' ctr run --rm --rootfs "$FS" --cpus=  -- true
}

@test "--cgroup-conf refuses the files that run the cgroup itself" {
	for file in cgroup.procs=0 cgroup.threads=0 cgroup.subtree_control=+memory cgroup.kill=1 \
		cgroup.freeze=1 cgroup.type=threaded ../cgroup.procs=0 /etc/passwd=x a/b=c ..=x; do
		refused 125 "${file%%=*}" ctr run --rm --rootfs "$FS" --cgroup-conf "$file" -- true
	done
	refused 125 'cgroup-conf' ctr run --rm --rootfs "$FS" --cgroup-conf memory.max -- true
}

@test "--cgroup-conf writes any other file" {
	started conf --cgroup-conf cgroup.max.descendants=7 -- sleep 60
	[ "$(cat "$(group conf)/cgroup.max.descendants")" = 7 ]
	ctr rm -f conf
	refused 125 'nosuch.file|nosuch' ctr run --rm --rootfs "$FS" --cgroup-conf nosuch.file=1 -- true
}

@test "a container cannot make cgroups without end" {
	started groups -- sleep 60
	[ "$(cat "$(group groups)/cgroup.max.descendants")" != max ]
	ctr rm -f groups
}

@test "--device: it is there, with its numbers, and can be opened" {
	for device in /dev/fuse /dev/net/tun /dev/loop-control; do
		[ -c $device ] || continue
		[ "$(box --device $device -- stat -c '%t:%T %F' $device)" = "$(stat -c '%t:%T %F' $device)" ]
		[ "$(box --device $device:/dev/other -- stat -c '%t:%T' /dev/other)" = "$(stat -c '%t:%T' $device)" ]
		[ "$(box --device $device -- stat -c %u:%g $device)" = 0:0 ]
		run -0 box --device $device -- sh -c ": < $device"
		run ! box -- ls $device
		found=1
	done
	[ -n "$found" ] || skip "no harmless device on this host"
}

@test "--device DIR: all devices below it" {
	[ -c /dev/net/tun ] || skip "no /dev/net/tun here"
	mkdir -p "$BATS_TEST_TMPDIR/devs/deep/er" "$BATS_TEST_TMPDIR/none/x"
	mknod "$BATS_TEST_TMPDIR/devs/a" c 1 3
	mknod "$BATS_TEST_TMPDIR/devs/deep/er/b" c 1 5
	: > "$BATS_TEST_TMPDIR/devs/file"
	ln -s a "$BATS_TEST_TMPDIR/devs/link"
	[ "$(box --device /dev/net -- ls /dev/net)" = tun ]
	run -0 box --device "$BATS_TEST_TMPDIR/devs:/dev/mine" -- sh -c 'ls /dev/mine; stat -c %t:%T /dev/mine/a /dev/mine/deep/er/b'
	[ "$output" = $'a\ndeep\n1:3\n1:5' ]
	refused 125 'no device below' ctr run --rm --rootfs "$FS" --device "$BATS_TEST_TMPDIR/none:/dev/none" -- true
}

@test "--device refuses what is no device, and a device has the access it was given" {
	refused 125 '/etc/passwd.*device' ctr run --rm --rootfs "$FS" --device /etc/passwd:/dev/x -- true
	refused 125 '/etc/passwd' ctr run --rm --rootfs "$FS" --device /etc/passwd -- true
	refused 125 '/dev/nosuch' ctr run --rm --rootfs "$FS" --device /dev/nosuch -- true
	refused 125 'rwx' ctr run --rm --rootfs "$FS" --device /dev/null:/dev/x:rwx -- true
	refused 125 '/etc/x' ctr run --rm --rootfs "$FS" --device /dev/null:/etc/x -- true
}

@test "the access letters of --device hold" {
	[ -c /dev/net/tun ] || skip "no /dev/net/tun on this host"
	run -0 box --userns host --device /dev/net/tun:/dev/t:r -- sh -c ': < /dev/t'
	run ! box --userns host --device /dev/net/tun:/dev/t:r -- sh -c ': > /dev/t'
	run -0 box --device /dev/net/tun:/dev/t:r -- sh -c ': < /dev/t'
	run ! box --device /dev/net/tun:/dev/t:r -- sh -c ': > /dev/t'
}

@test "--memory bounds a container" {
	needs memory
	run -137 box --init -m 32m --memory-swap 32m -- sh -c 'head -c 200m /dev/zero | tail -c 100m | wc -c; exit 137'
	started bounded -m 64m -- sleep 60
	[ "$(cat "$(group bounded)/memory.max")" = 67108864 ]
	ctr rm -f bounded
}

@test "--cpus and its kind are written" {
	needs cpu
	started slow --cpus 0.5 --cpu-weight 50 -- sleep 60
	[ "$(cat "$(group slow)/cpu.max")" = '50000 100000' ]
	[ "$(cat "$(group slow)/cpu.weight")" = 50 ]
	ctr rm -f slow
}

@test "namespaces in a container that may make some: fewer than the host's" {
	local kind
	for kind in user mnt pid uts ipc net cgroup; do
		[ "$(ctr run --rm --rootfs "$FS" --cap-add SYS_ADMIN -- cat "/proc/sys/user/max_${kind}_namespaces")" = 4096 ]
		[ "$(ctr run --rm --rootfs "$FS" --security-opt seccomp=unconfined -- cat "/proc/sys/user/max_${kind}_namespaces")" = 4096 ]
		[ "$(cat "/proc/sys/user/max_${kind}_namespaces")" -ge 4096 ]
	done
}

@test "exec at the limit of processes says so, and what to do" {
	needs pids
	started full --pids-limit 20 -- sh -c '(while sleep 1000 & do :; done); sleep 1000 & exec sleep 1000'
	until_true "it is full" eval '[ "$(cat "$(group full)/pids.current")" -eq 20 ]'
	run -125 ctr exec full true
	[[ $output == *"cannot create a process: "* && $output == *pids-limit* ]]
	ctr rm -f full
}

@test "a fork bomb ends at --pids-limit, and at 4096 without it" {
	needs pids
	started bomb --pids-limit 20 -- sh -c 'f() { f | f & }; f; sleep 60'
	sleep 1
	[ "$(cat "$(group bomb)/pids.current")" -le 20 ]
	ctr rm -f bomb
	started usual -- sleep 60
	[ "$(cat "$(group usual)/pids.max")" = 4096 ]
	ctr rm -f usual
}

@test "--io-max is written" {
	needs io
	started disk --io-weight 50 -- sleep 60
	grep -q 50 "$(group disk)/io.weight"
	ctr rm -f disk
}

@test "a container with a thousand processes is gone at once" {
	started many -- sh -c 'i=0; while [ $i -lt 1000 ]; do sleep 60 & i=$((i + 1)); done; echo all; wait'
	until_true "they run" logged many all
	[ "$(wc -l < "$(group many)/cgroup.procs")" -ge 1000 ]
	ctr rm -f many
	[ ! -e "$CTR_ROOT/containers/many" ]
}
