# shellcheck shell=bash
# Containers without ctr: namespaces of the lab, with the devices, routes and elements that a start makes for
# them. So the table is tested alone.

nft_host() { on host nft "$@"; }
set_host() { on host sh -c "echo $2 > /proc/sys/net/$1"; }

# The host as it is once it has networks: 10.90.0.0/16 and fd00:90::/64, and as many with other numbers as asked for.
table_up() {
	local n
	on host ctr-nftables table > /dev/null
	on host ip link add ctr0 type bridge
	on host ip link set ctr0 addrgenmode none
	on host ip link set ctr0 up
	set_host ipv4/conf/eth0/forwarding 1
	set_host ipv4/conf/ctr0/forwarding 1
	set_host ipv6/conf/all/forwarding 1
	nft_host add element inet ctr uplink6 '{ eth0, eth1 }'
	nft_host add element inet ctr uplink4 '{ eth0, eth1 }'
	for n in 90 "$@"; do
		on host ip address add "10.$n.0.1/32" dev ctr0 noprefixroute
		on host ip address add "fd00:$n::1/128" dev ctr0 nodad noprefixroute
		network_elements "$n"
	done
}
network_elements() {
	nft_host -f - <<- END
		add element inet ctr pool4 { 10.$1.0.0/16 }
		add element inet ctr pool6 { fd00:$1::/64 }
		add element inet ctr same4 { 10.$1.0.0/16 . 10.$1.0.0/16 }
		add element inet ctr same6 { fd00:$1::/64 . fd00:$1::/64 }
	END
}

# play NAME SLOT [NETWORK]: a container. It is 10.NETWORK.0.SLOT and fd00:NETWORK::SLOT.
play() { play_at "$1" "$(printf 'ctr%03x' "$2")" "10.${3:-90}.0.$2" "fd00:${3:-90}::$2" "10.${3:-90}.0.1" "fd00:${3:-90}::1"; }
play_at() {
	local name=$1 device=$2 v4=$3 v6=$4 gateway4=$5 gateway6=$6 ours=02:63:74:72:00:01 theirs=02:63:74:72:00:02
	namespace "$name"
	until entered "${AT[$name]}"; do sleep .01; done
	on host ip link add "$device" address $ours type veth peer name eth0 address $theirs netns "${AT[$name]}"
	set_host "ipv4/conf/$device/forwarding" 1
	set_host "ipv4/conf/$device/rp_filter" 1
	set_host "ipv4/conf/$device/route_localnet" 1
	on host ip -batch - <<- END
		link set $device addrgenmode none
		link set $device up
		route add $v4/32 dev $device
		route add $v6/128 dev $device
		neighbour add $v4 lladdr $theirs nud permanent dev $device
		neighbour add $v6 lladdr $theirs nud permanent dev $device
	END
	on "$name" ip -batch - <<- END
		link set lo up
		link set eth0 addrgenmode none
		link set eth0 up
		address add $v4/32 dev eth0
		address add $v6/128 dev eth0 nodad
		neighbour add $gateway4 lladdr $ours nud permanent dev eth0
		neighbour add $gateway6 lladdr $ours nud permanent dev eth0
		route add $gateway4/32 dev eth0
		route add $gateway6/128 dev eth0
		route add default via $gateway4
		route add default via $gateway6
	END
	elements add "$device" "$v4" "$v6"
}
# elements add|delete DEVICE V4 V6
elements() {
	nft_host -f - <<- END
		$1 element inet ctr own4 { "$2" . $3 comment "$2" }
		$1 element inet ctr own6 { "$2" . $4 comment "$2" }
		$1 element inet ctr in4 { $3 comment "$2" }
		$1 element inet ctr in6 { $4 comment "$2" }
	END
}
# publish add|delete [ADDRESS .] PROTO . PORT V4|V6 PORT
publish() {
	local map=pub family=4
	case $2 in
	*:*' . '*' . '*) map='at' family=6 ;;
	*' . '*' . '*) map='at' ;;
	esac
	case $3 in *:*) family=6 ;; esac
	nft_host "$1 element inet ctr $map$family { $2 : $3 . $4 }"
}
# end NAME SLOT [NETWORK]: as if it had been removed.
gone() {
	local device
	device=$(printf 'ctr%03x' "$2")
	elements delete "$device" "10.${3:-90}.0.$2" "fd00:${3:-90}::$2"
	kill -KILL "${AT[$1]}"
	on host ip link delete "$device"
}
