# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# A container that is made, started, stopped and started again: what stays with it, and what goes.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

status_of() { ctr inspect "$1" | jq -r '.[0].status'; }
is() { [ "$(status_of "$1")" = "$2" ]; }
created() { ctr create --name "$1" "${@:2}" > id; }

@test "create makes a container that does not run; start runs it" {
	run -0 ctr create --name c --rootfs "$FS" -- sh -c 'echo ran; sleep 60'
	[[ "$output" =~ ^[0-9a-f]{64}$ ]]
	is c created
	ctr ps -a | grep -q '^c .*Created$'
	not grep -q '^c ' <(ctr ps)
	[ ! -e "$CTR_STATE/c" ]
	ctr gc
	is c created
	run -0 ctr start c
	[ "$output" = c ]
	is c running
	until_true "it is logged" logged c ran
	ctr rm -f c
}

@test "all flags of create count at each start" {
	created c --rootfs "$FS" -e A=b -w /tmp -u 1000:1001 --hostname h --add-host x:1.2.3.4 --tmpfs /t:size=1m \
		-v "$PWD:/here:ro" --read-only --label k=v --ulimit nofile=77 --cap-add SYS_NICE --stop-signal INT \
		--stop-timeout 3 --init --dns 9.9.9.9 --umask 027 --sysctl net.ipv4.ip_default_ttl=33 --log-max-size 64k -- \
		sh -c 'echo $A; pwd; id -u; id -g; hostname; umask; ulimit -n; cat /etc/hosts /etc/resolv.conf /proc/sys/net/ipv4/ip_default_ttl
			grep -c " /here ro" /proc/mounts; grep Cap /proc/self/status; cat /proc/1/comm; touch /x; echo $?'
	for n in 1 2 3; do
		ctr start -a c > "out.$n" 2> /dev/null || true
		jq 'del(.linux.uidMappings, .linux.gidMappings)' "$CTR_ROOT/containers/c/config.json" > "config.$n"
		jq -e '.linux.uidMappings | length == 1' "$CTR_ROOT/containers/c/config.json"
	done
	ctr run --name once --rootfs "$FS" -e A=b -w /tmp -u 1000:1001 --hostname h --add-host x:1.2.3.4 --tmpfs /t:size=1m \
		-v "$PWD:/here:ro" --read-only --label k=v --ulimit nofile=77 --cap-add SYS_NICE --stop-signal INT \
		--stop-timeout 3 --init --dns 9.9.9.9 --umask 027 --sysctl net.ipv4.ip_default_ttl=33 --log-max-size 64k -- \
		sh -c 'echo $A; pwd; id -u; id -g; hostname; umask; ulimit -n; cat /etc/hosts /etc/resolv.conf /proc/sys/net/ipv4/ip_default_ttl
			grep -c " /here ro" /proc/mounts; grep Cap /proc/self/status; cat /proc/1/comm; touch /x; echo $?' > once 2> /dev/null || true
	cat once
	cmp out.1 once
	cmp out.1 out.2
	cmp out.1 out.3
	cmp config.1 config.2
	cmp config.1 config.3
	ctr rm c once
}

@test "what it wrote, its log, id and name stay; each start is told of" {
	created c --rootfs "$FS" -- sh -c 'echo line >> /data; wc -l < /data; exit 4'
	id=$(cat id)
	for n in 1 2 3; do
		run -4 ctr start -a c
		[ "$output" = "$n" ]
		is c exited
		[ "$(ctr inspect c | jq '.[0].exitStatus')" = 4 ]
	done
	[ "$(ctr inspect c | jq -r '.[0].id')" = "$id" ]
	[ "$(ctr logs c | xargs)" = '1 2 3' ]
	[ "$(ctr wait c)" = 4 ]
	ctr rm c
}

@test "a container of run can be started again, its streams then in the log" {
	run -3 ctr run --name c --rootfs "$FS" -- sh -c 'echo hi; echo x >> /n; exit 3'
	[ "$output" = hi ]
	ctr start c
	[ "$(ctr wait c)" = 3 ]
	[ "$(ctr logs c)" = hi ]
	[ "$(wc -l < "$CTR_ROOT/containers/c/upper/n")" = 2 ]
	ctr rm c
}

