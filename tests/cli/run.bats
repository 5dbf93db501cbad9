# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr run: what goes in, what comes out, and how it ends.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "the command's exit status is ctr's, all 256 of them" {
	for n in 0 1 2 63 64 123 124 125 126 127 128 129 137 254 255; do
		run -"$n" box -- sh -c "exit $n"
	done
	run -0 box -- sh -c 'exit 256'
}

@test "all other statuses too" {
	for n in {0..255}; do
		status=0
		box -- sh -c "exit $n" || status=$?
		[ "$status" -eq "$n" ]
	done
}

@test "127 for a command that is not there, 126 for one that cannot run" {
	refused 127 'nosuch.*not found' ctr run --rm --rootfs "$FS" -- nosuch
	refused 127 '/bin/nosuch' ctr run --rm --rootfs "$FS" -- /bin/nosuch
	refused 126 '/etc/passwd' ctr run --rm --rootfs "$FS" -- /etc/passwd
	refused 126 '/tmp' ctr run --rm --rootfs "$FS" -- /tmp
}

@test "126 for a program that wants a newer kernel, with what it wants and what there is" {
	# What glibc puts into a program: name "GNU", type 1, Linux, three numbers.
	abi_program() {
		cat > program.c <<-END
			__attribute__((section(".note.ABI-tag,\"a\",@note#"), used)) static const unsigned note[] = {
				4, 16, 1, 0x00554e47, 0, $1, $2, 0};
			void _start(void)
			{
				__builtin_trap();
			}
		END
		gcc -static -nostdlib -o "$3" program.c
	}
	cd "$BATS_TEST_TMPDIR"
	mkdir programs
	abi_program 9 2 programs/newer
	abi_program 3 2 programs/older
	refused 126 "/programs/newer: it was built for Linux 9\.2\.0 or later, this host runs $(uname -r)$" \
		ctr run --rm --rootfs "$FS" -v "$PWD/programs:/programs" -- /programs/newer
	hinted "the kernel of its host"
	run ctr run --rm --rootfs "$FS" -v "$PWD/programs:/programs" -- /programs/older
	[ "$status" -gt 128 ]
}

@test "125 when ctr itself cannot" {
	refused 125 'nosuch' ctr run --rm --rootfs nosuch -- true
	refused 125 'no command' ctr run --rm --rootfs "$FS"
	hinted 'ctr run --rootfs DIR -- COMMAND'
	refused 125 'no image' ctr run --rm
	refused 125 nosuch ctr run --rm nosuch:image true
}

@test "128 + n when a signal killed it" {
	run -137 box -- sh -c 'kill -KILL $$; sleep 5 & kill -KILL $!; wait $!; exit $?'
	run -143 box -- sh -c 'sleep 50 & kill -TERM $!; wait $!'
	run -139 box --init -- sh -c 'kill -SEGV $$'
	run -134 box --init -- sh -c 'kill -ABRT $$'
}

@test "standard input is empty without -i and passed on with it" {
	[ "$(echo hello | box -i -- cat)" = hello ]
	[ "$(echo hello | box -- cat)" = "" ]
	[ "$(box -- readlink /proc/self/fd/0 < "$FS/etc/passwd")" = /dev/null ]
	[ "$(head -c 3000000 /dev/zero | box -i -- wc -c)" -eq 3000000 ]
	# Without -i nothing is taken; with it, what is read ahead is gone, as it goes through a pipe.
	[ "$( (box -- true; cat) <<< 12345)" = 12345 ]
	[ "$(box -i -- dd bs=1 count=2 2> /dev/null <<< 12345)" = 12 ]
}

@test "standard output and standard error stay apart" {
	run --separate-stderr box -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	box -- cat /bin/busybox | cmp - "$FS/bin/busybox"
	box -- head -c 5000000 /dev/zero > zeros
	[ "$(stat -c %s zeros)" -eq 5000000 ]
}

@test "a reader who goes away ends the writer" {
	box --init -- yes | head -n1 | grep -qx y
}

@test "--entrypoint goes before the words" {
	[ "$(box --entrypoint echo -- a 'b  c')" = 'a b  c' ]
	[ "$(box --entrypoint /bin/echo -- -n x)" = x ]
}

@test "flags end at the first word, or at --" {
	[ "$(ctr run --rm --rootfs "$FS" echo --rm -d)" = '--rm -d' ]
	[ "$(ctr run --rm --rootfs="$FS" -- echo -i)" = -i ]
	[ "$(ctr run --rm --rootfs "$FS" -eA=1 -e B=2 --env=C=3 sh -c 'echo $A$B$C')" = 123 ]
}

