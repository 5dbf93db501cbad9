# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr prune: what has ended and what nobody uses goes; everything else stays.
load helpers

setup_file() {
	file_setup
	tar -C "$FS" -cf "$BATS_FILE_TMPDIR/fs.tar" .
	mkdir "$BATS_FILE_TMPDIR/more"
	echo more > "$BATS_FILE_TMPDIR/more/file"
	tar -C "$BATS_FILE_TMPDIR/more" -cf "$BATS_FILE_TMPDIR/more.tar" .
}
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	ctr image import "$BATS_FILE_TMPDIR/fs.tar" used:1 > /dev/null
	ctr image import "$BATS_FILE_TMPDIR/more.tar" unused:1 > /dev/null
}
teardown() {
	ctr image rm -f used:1 unused:1 2> /dev/null || :
	nothing_left
}

listed() { ctr ps -a --format json | jq -r '.[].name' | sort | xargs; }
images() { ctr image ls --format json | jq -r '.[].name' | sort | xargs; }
volumes() { ctr volume ls -q | sort | xargs; }
# One of each kind.
make_all() {
	ctr run --name ended -v /own -v kept:/kept used:1 true
	ctr create --name new used:1 true > /dev/null
	ctr run -d --name runs -v busy:/busy used:1 sleep 600 > /dev/null
	ctr run --name gone -v /left used:1 true
	ctr rm gone
	ctr volume create alone > /dev/null
}

@test "what has ended, volumes without a name, and images that no container uses" {
	make_all
	[ "$(volumes | wc -w)" = 5 ]
	run -0 ctr prune -f
	echo "$output"
	grep -qx 'container ended' <<< "$output"
	grep -qEx 'volume [0-9a-f]{64}' <<< "$output"
	grep -qx 'unused:1' <<< "$output"
	[[ ${lines[-1]} =~ ^'1 containers, 1 volumes, 1 images removed; '.*' freed'$ ]]
	[ "$(listed)" = 'new runs' ]
	[ "$(volumes)" = 'alone busy kept' ]
	[ "$(images)" = used:1 ]
	ctr exec runs true
	run -0 ctr prune -f --volumes
	[[ ${lines[-1]} == '0 containers, 2 volumes, 0 images removed; '* ]]
	[ "$(volumes)" = busy ]
	ctr rm -f new runs
	run -0 ctr prune -f --volumes
	[[ ${lines[-1]} == '0 containers, 1 volumes, 1 images removed; '* ]]
	[ -z "$(images)$(volumes)" ]
}

@test "nothing without a terminal, and nothing without a yes" {
	make_all
	refused 125 '^ctr: prune: what has ended, and what no container uses, would be removed' ctr prune
	hinted 'ctr prune -f'
	asked() { script -qec "ctr prune" /dev/null <<< "$1" 2>&1; }
	run -125 asked n
	[[ $output == *'Remove all containers that have ended'*'[y/N]'*'nothing was removed'* ]]
	[ "$(listed)" = 'ended new runs' ]
	[ "$(images)" = 'unused:1 used:1' ]
	run -0 asked y
	[ "$(listed)" = 'new runs' ]
	ctr rm -f new runs
	ctr volume rm alone busy kept > /dev/null
}

@test "until: only what was made before; what says no time stays" {
	make_all
	run -0 ctr prune -f --volumes --filter until=1h
	[[ ${lines[-1]} == '0 containers, 0 volumes, '*' images removed; '* ]]
	[ "$(listed)" = 'ended new runs' ]
	[ "$(volumes | wc -w)" = 5 ]
	run -0 ctr prune -f --filter until=0s
	[ "$(listed)" = 'new runs' ]
	refused 125 "--filter: 'label=x' is not until=TIME" ctr prune -f --filter label=x
	refused 125 'takes no words' ctr prune all
	ctr rm -f new runs
	ctr volume rm alone busy kept > /dev/null
}

@test "an image is used by a container that runs on another name of it, and a store that is not there is empty" {
	ctr image save used:1 | ctr image import - other:1 > /dev/null
	ctr create --name c used:1 true > /dev/null
	run -0 ctr prune -f
	[ "$(images)" = 'other:1 used:1' ]
	ctr rm c
	run -0 ctr prune -f
	[ -z "$(images)" ]
	CTR_ROOT=$PWD/none run -0 ctr prune -f
	[ ! -e none ]
}
