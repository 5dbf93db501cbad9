# The completions of contrib/completions, in real shells: what they offer at each place of a line.

load helpers

COMPLETIONS=$BATS_TEST_DIRNAME/../../contrib/completions

# Containers of each state, images, volumes and files; nobody changes them.
setup_file() {
	file_setup
	mkdir image recipes recipes/some-recipe at at/a-folder
	: > at/a-file
	printf '#!/bin/sh\n' > recipes/some-recipe/recipe
	chmod +x recipes/some-recipe/recipe
	export CTR_RECIPES=$PWD/recipes
	head -c 10k /dev/zero > image/file
	ctr image import image some-image > /dev/null
	ctr create --name is-created --rootfs "$FS" true > /dev/null
	ctr run --name is-exited --rootfs "$FS" true
	started is-running -- sleep 1000
	started is-paused -- sleep 1000
	ctr pause is-paused > /dev/null
	ctr volume create some-volume > /dev/null
}
teardown_file() {
	ctr rm -f is-created is-exited is-running is-paused > /dev/null
	ctr volume rm some-volume > /dev/null
	ctr image rm some-image > /dev/null
	nothing_left
}

# Lines "TYPED => SHOWN" on standard input: typed at SHELL; "TYPED =>" when nothing is to be offered.
completes() {
	local typed=() shown=() line
	while read -r line; do
		typed+=("$(sed 's/ =>.*//; s/_$//' <<< "$line")")
		shown+=("$(sed 's/.*=> *//; t; d' <<< "$line")")
	done
	cd "$BATS_FILE_TMPDIR/at" || return
	run -0 "$BATS_TEST_DIRNAME/complete.py" "$1" "$COMPLETIONS" "${typed[@]}"
	local i bad=0
	for i in "${!typed[@]}"; do
		[ -n "${shown[i]}" ] || shown[i]=$(sed 's/ $//' <<< "${typed[i]}")
		[ "${lines[i]}" = "${shown[i]}" ] || { echo "${typed[i]}: '${lines[i]}', not '${shown[i]}'"; bad=1; }
	done
	return $bad
}

@test "bash: commands and flags are those of the help" {
	completes bash <<- 'END'
		ctr ins => ctr inspect
		ctr help ins => ctr help inspect
		ctr help image ins => ctr help image inspect
		ctr volume ins => ctr volume inspect
		ctr run --cgroupn => ctr run --cgroupns
		ctr run --pids => ctr run --pids --pids-limit
		ctr image inspect --f => ctr image inspect --format
		ctr volume prune --f => ctr volume prune --force
		ctr create --timen => ctr create --timens
		ctr --st => ctr --state
	END
}

@test "bash: a command offers the containers that it can do something to" {
	completes bash <<- 'END'
		ctr start _ => ctr start is-created is-exited
		ctr stop _ => ctr stop is-paused is-running
		ctr kill _ => ctr kill is-paused is-running
		ctr wait _ => ctr wait is-paused is-running
		ctr restart _ => ctr restart is-created is-exited is-paused is-running
		ctr pause _ => ctr pause is-running
		ctr resume _ => ctr resume is-paused
		ctr exec -it _ => ctr exec -it is-running
		ctr attach _ => ctr attach is-paused is-running
		ctr top is-r => ctr top is-running
		ctr stats _ => ctr stats is-paused is-running
		ctr logs -f is- => ctr logs -f is-created is-exited is-paused is-running
		ctr diff is-e => ctr diff is-exited
		ctr inspect is-c => ctr inspect is-created
		ctr rm _ => ctr rm is-created is-exited
		ctr rm -fv _ => ctr rm -fv is-created is-exited is-paused is-running
		ctr rm --force is-r => ctr rm --force is-running
		ctr stop is-paused _ => ctr stop is-paused is-running
		ctr gc --container is-p => ctr gc --container is-paused
		ctr --state /nowhere stop is-c =>
	END
}

@test "bash: images, recipes and volumes stand where they go only" {
	completes bash <<- 'END'
		ctr run _ => ctr run some-image:latest
		ctr run --rm -e A=1 some => ctr run --rm -e A=1 some-image:latest
		ctr create -itm 1g so => ctr create -itm 1g some-image:latest
		ctr run some-image:l => ctr run some-image:latest
		ctr run -e some =>
		ctr run --name some =>
		ctr run -u some =>
		ctr run some-image some =>
		ctr run --rootfs a-folder some =>
		ctr image inspect so => ctr image inspect some-image:latest
		ctr image rm some-image: => ctr image rm some-image:latest
		ctr image build so => ctr image build some-recipe
		ctr image import some =>
		ctr volume rm -f so => ctr volume rm -f some-volume
		ctr volume create so =>
		ctr run -v so => ctr run -v some-volume:
		ctr run -itv so => ctr run -itv some-volume:
		ctr run --volume=so => ctr run --volume=some-volume:
		ctr run -v some-volume:/x:rs => ctr run -v some-volume:/x:rshared rslave
		ctr run --mount type=v => ctr run --mount type=volume
		ctr run --mount type=volume,source=so => ctr run --mount type=volume,source=some-volume
		ctr ps => ctr ps
		ctr ps so =>
		ctr gc so =>
		ctr stop some =>
	END
}

