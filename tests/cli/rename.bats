# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr rename: all of a container follows, running or not; and one name is left, whenever it is killed.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

is() { [ "$(ctr inspect "$1" 2> /dev/null | jq -r '.[0].status')" = "$2" ]; }
listed() { ctr ps -a --format json | jq -r '.[].name' | sort | xargs; }
# All that is there is so called.
left() { [ "$(containers)" = "$1" ]; }
ran() { [ "$(ctr logs "$1" | wc -l)" -ge "$2" ]; }

@test "one that runs: log, exec, stop, start and rm know it by the new name, and the old one is free" {
	started old -- sh -c 'echo up; exec sleep 600'
	until_true "it runs" logged old up
	id=$(ctr inspect old | jq -r '.[0].id') pid=$(payload old) host=$(ctr exec old hostname)
	run -0 ctr rename old new
	[ -z "$output" ]
	[ "$(listed)" = new ]
	[ "$(containers)" = new ]
	[ "$(ctr inspect new | jq -r '.[0] | .id, .name, .pid, .supervised' | xargs)" = "$id new $pid true" ]
	[ "$(ctr logs new)" = up ]
	[ "$(ctr exec new hostname)" = "$host" ]
	refused 125 'no container old' ctr inspect old
	started old -- sleep 600
	ctr stop -t 0 new
	is new exited
	[ "$(ctr inspect new | jq '.[0].exitStatus')" = 137 ]
	is old running
	ctr start new
	[ "$(ctr logs new | xargs)" = 'up up' ]
	ctr rm -f new old
}

@test "one that ends by itself is told and released by its new name; of --rm nothing stays" {
	started a -- sh -c 'until [ -e /end ]; do sleep .05; done; exit 7'
	started b --rm -- sh -c 'until [ -e /end ]; do sleep .05; done; exit 7'
	ctr rename a aa
	ctr rename b bb
	[ "$(listed)" = 'aa bb' ]
	ctr exec aa touch /end
	[ "$(ctr wait aa)" = 7 ]
	is aa exited
	ctr exec bb touch /end
	until_true "it is gone" left aa
	ctr rm aa
}

@test "one in the foreground, and one with a time limit whose ctr is killed" {
	ctr run --rm --name a --rootfs "$FS" -- sh -c 'until [ -e /end ]; do sleep .05; done; exit 5' & one=$!
	until_true "it runs" running a
	ctr rename a b
	ctr exec b touch /end
	status=0
	wait $one || status=$?
	[ $status = 5 ]
	[ -z "$(containers)" ]
	ctr run --rm --timeout 3 --name a --rootfs "$FS" -- sleep 600 & one=$!
	until_true "it runs" running a
	ctr rename a b
	kill -KILL $one
	until_true "the guard ends it" left ''
}

@test "one that has ended, one that has never run, one that is paused" {
	ctr run --name a --rootfs "$FS" -- sh -c 'echo data > /file'
	ctr create --name b --rootfs "$FS" -- cat /file > /dev/null
	started c -- sleep 600
	ctr pause c
	ctr rename a aa
	ctr rename b bb
	ctr rename c cc
	[ "$(listed)" = 'aa bb cc' ]
	is aa exited
	is bb created
	is cc paused
	[ "$(ctr diff aa)" = 'A /file' ]
	ctr start aa bb
	until_true "it has ended again" is aa exited
	[ "$(ctr inspect aa | jq -r '.[0].config.annotations["io.ctr.name"] // "aa"')" = aa ]
	ctr rm -f aa bb cc
}

@test "volumes, restarts and autostart follow" {
	started a --restart always -v vol:/v -v /anonymous -- sh -c 'echo go; until [ -e /end ]; do sleep .05; done; rm /end'
	until_true "it runs" ran a 1
	ctr rename a b
	[ "$(ctr volume inspect vol | jq -c '.[0].usedBy')" = '["b"]' ]
	ctr exec b touch /end
	until_true "it is started again" ran b 2
	[ "$(listed)" = b ]
	ctr rename b c
	ctr exec c touch /end
	until_true "and again" ran c 3
	ctr kill c
	is c exited
	ctr start c
	[ "$(containers)" = c ]
	ctr rm -fv c
	[ "$(ctr volume ls -q)" = vol ]
	ctr volume rm vol
}

@test "between two starts it is refused, with what to do" {
	started a --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough to be seen" ran a 5
	until_true "it waits" is a restarting
	refused 125 'cannot rename a: it has ended, and is about to be started again' ctr rename a b
	hinted 'ctr start a'
	ctr rm -f a
}

@test "a console that is open goes on" {
	started a -i -- cat
	mkfifo in
	ctr attach a < in > out & console=$!
	exec 9> in
	echo one >&9
	until_true "it answers" grep -q one out
	ctr rename a b
	echo two >&9
	until_true "it answers" grep -q two out
	exec 9>&-
	wait $console
	[ "$(ctr wait b)" = 0 ]
	ctr rm b
}

