# One container's connection to networks: what is claimed, what is in the way, and that all of it goes again.
load lab

setup_file() {
	export CTR_ROOT=$BATS_FILE_TMPDIR/root
	export CTR_STATE=$BATS_FILE_TMPDIR/state
	PATH=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}"):$PATH
	ctr image build busybox
}

setup() {
	namespace host
	until entered "${AT[host]}"; do sleep .01; done
	on host ip link set lo up
}

teardown() {
	local name
	for name in "$CTR_ROOT"/containers/*; do [ ! -e "$name" ] || on host ctr rm -f "${name##*/}"; done
	lab_down
}

# What the table knows of containers, and the devices that there are of them.
elements() { on host nft list table inet ctr | grep -oE 'comment "[0-9a-f]{3} [0-9a-f]{64}"' || :; }
devices() { on host ip -o link | grep -oE 'ctr[0-9a-f]{3}' || :; }
names() { find "$CTR_STATE/.networks" -type l 2> /dev/null; }
# Devices go with their namespace, which the kernel takes its time for.
nothing_is_left() {
	local i
	[ -z "$(elements)$(names)" ] || { elements && names && return 1; }
	for ((i = 0; i < 500 * TEST_PATIENCE; i++)); do
		[ -n "$(devices)" ] || return 0
		sleep .01
	done
	devices && return 1
}
state_of() { jq -r ".$2" "$CTR_STATE/$1/record.json"; }
kill_all_of() {
	local pid supervisor
	pid=$(state_of "$1" pid)
	supervisor=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
	# The guard of the supervisor is its child.
	kill -STOP "$supervisor"
	kill -KILL $(ps -o pid= --ppid "$supervisor") "$supervisor" "$pid"
	while kill -0 "$pid" 2> /dev/null; do sleep .01; done
}
web() { on host ctr run -d --net nat "$@" busybox sh -c 'echo hello > /index.html; exec httpd -f -h /'; }
answers() {
	local i
	for ((i = 0; i < 200 * TEST_PATIENCE; i++)); do
		[ "$(on host python3 -c 'import sys, urllib.request as u
print(u.urlopen(sys.argv[1], timeout=2).read().decode(), end="")' "http://$1/" 2> /dev/null)" != hello ] || return 0
		sleep .02
	done
	return 1
}

@test "a container has an address of each family, a way out, and leaves nothing" {
	run -0 on host ctr run --rm --net nat busybox sh -c 'ip -o address show eth0; ip route; ip -6 route'
	[[ $output == *"inet 10.90."*"inet6 fd00:90::"* ]]
	[[ $output == *"default via 10.90.0.1"*"default via fd00:90::1"* ]]
	nothing_is_left
	[ ! -e "$CTR_STATE/.networks/nat" ] || [ -z "$(ls "$CTR_STATE/.networks/nat")" ]
}

@test "where the host has no IPv6 a container has none, and --ip6 says why" {
	on host sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	run -0 on host ctr run --rm --net nat -p 8080:80 busybox sh -c 'ip -o address show eth0; ip route'
	[[ $output == *"inet 10.90."*"default via 10.90.0.1"* && $output != *inet6* ]]
	run -125 on host ctr run --rm --net nat --ip6 fd00:90::77 busybox true
	[[ $output == *"--ip6: IPv6 is switched off on this host"* ]]
	nothing_is_left
}

@test "a container can have port 53 of all addresses, and asks its resolver all the same" {
	on host ctr run -d --net nat --name dns busybox sleep 60
	# As a server inside has it; busybox has none.
	run -0 nsenter --net="/proc/$(state_of dns pid)/ns/net" python3 -c 'import socket, subprocess
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("", 53))
tcp = socket.create_server(("", 53))
print(subprocess.run(["ctr", "exec", "dns", "nslookup", "dns"], capture_output=True, text=True).stdout)
subprocess.Popen(["ctr", "exec", "dns", "sh", "-c", "echo asked | nc 127.0.0.1 53"])
print(tcp.accept()[0].recv(100))'
	[[ $output == *"Address: 10.90."*asked* ]]
}

@test "the network is there before the first instruction" {
	for _ in 1 2 3 4 5; do
		run -0 on host ctr run --rm --net nat --cap-add NET_RAW busybox ping -c 1 -W 10 10.90.0.1
	done
}