@test "a start that fails leaves the container as it was" {
	mkdir src
	created c --rootfs "$FS" --mount "type=bind,src=$PWD/src,dst=/src" -- sh -c 'echo data > /data; exit 5'
	run -5 ctr start -a c
	before=$(ctr inspect c)
	mv src gone
	run ! ctr start c
	[[ "$output" = *src* ]]
	[ "$(ctr inspect c)" = "$before" ]
	[ "$(cat "$CTR_ROOT/containers/c/upper/data")" = data ]
	[ ! -e "$CTR_STATE/c" ]
	mv gone src
	run -5 ctr start -a c
	ctr rm c
}

@test "start of one that runs does nothing; of one that is gone, or never was, it fails" {
	started c -- sleep 60
	pid=$(payload c)
	run -0 ctr start c
	[ "$output" = c ]
	[ "$(payload c)" = "$pid" ]
	ctr rm -f c
	run -125 ctr start c
	[[ "$output" = *'no container c'* ]]
}

@test "start -a of one that runs stands at its console" {
	ctr run -d -i --name c --rootfs "$FS" -- sh -c 'while read -r word; do echo "got $word"; [ "$word" != end ] || exit 6; done' > /dev/null
	pid=$(payload c)
	ctr start -a c > watched &
	run -6 ctr start -ai c <<< $'one\nend'
	[[ $output == *'got one'*'got end' ]]
	local status=0
	wait $! || status=$?
	[ "$status" = 6 ]
	[ "$(cat watched)" = $'got one\ngot end' ]
	ctr start -a c > signalled < /dev/null &
	until_true "it runs" eval '[ -n "$(ctr ps -q)" ]'
	[ "$(payload c)" != "$pid" ]
	ctr kill c
	status=0
	wait $! || status=$?
	[ "$status" = 137 ]
	ctr rm c
}

@test "wait of one that has never run waits for its first start, and its end" {
	created c --rootfs "$FS" -- sh -c 'exit 9'
	created d --rm --rootfs "$FS" -- sleep 1000
	ctr wait c > status &
	waits=$!
	ctr wait d > status.d &
	waits_d=$!
	sleep .3
	kill -0 $waits
	kill -0 $waits_d
	ctr start c d
	wait $waits
	[ "$(cat status)" = 9 ]
	kill -0 $waits_d
	ctr kill d
	wait $waits_d
	[ "$(cat status.d)" = 137 ]
	ctr rm c
	# It is removed before, or does not start.
	created c --rootfs "$FS" -- sleep 1000
	ctr wait c 2> said &
	waits=$!
	until_true "it waits" eval "readlink /proc/$waits/fd/* | grep -q inotify"
	ctr rm c
	local status=0
	wait $waits || status=$?
	[ "$status" = 125 ]
	[[ $(cat said) == 'ctr: wait: c was removed before it had ended'* ]]
	mkdir src
	created c --rootfs "$FS" --mount "type=bind,src=$PWD/src,dst=/src" -- sh -c 'exit 4'
	ctr wait c > status &
	mv src gone
	run ! ctr start c
	kill -0 $!
	mv gone src
	ctr start c
	wait $!
	[ "$(cat status)" = 4 ]
	[ "$(ctr wait c)" = 4 ]
	ctr rm c
}

@test "two starts at once: one process, and both are told so" {
	created c --rootfs "$FS" -- sh -c 'echo one; exec sleep 60'
	ctr start c > a 2>&1 &
	first=$!
	ctr start c > b 2>&1 || true
	wait $first || true
	cat a b
	is c running
	until_true "it is logged" logged c one
	[ "$(ctr logs c)" = one ]
	ctr rm -f c
}

@test "restart stops and starts; --rm is not started again" {
	started c -- sh -c 'echo up; exec sleep 60'
	pid=$(payload c)
	run -0 ctr restart -t 0 c
	[ "$output" = c ]
	[ "$(payload c)" != "$pid" ]
	until_true "it is logged twice" eval '[ "$(ctr logs c | xargs)" = "up up" ]'
	ctr stop -t 0 c
	run -0 ctr restart c
	is c running
	ctr rm -f c
	started r --rm -- sleep 60
	run -125 ctr restart -t 0 r
	[[ "$output" = *'--rm'* ]]
	is r running
	ctr rm -f r
}

@test "several that could reach our programs are each started once, and named once" {
	for n in a b; do created "$n" --userns host --rootfs "$FS" -- sleep 60; done
	run -0 ctr start a b
	[ "$output" = $'a\nb' ]
	run -0 ctr restart -t 0 a b
	[ "$(sort <<< "$output")" = $'a\nb' ]
	ctr rm -f a b
}

