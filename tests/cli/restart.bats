# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# --restart: who is started again, by whom, and how that ends.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

is() { [ "$(ctr inspect "$1" 2> /dev/null | jq -r '.[0].status')" = "$2" ]; }
ran() { [ "$(ctr logs "$1" | wc -l)" -ge "$2" ]; }

@test "on-failure:N: so many times again, and then it has ended" {
	started c --restart on-failure:3 -- sh -c 'echo go; exit 6'
	until_true "four times in all" ran c 4
	until_true "it has ended" is c exited
	[ "$(ctr logs c | wc -l)" = 4 ]
	[ "$(ctr inspect c | jq -c '.[0] | [.exitStatus, .restarts]')" = '[6,3]' ]
	[ ! -e "$CTR_STATE/c" ]
	ctr rm c
}

@test "on-failure: what ends well is not started again" {
	started c --restart on-failure -- sh -c 'echo go'
	until_true "it has ended" is c exited
	[ "$(ctr logs c)" = go ]
	ctr rm c
}

@test "always: with its data, name and id, until it is stopped; then it stays so" {
	started c --restart always -- sh -c 'echo >> /n; echo $(wc -l < /n)'
	id=$(ctr inspect c | jq -r '.[0].id')
	until_true "three times" ran c 3
	run -0 ctr stop c
	is c exited
	[ ! -e "$CTR_STATE/c" ]
	[ "$(ctr logs c | head -n 3 | xargs)" = '1 2 3' ]
	[ "$(ctr inspect c | jq -r '.[0].id')" = "$id" ]
	n=$(ctr logs c | wc -l)
	sleep 0.5
	[ "$(ctr logs c | wc -l)" = "$n" ]
	# And is started again by hand.
	ctr start c
	until_true "once more" ran c $((n + 2))
	ctr rm -f c
	not ctr inspect c
}

@test "the wait between is a state of its own: shown, refused to rm, ended by stop" {
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough to be seen" ran c 4
	until_true "it waits" is c restarting
	ctr ps -a | grep -q 'Restarting (1) .* ago'
	ctr ps -a --filter status=restarting -q | grep -q .
	refuses_rm() {
		run ctr rm c
		[ "$status" -eq 125 ] && [[ "$output" = *'about to be started again'*'ctr stop c'* ]]
	}
	until_true "rm says so" refuses_rm
	run -0 timeout 20 ctr stop c
	is c exited
	ctr rm c
}

@test "in the wait between: start does not wait, kill ends it, and who needs it running is told so" {
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough" ran c 6
	until_true "it waits" is c restarting
	refused 125 'about to be started again' ctr exec c true
	refused 125 'about to be started again' ctr kill -s HUP c
	is c restarting
	run -0 timeout 20 ctr start c
	[ "$output" = c ]
	until_true "it was started" ran c 7
	until_true "it waits again" is c restarting
	run -0 ctr kill c
	is c exited
	[ ! -e "$CTR_STATE/c" ]
	ctr rm c
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough" ran c 5
	until_true "it waits" is c restarting
	run -0 ctr kill -s TERM c
	is c exited
	ctr rm c
}

@test "kill with the stop signal is a stop; any other signal is not" {
	started c --restart unless-stopped --init --stop-signal INT -- sh -c 'echo up; exec sleep 600'
	until_true "it is up" ran c 1
	run -0 ctr kill -s TERM c
	[ "$output" = c ]
	until_true "it came back" ran c 2
	until_true "it runs" is c running
	run -0 ctr kill -s INT c
	ended() { [ ! -e "$CTR_STATE/c" ]; }
	until_true "it has ended" ended
	is c exited
	run -0 ctr autostart
	[ "$output" = '0 started' ]
	ctr rm c
}

@test "killed with KILL it stays down; ended by its own hand it comes back" {
	started c --restart unless-stopped -- sleep 600
	pid=$(payload c)
	kill -9 "$pid"
	back() { [ "$(payload c)" != "$pid" ] && running c && is c running; }
	until_true "it is back" back
	ctr kill c
	is c exited
	sleep 0.3
	is c exited
	ctr rm c
}