@test "bash: values of flags" {
	completes bash <<- 'END'
		ctr kill -s HU => ctr kill -s HUP
		ctr run --stop-signal=USR => ctr run --stop-signal=USR1 USR2
		ctr run --restart on => ctr run --restart on-failure on-failure:
		ctr create --restart=al => ctr create --restart=always
		ctr run --security-opt sec => ctr run --security-opt seccomp=
		ctr run --security-opt seccomp=vps+a => ctr run --security-opt seccomp=vps+aio
		ctr run --security-opt seccomp=a-fi => ctr run --security-opt seccomp=a-file
		ctr run --cap-add NET_A => ctr run --cap-add NET_ADMIN
		ctr run --cgroup-manager sy => ctr run --cgroup-manager systemd
		ctr run --network ho => ctr run --network host
		ctr run --net rou => ctr run --net routed
		ctr network create --driver ro => ctr network create --driver routed
		ctr network inspect rou => ctr network inspect routed
		ctr run --ulimit nof => ctr run --ulimit nofile=
		ctr ps --filter st => ctr ps --filter status=
		ctr stop --filter ex => ctr stop --filter exited=
		ctr ps -f status=ex => ctr ps -f status=exited
		ctr ps --filter health=un => ctr ps --filter health=unhealthy
		ctr stop --filter vol => ctr stop --filter volume=
		ctr stop --filter volume=so => ctr stop --filter volume=some-volume
		ctr ps -f since=is-r => ctr ps -f since=is-running
		ctr events --filter ty => ctr events --filter type=
		ctr events --filter type=v => ctr events --filter type=volume
		ctr ps --filter image=so => ctr ps --filter image=some-image:latest
		ctr ps --sort st => ctr ps --sort status
		ctr ps --format js => ctr ps --format json
		ctr ps --format _ => ctr ps --format json table {{.name}}
		ctr inspect --format { => ctr inspect --format {{.name}}
		ctr image save --format oci-d => ctr image save --format oci-dir
		ctr top is-running pp => ctr top is-running ppid
		ctr stop -t is =>
	END
}

@test "bash: files stand where a file goes, folders where a folder" {
	completes bash <<- 'END'
		ctr image import a => ctr image import a-file a-folder
		ctr run --rootfs a => ctr run --rootfs a-folder
		ctr run --env-file a-fi => ctr run --env-file a-file
		ctr run --env-file=a-fi => ctr run --env-file=a-file
		ctr run -v ./a-fo => ctr run -v ./a-folder
		ctr run some-image a-fi => ctr run some-image a-file
		ctr run --name a =>
		ctr start a =>
		ctr cp a-fi => ctr cp a-file
		ctr cp is-r => ctr cp is-running:
		ctr cp a-file is-e => ctr cp a-file is-exited:
		ctr cp a-file a =>
		ctr cp is-exited:/etc/passwd a-fo => ctr cp is-exited:/etc/passwd a-folder
	END
}

@test "zsh has the same" {
	command -v zsh > /dev/null || skip "there is no zsh"
	completes zsh <<- 'END'
		ctr insp => ctr inspect
		ctr pause _ => ctr pause is-running
		ctr run some => ctr run some-image:latest
		ctr run some-image:l => ctr run some-image:latest
		ctr run -v so => ctr run -v some-volume:
		ctr kill -s HU => ctr kill -s HUP
		ctr run --restart=al => ctr run --restart=always
		ctr image import a-fi => ctr image import a-file
	END
}

@test "fish has the same" {
	command -v fish > /dev/null || skip "there is no fish"
	cd at
	offered() { HOME=$BATS_TEST_TMPDIR fish -c 'source $argv[1]/ctr.fish; complete -C $argv[2]' "$COMPLETIONS" "$1"; }
	[ "$(offered 'ctr insp')" = inspect ]
	[ "$(offered 'ctr start ')" = $'is-created\nis-exited' ]
	[ "$(offered 'ctr run some-image:l')" = some-image:latest ]
	[ "$(offered 'ctr run -v so')" = some-volume: ]
	[ "$(offered 'ctr run --restart=al')" = --restart=always ]
	[ "$(offered 'ctr image import a')" = $'a-file\na-folder/' ]
	[ -z "$(offered 'ctr run --name a')" ]
}
