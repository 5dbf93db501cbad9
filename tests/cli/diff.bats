# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2154
# ctr diff: what a container has changed in its root.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# changed NAME FLAGS -- COMMAND: runs it, and prints the difference.
changed() { ctr run --rootfs "$FS" --name "$@" && ctr diff "$1"; }

@test "diff tells what was added, changed and deleted, directories before what is in them" {
	changed k -- sh -c 'echo new > /tmp/n; mkdir -p /a/b; : > /a/b/c; ln -s x /a/l; echo >> /etc/passwd
		rm /etc/group; rm -r /home; chmod 700 /root; mkfifo /tmp/f' > is
	cat is
	printf '%s\n' 'A /a' 'A /a/b' 'A /a/b/c' 'A /a/l' 'C /etc' 'D /etc/group' 'C /etc/passwd' 'D /home' \
		'C /root' 'C /tmp' 'A /tmp/f' 'A /tmp/n' | diff - is
	[ "$(ctr diff --format json k | jq -r '.[] | {added: "A", changed: "C", deleted: "D"}[.change] + " " + .path')" = "$(cat is)" ]
	ctr diff "$(ctr ps -aq)" | diff - is
}

@test "a root that nothing was changed in has no difference" {
	[ "$(changed k -- true)" = "" ]
	[ "$(ctr diff --format json k)" = "[]" ]
	# Looked at, opened for writing, given the mode that it has: a directory is not changed by that.
	[ "$(changed l -- sh -c 'cd /home; chmod 755 /home; cat /etc/passwd' | grep -v :x:)" = "" ]
	# What is mounted is not the root's.
	mkdir volume
	[ "$(changed m -v "$PWD/volume:/vol" --tmpfs /scratch -- sh -c 'touch /vol/x /scratch/y /dev/shm/z')" = "" ]
	[ -e volume/x ]
}

@test "a directory that was made anew tells what is missing in it" {
	changed k -- sh -c 'rm -r /home; mkdir /home /home/eve; rm /bin/ls; mkdir /bin/ls; : > /bin/ls/x
		mv /etc/group /root/group' > is
	printf '%s\n' 'C /bin' 'C /bin/ls' 'A /bin/ls/x' 'C /etc' 'D /etc/group' 'C /home' 'D /home/ann' \
		'A /home/eve' 'C /root' 'A /root/group' | diff - is
}

@test "diff is against all layers of an image" {
	image_of base:1 '{}'
	mkdir -p layer/home/eve
	: > layer/home/.wh.ann
	: > layer/added
	ctr run --name k base:1 sh -c 'rm /etc/group; echo > /home/new'
	ctr diff k > is
	printf '%s\n' 'C /etc' 'D /etc/group' 'C /home' 'A /home/new' | diff - is
	ctr rm k
	ctr image rm base:1
}

@test "diff of one that runs, while it writes" {
	started busy -- sh -c 'while :; do mkdir -p /a/b/c; : > /a/b/c/d; mv /a /b; rm -r /b; done'
	local i
	for i in $(seq 30); do
		timeout 20 ctr diff busy > is
		not grep -v '^[ACD] /[ab/cd]*$' is
	done
	ctr kill busy
}

@test "what a container called its files acts on no terminal" {
	changed k -- sh -c 'mkdir "/$1"; touch "/$1/a
b"' sh $'\e[31m\xff' > shown
	ctr diff --format json k >> shown
	cat -v shown
	not grep -q $'\e' shown
	[ "$(head -n 2 shown)" = $'A /?[31m?\nA /?[31m?/a?b' ]
}

@test "a tree that is deeper than anybody needs is told to a depth" {
	run -0 ctr run --name deep --rootfs "$FS" -- sh -c 'i=0; cd /tmp; while [ $i -lt 900 ]; do mkdir d; cd d; i=$((i + 1)); done'
	run --separate-stderr -0 timeout 60 ctr diff deep
	[ "${#lines[@]}" -gt 300 ]
	[[ "$stderr" =~ "deeper than 400 directories is not shown" ]]
}

@test "diff refuses what it cannot do" {
	refused 125 'no container nobody' ctr diff nobody
	refused 125 'diff takes one container' ctr diff
	refused 125 'diff takes one container' ctr diff a b
	started web -- sleep 1000
	refused 125 'is neither table, json nor a template' ctr diff web --format yaml
}