@test "who waits for it hears of the first end" {
	started c --restart always -- sh -c 'sleep 1; exit 9'
	[ "$(timeout 20 ctr wait c)" = 9 ]
	ctr rm -f c
}

@test "run --restart in the foreground: its status is that of the first end" {
	run -7 timeout 20 ctr run --name c --restart always --rootfs "$FS" -- sh -c 'echo out; exit 7'
	[[ "$output" = out* ]]
	ctr rm -f c
}

@test "a start that fails ends it, with its data" {
	mkdir src
	started c --restart always --mount "type=bind,src=$PWD/src,dst=/src" -- sh -c 'echo x >> /n; sleep .2; exit 3'
	until_true "it was up twice" eval '[ "$(wc -l < "$CTR_ROOT/containers/c/upper/n")" -ge 2 ]'
	mv src gone
	until_true "it has ended" eval 'is c exited && [ ! -e "$CTR_STATE/c" ]'
	[ "$(wc -l < "$CTR_ROOT/containers/c/upper/n")" -ge 2 ]
	[[ "$(ctr inspect c | jq -r '.[0].error')" = *"$PWD/src"* ]]
	[ "$(ctr inspect c | jq -r '.[0].exitStatus')" = 3 ]
	ctr ps -a | grep -q 'Exited (3, restart failed)'
	# Once it runs again there is nothing to tell of it.
	mv gone src
	ctr start c
	until_true "it was up again" eval '[ "$(wc -l < "$CTR_ROOT/containers/c/upper/n")" -ge 4 ]'
	ctr stop c
	[ "$(ctr inspect c | jq -r '.[0].error')" = null ]
	ctr rm c
}

@test "a start that fails before it has begun is told, too" {
	started c --restart always -- sh -c 'echo go; sleep .2; exit 3'
	until_true "it was up twice" ran c 2
	until_true "it has ended" eval 'echo "{" > "$CTR_ROOT/containers/c/config.json"; [ ! -e "$CTR_STATE/c" ]'
	[[ "$(jq -r .error "$CTR_ROOT/containers/c/container.json")" = *config.json* ]]
	ctr ps -a | grep -q 'Exited (3, restart failed)'
	ctr rm c
}

@test "killed between two starts: it has ended, and autostart brings it back" {
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough" ran c 4
	until_true "it waits" is c restarting
	pkill -KILL -f -- "--state $CTR_STATE gc --container c " || true
	until_true "it has ended" is c exited
	run -0 ctr autostart
	[ "$output" = '1 started' ]
	ctr rm -f c
}

