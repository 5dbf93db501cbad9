# shellcheck shell=bash
# Flags are those of the help, whole; those of docker and podman are taken, or told what to use instead.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "a flag is not shortened" {
	local flag
	for flag in --lab --rootf --inte --timeo --pids-lim --secur --security --memor --hel; do
		refused 125 "unknown flag $flag\$" ctr run --rm --rootfs "$FS" $flag 5 -- true
		refused 125 "unknown flag $flag\$" ctr run --rm --rootfs "$FS" $flag=5 -- true
	done
	# Not as the last word either, where a value would be missing.
	refused 125 'unknown flag --tim$' ctr run --tim
	refused 125 'unknown flag --fol$' ctr logs --fol x
	refused 125 'unknown flag --fol$' ctr logs x --fol
	refused 125 'unknown flag --sig$' ctr kill --sig KILL x
	refused 125 'unknown flag --al$' ctr ps --al
	refused 125 'unknown flag --hel$' ctr ps --hel
	refused 125 'unknown flag --help$' ctr ps --help=x
	refused 125 'unknown flag -H$' ctr ps -H
	refused 125 "unknown flag '--tes'" ctr image build --tes x
	run -1 ctr-oci delete --forc x
	[[ $output == *'unknown option --forc'* ]]
}

@test "a flag that begins like one of ours is not taken for it" {
	refused 125 'unknown flag --publi$' ctr run --publi 80 --rootfs "$FS" -- true
	hinted --publish
	refused 125 'unknown flag --log$' ctr run --log none --rootfs "$FS" -- true
	refused 125 'unknown flag --time$' ctr run --time busybox --rootfs "$FS" -- true
}

@test "the value of a letter may stand behind =" {
	run -0 ctr run --rm --rootfs "$FS" -w=/tmp -e=A=1=2 -u=7:8 -- sh -c 'echo "$PWD $A $(id -u)"'
	[ "$output" = '/tmp 1=2 7' ]
	# Only one of them, and only behind a letter.
	refused 125 "'=A' is not of the form" ctr run --rm --rootfs "$FS" -e==A -- true
	refused 125 "'=A' is not of the form" ctr run --rm --rootfs "$FS" -e =A -- true
	refused 125 'a letter that takes no value' ctr run --rm --rootfs "$FS" -t=false -- true
	refused 125 "'=/x' is not an absolute path" ctr run --rm --rootfs "$FS" -w =/x -- true
	refused 125 "'=x' is not an image name" ctr image import "$FS" =x
	ctr image import -q "$FS" small
	ctr image save -o=small.tar small
	[ -s small.tar ]
	ctr image rm small
}

@test "--pids is --pids-limit" {
	# Refused where the host has no such controller, but printed.
	run ctr run --dry-run --rootfs "$FS" --pids 77 -- true
	[[ $output == *"pids.max = 77"* ]]
	refused 125 '^ctr: run: --pids:.*abc' ctr run --pids abc --rootfs "$FS" -- true
}

# Into flags[COMMAND]: each flag of the command, with blanks around.
learn_flags() {
	local command
	for command in run exec ps rm start restart logs inspect stop kill wait attach stats pause resume top diff cp update; do
		flags[$command]=$(ctr $command --help | sed -n '/^flags:/,$p' |
			grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | tr -c 'A-Za-z0-9-' '[ *]')' '
	done
}