@test "variables: -e KEY=VALUE, -e KEY from ours, --env-file, in this order" {
	printf '%s\n' '# a comment' '' 'A=file' 'B=two words' 'FROM_HOST' 'E=' > env
	export FROM_HOST=mine UNASKED=secret
	run -0 box -e A=flag --env-file env -e C -e GONE_HERE -e 'D=a=b' -- env
	grep -qx 'A=flag' <<< "$output"
	grep -qx 'B=two words' <<< "$output"
	grep -qx 'FROM_HOST=mine' <<< "$output"
	grep -qx 'D=a=b' <<< "$output"
	grep -qx 'E=' <<< "$output"
	not grep -q UNASKED <<< "$output"
	not grep -q '^C' <<< "$output"
	not grep -q GONE_HERE <<< "$output"
	[ "$(grep -c ^A= <<< "$output")" -eq 1 ]
	grep -qx 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' <<< "$output"
	[ "$(box -e PATH=/nowhere:/bin -- sh -c 'echo $PATH')" = /nowhere:/bin ]
	run -127 box -e PATH=/nowhere -- true
}

@test "nothing of our environment comes along" {
	run -0 env -i PATH="$PATH" CTR_ROOT="$CTR_ROOT" CTR_STATE="$CTR_STATE" SECRET=1 \
		ctr run --rm --rootfs "$FS" -- env
	not grep -qE 'SECRET|CTR_' <<< "$output"
	run -0 box --userns host -- env
	not grep -q CTR_ <<< "$output"
}

@test "-w is where it starts, and is made if it is missing" {
	[ "$(box -- pwd)" = / ]
	[ "$(box -w /etc -- pwd)" = /etc ]
	[ "$(box -w /new/deep -- sh -c 'pwd; stat -c %u:%g .' | xargs)" = '/new/deep 0:0' ]
	[ ! -e "$FS/new" ]
	refused 125 "--workdir.*'etc'.*absolute" ctr run --rm --rootfs "$FS" -w etc -- pwd
	run ! box -w /etc/passwd -- pwd
}

@test "-u takes names and numbers, of users and of groups" {
	[ "$(box -u ann -- sh -c 'id -u; id -g; id -G; echo $HOME' | xargs)" = '1000 1000 1000 6 /home/ann' ]
	[ "$(box -u 1000 -- sh -c 'id -u; id -g; id -G' | xargs)" = '1000 1000 1000 6' ]
	[ "$(box -u ann:video -- sh -c 'id -u; id -g' | xargs)" = '1000 44' ]
	[ "$(box -u 7:8 -- sh -c 'id -u; id -g; id -G' | xargs)" = '7 8 8' ]
	[ "$(box -u 65534 -- id -u)" = 65534 ]
	[ "$(box -- sh -c 'id -u; id -G; echo $HOME' | xargs)" = '0 0 /root' ]
	refused 125 nobody-here ctr run --rm --rootfs "$FS" -u nobody-here -- id
	refused 125 nogroup-here ctr run --rm --rootfs "$FS" -u ann:nogroup-here -- id
}

@test "a user number is no minus, no blank, and not above 2^32 - 2" {
	for u in -1 4294967295 4294967296 18446744073709551616 ' 1' 1. 0x10 1:; do
		run --separate-stderr -125 box -u "$u" -- id
		[ -z "$output" ]
	done
}

@test "--group-add adds groups by name and number" {
	[ "$(box -u ann --group-add video --group-add 77 -- id -G | tr ' ' '\n' | sort -n | xargs)" = \
		'6 44 77 1000' ]
	refused 125 nosuch ctr run --rm --rootfs "$FS" --group-add nosuch -- id
}

@test "an ordinary user has no capabilities, and root has its eleven" {
	[ "$(box -u ann -- sed -n 's/^CapEff:\t//p' /proc/self/status)" = 0000000000000000 ]
	[ "$(box -- sed -n 's/^CapEff:\t//p' /proc/self/status)" = 00000000800405fb ]
}

@test "-h sets the hostname; without it, it is the beginning of the id" {
	[ "$(box -h web.example.org -- hostname)" = web.example.org ]
	[ "$(box -h web -- cat /etc/hostname)" = web ]
	local longest=$(printf %064d 1)
	[ "$(box -h "$longest" -- hostname)" = "$longest" ]
	refused 125 'longer than 64 bytes' ctr run --rm --rootfs "$FS" -h "$longest"1 -- true
	[[ "$(box --cidfile id -- hostname)" =~ ^[0-9a-f]{12}$ ]]
	[[ "$(cat id)" =~ ^[0-9a-f]{64}$ ]]
}