@test "create --rm: kept until it has run once" {
	created c --rm --rootfs "$FS" -- true
	ctr gc
	is c created
	ctr start -a c
	run ! ctr inspect c
	[ ! -e "$CTR_ROOT/containers/c" ]
}

@test "create -t: start -ai has a terminal" {
	created c -it --rootfs "$FS" -- sh -c 'tty; read x; echo got $x'
	printf 'word\n' | script -qec 'ctr start -ai c' out > /dev/null
	grep -q '/dev/pts/0' out
	grep -q 'got word' out
	ctr rm c
}

@test "the mode of / is data, too" {
	created c --rootfs "$FS" -- sh -c 'stat -c %a /; chmod 711 /'
	ctr start -a c
	[ "$(ctr start -a c)" = 711 ]
	ctr rm c
}

@test "a volume is there again, in use while the container exists" {
	created c --rootfs "$FS" -v data:/v -v /anon -- sh -c 'echo x | tee -a /v/f >> /anon/f; wc -l < /v/f; wc -l < /anon/f'
	for n in 1 2; do
		run -0 ctr start -a c
		[ "$output" = "$n"$'\n'"$n" ]
	done
	run ! ctr volume rm data
	[[ "$output" = *c* ]]
	[ "$(ctr volume ls -q | wc -l)" = 2 ]
	ctr rm -v c
	[ "$(ctr volume ls -q)" = data ]
	ctr volume rm data
	created r --rm --rootfs "$FS" -v /anon -- true
	ctr start -a r
	[ -z "$(ctr volume ls -q)" ]
}

@test "a container.json that is lost takes no data with it" {
	created c --rootfs "$FS" -- sh -c 'echo x >> /n'
	ctr start -a c
	for damage in 'rm $f' ': > $f' 'head -c 4096 /dev/zero > $f'; do
		f=$CTR_ROOT/containers/c/container.json
		eval "$damage"
		ctr gc
		ctr autostart
		[ -s "$CTR_ROOT/containers/c/upper/n" ]
		ctr ps -a | grep -q '^c .*Exited (unknown)'
		run -125 ctr run --name c --rootfs "$FS" -- true
		[[ "$output" = *'already in use'* ]]
	done
	ctr rm c
	[ ! -e "$CTR_ROOT/containers/c" ]
}

@test "--volatile can be started again" {
	created c --volatile --rootfs "$FS" -- sh -c 'echo x >> /n; wc -l < /n'
	for n in 1 2; do
		run -0 ctr start -a c
		[ "$output" = $n ]
	done
	ctr rm c
}

@test "ids far from the others are there again" {
	created c --rootfs "$FS" -u 1000000:2000000 -- id
	run -0 ctr start -a c
	first=$output
	[[ "$output" = *uid=1000000*gid=2000000* ]]
	run -0 ctr start -a c
	[ "$output" = "$first" ]
	ctr rm c
}

@test "a file of the host that is gone is not made a directory; one that was missing from the start is" {
	echo x > file
	created c --rootfs "$FS" -v "$PWD/file:/f" -v "$PWD/dir:/d" -- cat /f
	run -0 ctr start -a c
	rm file
	rmdir dir
	refused 125 "$PWD/file" ctr start -a c
	[ ! -e file ]
	is c exited
	echo y > file
	[ "$(ctr start -a c)" = y ]
	[ -d dir ]
	ctr rm c
}

@test "what is refused at create, what needs a start, and names" {
	run -125 ctr create
	[[ "$output" = *'ctr create IMAGE'* ]]
	run -125 ctr start
	[[ "$output" = *'ctr ps -aq'* ]]
	run -125 ctr create -d --rootfs "$FS" -- true
	[[ "$output" = *'--detach'* ]]
	created c --rootfs "$FS" -- true
	run -125 ctr create --name c --rootfs "$FS" -- true
	[[ "$output" = *'the name c is already in use'* ]]
	run -125 ctr run --name c --rootfs "$FS" -- true
	[[ "$output" = *'already in use'* ]]
	for verb in exec attach pause; do
		run ! ctr "$verb" c true
		[[ "$output" = *c* ]]
	done
	run -0 ctr logs c
	[ "$output" = '' ]
	ctr rm c
}

@test "an earlier end is not taken for this one" {
	created c --rootfs "$FS" -- sh -c 'test -e /second || { echo > /second; exit 7; }; exec sleep 60'
	run -7 ctr start -a c
	ctr start c
	# All who know how it ends are gone.
	pid=$(payload c)
	while pkill -KILL -f -- "^ctr-supervisor .* $CTR_STATE gc --container c "; do sleep .1; done
	kill -9 "$pid"
	until_true "it is seen" is c exited
	[ "$(ctr inspect c | jq '.[0].exitStatus')" != 7 ]
	ctr rm c
}

