#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# ctr cp, with a container that does not want it to go well.
load attack

setup_file() { attack_file_setup; }
setup() { attack_setup; }
teardown() { attack_teardown; }

# Beside the target, which has the same volume, a sibling exchanges a directory and a link to the host's.
swapped() {
	mkdir -p volume/x
	echo inside > volume/x/secret
	ln -s "$PWD/victim" volume/link
	echo host > victim/secret
	look victim > victim.before
	started target -v "$PWD/volume:/v" -- sleep 1000
	started swapper -v "$PWD/volume:/v" -- inside swap /v/x /v/link
	until_true "it swaps" logged swapper swapping
}
root() { echo "/proc/$(payload target)/root"; }

# copied COMMAND...: as often as it takes until what is in `got` is the host's.
copied() {
	local n
	for ((n = 0; n < 10 * TRIES; n++)); do
		rm -rf got
		"$@" 2> /dev/null || continue
		! grep -rqx host got || return 0
	done
	return 1
}

@test "a sibling swaps what is copied from a container (CVE-2018-15664)" {
	local n ours=0 none=0
	make_victim victim
	swapped
	for ((n = 0; n < TRIES; n++)); do
		rm -rf got
		if timeout 20 ctr cp target:/v/x/. got 2> said; then ours=$((ours + 1)); else none=$((none + 1)); fi
		held not grep -rqsx host got
		rm -rf got
		timeout 20 ctr cp -L target:/v/x/secret got 2> said || one_line "$(cat said)"
		held not grep -qsx host got
		rm -rf got
		timeout 20 ctr cp target:/v got 2> /dev/null || :
		held not grep -rqsx host got
	done
	echo "$ours with the directory, $none with the link" >&2
	[ $ours -gt 0 ] && [ $none -gt 0 ]
	control_fell copied cp -r "$(root)/v/x/." got
}

# written COMMAND...: until the host's directory is written in.
written() {
	local n
	for ((n = 0; n < 10 * TRIES; n++)); do
		"$@" 2> /dev/null || :
		! touched victim || return 0
	done
	return 1
}

@test "a sibling swaps where something is copied to in a container (CVE-2018-15664)" {
	local n ours=0 none=0
	make_victim victim
	swapped
	mkdir -p tree/sub
	echo x > tree/sub/file
	for ((n = 0; n < TRIES; n++)); do
		if timeout 20 ctr cp tree/sub/file "target:/v/x/new$n" 2> said; then
			ours=$((ours + 1))
		else
			one_line "$(cat said)"
			none=$((none + 1))
		fi
		timeout 20 ctr cp tree "target:/v/x/tree$n" 2> /dev/null || :
		timeout 20 ctr cp tree/. target:/v/x 2> /dev/null || :
		tar -C tree -c sub | timeout 20 ctr cp - target:/v/x 2> /dev/null || :
	done
	held untouched victim
	echo "$ours in the directory, $none at the link" >&2
	[ $ours -gt 0 ] && [ $none -gt 0 ]
	ctr pause swapper
	[ -n "$(find volume -name 'new*')" ]
	ctr resume swapper
	control_fell written cp tree/sub/file "$(root)/v/x/new"
}

# hostile TAR: entries that lead out of where they are unpacked.
hostile() {
	python3 - "$1" "$PWD/victim" <<- 'END'
		import io, sys, tarfile
		t = tarfile.open(sys.argv[1] + ".1", "w")
		def add(t, name, kind=tarfile.REGTYPE, link=""):
		    i = tarfile.TarInfo(name)
		    i.type, i.linkname, i.size = kind, link, 0 if link else 5
		    t.addfile(i, io.BytesIO(b"evil\n"))
		add(t, "../" * 20 + sys.argv[2] + "/up")
		t = tarfile.open(sys.argv[1] + ".2", "w")
		add(t, sys.argv[2] + "/absolute")
		t = tarfile.open(sys.argv[1] + ".3", "w")
		add(t, "way", tarfile.SYMTYPE, sys.argv[2])
		add(t, "way/through")
		t = tarfile.open(sys.argv[1] + ".4", "w")
		add(t, "hard", tarfile.LNKTYPE, sys.argv[2] + "/etc/passwd")
		add(t, "hard")
		t = tarfile.open(sys.argv[1] + ".5", "w")
		add(t, "down/../../../out")
	END
}

@test "a tar whose names and links lead out of the destination" {
	local n
	make_victim victim
	hostile tar
	started target -v "$PWD/victim:$PWD/victim" -- sh -c 'mkdir /in; sleep 1000'
	until_true "the directory" ctr exec target test -d /in
	for n in 1 2 3 4 5; do
		ctr cp - target:/in < tar.$n 2> said || held one_line "$(cat said)"
		held untouched victim
	done
	held not ctr exec target test -e /out
	held ctr exec target test -f "/in$PWD/victim/absolute"
	for n in 1 2 3; do
		mkdir out
		tar -C out -xPf tar.$n 2> /dev/null || :
		rm -rf out
		control_fell touched victim
		rm -r victim
		make_victim victim
	done
}

# names TRACE: paths, not below a descriptor, that something was opened by after the root was changed.
names() { awk '/chroot\(/ { in_root[$1] = 1 } in_root[$1] && /open(at)?\((AT_FDCWD, )?"\//' "$1"; }

@test "nothing of the container's is loaded or looked up by who copies (CVE-2019-14271)" {
	local how
	started target -- sleep 1000
	for how in running stopped; do
		strace -f -qq -o trace -e trace=chroot,open,openat ctr cp -a target:/etc got
		grep -q 'chroot("\.")' trace
		held [ -z "$(names trace)" ]
		strace -f -qq -o trace -e trace=chroot,open,openat ctr cp -a got target:/tmp/$how
		held [ -z "$(names trace)" ]
		rm -r got
		[ $how = stopped ] || ctr kill target
	done
	strace -f -qq -o trace -e trace=chroot,open,openat python3 -c 'import os, sys, pwd
os.chroot(sys.argv[1]); os.chdir("/"); print(pwd.getpwuid(1000))' "$FS" || :
	control_fell [ -n "$(names trace)" ]
}