@test "--init reaps orphans and passes the status and signals on" {
	run -7 box --init -- sh -c 'exit 7'
	[ "$(box --init -- sh -c 'tr "\0" " " < /proc/1/cmdline; echo; echo $$')" != "" ]
	[ "$(box --init -- sh -c '[ $$ -ne 1 ] && echo other')" = other ]
	# Ten orphans end; none may stay, as a zombie or otherwise, beside the init and the shell.
	run -0 timeout 60 ctr run --rm --init --rootfs "$FS" -- sh -c 'for i in 0 1 2 3 4 5 6 7 8 9; do (true & true) & done; wait
		while set -- /proc/[0-9]*; [ $# -gt 2 ]; do sleep .05; done; echo $#'
	[ "$output" = 2 ]
	run -143 box --init -- sh -c 'kill -TERM $$'
}

@test "without --init the command is process 1" {
	[ "$(box -- sh -c 'echo $$')" = 1 ]
}

@test "--cidfile gets the id and must not exist" {
	[ "$(box --cidfile id -- echo x)" = x ]
	[[ "$(cat id)" =~ ^[0-9a-f]{64}$ ]]
	refused 125 'cidfile.*exists' ctr run --rm --rootfs "$FS" --cidfile id -- true
	[ "$(stat -c %a id)" = 644 ]
	rm id
	(umask 007 && box --cidfile id -- true)
	[ "$(stat -c %a id)" = 660 ]
	rm id
	refused 127 nosuch ctr run --rm --rootfs "$FS" --cidfile id -- nosuch
	[ ! -e id ]
}

@test "--timeout kills it and ctr answers 124" {
	# 124 is also what timeout(1) has, which says nothing.
	run --separate-stderr -124 timeout 60 ctr run --rm --rootfs "$FS" --timeout 300ms -- \
		sh -c 'trap "" TERM; sleep 600 & wait; sleep 600'
	[[ "$stderr" =~ timeout ]]
	run -3 box --timeout 60s -- sh -c 'exit 3'
	started timed --timeout 300ms -- sleep 600
	[ "$(timeout 60 ctr wait timed)" = 124 ]
}

@test "--die-with-parent ends it when the starter ends" {
	timeout 30 sh -c 'ctr run --rm --name orphan --die-with-parent --rootfs "$FS" -- sleep 600 3>&- &
		until grep -qs running "$CTR_STATE/orphan/record.json"; do sleep .05; done' > /dev/null 2>&1
	until_true "it is gone" test ! -e "$CTR_STATE/orphan"
	refused 125 "does not go with" ctr run -d --die-with-parent --rootfs "$FS" -- true
}

@test "--dry-run prints the plan and makes nothing" {
	run -0 box --dry-run --name plan -v /srv:/data:ro -e A=b -w /etc -- echo 'hi there'
	[[ "$output" =~ (^|$'\n')"name      plan"$'\n' ]]
	grep -qE '^mount +bind /srv -> /data ro' <<< "$output"
	grep -qE '^ids +0..65535' <<< "$output"
	grep -qE '^exec +echo hi there$' <<< "$output"
	grep -qE '^env +A=b$' <<< "$output"
	[ -z "$(containers)" ]
	[ "$(host_groups | comm -23 - "$BATS_FILE_TMPDIR/groups.before" | wc -l)" -eq 0 ] || skip \
		"others make cgroups at the moment"
}

@test "--dry-run refuses what can be found without making anything" {
	started taken sleep 600
	local word
	dried() { run --separate-stderr ctr run --dry-run --rootfs "$FS" "$@" -- true; }
	dried --name taken
	[ "$status" = 125 ] && [[ "$stderr" =~ 'the name taken is already in use' ]]
	[[ "$stderr" == *'ctr rm taken (-f while it runs)'* ]]
	dried -u nobodyx
	[ "$status" = 125 ] && [[ "$stderr" =~ "is not in the container's /etc/passwd" ]]
	dried --mount type=bind,source=/missing,target=/x
	[ "$status" = 125 ] && [[ "$stderr" =~ 'cannot mount /missing: No such file' ]]
	dried --cpuset-cpus 7777
	[ "$status" = 125 ] && [[ "$stderr" =~ 'cannot keep to CPUs 7777' ]]
	if ! grep -qw memory "${GROUPS_AT%/ctr}/cgroup.controllers"; then
		dried -m 1g
		[ "$status" = 125 ] && [[ "$stderr" =~ 'has no memory controller' ]]
	fi
	for word in ann ann:ann 1234:5; do
		dried -u "$word"
		[ "$status" = 0 ]
	done
	dried -v "$PWD/made:/x"
	[ "$status" = 0 ] && [ ! -e made ]
}

@test "labels are kept, a flag's over the image's" {
	started labelled -l a=1 --label b -- true
	ctr wait labelled
	run -0 ctr inspect labelled
	python3 -c 'import json,sys; t=sys.argv[1]; json.loads(t); assert "\"a\"" in t' "$output"
	ctr rm labelled
}

@test "--read-only: the root cannot be written, /dev/shm and tmpfs can" {
	run ! box --read-only -- touch /x
	[[ "$output" =~ "Read-only file system" ]]
	run ! box --read-only -- touch /etc/x
	run -0 box --read-only --tmpfs /tmp -- sh -c 'touch /tmp/x /dev/shm/x'
	run -0 box --read-only -- cat /etc/hosts
}

@test "--volatile and the default both keep what is written until the end" {
	[ "$(box --volatile -- sh -c 'echo x > /f; sync; cat /f')" = x ]
	[ "$(box -- sh -c 'echo x > /f; sync; cat /f')" = x ]
	[ ! -e "$FS/f" ]
}

@test "writing and deleting in the container leaves the directory below as it was" {
	find "$FS" -printf '%p %y %m %U:%G %T@ %s %n\n' | sort > before
	box -- sh -c 'echo x > /etc/passwd; rm -r /home; mkdir /home; touch /bin/busybox; chown 5:5 /root
		mv /etc/group /g; ln /bin/busybox /bb; chmod 777 /tmp'
	find "$FS" -printf '%p %y %m %U:%G %T@ %s %n\n' | sort | diff before -
}

@test "of many who run one name at once, exactly one wins" {
	for round in 1 2 3; do
		for n in {1..20}; do
			(if ctr run -d --name same --rootfs "$FS" -- sleep 60 > out.$n 2> err.$n 3>&-; then
				echo won; fi) > won.$n &
		done
		wait
		[ "$(cat won.* | wc -l)" -eq 1 ]
		[ "$(cat err.* | grep -c 'the name same is already in use')" -eq 19 ]
		[ "$(cat err.* | grep -vc '^hint: ')" -eq 19 ]
		ctr rm -f same
	done
}

@test "a name is free again after --rm, and taken without" {
	box --name again -- true
	box --name again -- true
	ctr run --name again --rootfs "$FS" -- true
	refused 125 'again' ctr run --rm --name again --rootfs "$FS" -- true
	ctr rm again
	box --name again -- true
}

# A shell without job control has what it starts in the background ignore INT and QUIT.
@test "Ctrl-C ends a sleep, a program without a handler, with 130" {
	env --default-signal=INT ctr run --rm --name sleeper --rootfs "$FS" -- sleep 60 3>&- &
	pid=$!
	until_true "it runs" running sleeper
	kill -INT $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 130 ]
}

