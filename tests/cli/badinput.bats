# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# What is wrong is refused in one line, with the right status, and leaves nothing.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

no() { refused 125 "$1" ctr run --rm --rootfs "$FS" "${@:2}" -- true; }

@test "flags that are not there" {
	no 'nosuch' --nosuch
	no 'nosuch' --nosuch=1
	no '-Z' -Z
	no 'rm' --rm=maybe
	refused 125 'name' ctr run --name
	refused 125 'volume|-v' ctr run -v
	for command in exec attach ps top diff cp logs stop kill rm wait inspect stats pause resume image info check gc; do
		refused 125 nosuch ctr $command --nosuch
	done
}

@test "a word with a slip in it is told the word that was meant" {
	local word hint
	while read -r word hint; do
		refused 125 "unknown (command|flag) " ctr ${word//|/ } x
		hinted "did you mean $hint\?\$"
	done <<- END
		runn ctr run
		exce ctr exec
		imgae ctr image
		inspekt ctr inspect
		run|--memry --memory
		run|--Memory --memory
		run|-memory --memory
		run|-memory=1m --memory
		run|-user --user
		run|-rm --rm
		run|-init --init
		ps|--al --all
		logs|--folow --follow
	END
	refused 125 "unknown command 'imprt'" ctr image imprt
	hinted 'did you mean ctr image import\?$'
	refused 125 "unknown flag '--forma'" ctr image ls --forma json
	hinted 'did you mean --format\?$'
	refused 125 'unknown command xyzzy' ctr xyzzy
	hinted 'ctr --help lists'
}

@test "what an import cannot take is told of the way there" {
	refused 125 'docker://alpine: open' ctr image import docker://alpine
	hinted 'skopeo copy docker://NAME'
	printf hsqs > squashed
	head -c 5000 /dev/zero >> squashed
	refused 125 'squashed: not a tar' ctr image import squashed
	hinted 'is unpacked first'
	refused 125 "unknown flag '-a'" ctr image rm -a
	hinted 'ctr image gc'
	run -1 ctr-oci create
	[ "$output" = 'ctr-oci: create: usage: ctr-oci create [OPTION…] ID' ]
	run -1 ctr-oci list x
	[ "$output" = 'ctr-oci: list: usage: ctr-oci list [OPTION…]' ]
}

@test "what the shell should have expanded is said" {
	local flag
	for flag in --volume=~/x:/x --env-file=~/x --rootfs=~ --cidfile=~/id --workdir=~/x; do
		no "begins with ~, which the shell has left" "$flag"
		hinted 'write .HOME'
	done
	no "'~/x' begins with ~" --mount 'type=bind,src=~/x,dst=/x'
	refused 125 "--root: '~/x' begins" ctr --root=~/x ps
	refused 125 "image: --root: '~/x' begins" ctr image --root=~/x ls
	refused 125 "--output: '~/x' begins" ctr image save --output=~/x busybox
	no 'not a name for a volume' -v '$HOME/x:/x'
	hinted 'single quotes'
	[ ! -e '~' ]
	run -0 ctr run --rm --rootfs "$FS" -e '~=1' -- env
	[[ "$output" == *'~=1'* ]]
}

@test "flags behind the image, and a -- too many" {
	run --separate-stderr ctr run --rm --rootfs "$FS" -- --
	[ "$status" -eq 125 ]
	hinted 'what follows the image is the command'
	refused 125 "the command cannot be '-it'" ctr run --rm --rootfs "$FS" -- -it
	hinted 'before the image'
	started box -- sleep 1000
	[ "$(ctr exec box -- echo hi)" = hi ]
	refused 125 'takes a container and a command' ctr exec box --
	ctr rm -f box
}

@test "commands that are not there" {
	refused 125 'unknown command nosuch' ctr nosuch
	hinted 'ctr --help'
	refused 125 'unknown flag --nosuch' ctr --nosuch
	run --separate-stderr -125 ctr
	run -0 ctr --help
	run -0 ctr help
	run -0 ctr --version
	[[ "$output" =~ ^ctr\ version\ [0-9]+\. ]]
}

@test "a directory that is not named is missed" {
	refused 125 '^ctr: --root needs a value$' ctr --root
	refused 125 '^ctr: --state needs a value$' ctr --root x --state
	refused 125 '^ctr: image: --root needs a value$' ctr image --root
}

@test "a directory that is not absolute is refused by the name that it was given" {
	refused 125 "^ctr: ps: --root must be an absolute path, not 'rel'" ctr --root rel ps
	refused 125 "^ctr: ps: --state must be an absolute path, not 'rel'" ctr --state rel ps
	refused 125 "^ctr: ps: CTR_ROOT must be an absolute path, not 'rel'" env CTR_ROOT=rel ctr ps
	refused 125 "^ctr: image: --root must be an absolute path, not 'rel'" ctr --root rel image ls
	refused 125 "^ctr: image: CTR_ROOT must be an absolute path, not 'rel'" env CTR_ROOT=rel ctr image ls
}

@test "a user is told that root is needed, also where the directories are the user's own" {
	local user=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/ctr")
	"${user[@]}" --version > /dev/null 2>&1 || skip "the build cannot be reached by others"
	chmod 700 "$BATS_TEST_TMPDIR"
	refused 125 'Permission denied$' "${user[@]}" --root "$BATS_TEST_TMPDIR/x" ps
	hinted 'only root can use ctr'
	refused 125 'Permission denied$' "${user[@]}" --root "$BATS_TEST_TMPDIR/x" image ls
	hinted 'only root can use ctr'
	local own
	own=$(mktemp -d /tmp/own.XXXXXX)
	chown 65534 "$own"
	run --separate-stderr "${user[@]}" --root "$own/r" --state "$own/s" run --rootfs / -- true
	rm -rf "$own"
	[ "$status" = 125 ]
	hinted 'only root can use ctr'
}

@test "help is asked for in front as well" {
	for command in run exec ps; do
		[ "$(ctr help $command)" = "$(ctr $command --help)" ]
	done
	[ "$(ctr help image)" = "$(ctr image --help)" ]
	[ "$(ctr help image build)" = "$(ctr image build --help)" ]
	refused 125 'unknown command nosuch' ctr help nosuch
	refused 125 'unknown command fsck' ctr help fsck
	hinted 'ctr image fsck'
}

@test "words of other tools are told the command of ours" {
	local word hint
	while read -r word hint; do
		refused 125 "unknown command $word\$" ctr $word x
		hinted "$hint"
	done <<- END
		fsck ctr image fsck
		images ctr image ls
		pull ctr image import
		build ctr image build
		rmi ctr image rm
		save ctr image save
		load ctr image import
		import ctr image import
		tag ctr image import
		commit ctr image import
		history ctr image inspect
		push ctr image save
		export ctr exec
		sh ctr exec
		enter ctr exec
		unpause ctr resume
		list ctr ps
		delete ctr rm
		remove ctr rm
		container ctr ps
		system ctr info
		search ctr image import
		login ctr image import
		compose ctr run
		pod ctr run
	END
}

@test "every command has help, and help makes nothing" {
	for command in run exec attach ps top diff cp logs stop kill rm wait inspect stats pause resume info check gc; do
		run --separate-stderr -0 ctr $command --help
		[[ "$output" =~ usage.*ctr\ $command ]]
		[ -z "$stderr" ]
	done
}

@test "docker's flags that we lack say what to use" {
	while read -r flag hint; do
		no "unknown flag" "$flag" 1
		hinted "$hint"
	done <<- END
		--link network
		--privileged --cap-add
		--gpus --device
		--storage-opt CTR_ROOT
		--blkio-weight --io-weight
		--log-driver logs
	END
}

@test "containerd's words are told which ctr this is" {
	for word in images containers tasks namespaces content snapshots leases; do
		refused 125 "unknown command $word" ctr $word ls
		hinted containerd
	done
	refused 125 'unknown flag -n' ctr -n k8s.io containers ls
	hinted containerd
	refused 125 pull ctr pull docker.io/library/busybox
	hinted 'ctr image'
}

@test "names" {
	for name in '' . .. a/b /abs -x 'a b' $'a\nb' $'a\e[2Jb' 'ü' "$(printf 'a%.0s' {1..300})" _x 'a:b' 'a%s'; do
		refused 125 'name|--name' ctr run --rm --name "$name" --rootfs "$FS" -- true
		# Nothing of the name reaches the terminal as it is.
		not grep -q $'\e' <<< "$stderr"
	done
	for name in . .. ../x /etc ''; do
		for command in stop kill rm wait pause inspect logs; do
			refused 125 "name|container" ctr $command -- "$name"
		done
	done
	[ -e "$CTR_ROOT/containers" ]
}

@test "hostnames, hosts and name servers" {
	no hostname -h 'a b'
	no hostname -h -x
	no hostname -h "$(printf 'a%.0s' {1..65})"
	no add-host --add-host x
	no add-host --add-host x:300.1.1.1
	no add-host --add-host $'x\ny:1.2.3.4'
	no dns --dns example.org
	no 'dns-search' --dns-search $'a\nb'
	no 'uts' --uts host -h x
	no 'init' --init --pid host
}

@test "namespaces, capabilities, signals, security" {
	no 'no network nosuch' --net nosuch
	no '--net' --net ''
	for flag in --pid --ipc --uts --userns --cgroupns --timens; do
		no "$flag.*nosuch" $flag nosuch
		no "$flag" $flag ''
	done
	no 'NOSUCH' --cap-add NOSUCH
	no 'NOSUCH' --cap-drop CAP_NOSUCH
	no 'NOSUCH' --stop-signal NOSUCH
	no '99' --stop-signal 99
	no 'nosuch' --security-opt nosuch
	no 'nosuch' --security-opt seccomp=nosuch
	no AppArmor --security-opt apparmor=x
	echo '{"defaultAction": "SCMP_ACT_NOSUCH"}' > seccomp.json
	no 'seccomp' --security-opt seccomp=seccomp.json
	echo '{broken' > seccomp.json
	no 'seccomp' --security-opt seccomp=seccomp.json
}

@test "volumes, mounts, environment, labels" {
	for v in '' x : a: :/b rela/tive:/b a:relative /a:relative /a:/b:nosuch /a:/b:ro:rw; do no '' -v "$v"; done
	for m in '' type=nosuch,target=/a target=/a,source type=bind,target=/a type=bind,source=/etc \
		type=tmpfs,source=/x,target=/y type=bind,source=/etc,target=/a,nosuch=1; do no mount --mount "$m"; done
	for t in relative / /a:nosuch /a:size=x; do no tmpfs --tmpfs $t; done
	no 'env' -e ''
	no 'env' -e =x
	no 'env-file' --env-file nosuch
	no 'env-file|env' --env-file /
	no label --label =x
	no annotation --annotation x
	printf 'A=\0\n' > env
	no env --env-file env
}

@test "roots" {
	refused 125 'nosuch.*No such file' ctr run --rm --rootfs nosuch -- true
	refused 125 'not a directory' ctr run --rm --rootfs /etc/passwd -- true
	mkdir empty
	refused 127 'true' ctr run --rm --rootfs empty -- true
	mkdir text && mkdir text/bin && echo hello > text/bin/true && chmod 755 text/bin/true
	refused 126 'true' ctr run --rm --rootfs text -- true
	# A program of another machine says so.
	cp -a "$FS" foreign
	python3 - <<- 'END'
		data = bytearray(open("foreign/bin/busybox", "rb").read())
		data[18:20] = (243).to_bytes(2, "little")
		open("foreign/bin/busybox", "wb").write(data)
	END
	refused 126 'riscv|RISC-V|machine' ctr run --rm --rootfs foreign -- true
	# So does a program whose loader is missing.
	cp -a "$FS" loaderless
	cp /bin/ls loaderless/bin/ls2
	run --separate-stderr box --rootfs loaderless -- ls2
	[ "$status" -eq 127 ] || [ "$status" -eq 126 ]
	[[ "$stderr" =~ ld-linux ]]
}

@test "images" {
	refused 125 'nosuch' ctr run --rm nosuch true
	for name in '' / ../x 'a b' $'a\nb' UPPER@x -- ; do
		run --separate-stderr -125 ctr run --rm "$name" true
		[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ]
	done
}

@test "stores that cannot be used" {
	: > file
	refused 125 'file' ctr --root file run --rm --rootfs "$FS" -- true
	refused 125 'file' ctr --state file run --rm --rootfs "$FS" -- true
	refused 125 '/proc/nosuch' ctr --root /proc/nosuch run --rm --rootfs "$FS" -- true
	[ "$(CTR_ROOT=$PWD/new/root CTR_STATE=$PWD/new/state ctr run --rm --rootfs "$FS" -- echo hi)" = hi ]
	[ "$(stat -c %a new/root new/state | xargs)" = '700 700' ]
	[ "$(ctr --root "$PWD/other/root" --state "$PWD/other/state" run --rm --rootfs "$FS" -- echo hi)" = hi ]
}

@test "damaged records are told of, and do not stop the others" {
	mkdir "$CTR_ROOT/containers/hurt" "$CTR_STATE/hurt2"
	echo '{broken' > "$CTR_ROOT/containers/hurt/container.json"
	echo '{broken' > "$CTR_STATE/hurt2/record.json"
	started fine -- sleep 60
	run timeout 20 ctr ps -a
	[[ "$output" =~ fine ]]
	run timeout 20 ctr gc
	alive "$(payload fine)"
	timeout 20 ctr rm -f fine
	run timeout 20 ctr rm -f hurt
	rm -rf "$CTR_ROOT/containers/hurt" "$CTR_STATE/hurt2"
}

@test "what a loss of power has left blank is gone with gc, and hinders nothing" {
	local name
	for name in empty zeros; do
		mkdir -p "$CTR_ROOT/containers/$name/upper"
		: > "$CTR_ROOT/containers/$name/config.json"
	done
	: > "$CTR_ROOT/containers/empty/container.json"
	head -c 300 /dev/zero > "$CTR_ROOT/containers/zeros/container.json"
	run -0 --separate-stderr ctr image gc
	[ -z "$stderr" ]
	run -0 --separate-stderr ctr ps -a
	[ -z "$stderr" ]
	run -0 --separate-stderr ctr gc
	[ -z "$stderr" ]
	[ -z "$(containers)" ]
	# Of one that is known, only the configuration is missing.
	ctr run --name known --rootfs "$FS" -- true
	: > "$CTR_ROOT/containers/known/config.json"
	run -0 ctr inspect known
	ctr gc
	[ "$(jq -r '.[0].config' <<< "$output")" = null ]
	ctr rm known
}

@test "commands on nothing" {
	for command in stop kill rm wait pause resume; do
		refused 125 'one or more' ctr $command
		refused 125 'no container nosuch' ctr $command nosuch
	done
	refused 125 'one container' ctr attach
	refused 125 'gc takes no words' ctr gc x
}
