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
	refused 125 'unknown flag --ip$' ctr run --ip 10.0.0.2 --rootfs "$FS" -- true
	hinted --net
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
	for command in run exec ps rm logs inspect stop kill wait attach stats pause resume top diff cp; do
		flags[$command]=$(ctr $command --help | sed -n '/^flags:/,$p' |
			grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' | tr -c 'A-Za-z-' '[ *]')' '
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

@test "values that are no values of ours are told what there is instead" {
	while IFS='|' read -r words hint; do
		refused 125 '' ctr $words
		hinted "$hint"
	done <<- END
		run --network bridge x|the host's own network
		run --network container:box x|ctr exec
		run --pid container:box x|ctr exec
		run --userns keep-id x|volume
		run --add-host a:host-gateway x|127.0.0.1
		run --pull never x|leave it out
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