@test "autostart: who is started after a reboot" {
	for p in always unless-stopped on-failure; do
		started "$p" --restart "$p" -- sleep 600
		started "$p-stopped" --restart "$p" -- sleep 600
		ctr stop -t 0 "$p-stopped"
	done
	started none -- sleep 600
	ctr create --name made --restart always --rootfs "$FS" -- sleep 600
	started gone --rm -- sleep 600
	# The machine goes down: nobody tells anything, and the state directory is empty.
	local all=() groups=() c g
	for c in always unless-stopped on-failure none gone; do
		mapfile -t -O ${#all[@]} all < <(supervisors "$c"; payload "$c"; echo)
		groups+=("$(group "$c")")
	done
	# Stopped first, so that none of them does anything about the end of another.
	kill -STOP "${all[@]}"
	kill -KILL "${all[@]}"
	for g in "${groups[@]}"; do until_true "$g is removed" eval 'rmdir "$g" 2> /dev/null'; done
	rm -rf "$CTR_STATE"
	run -0 ctr autostart
	[ "$output" = '4 started' ]
	for c in always unless-stopped on-failure always-stopped; do is "$c" running; done
	for c in unless-stopped-stopped on-failure-stopped none; do is "$c" exited; done
	is made created
	not ctr inspect gone
	ctr events --filter name=gone | grep -q 'container destroy gone'
	run -0 ctr autostart
	[ "$output" = '0 started' ]
	ctr rm -f always unless-stopped on-failure always-stopped unless-stopped-stopped on-failure-stopped none made
}

@test "a container that could reach our programs is started again by a copy of them" {
	started c --restart on-failure:2 --userns host -- sh -c 'echo go; exit 1'
	until_true "three times in all" ran c 3
	until_true "it has ended" is c exited
	ctr rm c
}

@test "what does not go together is refused" {
	refused 125 'restart.*--rm' ctr run -d --rm --restart always --rootfs "$FS" -- true
	refused 125 "--restart.*sometimes" ctr run -d --restart sometimes --rootfs "$FS" -- true
	refused 125 'die-with-parent' ctr run --restart always --die-with-parent --rootfs "$FS" -- true
	run -0 ctr run --rm --restart no --rootfs "$FS" -- echo well
	[ "$output" = well ]
}

@test "kill ends the wait, too; another signal has nobody to hear it" {
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough to be met" ran c 5
	until_true "it waits" is c restarting
	refused 125 'about to be started again' ctr kill -s HUP c
	until_true "it waits" is c restarting
	run -0 timeout 20 ctr kill c
	is c exited
	[ ! -e "$CTR_STATE/c" ]
	n=$(ctr logs c | wc -l)
	sleep 1
	[ "$(ctr logs c | wc -l)" = "$n" ]
	refused 125 'not running' ctr kill c
	ctr rm c
}

@test "what was wanted is lost or damaged: it is not started by itself, and stop and rm -f need no file" {
	for damage in 'rm want' ': > want' 'rm want; mkdir want' 'rm want; ln -s /no/where want' 'rm want; mkfifo want'; do
		for way in 'stop' 'kill' 'rm -f'; do
			started c --restart always -- sh -c 'echo go; exit 1'
			until_true "it waits long enough to be met" ran c 4
			(cd "$CTR_ROOT/containers/c" && eval "$damage")
			timeout 20 ctr $way c || [ "$way" = kill ]
			until_true "nobody waits any more" [ ! -e "$CTR_STATE/c" ]
			[ "$way" = 'rm -f' ] || is c exited
			[ "$way" = 'rm -f' ] || timeout 20 ctr rm -f c
			[ ! -e "$CTR_ROOT/containers/c" ]
		done
	done
}

@test "on a full disk what was wanted may be without a word: stop and rm -f work" {
	mkdir -p full && mount -t tmpfs -o size=1m,mode=700 t full || skip "no mount here"
	export CTR_ROOT=$PWD/full
	ctr create --name c --restart always --rootfs "$FS" -- sleep 60 > /dev/null
	dd if=/dev/zero of=full/fill bs=4k 2> /dev/null || :
	run -125 ctr start c
	is c created
	timeout 20 ctr stop c
	: > full/containers/c/want
	timeout 20 ctr rm -f c
	[ ! -e full/containers/c ]
	umount full
}

@test "while it waits it is not started by another CTR_STATE, but stopped" {
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough to be met" ran c 6
	until_true "it waits" is c restarting
	CTR_STATE=$PWD/other run -125 ctr start c
	[[ "$output" = *'not by this CTR_STATE'* ]]
	CTR_STATE=$PWD/other run -125 ctr rm c
	CTR_STATE=$PWD/other timeout 20 ctr stop c
	until_true "nobody waits any more" [ ! -e "$CTR_STATE/c" ]
	is c exited
	CTR_STATE=$PWD/other ctr start c
	CTR_STATE=$PWD/other timeout 20 ctr rm -f c
	[ ! -e "$CTR_ROOT/containers/c" ]
}

@test "autostart --stop: each has its signal, none comes back before the next boot, and then those that should" {
	trap_and_wait='trap "echo asked; exit 0" TERM; echo up; while :; do sleep .1; done'
	for p in always unless-stopped on-failure; do
		started "$p" --restart "$p" -- sh -c "$trap_and_wait"
		until_true "$p is up" ran "$p" 1
	done
	started none -- sh -c "$trap_and_wait"
	until_true "it is up" ran none 1
	started was-stopped --restart unless-stopped -- sleep 600
	ctr stop -t 0 was-stopped
	started waits --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough" ran waits 6
	started deaf --restart always --stop-timeout 600 -- sh -c 'echo up; exec sleep 600'
	until_true "it is up" ran deaf 1
	run -0 timeout 60 ctr autostart --stop --time 2
	for c in always unless-stopped on-failure none waits deaf; do
		is "$c" exited
		[ ! -e "$CTR_STATE/$c" ]
	done
	for c in always unless-stopped on-failure none; do [ "$(ctr logs "$c" | tail -n 1)" = asked ]; done
	sleep 1
	[ "$(ctr ps -q | wc -l)" = 0 ]
	run -0 ctr autostart
	[ "$output" = '5 started' ]
	for c in always unless-stopped on-failure deaf; do is "$c" running; done
	for c in none was-stopped; do is "$c" exited; done
	# Stopped by hand it is no longer to rest.
	ctr autostart --stop -t 1
	ctr stop unless-stopped
	run -0 ctr autostart
	is unless-stopped exited
	ctr rm -f always unless-stopped on-failure none was-stopped waits deaf
}

@test "autostart --stop leaves alone who has a ctr in the foreground" {
	ctr run --name front --init --rootfs "$FS" -- sleep 600 &
	until_true "it runs" is front running
	run -0 timeout 20 ctr autostart --stop
	[ "$output" = "" ]
	is front running
	ctr rm -f front
}

@test "a stop or removal that another CTR_STATE is refused leaves the wish as it was" {
	started c --restart unless-stopped -- sleep 600
	for how in stop 'rm -f'; do
		CTR_STATE=$PWD/other run -125 ctr $how c
		[[ "$output" = *'not by this CTR_STATE'* ]]
		[ "$(cat "$CTR_ROOT/containers/c/want")" = running ]
	done
	ctr rm -f c
}

@test "on a full disk what has run before is started again, by hand and by policy" {
	mkdir -p full && mount -t tmpfs -o size=1m,mode=700 t full || skip "no mount here"
	export CTR_ROOT=$PWD/full
	started c --restart always -- sh -c '[ ! -e /n ] || exit 3; echo > /n; exec sleep 600'
	until_true "it is up" [ -e full/containers/c/upper/n ]
	dd if=/dev/zero of=full/fill bs=4k 2> /dev/null || :
	dd if=/dev/zero of=full/fill bs=1 oflag=append conv=notrunc 2> /dev/null || :
	kill -9 "$(payload c)"
	until_true "it came back" eval '[ "$(ctr inspect c | jq ".[0].restarts")" -ge 2 ]'
	ctr stop -t 0 c
	ctr start c
	ctr inspect c | jq -e '.[0].error == null' > /dev/null
	timeout 20 ctr rm -f c
	umount full
}

@test "autostart goes on in a copy of our program before it starts anything" {
	started c --init --restart always --userns host -- sleep 600
	ctr autostart --stop -t 1
	timeout 30 strace -o trace -e trace=execve,execveat,clone3,clone,fork,vfork ctr autostart
	until_true "it runs" is c running
	# The second program is a file without a path; the first child comes after it.
	run -0 awk '/^execve\(/ { n++ } /^execveat\(.*AT_EMPTY_PATH/ { copy = 1 } /^(clone|clone3|fork|vfork)\(/ { print n, copy; exit }' trace
	[ "$output" = '1 1' ]
	ctr rm -f c
}

@test "who waits for a holder that was stopped does little meanwhile" {
	started c --restart always -- sleep 600
	local all
	mapfile -t all < <(supervisors c)
	kill -STOP "${all[@]}"
	pid=$(payload c)
	kill -9 "$pid"
	until_true "it has ended" not alive "$pid"
	timeout 4 strace -o trace -e trace=poll ctr rm c || :
	[ "$(grep -c '^poll' trace)" -gt 2 ]
	[ "$(grep -c '^poll' trace)" -lt $((40 * TEST_PATIENCE)) ]
	kill -CONT "${all[@]}"
	ctr rm -f c
}
