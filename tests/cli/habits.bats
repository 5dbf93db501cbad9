# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# What users of docker, podman and a shell are used to.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "an --env-file may be a pipe, of run and of exec" {
	run box --env-file <(echo A=from-a-pipe) -- sh -c 'echo $A'
	[ "$output" = from-a-pipe ]
	run box --env-file /dev/stdin -- sh -c 'echo $A' <<< A=from-stdin
	[ "$output" = from-stdin ]
	started envy -- sleep 1000
	run ctr exec --env-file <(echo A=in-exec) envy sh -c 'echo $A'
	[ "$output" = in-exec ]
	ctr rm -f envy
}

@test "a NUL in an --env-file is refused with its line, not the end of it" {
	run -125 box --env-file <(printf 'A=1\nB=2\0\nC=3\n') -- true
	[[ $output == *:2:\ there\ is\ a\ NUL\ byte* ]]
}

@test "kill returns when the container is dead: rm and its name at once" {
	for _ in 1 2 3 4 5; do
		started killed -- sleep 1000
		ctr kill killed
		ctr rm killed
	done
	started killed -- sleep 1000
	ctr pause killed
	ctr kill killed
	ctr rm killed
	started killed --rm -- sleep 1000
	ctr kill killed
	started killed -- true
	ctr wait killed
	ctr rm killed
}

@test "stop of several is side by side, in the order given" {
	local i begin
	for i in a b c d; do
		started "slow-$i" -- sh -c 'trap "sleep 3; exit 5" TERM; echo on; while :; do sleep .1; done'
	done
	for i in a b c d; do
		until_true "slow-$i is on" eval "ctr logs slow-$i | grep -q on"
	done
	begin=$SECONDS
	run -125 ctr stop slow-a slow-b nobody slow-c slow-d
	[ $((SECONDS - begin)) -lt $((9 * TEST_PATIENCE)) ]
	[[ $output == *"no container nobody"* ]]
	[ "$(grep ^slow <<< "$output" | tr '\n' ' ')" = "slow-a slow-b slow-c slow-d " ]
	run ctr wait slow-a slow-d
	[ "$output" = $'5\n5' ]
	ctr rm slow-a slow-b slow-c slow-d
}

@test "a stop without a limit of time is -1" {
	started patient --stop-timeout -1 -- sh -c 'trap "sleep 2; exit 3" TERM; echo on; while :; do sleep .1; done'
	until_true "it is on" eval 'ctr logs patient | grep -q on'
	ctr stop patient
	run ctr wait patient
	[ "$output" = 3 ]
	ctr rm patient
	run -125 ctr stop -t -2 patient
	[[ $output == *"is not a length of time"* ]]
}

@test "host names may have an underscore" {
	run box -h my_host --add-host db_1:192.0.2.7 -- sh -c 'hostname; grep -w db_1 /etc/hosts'
	[ "${lines[0]}" = my_host ]
	[[ ${lines[1]} == 192.0.2.7* ]]
}

@test "a search domain of a dot is none" {
	run box --net host --dns-search . -- grep -c ^search /etc/resolv.conf
	[ "$output" = 0 ]
}

@test "in the host's network the host's names resolve, and the name is the host's" {
	run box --net host -- hostname
	[ "$output" = "$(hostname)" ]
	run box --net host --add-host db:192.0.2.7 -- cat /etc/hosts
	[ "${lines[0]}" = $'192.0.2.7\tdb' ]
	diff <(grep . /etc/hosts) <(tail -n "$(grep -c . /etc/hosts)" <<< "$output")
	run box --net host -h other -- cat /etc/hosts
	[ "${lines[0]}" = $'127.0.1.1\tother' ]
	run box --net host -h other -- hostname
	[ "$output" = other ]
}

@test "ids above 65535: of the user, of groups, of a volume's owner, and in exec" {
	mkdir home
	echo mine > home/f
	chmod 600 home/f
	chown -R 1200001:1300001 home
	run box -u 1200001:1300001 --group-add 70000 -v "$PWD/home:/h" -- sh -c 'id; cat /h/f; touch /h/new /tmp/t; stat -c %u:%g /tmp/t /proc/self'
	[ "${lines[0]}" = 'uid=1200001 gid=1300001 groups=70000,1300001' ] ||
		[ "${lines[0]}" = 'uid=1200001 gid=1300001 groups=1300001,70000' ] ||
		[ "${lines[0]}" = 'uid=1200001 gid=1300001 groups=70000' ]
	[ "${lines[1]}" = mine ]
	[ "${lines[2]}" = 1200001:1300001 ]
	[ "$(stat -c %u:%g home/new)" = 1200001:1300001 ]
	# Root of the container has the rights of root over such a volume.
	[ "$(box -v "$PWD/home:/h" -- sh -c 'cat /h/f; stat -c %u /h/f')" = $'mine\n1200001' ]
	started far -v "$PWD/home:/h" -- sleep 1000
	[ "$(ctr exec -u 1200001 far cat /h/f)" = mine ]
	run -125 ctr exec -u 1500000 far true
	[[ $output == *"hint: "*"-u 1500000"* ]]
	ctr rm -f far
	[ "$(box -u 65534 -v "$PWD/home:/h" -- id -u)" = 65534 ]
}

@test "bytes that are no UTF-8: arguments, variables, paths, also in exec, ps and inspect" {
	local x=caf$'\xe9'
	mkdir "$x" "root-$x"
	cp -a "$FS/." "root-$x"
	[ "$(box -e "X=$x" -v "$PWD/$x:/v-$x" -w "/v-$x" -- sh -c 'printf %s "$0 $X "; pwd' "$x")" = "$x $x /v-$x" ]
	ctr run -d --name bytes -e "X=$x" --rootfs "$PWD/root-$x" -- sh -c 'exec sleep 1000' "$x" > /dev/null
	[ "$(ctr exec bytes sh -c 'printf %s "$X"')" = "$x" ]
	ctr ps --no-trunc | grep -q 'caf?'
	ctr inspect bytes | jq -e '.[0].command[3] == "caf?"'
	[ "$(tr '\0' ' ' < "/proc/$(payload bytes)/environ" | grep -ac "X=$x")" = 1 ]
	ctr rm -f bytes
}

@test "a missing source of -v is a directory that everybody may look into" {
	(umask 022 && box -v "$PWD/made/here:/v" -- true)
	[ "$(stat -c %a made made/here | tr '\n' ' ')" = '755 755 ' ]
}
