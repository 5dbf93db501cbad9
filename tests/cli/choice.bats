# shellcheck shell=bash
# Containers that a command is for otherwise than by name: --all, --filter, --cidfile, --ignore.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { ctr rm -f --all > /dev/null && nothing_left; }

created() { ctr create --name "$@" --rootfs "$FS" -- sleep 1000 > /dev/null; }
names() { sort <<< "$output" | tr '\n' ' '; }
# those STATUS: the names of the containers in it.
those() { ctr ps -a --filter status="$1" --format json | jq -r '.[].name' | sort | tr '\n' ' '; }

@test "--all: those that it makes sense for, and none is no failure" {
	local command
	for command in start stop restart kill pause resume rm; do
		run -0 ctr $command --all
		[ -z "$output" ]
	done
	created a
	created b
	started c -- sleep 1000
	run -0 ctr start --all
	[ "$(names)" = 'a b ' ]
	ctr pause a > /dev/null
	run -0 ctr pause --all
	[ "$(names)" = 'b c ' ]
	run -0 ctr resume --all
	[ "$(names)" = 'a b c ' ]
	run -0 ctr kill -a
	[ "$(names)" = 'a b c ' ]
	run -0 ctr restart --running
	[ -z "$output" ]
	run -0 ctr restart --all
	[ "$(names)" = 'a b c ' ]
	run -125 ctr rm --all
	[[ $output == *'ctr rm -f'* ]]
	run -0 ctr stop -a -t 0
	[ "$(names)" = 'a b c ' ]
	run -0 ctr rm -a
	[ "$(names)" = 'a b c ' ]
}

@test "--filter: all of those that are given, and of one key any" {
	created a -l job=1 -l kind=x
	created b -l job=2 -l kind=x
	created c -l job=3 -v data:/data
	run -0 ctr start --filter label=kind=x --filter label=job
	[ "$(names)" = 'a b ' ]
	run -0 ctr kill -f label=job=1
	[ "$output" = a ]
	run -0 ctr stop -t 0 --filter name=a --filter name=b
	[ "$output" = b ]
	[ "$(those exited)" = 'a b ' ]
	run -0 ctr rm --filter volume=data
	[ "$output" = c ]
	run -0 ctr rm --filter label!=kind
	[ -z "$output" ]
	run -0 ctr rm --filter label!=job=1
	[ "$output" = b ]
	ctr volume rm data
}

@test "ps --filter: exit status, and what was made before or after" {
	created a
	created b
	created c
	[ "$(ctr ps -a --filter before=b --format json | jq -r '.[].name')" = a ]
	[ "$(ctr ps -a --filter since=b --format json | jq -r '.[].name')" = c ]
	[ "$(ctr ps -l --format json | jq -r '.[].name')" = c ]
	[ -z "$(ctr ps -a -q --filter until=1h)" ]
	[ "$(ctr ps -a -q --filter until="$(date -u -d 'next hour' +%FT%TZ)" | wc -l)" = 3 ]
	ctr start a > /dev/null
	ctr kill a > /dev/null
	[ "$(ctr ps -q --filter exited=137 --no-trunc)" = "$(ctr inspect a | jq -r '.[0].id')" ]
	[ -z "$(ctr ps -q --filter exited=0)" ]
	refused 125 'no container nosuch' ctr ps --filter before=nosuch
	refused 125 "'256' is no status" ctr ps --filter exited=256
	refused 125 "no key 'name!'" ctr ps --filter name!=x
}

@test "--cidfile: more than one, and what is not there only with --ignore" {
	ctr create --cidfile one --rootfs "$FS" -- sleep 1000
	ctr create --cidfile two --rootfs "$FS" -- sleep 1000
	ctr start "$(cat one)" "$(cat two)"
	ctr pause --cidfile two
	ctr resume --cidfile two
	ctr restart -t 0 --cidfile one
	ctr kill --cidfile one
	run -0 ctr stop -t 0 --cidfile one --cidfile two
	[ "$output" = "$(cat one; echo; cat two)" ]
	run -0 ctr rm --cidfile one
	[ "$output" = "$(cat one)" ]
	refused 125 'no container' ctr rm --cidfile one
	refused 125 'open gone' ctr rm --cidfile gone
	: > empty
	refused 125 'empty: it is empty' ctr rm --cidfile empty
	run -0 ctr rm --ignore --cidfile one --cidfile gone --cidfile two
	[ "$output" = "$(cat two)" ]
}

@test "--ignore: of those that are not there nothing is said" {
	created a
	created b
	run -0 ctr stop --ignore nosuch
	[ -z "$output" ]
	run -0 ctr stop --ignore a nosuch b
	[ "$(names)" = 'a b ' ]
	run -0 ctr rm -i nosuch a nosuch
	[ "$output" = a ]
	run -125 ctr rm nosuch b
	[ "${lines[0]}" = 'ctr: rm: no container nosuch' ]
	refused 125 'is not the name of a container' ctr rm --ignore ../b
}

@test "names beside --all or --filter are refused: who meant one would lose all" {
	created a
	refused 125 '--all chooses by itself' ctr rm -f --all a
	refused 125 '--filter chooses by itself' ctr stop --filter name=a a
	[ "$(those created)" = 'a ' ]
}

@test "what goes away while it is chosen is no failure" {
	local i
	for i in 1 2 3 4 5 6; do ctr run -d --rm --rootfs "$FS" -- sleep .1 > /dev/null; done
	ctr rm -f --all
	[ -z "$(ctr ps -a -q)" ]
}

@test "one that is named twice, by its name or its id, is done once" {
	local command
	created c --init
	created d --init
	id=$(ctr inspect c | jq -r '.[0].id')
	for command in start pause resume restart stop start kill; do
		run -0 ctr $command c d "${id:0:12}" c d
		[ "$output" = $'c\nd' ]
	done
	run -0 ctr wait c c
	[ "$output" = 137 ]
	run -0 ctr update --restart on-failure:1 -q "${id:0:12}" c
	[ "$output" = c ]
	[ "$(ctr events --format json | jq -r --arg id "$id" 'select(.id == $id and .action == "kill") | .action' | wc -l)" = 3 ]
	run -125 ctr rm c nobody d c nobody
	[ "$(grep -c 'no container nobody' <<< "$output")" = 2 ]
	[ -z "$(ctr ps -aq)" ]
}