@test "a published port answers, and is held against programs of the host" {
	web --name web -p 8080:80
	answers 127.0.0.1:8080
	answers 10.90.0.1:8080
	run ! on host python3 -c 'import socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 8080))'
	[[ $output == *"Address already in use"* ]]
	on host ctr rm -f web
	nothing_is_left
	on host python3 -c 'import socket; socket.socket().bind(("0.0.0.0", 8080))'
}

@test "a port that is taken is named with who has it, and nothing is left" {
	web --name web -p 8080:80
	run -125 on host ctr run --name two --net nat -p 127.0.0.1:8080:80 busybox true
	[[ ${lines[0]} == "ctr: run: --publish: port 8080/tcp of the host is taken by the container web" ]]
	[[ ${lines[1]} == hint:* ]]
	[ ! -e "$CTR_ROOT/containers/two" ]
	on host ctr rm -f web

	serve host program tcp:8080
	run -125 on host ctr run --name two --net nat -p 8080:80 busybox true
	[[ ${lines[0]} == "ctr: run: --publish: port 8080/tcp of the host is taken by python3 (pid "*")" ]]
	run -125 on host ctr run --name two --net nat -p 192.0.2.7:80:80 busybox true
	[[ ${lines[0]} == "ctr: run: --publish: 192.0.2.7 is no address of this host" ]]
	[ ! -e "$CTR_ROOT/containers/two" ]
	nothing_is_left
}

@test "what a dead container held is free for the next start" {
	web --name web -p 8080:80
	kill_all_of web
	[ -n "$(elements)" ]
	on host ctr run --rm --net nat -p 8080:80 busybox true
	nothing_is_left
}

@test "what nobody owns any more does not keep a port" {
	on host ctr run --rm --net nat busybox true
	on host nft add element inet ctr pub4 \
		"{ tcp . 8080 comment \"ffe $(printf '%064d' 7)\" : 10.90.9.9 . 80 }"
	on host ctr run --rm --net nat -p 8080:80 busybox true
	nothing_is_left
}

@test "gc in another network namespace removes what is in the container's" {
	web --name web -p 8080:80
	kill_all_of web
	namespace elsewhere
	until entered "${AT[elsewhere]}"; do sleep .01; done
	on elsewhere ctr gc
	nothing_is_left
	[ -z "$(on elsewhere nft list tables)" ]
}

@test "what a namespace had that is no more is forgotten" {
	web --name web
	kill_all_of web
	kill -KILL "${AT[host]}"
	namespace host
	until entered "${AT[host]}"; do sleep .01; done
	run -0 on host ctr gc
	[ ! -e "$CTR_STATE/web" ]
}

@test "rules that were flushed are back after the next start" {
	web --name web -p 8080:80
	answers 127.0.0.1:8080
	on host nft flush ruleset
	on host ctr run --rm --net nat busybox true
	answers 127.0.0.1:8080
	on host ctr rm -f web
	nothing_is_left
}

@test "the guard of devices that forward outlives the rules" {
	on host ip link add up0 type bridge
	on host ip link set up0 up
	on host sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'
	on host ctr run --rm --net nat busybox true
	[ "$(on host cat /proc/sys/net/ipv4/conf/up0/forwarding)" = 1 ]
	[[ $(on host nft list set inet ctr uplink4) == *'"up0"'* ]]
	on host nft flush ruleset
	on host ctr run --rm --net nat busybox true
	[[ $(on host nft list set inet ctr uplink4) == *'"up0"'* ]]
}

@test "a device of a dead container is no obstacle" {
	on host ctr run --rm --net nat busybox true
	web --name web
	local device
	device=$(devices | sort -u)
	on host ctr rm -f web
	# As a namespace that somebody keeps.
	on host ip link add "$device" type dummy 2> /dev/null || on host ip link add "$device" type bridge
	on host ctr start web 2> /dev/null || web --name web
	on host ctr rm -f web
}

@test "without what it takes the reason is one line with its cure, and nothing is left" {
	run -125 on host setpriv --bounding-set -net_admin --inh-caps -net_admin "$BUILD/ctr" run --name web --net nat \
		busybox true
	[[ $output == *"Operation not permitted"*hint:* ]]
	on host ctr gc
	[ ! -e "$CTR_STATE/web" ]
	nothing_is_left
}

@test "without a network there is no more to do than before" {
	run -0 on host strace -f -o "$BATS_TEST_TMPDIR/trace" ctr run --rm --net none busybox true
	run ! grep -E 'NETLINK|ctr-net|ns/net|network.json' "$BATS_TEST_TMPDIR/trace"
}
