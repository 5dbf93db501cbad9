# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr events: what is told of what happens, and to whom.
load helpers

setup_file() { file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	rm -rf "${CTR_ROOT:?}"/events*
}
teardown() { nothing_left; }

# told [FLAGS]: actions and names, in one line.
told() { ctr events --format '{{.action}} {{.name}}' "$@" | xargs; }
is() { [ "$(ctr inspect "$1" 2> /dev/null | jq -r '.[0].status')" = "$2" ]; }
tells() { ctr events | grep -q -- "$1"; }

@test "a container's life, in docker's words" {
	ctr create --name c --rootfs "$FS" sleep 1000
	ctr start c
	ctr pause c
	ctr resume c
	ctr kill -s USR1 c 2> /dev/null
	ctr restart -t 0 c
	ctr stop -t 0 c
	ctr rm c
	[ "$(told)" = 'create c start c pause c unpause c kill c kill c die c stop c start c restart c kill c die c stop c destroy c' ]
	[ "$(told --filter event=die --filter event=stop)" = 'die c stop c die c stop c' ]
	[ "$(told --filter event=die --filter name=d)" = '' ]
	[ "$(ctr events --filter event=kill --format '{{.attributes.signal}}' | xargs)" = 'SIGUSR1 SIGKILL SIGKILL' ]
}

@test "run: made, started, ended with its status, removed" {
	run -3 ctr run --rm --name c --rootfs "$FS" sh -c 'exit 3'
	[ "$(told)" = 'create c start c die c destroy c' ]
	[ "$(ctr events --filter event=die --format '{{.attributes.exitCode}}')" = 3 ]
	started d --rm -- sh -c 'kill -9 $$; sleep 1000'
	ctr kill d
	until_true "it is gone" tells 'destroy d'
	ctr events --format json --filter name=d --filter event=die | jq -e '.attributes == {"exitCode": "137", "signal": "SIGKILL"}'
}

@test "what did not come to run is not told of" {
	run -127 ctr run --rm --name c --rootfs "$FS" no-such-command
	ctr run --dry-run --rootfs "$FS" true > dry
	[ "$(told)" = '' ]
}

@test "out of memory has a word of its own" {
	needs memory
	run ctr run --rm --name c -m 8m --memory-swap 8m --rootfs "$FS" sh -c 'x=x; while :; do x=$x$x; done'
	[ "$(told)" = 'create c start c oom c die c destroy c' ]
	[ "$(ctr events --filter event=die --format '{{.attributes.oomKilled}}')" = true ]
}

@test "restarts by the policy: each with its number and its wait" {
	started c --restart on-failure:2 -- sh -c 'exit 6'
	third() { [ "$(ctr events --filter event=die | wc -l)" -eq 3 ]; }
	until_true "it has ended for good" third
	[ "$(told)" = 'create c start c die c restart c start c die c restart c start c die c' ]
	[ "$(ctr events --filter event=restart --format '{{.attributes.attempt}} {{.attributes.wait}} {{.attributes.policy}}' | xargs)" = \
		'1 0.1s on-failure:2 2 0.2s on-failure:2' ]
}

@test "a restart that fails is told, with the reason" {
	started c --restart always -- sh -c 'sleep 1; mv /bin/busybox /gone'
	until_true "it is told" tells restart_failed
	ctr events --filter event=restart_failed --format '{{.attributes.error}}' | grep -q 'not found'
	is c exited
	# A wish to stop it is no failure.
	rm "$CTR_ROOT/events"
	started d --restart always -- false
	until_true "it waits" is d restarting
	ctr stop d
	not tells restart_failed
}

@test "volumes and images" {
	ctr volume create v
	ctr run --rm --name c -v w:/w --rootfs "$FS" true
	ctr volume rm v w
	[ "$(told --filter type=volume)" = 'create v create w destroy v destroy w' ]
	tar -C "$FS" -c . | ctr image import - some:1
	ctr image rm some:1
	[ "$(told --filter type=image)" = 'import some:1 delete some:1' ]
	ctr create --name c -v /own --rootfs "$FS" true
	ctr rm -v c
	[ "$(ctr events --filter type=volume --format '{{.action}}' | tail -n 2 | xargs)" = 'create destroy' ]
}