# The flag is ours, or there is a hint that says more than where to read, and names flags that are there.
is_answered() {
	local command=$1 flag=$2 said word known
	[[ ${flags[$command]} != *" $flag "* ]] || return 0
	if said=$(ctr "$command" "$flag" 2>&1 < /dev/null); then return 1; fi
	[[ $said == "ctr: $command: unknown flag $flag"$'\n'"hint: "* && $said != *"lists the flags"* ]] || return
	said=${said#*hint: } known=${flags[$command]}
	for word in $(grep -oE 'ctr [a-z]+' <<< "$said" | cut -c5-); do known+=${flags[$word]-}; done
	for word in $said; do
		word=${word%%[,:;]*}
		[[ $word != --* || $known == *" $word "* ]] || return
	done
}

@test "each flag of docker and podman is taken, or told what to use instead" {
	local tool command names name bad=0 seen=0
	local -A flags
	learn_flags
	while read -r tool command names; do
		[ "$tool" != '#' ] || continue
		[ "$command" != unpause ] || command=resume
		for name in $names; do
			seen=$((seen + 1))
			is_answered "$command" "$name" || { echo "$tool $command $name: no answer" && bad=$((bad + 1)); }
		done
	done < "$BATS_TEST_DIRNAME/flags.list"
	[ $seen -gt 350 ]
	[ $bad -eq 0 ]
}

@test "what docker and podman take, with the same meaning" {
	local value
	for value in --rm=false --dns-opt=ndots:2 --security-opt=seccomp:unconfined --security-opt=label:disable \
		--security-opt=no-new-privileges:false --network=none --pids-limit=0 -lA --label=A=B -eHOME --entrypoint=; do
		run -0 ctr run --dry-run "$value" --rootfs "$FS" -- true
	done
	run -0 ctr run --rm --security-opt seccomp:unconfined --rootfs "$FS" -- sed -n 's/^Seccomp:.//p' /proc/self/status
	[ "$output" = 0 ]
	started box -- sleep 1000
	[ "$(ctr ps -q --filter ancestor=nosuch)" = '' ]
	run -0 ctr stop --timeout 0 box
	ctr rm box
}

@test "run: labels of a file, below those that are given; variables of the host, below those that are given" {
	printf '# none\n\n  a=file \r\nb=file\nc\n' > labels
	printf 'b=second\nd=x=y\n' > more
	ctr create --name box -l a=flag --label-file labels --label-file more --rootfs "$FS" -- true > id
	[ "$(ctr inspect box | jq -cS '.[0].labels')" = '{"a":"flag","b":"second","c":"","d":"x=y"}' ]
	ctr rm box
	printf 'a=1\n=x\n' > wrong
	refused 125 'label-file wrong:2' ctr run --label-file wrong --rootfs "$FS" -- true
	refused 125 'label-file: open gone' ctr run --label-file gone --rootfs "$FS" -- true
	run -0 env -i "PATH=$PATH" "CTR_ROOT=$CTR_ROOT" "CTR_STATE=$CTR_STATE" ONE='a b' TWO=host ctr run --rm --env-host -e TWO=given --rootfs "$FS" -- \
		sh -c 'echo "$ONE $TWO"'
	[ "$output" = 'a b given' ]
	run -0 env ONE=a ctr run --rm --rootfs "$FS" -- sh -c 'echo "$ONE"'
	[ -z "$output" ]
}

@test "run --replace: the one that has the name is removed, once all else makes sense" {
	refused 125 '--replace needs a --name' ctr run --replace --rootfs "$FS" -- true
	run -0 ctr run --replace --name box --rootfs "$FS" -- true
	started other -- sleep 1000
	ctr run -d --replace --name box --rootfs "$FS" -- sleep 1000 > id
	[ "$(ctr inspect -f '{{.id}}' box)" = "$(cat id)" ]
	refused 125 'nosuch' ctr run --replace --name box -v nosuch/x:/y --rootfs "$FS" -- true
	[ "$(ctr inspect -f '{{.id}}' box)" = "$(cat id)" ]
	run -0 ctr run --dry-run --replace --name box --rootfs "$FS" -- true
	[ "$(ctr inspect -f '{{.id}} {{.State.Running}}' box)" = "$(cat id) true" ]
	# The beginning of its id is not its name.
	run -0 ctr run --rm --replace --name "$(cut -c1-12 id)" --rootfs "$FS" -- echo there
	[ "$output" = there ]
	run -0 ctr run --rm --replace --name box --rootfs "$FS" -- echo there
	[ "$output" = there ]
	[ "$(ctr ps -a --format '{{.Names}}')" = other ]
	ctr rm -f other
}

@test "run --pull, --platform: what is here, or refused" {
	tar -C "$FS" -c . | ctr image import - flags-box > /dev/null
	local arch
	arch=$(ctr image inspect flags-box | jq -r .architecture)
	for flag in --pull=never --pull=missing --platform=linux/$arch --platform=linux --platform=$arch; do
		run -0 ctr run --rm "$flag" flags-box true
	done
	refused 125 "is not what the image is for: linux/$arch" ctr run --rm --platform linux/other flags-box true
	refused 125 'is not of Linux' ctr run --rm --platform windows/$arch flags-box true
	refused 125 'not of --rootfs' ctr run --rm --platform linux/$arch --rootfs "$FS" -- true
	ctr image rm flags-box > /dev/null
}

@test "docker's rates of disks are those of --io-max" {
	run ctr run --dry-run --device-read-bps 8:0:1m --device-write-bps 8:0:2m --device-read-iops 8:0:3 --device-write-iops 8:0:4 \
		--rootfs "$FS" -- true
	[[ $output == *'8:0 rbps=1048576 wbps=2097152 riops=3 wiops=4'* ]]
	refused 125 '--device-read-bps' ctr run --device-read-bps 8:0 --rootfs "$FS" -- true
	refused 125 'not a block device' ctr run --device-read-bps /dev/null:1m --rootfs "$FS" -- true
}

@test "inspect and ps know the names that docker's templates have" {
	ctr run -d --name box -l job=7 -w /tmp --hostname host --rootfs "$FS" -- sleep 1000 > id
	[ "$(ctr inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.ExitCode}}' box)" = 'running true false 0' ]
	[ "$(ctr inspect -f '{{.State.Pid}}' box)" = "$(ctr inspect box | jq .[0].pid)" ]
	[ "$(ctr inspect -f '{{.Id}} {{.Name}} {{index .Config.Labels "job"}} {{json .Config.Cmd}}' box)" = "$(cat id) box 7 [\"sleep\",\"1000\"]" ]
	[ "$(ctr inspect -t container -f '{{.Config.Hostname}} {{.Config.WorkingDir}} {{.Config.Tty}} {{.HostConfig.AutoRemove}} {{.RestartCount}}' box)" = 'host /tmp false false 0' ]
	# Ours have the same letters.
	[ "$(ctr inspect -f '{{.config.hostname}}' box)" = host ]
	[ "$(ctr ps --format '{{.ID}} {{.Names}} {{.State}}')" = "$(cat id) box running" ]
	ctr kill box
	[ "$(ctr inspect -f '{{.State.Running}} {{.State.ExitCode}} {{.State.Pid}} {{.State.OOMKilled}}' box)" = 'false 137 0 false' ]
	run -0 ctr inspect box
	[[ $output != *'"State"'* ]]
	ctr rm box
}

@test "values that are no values of ours are told what there is instead" {
	while IFS='|' read -r words hint; do
		refused 125 '' ctr $words
		hinted "$hint"
	done <<- END
		run --network pasta x|--net nat
		run --network container:nobody --rootfs / x|ctr ps -a
		run --pid container:box x|ctr exec
		run --userns keep-id x|volume
		run --net none --add-host a:host-gateway --rootfs / x|--net nat
		run --pull always x|ctr image import
		inspect --type image x|ctr image inspect
		create --publish 80:80 --net host --rootfs / x|one of the host already
		create --link a:b x|ctr network create
		kill -9 box|-s KILL
		kill -KILL box|-s KILL
		rm -f|xargs -r ctr rm
		ps --filter network=none|ancestor
		image ls -a|leave it out
		image ls --digests|json
		image ls --filter x=y|jq
		image build -t x .|RECIPE:TAG
	END
}

@test "what is said of names is in the container, without a network too" {
	run -0 ctr run --rm --dns-option ndots:2 --dns-search a.b --rootfs "$FS" -- cat /etc/resolv.conf
	[ "$output" = $'search a.b\noptions ndots:2' ]
	run -0 ctr run --rm --uts host --add-host box:1.2.3.4 --rootfs "$FS" -- cat /etc/hosts
	[[ "$output" == *1.2.3.4*box* ]]
}

@test "an advice is for its command only" {
	local command flag
	while read -r command flag; do
		refused 125 "unknown flag $flag\$" ctr $command $flag
		hinted "ctr $command --help lists the flags\$"
	done <<- END
		stats -p
		exec --restart
		exec -P
		logs --publish
		rm --gpus
	END
	refused 125 'unknown flag --privileged' ctr exec --privileged
	hinted 'ctr run --cap-add'
	refused 125 'unknown flag -a' ctr stats -a
	hinted 'ended'
}