@test "a start that fails late, too, leaves one that has never run: also --rm" {
	mkdir -p few && mount -t tmpfs -o nr_inodes=40,mode=700 t few || skip "no mount here"
	export CTR_STATE=$PWD/few
	local failed=0 free i r
	for rm in --rm=false --rm; do
		for free in 0 1 2 3 4 5 6 7; do
			created c "$rm" --rootfs "$FS" -- true
			i=0
			while mkdir "few/.fill$i" 2> /dev/null; do i=$((i + 1)); done
			while [ "$free" -gt 0 ] && i=$((i - 1)) free=$((free - 1)); do rmdir "few/.fill$i"; done
			r=0
			ctr start c 2> why || r=$?
			rmdir few/.fill*
			[ "$r" = 0 ] || {
				cat why
				grep -q 'No space left' why
				failed=$((failed + 1))
				is c created
				ctr gc
				is c created
			}
			ctr rm -f c || [ "$r,$rm" = 0,--rm ]
			until_true "it is let go" [ ! -e few/c ]
		done
	done
	# One for each of what a start makes there, the exit file being the last.
	echo "$failed"
	[ "$failed" -ge 8 ]
	umount few
}

@test "stop, rm and wait meet a start halfway, and do not wait for its end" {
	for way in 'stop -t 0' 'rm -f' rm wait; do
		for try in 1 2 3 4 5 6 7 8 9 10; do
			created c --rootfs "$FS" -- sleep 30
			ctr start c > out 2>&1 3>&- &
			sleep "0.0$((RANDOM % 3))$((RANDOM % 10))"
			r=0
			[ "$way" != wait ] || { (sleep 0.5; ctr kill c > /dev/null 2>&1 || :) 3>&- & }
			timeout 15 ctr $way c > how 2>&1 || r=$?
			cat how
			[ "$r" != 124 ]
			wait
			ctr rm -f c > /dev/null 2>&1 || :
			until_true "it is gone" [ ! -e "$CTR_STATE/c" ]
		done
	done
}

@test "rm that is killed leaves a whole container, or none" {
	local i left
	for i in {1..8}; do
		ctr create --name big --rootfs "$FS" -- true > /dev/null
		ctr start -a big
		mkdir "$CTR_ROOT/containers/big/upper/many"
		(cd "$CTR_ROOT/containers/big/upper/many" && seq 20000 | xargs touch)
		setsid ctr rm big > /dev/null 2>&1 &
		sleep "0.0$((i * 2))"
		kill -KILL $!
		wait $! || true
		left=$(ctr ps -a --format '{{.name}}')
		if [ "$left" = big ]; then
			[ "$(ls "$CTR_ROOT/containers/big/upper/many" | wc -l)" -eq 20000 ]
			ctr start -a big
			ctr rm big
		fi
		ctr gc > /dev/null
		[ -z "$(ls -A "$CTR_ROOT/containers")" ]
	done
}

# Stopped before it has the name, until another start has it; then killed, while nobody holds the name of what runs.
@test "a start that fails undoes no other start of the same container" {
	command -v strace > /dev/null || skip "needs strace"
	created c --rootfs "$FS" -- sleep 1000
	strace -f -qq -o trace -e trace=setsid -e inject=setsid:signal=STOP ctr start c > slow 2>&1 &
	slow=$!
	until_true "it is stopped" grep -qs 'stopped by' trace
	ctr start c
	pid=$(payload c)
	# shellcheck disable=SC2046
	killed() {
		kill -KILL $(supervisors c) 2> /dev/null || :
		[ -z "$(supervisors c)" ]
	}
	until_true "nobody holds it" killed
	kill -KILL "$(awk '/setsid/ {print $1; exit}' trace)"
	status=0
	wait "$slow" || status=$?
	[ "$status" = 125 ]
	grep -q 'ended early' slow
	[ "$(payload c)" = "$pid" ] && kill -0 "$pid"
	is c running
	ctr rm -f c
}

@test "once rm is back, nothing of ours is in the way of unmounting the store" {
	mkdir own
	CTR_ROOT=$PWD/own/root
	for _ in {1..20}; do
		mount -t tmpfs none own
		ctr run -d --name c --rootfs "$FS" -- sleep 60 > /dev/null
		ctr rm -f c > /dev/null
		umount own
	done
}
