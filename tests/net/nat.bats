# Containers of ctr, in the laboratory: their processes sleep, and servers are put beside them.
load ../cli/helpers
load lab

setup_file() { file_setup; }
setup() {
	lab_up
	serve internet internet tcp:80
}
teardown() {
	local name
	for name in $(ctr ps -aq); do on host ctr rm -f "$name" > /dev/null; done
	lab_down
	[ -z "$(ctr ps -aq)" ]
}

# up NAME [FLAGS]: a container that sleeps; `on NAME` is in its network.
up() {
	local name=$1
	shift
	on host ctr run -d --name "$name" --net nat --rootfs "$FS" "$@" -- sleep 1000 > /dev/null
	here "$name"
}
here() { AT[$1]=$(payload "$1"); }
box() { on host ctr run --rm --net nat --rootfs "$FS" "$@"; }
# Nothing of containers is left on the host: elements and routes at once; devices go a little later.
clean() {
	not grep -q '"ctr[0-9a-f]\{3\}\| : 10\.90\.\| : fd00:90:\|comment "[0-9a-f]\{3\} ' <(on host nft list table inet ctr | grep -v ' ct count ')
	not grep -q ' ctr[0-9a-f]\{3\}' <(on host ip route; on host ip -6 route)
	serve_no_more
	until_true "devices are gone" only_gateway
}
only_gateway() { [ "$(on host ip -o link show 2> /dev/null | grep -c ': ctr')" = 1 ] && [ -z "$(on host ip neighbour show nud permanent)" ]; }
refuses() {
	run --separate-stderr -125 on host ctr run -d --net nat --rootfs "$FS" "${@:2}" -- sleep 1000
	echo "$stderr"
	[[ "${stderr_lines[0]}" =~ $1 ]]
	[ "${#stderr_lines[@]}" -le 2 ]
}

@test "the first instruction reaches the internet and binds, in both families" {
	[ "$(box -- sh -c "wget -qO - http://$WEB4/; wget -qO - http://[$WEB6]/")" = "$(printf '%s\n' "internet saw $HOST4" "internet saw $HOST6")" ]
	box -- sh -c 'ip -6 address show dev eth0 | grep -q "inet6 fd00:90:" && ! ip -6 address | grep -q tentative'
	clean
}

@test "a published port: from everywhere, of all forms, and gone with the container" {
	up web -p 8080:80 -p 127.0.0.1:8081:80 -p $HOST4:8082:80/tcp -p "[$HOST6]:8083:80" -p 5353:5300/udp -p 9000-9002:81-83
	up other
	serve web web tcp:80 tcp:82 udp:5300
	serve other other tcp:80
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 8080
		"web saw $PEER6" peer tcp $HOST6 8080
		"web saw $WEB4" internet tcp $HOST4 8080
		"web saw $PEER4" peer udp $HOST4 5353
		"web saw $PEER6" peer udp $HOST6 5353
		refused peer tcp $HOST4 8081
		"web saw $PEER4" peer tcp $HOST4 8082
		refused far tcp 192.168.88.10 8082
		refused peer tcp $HOST4 8083
		"web saw $PEER6" peer tcp $HOST6 8083
		"web saw $PEER4" peer tcp $HOST4 9001
		refused host tcp ::1 8080
	END
	[[ $(on host ask tcp 127.0.0.1 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on host ask tcp 127.0.0.1 8081) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on host ask tcp $HOST6 8080) =~ ^"web saw "[0-9a-f:]+$ ]]
	[[ $(on web ask tcp $HOST4 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on web ask tcp $HOST6 8080) =~ ^"web saw "[0-9a-f:]+$ ]]
	[[ $(on other ask tcp $HOST4 8080) =~ ^"web saw 10.90." ]]
	[[ $(on other ask tcp $HOST6 8080) =~ ^"web saw fd00:90:" ]]
	on host ctr rm -f web other
	says refused peer tcp $HOST4 8080
	clean
}

@test "a port that is chosen is told, and one that is taken is said to be whose" {
	local port
	up web -p 80 -p 8080:81
	serve web web tcp:80
	port=$(on host ctr port web 80 | sed -n '1s/.*://p')
	says "web saw $PEER4" peer tcp $HOST4 "$port"
	refuses "8080.*web" -p 8080:80
	serve host daemon tcp:7070
	refuses '7070.*(python|server)' -p 7070:80
	refuses '7070.*(python|server)' -p 7069-7071:80-82
	says refused peer tcp $HOST4 7069
	[ "$(on host ctr ps -q | wc -l)" = 1 ]
}

# A client that goes on from the same port of its own: heard N is the answer to its datagram N.
talk() {
	cat > "$BATS_TEST_TMPDIR/talk.py" <<- END
		import os, socket, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout($TEST_PATIENCE)
		s.connect(("$HOST4", 5353))
		for n in range(1, 100):
		    while not os.path.exists(f"$BATS_TEST_TMPDIR/ask.{n}"):
		        time.sleep(.01)
		    try:
		        s.send(b"x")
		        answer = s.recv(100).decode()
		    except OSError:
		        answer = "none"
		    open(f"$BATS_TEST_TMPDIR/part.{n}", "w").write(answer)
		    os.rename(f"$BATS_TEST_TMPDIR/part.{n}", f"$BATS_TEST_TMPDIR/answer.{n}")
	END
	background nsenter --net="/proc/${AT[peer]}/ns/net" -- python3 "$BATS_TEST_TMPDIR/talk.py"
}
heard() {
	touch "$BATS_TEST_TMPDIR/ask.$1"
	until_true "an answer" test -e "$BATS_TEST_TMPDIR/answer.$1"
	cat "$BATS_TEST_TMPDIR/answer.$1"
}