@test "-f goes on until --until, or its reader is gone" {
	ctr events -f --filter event=start --format '{{.name}}' > seen 3>&- &
	follower=$!
	ctr run --rm --name a --rootfs "$FS" true
	ctr run --rm --name b --rootfs "$FS" true
	sees() { [ "$(xargs < seen)" = 'a b' ]; }
	until_true "both are seen" sees
	kill $follower
	wait $follower || :
	run -0 timeout 60 ctr events -f --until "$(($(date +%s) + 1))" --filter event=start --format '{{.name}}'
	[ "$(xargs <<< "$output")" = 'a b' ]
	timeout 60 ctr events -f | head -n 1
}

@test "-f goes on where the file is full, and the file does not grow beyond that" {
	ctr run --rm --name a --rootfs "$FS" true
	ctr events -f --filter event=start --format '{{.name}}' > seen 3>&- &
	follower=$!
	yes '{"timeNs":1,"type":"container","action":"noise","name":"n","attributes":{}}' | head -c 1048000 >> "$CTR_ROOT/events"
	for n in b c d e; do ctr run --rm --name $n --rootfs "$FS" true; done
	sees() { [ "$(xargs < seen)" = 'a b c d e' ]; }
	until_true "all are seen" sees
	kill $follower
	wait $follower || :
	[ -s "$CTR_ROOT/events.1" ] && [ "$(stat -c %s "$CTR_ROOT/events")" -lt 10000 ]
	[ "$(told --filter event=start)" = 'start a start b start c start d start e' ]
}

@test "since and until; torn lines are passed over, what follows them is not" {
	ctr run --rm --name a --rootfs "$FS" true
	printf '{"timeNs":12,"type":"conta' >> "$CTR_ROOT/events"
	ctr run --rm --name b --rootfs "$FS" true
	printf '\0\0\0\0' >> "$CTR_ROOT/events"
	ctr run --rm --name c --rootfs "$FS" true
	echo '{"timeNs":' >> "$CTR_ROOT/events"
	[ "$(told --filter event=create)" = 'create a create b create c' ]
	at=$(ctr events --filter name=b --filter event=start --format '{{.time}}')
	[ "$(told --filter event=die --since "$at")" = 'die b die c' ]
	[ "$(told --filter event=die --until "$at")" = 'die a' ]
	[ "$(told --since 0s)" = '' ]
}

@test "a start does not care whether it can be told" {
	mkdir "$CTR_ROOT/events"
	ctr run --rm --rootfs "$FS" true
	rmdir "$CTR_ROOT/events"
	mkfifo "$CTR_ROOT/events"
	timeout 20 ctr run --rm --rootfs "$FS" true
	rm "$CTR_ROOT/events"
	ln -s "$PWD/elsewhere" "$CTR_ROOT/events"
	ctr run --rm --rootfs "$FS" true
	[ ! -e elsewhere ]
	rm "$CTR_ROOT/events"
}

@test "what came from outside acts on no terminal" {
	mkdir "$(printf 'fs\033[2J')"
	cp -a "$FS/." "$(printf 'fs\033[2J')"
	ctr run --rm --rootfs "$PWD/$(printf 'fs\033[2J')" true
	ctr events > plain
	ctr events --format json > json
	ctr events --format '{{json .}} {{.attributes.rootfs}}' > template
	not grep -q "$(printf '\033')" plain json template
	grep -q 'fs?\[2J' plain
}

@test "what is mistyped is refused" {
	refused 125 '--filter: .*is not KEY=VALUE' ctr events --filter colour=red
	refused 125 '--format: .*neither json nor a template' ctr events --format table
	refused 125 'there is no .colour' ctr events --format '{{.colour}}'
	refused 125 'is no form' ctr events --format '{{range .}}'
	refused 125 'takes no words' ctr events web
	refused 125 'is not a time' ctr events --since yesterday
}
