# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# What a container has of its image, and what of it is not needed to end it.
load helpers
load image_tar

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	for image in $(ctr image ls 2> /dev/null | awk 'NR > 1 {print $1}'); do ctr image rm -f "$image"; done
	ctr gc
	nothing_left
}

@test "the top of the container is the image's: its mode and its owner" {
	mkdir -p r/bin && cp "$(command -v busybox)" r/bin/busybox && chmod 1751 r && chown 5:6 r
	ctr image import r top:1
	[ "$(ctr run --rm top:1 busybox stat -c '%a %u %g' /)" = '1751 5 6' ]
	[ "$(ctr run --rm --rootfs r -- busybox stat -c '%a %u %g' /)" = '1751 5 6' ]
	# Not that of the container before it.
	[ "$(box -- stat -c '%a %u %g' /)" = '755 0 0' ]
}

@test "what an image's config says is taken as it stands: arguments, variables, signal, user" {
	mkdir -p r/bin r/etc r/app/bin && cp "$(command -v busybox)" r/bin/busybox && ln -s busybox r/bin/sh
	echo 'ann:x:1000:1000::/:/bin/sh' > r/etc/passwd
	printf '#!/bin/sh\necho "$0 $(busybox id -u)"\n' > r/app/bin/prog && chmod 755 r/app/bin/prog
	# No shell comes between: no word is split, expanded or dropped.
	jq -n '{Entrypoint: ["sh", "-c", "busybox printf \"<%s>\" \"$0\" \"$@\" \"$FOO\""],
		Cmd: ["a b", "", "*", "\\x", "'\''q'\''"], Env: ["PATH=bin:/bin", "FOO= $x `y`"], WorkingDir: "/app",
		User: "ann", StopSignal: "RTMIN+3"}' > c.json
	ctr image import --config c.json r words:1
	[ "$(ctr run --rm words:1)" = "<a b><><*><\\x><'q'>< \$x \`y\`>" ]
	[ "$(ctr run --rm words:1 '' 'x y')" = "<><x y>< \$x \`y\`>" ]
	# Below the working directory, as a relative PATH says.
	[ "$(ctr run --rm --entrypoint prog words:1)" = '/app/bin/prog 1000' ]
	ctr run -d --name rt --entrypoint sh words:1 -c 'trap "echo got; exit 3" 37; echo up; while :; do busybox sleep 0.1; done' > id
	until_true "it has its handler" grep -q up <(ctr logs rt)
	ctr stop -t 60 rt
	[ "$(ctr logs rt)" = $'up\ngot' ]
	ctr rm rt
	jq '.StopSignal = "SIGBOGUS"' c.json > d.json
	ctr image import --config d.json r bogus:1
	run --separate-stderr -125 ctr run --rm bogus:1
	[ "${stderr_lines[0]}" = "ctr: run: the image's StopSignal: 'SIGBOGUS' is not a signal" ]
	ctr run --rm --stop-signal TERM bogus:1
}

@test "what an image has in the way of our own files and devices" {
	tar_of l 'dir|real' 'link|etc|real' 'dir|real/resolv.conf' 'link|real/hosts|/run/h' 'link|real/hostname|../../../x' \
		'dir|dev' 'file|dev/null|junk' 'link|dev/fd|/nowhere' 'file|dev/console|' 'dir|bin'
	mkdir b && cp "$(command -v busybox)" b/busybox && tar -cf m --transform 's,^b,bin,' b
	tar -Af l m
	ctr image import l odd:1
	run -0 ctr run --rm odd:1 /bin/busybox sh -c 'cat=/bin/busybox; $cat cat /etc/hosts > /dev/null && $cat ls -d /etc/resolv.conf &&
		$cat stat -c %F /dev/null /etc && $cat readlink /dev/fd'
	[ "$output" = $'/etc/resolv.conf\ncharacter special file\nsymbolic link\n/proc/self/fd' ]
}

@test "directories that the image calls volumes are there, and can be written" {
	mkdir -p r/bin r/has && cp "$(command -v busybox)" r/bin/busybox && chown 7 r/has
	echo '{"Volumes": {"/data": {}, "/has": {}, "/a/b/c": {}, "relative": {}, "/../up": {}}}' > c.json
	ctr image import --config c.json r volumes:1
	[ "$(ctr run --rm volumes:1 busybox sh -c 'echo 1 > /data/x; echo 2 > /a/b/c/x; cat /data/x /a/b/c/x;
		stat -c %u /has; ls /up')" = $'1\n2\n7' ]
	mkdir host && echo h > host/x
	[ "$(ctr run --rm -v "$PWD/host:/data" volumes:1 busybox cat /data/x)" = h ]
	run ctr run --rm --read-only volumes:1 busybox ls -d /data
	[ "$output" = /data ]
}

@test "an image without layers has nothing that could run" {
	CONFIG='{"rootfs": {"type": "layers", "diff_ids": []}}' docker_of none none:1
	ctr image import none
	run --separate-stderr -125 ctr run --rm none:1 /bin/sh
	[ "$stderr" = 'ctr: run: image none:1 has no layers: there is nothing in it that could run' ]
}

@test "a container whose documents make no sense can be ended, removed and cleared away" {
	for how in 'stop -t 1' kill 'rm -f'; do
		started broken -- sleep 600
		for f in container config; do echo '{' > "$CTR_ROOT/containers/broken/$f.json"; done
		# shellcheck disable=SC2086
		ctr $how broken
		[ "$how" = 'rm -f' ] || ctr rm broken
		[ ! -e "$CTR_ROOT/containers/broken" ]
	done
	started broken -- sleep 600
	started other -- sleep 600
	head -c $((4 << 20 | 1)) /dev/zero | tr '\0' ' ' > "$CTR_ROOT/containers/broken/container.json"
	kill -9 "$(ctr inspect --format json other | jq -r '.[0].pid')"
	ctr gc
	ctr stop -t 0 broken
	ctr rm broken other
}

@test "what could not be read again is not started" {
	long=$(printf '\1%.0s' {1..100000})
	flags=()
	for n in {1..8}; do flags+=(-l "l$n=$long"); done
	run --separate-stderr -125 box "${flags[@]}" --name large -- true
	[[ "$stderr" =~ 'larger than 4194304 bytes' ]]
	[ ! -e "$CTR_ROOT/containers/large" ]
}

@test "--dry-run does not refuse a user whose /etc/passwd is a link into another layer" {
	tar_of below 'file|usr/lib/passwd|ann:x:1000:1000::/:/bin/sh
'
	tar_of above 'link|etc/passwd|../usr/lib/passwd'
	tar_of without 'file|etc/passwd|bob:x:1001:1001::/:/bin/sh
'
	layout_of linked l:1 below above
	layout_of plain p:1 below without
	ctr image import linked linked:1
	ctr image import plain plain:1
	run -0 ctr run --dry-run -u ann linked:1 true
	run -125 ctr run --dry-run -u ann plain:1 true
	[[ "$output" == *"is not in the container's /etc/passwd"* ]]
}