@test "names that are taken or make no sense, and a container that is not there" {
	started a -- sleep 600
	ctr create --name b --rootfs "$FS" -- true > /dev/null
	refused 125 '^ctr: rename: cannot rename a: the name b is already in use' ctr rename a b
	hinted 'ctr rm b'
	refused 125 '^ctr: rename: cannot rename b: the name a is already in use' ctr rename b a
	refused 125 'a has that name already' ctr rename a a
	refused 125 'name' ctr rename a ../x
	refused 125 'name' ctr rename a ''
	refused 125 'name' ctr rename a .renaming
	refused 125 'no container nosuch' ctr rename nosuch c
	refused 125 'takes a container and its new name' ctr rename a
	[ "$(listed)" = 'a b' ]
	# By the beginning of an id.
	ctr rename "$(ctr inspect a | jq -r '.[0].id[:12]')" c
	[ "$(listed)" = 'b c' ]
	ctr rm -f b c
}

@test "what was killed between the two renames is finished by whoever looks" {
	started a -- sleep 600
	id=$(ctr inspect a | jq -r '.[0].id')
	# As it is then: the data has the new name, the state the old one.
	halfway() {
		mkdir "$CTR_STATE/b"
		echo "a b $id" > "$CTR_STATE/.renaming"
		mv "$CTR_ROOT/containers/a" "$CTR_ROOT/containers/b"
	}
	halfway
	is b running
	[ "$(listed)" = b ]
	[ "$(containers)" = b ]
	ctr rename b a
	halfway
	kill -KILL "$(payload a)"
	[ "$(ctr wait b)" = 137 ]
	[ "$(containers)" = b ]
	# And what was killed before is not begun.
	ctr start b
	mkdir "$CTR_STATE/a"
	echo "b a $id" > "$CTR_STATE/.renaming"
	is b running
	ctr gc
	[ "$(containers)" = b ]
	ctr rm -f b
}

@test "many who rename, look, stop and start: one name at a time" {
	started a --stop-signal KILL -- sleep 600
	renaming() {
		local i
		for i in {1..15}; do ctr rename "$1" "$2" || :; done 2> /dev/null
	}
	renaming a b & one=$!
	renaming b a & two=$!
	for i in {1..15}; do
		ctr stop a
		ctr start a
	done > log 2>&1 || :
	wait $one $two
	not grep -v 'no container a\|cannot stop a\|^hint\|^a$\|not running\|runs already' log
	[ "$(ctr ps -aq | wc -l)" = 1 ]
	name=$(listed)
	[ "$(containers)" = "$name" ]
	ctr start "$name"
	is "$name" running
	ctr rm -f "$name"
}

# slowly CALL:WHEN COMMAND…: with five seconds in front of that call.
slowly() {
	exec strace -D -qq -o /dev/null -e trace="${1%:*}" -e inject="${1%:*}:delay_enter=5000000:when=${1#*:}" "${@:2}"
}

@test "who looks between the two renames sees one that runs, by its new name" {
	started a -- sleep 600
	slowly renameat2:4 ctr rename a b & slow=$!
	until_true "its data has moved" [ -d "$CTR_ROOT/containers/b" ]
	[ -d "$CTR_ROOT/containers/b" ] && [ -e "$CTR_STATE/a/record.json" ]
	ctr ps --format json > seen
	[ "$(jq -r '.[] | .name, .status' seen | xargs)" = 'b running' ]
	wait $slow
	slowly renameat2:4 ctr rename b a & slow=$!
	until_true "its data has moved" [ -d "$CTR_ROOT/containers/a" ]
	[ "$(ctr exec a echo here)" = here ]
	wait $slow
	ctr rm -f a
}

@test "rm of one that is renamed meanwhile removes it" {
	started a -- sleep 600
	slowly pidfd_open:1 ctr rm -f a & slow=$!
	holds() { readlink "/proc/$slow/fd/"* | grep -qx "$CTR_STATE/a"; }
	until_true "it has looked" holds
	ctr rename a b
	wait $slow
	[ -z "$(containers)" ]
}

@test "what is said to be stopped or removed does not run, whoever renames it" {
	local i said
	for i in {1..25}; do
		started a -- sleep 600
		ctr rename a b & one=$!
		case $((i % 2)) in
			0) ctr stop -t 0 a 2> log && said=yes || said=no ;;
			1) ctr rm -f a 2> log && said=yes || said=no ;;
		esac
		wait $one || :
		if [ $said = no ]; then
			grep -q '^ctr: [a-z]*: no container a' log
		else
			[ -z "$(ctr ps -q)" ]
			[ $((i % 2)) = 0 ] || [ -z "$(containers)" ]
		fi
		ctr rm -f a b > rest 2>&1 || :
	done
}

@test "a list misses nobody who is renamed while it is made" {
	local i
	for i in {1..30}; do ctr create --name "rest$i" --rootfs "$FS" -- true > made; done
	started a -- sleep 600
	(
		for i in {1..60}; do
			ctr rename a b
			ctr rename b a
		done
	) & one=$!
	while kill -0 $one 2> gone; do
		[ "$(ctr ps -q | wc -l)" = 1 ]
		[ "$(ctr ps -aq | wc -l)" = 31 ]
	done
	wait $one
	ctr rm -f --filter name=rest > rest
	ctr rm -f a
}
