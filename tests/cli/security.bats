# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Containers that attack: the host, the store, their siblings, and ctr itself.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "a sibling that swaps a mount's target gets nothing made on the host (CVE-2024-45310, CVE-2021-30465)" {
	mkdir volume victim src
	started swapper -v "$PWD/volume:/v" -e "VICTIM=$PWD/victim" -- sh -c 'cd /v; ln -s "$VICTIM" link; mkdir dir
		echo ready; while :; do mv dir t; mv t dir; mv -T link t; mv -T t link; done' 2> /dev/null
	until_true "it swaps" logged swapper ready
	for n in {1..150}; do
		timeout 20 ctr run --rm --rootfs "$FS" -v "$PWD/volume:/v" -v "$PWD/src:/v/t/made$n" \
			--tmpfs "/v/t/tmp$n" -- true 2> /dev/null || :
	done
	ctr rm -f swapper
	[ -z "$(ls -A victim)" ]
}

@test "a sibling that swaps the source of a nested mount shows nothing of the host" {
	mkdir -p volume/dir
	started swapper -v "$PWD/volume:/v" -- sh -c 'cd /v; ln -s / link
		echo ready; while :; do mv -T dir s; mv -T s dir; mv -T link s; mv -T s link; done' 2> /dev/null
	until_true "it swaps" logged swapper ready
	for n in {1..50}; do
		# The target is in the attacker's hands; the container may see the volume, never the host.
		run timeout 20 ctr run --rm --rootfs "$FS" -v "$PWD/volume:/v" -w /v/s -- ls -a .
		[[ ! "$output" =~ (boot|vmlinuz|lost\+found) ]]
	done
	ctr rm -f swapper
}

@test "the store and what is in it is for root only" {
	sockets() { awk '{print $8}' /proc/net/unix | grep '^@.*ctr' | sort || :; }
	sockets > before
	started kept -- sleep 60
	[ "$(stat -c %a:%u "$CTR_ROOT" "$CTR_STATE" | xargs)" = '700:0 700:0' ]
	[ "$(find "$CTR_STATE" -type s -printf '%m\n' | sort -u)" = 600 ]
	[ "$(find "$CTR_ROOT/containers/kept" "$CTR_STATE" -maxdepth 1 -type f -perm /077 | wc -l)" -eq 0 ] ||
		find "$CTR_ROOT/containers/kept" "$CTR_STATE" -maxdepth 1 -perm /022 | not grep .
	[ -z "$(sockets | comm -13 before -)" ]
	[ "$(find "$BUILD" -maxdepth 1 -perm /6000 | wc -l)" -eq 0 ]
	ctr rm -f kept
}

@test "siblings cannot signal, trace or read one another" {
	started one -- sleep 600
	victim=$(payload one)
	started two --pid host -- sleep 600
	run ! ctr exec two kill -KILL "$victim"
	run ! ctr exec two cat "/proc/$victim/environ"
	run ! ctr exec two ls "/proc/$victim/root/"
	run ! ctr exec two ls "/proc/$victim/fd/"
	run ! ctr exec two sh -c ": > /proc/$victim/mem"
	# Nor the host's.
	run ! ctr exec two cat /proc/$$/environ
	run ! ctr exec two ls /proc/1/root/
	alive "$victim"
	ctr rm -f one two
}

@test "the kernel's doors that a container has no use for are shut" {
	cat > doors.py <<- 'END'
		import ctypes, os
		libc = ctypes.CDLL(None, use_errno=True)
		doors = {"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
		    "keyctl": 250, "add_key": 248, "kexec_load": 246, "init_module": 175, "open_by_handle_at": 304,
		    "move_mount": 429, "fsopen": 430, "open_tree": 428, "mount": 165, "ptrace_unknown": 9999,
		    "setns": 308, "pivot_root": 155, "swapon": 167, "iopl": 172, "acct": 163, "quotactl": 179}
		for name, number in doors.items():
		    if libc.syscall(number, 0, 0, 0, 0, 0, 0) >= 0:
		        print("open:", name)
		    elif ctypes.get_errno() not in (1, 38):
		        print("open:", name, os.strerror(ctypes.get_errno()))
		print("done")
	END
	[ "$(uname -m)" = x86_64 ] || skip "the numbers are those of x86_64"
	run -0 ctr run --rm -i --rootfs "$HOST_ROOT" -- python3 - < doors.py
	[ "$output" = "done" ]
	# The same program does find doors where there is no filter.
	run -0 ctr run --rm -i --security-opt seccomp=unconfined --cap-add ALL --rootfs "$HOST_ROOT" -- python3 - < doors.py
	[[ "$output" =~ open: ]]
}

