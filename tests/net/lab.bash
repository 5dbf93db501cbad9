# shellcheck shell=bash
# A laboratory of network namespaces. Nothing of the machine's own network is touched: namespaces have no names, and
# end with the processes that hold them, which end with their test.
#
#	internet ---- router ---- LAN: host, peer, neighbour       far ---- host (its second uplink)
#
# `on host COMMAND` runs it with the network of one of them. Mounts, processes and cgroups are the machine's.
bats_require_minimum_version 1.5.0
BUILD=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}")
LAB=$BATS_TEST_DIRNAME
PATH=$BUILD:$LAB:$PATH
export TEST_PATIENCE=${TEST_PATIENCE:-1}

HOST4=192.168.77.10 HOST6=2001:db8:77::10
PEER4=192.168.77.20 PEER6=2001:db8:77::20
NEIGHBOUR4=192.168.77.30 NEIGHBOUR6=2001:db8:77::30
WEB4=198.51.100.80 WEB6=2001:db8:100::80
FAR4=192.168.88.20 FAR6=2001:db8:88::20
declare -gA AT # process that holds the namespace of that name
STARTED=()
SERVERS=()

# setpriv, so that nothing survives a test that is killed.
background() {
	setpriv --pdeathsig KILL "$@" < /dev/null > /dev/null 3>&- &
	STARTED+=($!)
	disown
}
namespace() {
	background unshare --net sleep infinity
	AT[$1]=$!
}
entered() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
on() { nsenter --net="/proc/${AT[$1]}/ns/net" -- "${@:2}"; }

# link NAME DEVICE NAME DEVICE: a cable.
cable() { on "$1" ip link add "$2" type veth peer name "$4" netns "${AT[$3]}"; }
# address NAME DEVICE ADDRESS...: in a file for `ip -batch`, which is one process.
configured() {
	local name=$1 device=$2 address
	shift 2
	{
		echo "link set lo up"
		for address; do
			case $address in
			*via*) echo "route add ${address%via*} via ${address#*via}" ;;
			*:*/*) echo "address add $address dev $device nodad" ;;
			*/*) echo "address add $address dev $device" && echo "link set $device up" ;;
			esac
		done
	} | on "$name" ip -batch -
}

lab_up() {
	local name
	for name in host router peer neighbour internet far; do namespace $name; done
	for name in "${!AT[@]}"; do
		until entered "${AT[$name]}"; do sleep .01; done
		on "$name" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
	done
	cable host eth0 router host0
	cable peer eth0 router peer0
	cable neighbour eth0 router neighbour0
	cable internet eth0 router wan0
	cable far eth0 host eth1
	on router ip -batch - <<- END
		link add lan0 type bridge mcast_snooping 0
		link set host0 master lan0 up
		link set peer0 master lan0 up
		link set neighbour0 master lan0 up
		link set lan0 up
	END
	configured router lan0 192.168.77.1/24 2001:db8:77::1/64
	configured router wan0 198.51.100.1/24 2001:db8:100::1/64
	on router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
	configured host eth0 $HOST4/24 $HOST6/64 0.0.0.0/0via192.168.77.1 ::/0via2001:db8:77::1
	configured host eth1 192.168.88.10/24 2001:db8:88::10/64
	configured peer eth0 $PEER4/24 $PEER6/64 0.0.0.0/0via192.168.77.1 ::/0via2001:db8:77::1
	configured neighbour eth0 $NEIGHBOUR4/24 $NEIGHBOUR6/64 0.0.0.0/0via192.168.77.1 ::/0via2001:db8:77::1
	configured internet eth0 $WEB4/24 $WEB6/64 0.0.0.0/0via198.51.100.1 ::/0via2001:db8:100::1
	configured far eth0 $FAR4/24 $FAR6/64 0.0.0.0/0via192.168.88.10 ::/0via2001:db8:88::10
}
lab_down() {
	[ ${#STARTED[@]} = 0 ] || kill -KILL "${STARTED[@]}" 2> /dev/null
	return 0
}

# serve WHERE NAME PROTO:PORT...: server.py there.
serve() {
	local ready=$BATS_TEST_TMPDIR/ready.$2 i
	background nsenter --net="/proc/${AT[$1]}/ns/net" -- "$LAB/server.py" "$2" "$ready" "${@:3}"
	SERVERS+=($!)
	for ((i = 0; i < 1000 * TEST_PATIENCE; i++)); do
		[ ! -e "$ready" ] || return 0
		sleep .01
	done
	echo "$2 does not listen" >&2
	return 1
}

# A network namespace lives as long as somebody serves in it.
serve_no_more() {
	[ ${#SERVERS[@]} = 0 ] || kill -KILL "${SERVERS[@]}"
	SERVERS=()
}

# says ANSWER WHERE tcp|udp ADDRESS PORT: what is heard there; and the like for several at once, in which
# each line of the input is such a call.
says() {
	local want=$1 got
	got=$(on "$2" ask "${@:3}") || :
	[ "$got" = "$want" ] || { echo "$2 asks ${*:3}: $got, not $want" && return 1; }
}
all_say() {
	local line jobs=() bad=0 job
	while read -r line; do
		[ -n "$line" ] || continue
		eval "says $line" 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || bad=1; done
	return $bad
}
not() { if "$@"; then return 1; fi; }