@test "whoever has the address next inherits nothing: no port, no flow" {
	local address
	up old -p 8080:80 -p 5353:5300/udp
	address=$(on host ctr exec old ip -4 address show dev eth0 | sed -nE 's/.*inet ([0-9.]*).*/\1/p')
	serve old old tcp:80 udp:5300
	talk
	[ "$(heard 1)" = "old saw $PEER4" ]
	on host ctr rm -f old
	up new --ip "$address"
	serve new new tcp:80 udp:5300
	[ "$(heard 2)" = none ]
	says refused peer tcp $HOST4 8080
	# And where the port is published again, the flow goes there.
	on host ctr rm -f new
	up newer -p 5353:5300/udp
	serve newer newer udp:5300
	[ "$(heard 3)" = "newer saw $PEER4" ]
}

@test "stopped and started, the port leads to it again; a datagram too" {
	up web -p 8080:80 -p 5353:5300/udp
	serve web web tcp:80 udp:5300
	says "web saw $PEER4" peer udp $HOST4 5353
	on host ctr stop -t 1 web
	says refused peer tcp $HOST4 8080
	on host ctr start web > /dev/null
	here web
	serve web again tcp:80 udp:5300
	all_say <<- END
		"again saw $PEER4" peer tcp $HOST4 8080
		"again saw $PEER6" peer udp $HOST6 5353
	END
}

@test "killed with its supervisor, it leaves nothing that the next command or gc does not undo" {
	local pids
	up web -p 8080:80 -p 5353:5300/udp
	pids=$(supervisors web; payload web)
	# shellcheck disable=SC2086
	kill -KILL $pids
	up second -p 8080:80
	serve second second tcp:80
	says "second saw $PEER4" peer tcp $HOST4 8080
	# shellcheck disable=SC2046
	kill -KILL $(supervisors second) "$(payload second)"
	on host ctr gc
	for name in web second; do on host ctr rm -f $name > /dev/null 2>&1 || :; done
	clean
}

@test "after a flush of all rules, the next start or a reload brings back everybody's" {
	up web -p 8080:80 -p 127.0.0.1:8081:80
	serve web web tcp:80
	on host nft flush ruleset
	says refused peer tcp $HOST4 8080
	box -- true
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 8080
		"web saw $PEER6" peer tcp $HOST6 8080
		refused peer tcp $HOST4 8081
		"internet saw $HOST4" web tcp $WEB4 80
	END
	on host nft flush ruleset
	on host ctr network reload
	says "web saw $PEER4" peer tcp $HOST4 8080
	says "internet saw $HOST6" web tcp $WEB6 80
	on host ctr rm -f web
	clean
}

@test "a thousand ports are published, lead there, and go" {
	up web -p 20000-20999:30000-30999 -p 21000-21999:30000-30999/udp
	serve web web tcp:30000 tcp:30999 udp:30500
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 20000
		"web saw $PEER6" peer tcp $HOST6 20999
		"web saw $PEER4" peer udp $HOST4 21500
		refused peer tcp $HOST4 20500
	END
	on host ctr rm -f web
	clean
}

@test "networks are apart, and an internal one is alone" {
	on host ctr network create --subnet 10.120.0.0/24 --subnet fd00:120::/64 two > /dev/null
	on host ctr network create --internal --subnet 10.121.0.0/24 shut > /dev/null
	up web -p 8080:80
	on host ctr run -d --name away --net two --rootfs "$FS" -- sleep 1000 > /dev/null
	on host ctr run -d --name in --net shut --rootfs "$FS" -- sleep 1000 > /dev/null
	here away
	here in
	serve web web tcp:80
	local to
	to=$(on web ip -4 -o address show dev eth0 | sed -nE 's/.*inet ([0-9.]*).*/\1/p')
	all_say <<- END
		refused away tcp $to 80
		unreachable in tcp $to 80
		unreachable in tcp $WEB4 80
		"internet saw $HOST4" away tcp $WEB4 80
		"internet saw $HOST6" away tcp $WEB6 80
	END
	[[ $(on away ask tcp $HOST4 8080) =~ ^"web saw 10.120.0." ]]
	on host ctr rm -f away in > /dev/null
	on host ctr network rm two shut > /dev/null
}

@test "lies about neighbours change nothing on the host" {
	local before claims
	up evil
	up other
	claims=$(printf '10.90.7.%d ' {1..200})
	before=$(on host ip neighbour | sort)
	# shellcheck disable=SC2086
	on evil liar.py eth0 arp 10.90.0.1 $PEER4 $claims
	sleep .3
	diff <(on host ip neighbour | sort) - <<< "$before"
}