@test "another ABI is no way around the filter" {
	cat > x32.py <<- 'END'
		import ctypes
		libc = ctypes.CDLL(None, use_errno=True)
		print(libc.syscall(0x40000000 + 39))
	END
	[ "$(uname -m)" = x86_64 ] || skip "x32 belongs to x86_64"
	run ctr run --rm -i --rootfs "$HOST_ROOT" -- python3 - < x32.py
	[ "$output" = -1 ] || [ "$status" -ge 128 ]
}

@test "the cgroup tree inside is its own, and cannot be written" {
	run ! box -- mkdir /sys/fs/cgroup/x
	run ! box -- sh -c 'echo 0 > /sys/fs/cgroup/cgroup.procs'
	run ! box --cap-add ALL -- sh -c 'echo max > /sys/fs/cgroup/cgroup.max.descendants'
	[ "$(box -- sh -c 'ls -d /sys/fs/cgroup/*/ 2> /dev/null | wc -l')" = 0 ]
	[ "$(box -- sh -c 'find /sys/fs/cgroup -name release_agent | wc -l')" = 0 ]
}

@test "what an image says is shown without its control characters" {
	image_of evil '{"Cmd": ["/no\u001b[2Jsuch\nctr: fine"]}'
	run --separate-stderr -127 ctr run --rm evil
	not grep -q $'\e' <<< "$stderr"
	[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
	image_of user '{"User": "a\u001b[2J\nb", "Cmd": ["true"]}'
	run --separate-stderr -125 ctr run --rm user
	not grep -q $'\e' <<< "$stderr"
	[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
}

@test "an image selects no host program, path or privilege" {
	image_of greedy '{"Cmd": ["id", "-u"], "WorkingDir": "/proc/self/fd/5", "User": "0",
		"Env": ["LD_PRELOAD=/tmp/x.so", "PATH=/bin"], "Volumes": {"/etc": {}}}'
	run --separate-stderr timeout 10 ctr run --rm greedy < /dev/null
	[ "$status" -ne 0 ]
	image_of volumes '{"Cmd": ["cat", "/etc/passwd"], "Volumes": {"/etc": {}, "/../x": {}}, "Env": ["PATH=/bin"]}'
	[[ "$(ctr run --rm volumes)" =~ ann ]]
	# From the top of its own root, as other tools take it.
	image_of dots '{"Cmd": ["pwd"], "WorkingDir": "../../../../tmp", "Env": ["PATH=/bin"]}'
	[ "$(ctr run --rm dots)" = /tmp ]
}

@test "a container's own files do not lead ctr astray while it runs" {
	mkdir victim
	started turncoat -e "VICTIM=$PWD/victim" -- sh -c 'cd /; mv etc etc2; ln -s "$VICTIM" etc; mv tmp tmp2
		ln -s "$VICTIM" tmp; mv home home2; ln -s "$VICTIM" home; echo ready; sleep 60'
	until_true "it is ready" logged turncoat ready
	ctr exec -w /tmp/made turncoat true || :
	ctr exec -w /new/../tmp/x turncoat true || :
	[ -z "$(ls -A victim)" ]
	ctr rm -f turncoat
	[ -z "$(ls -A victim)" ]
}

@test "rm removes what the container wrote, and nothing that its links point to" {
	mkdir victim
	touch victim/file
	ctr run --name linked --rootfs "$FS" -v "$PWD/victim:/v" -- sh -c "ln -s $PWD/victim /link
		mkdir -p /a/b; ln -s ../../../../../../../../../../$PWD/victim /a/b/up; mkdir -m 000 /locked; touch /locked/x
		i=0; while [ \$i -lt 200 ]; do mkdir d; cd d; i=\$((i + 1)); done"
	ctr rm linked
	[ -e victim/file ]
}