@test "signals reach a handler, and the status is the handler's" {
	for sig in TERM INT HUP USR1 USR2 QUIT ALRM VTALRM PROF XCPU IO PWR; do
		env --default-signal=INT,QUIT ctr run --rm --rootfs "$FS" -- sh -c "trap 'echo got $sig; exit 42' $sig; echo ready; while :; do sleep .05; done" \
			> out.$sig 3>&- &
		pid=$!
		until_true "it is ready" grep -q ready out.$sig
		kill -$sig $pid
		status=0
		wait $pid || status=$?
		[ "$status" -eq 42 ]
		grep -qx "got $sig" out.$sig
	done
}

@test "an image of a directory runs by its name" {
	ctr-image import "$FS" plain
	[ "$(ctr run --rm plain echo hello)" = hello ]
	refused 125 'no command' ctr run --rm plain
	hinted 'the image names none'
	ctr-image rm plain
	refused 125 plain ctr run --rm plain echo hello
}

@test "an image's environment, command, directory and user are heeded, and can be replaced" {
	image_of app '{"Env": ["PATH=/bin", "GREETING=hello", "A=image"], "Entrypoint": ["/bin/sh", "-c"],
		"Cmd": ["echo $GREETING $A $(id -u) $(pwd)"], "WorkingDir": "/srv/app", "User": "ann",
		"Labels": {"from": "image"}}'
	[ "$(ctr run --rm app)" = 'hello image 1000 /srv/app' ]
	[ "$(ctr run --rm -e A=flag -u 0 -w /etc app)" = 'hello flag 0 /etc' ]
	[ "$(ctr run --rm app 'echo other')" = other ]
	[ "$(ctr run --rm --entrypoint echo app other)" = other ]
	refused 125 'no command' ctr run --rm --entrypoint '' app
	ctr-image rm app
}

@test "an image in use by a container cannot lose its layers" {
	ctr-image import "$FS" used
	ctr run -d --name user used sleep 60
	ctr-image rm used || :
	ctr-image gc || :
	ctr exec user cat /etc/passwd | grep -q ann
	ctr rm -f user
	ctr-image rm used || :
}
