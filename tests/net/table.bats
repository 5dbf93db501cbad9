# What the table of nf_tables does to packets: containers are played by namespaces, nothing is started.
load lab
load players

setup() { lab_up; }
teardown() { lab_down; }

@test "a container reaches the internet by both families, with the host's address" {
	table_up
	play one 3
	serve internet web tcp:80 udp:53
	all_say <<- END
		"web saw $HOST4" one tcp $WEB4 80
		"web saw $HOST6" one tcp $WEB6 80
		"web saw $HOST4" one udp $WEB4 53
		"web saw $HOST6" one udp $WEB6 53
	END
}

@test "a published port is reached from everywhere, and sees who calls" {
	table_up
	play web 3
	play other 4
	serve web web tcp:80 udp:53
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'udp . 5353' 10.90.0.3 53
	publish add 'tcp . 8080' fd00:90::3 80
	publish add 'udp . 5353' fd00:90::3 53
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 8080
		"web saw $PEER6" peer tcp $HOST6 8080
		"web saw $PEER4" peer udp $HOST4 5353
		"web saw $PEER6" peer udp $HOST6 5353
		"web saw $WEB4" internet tcp $HOST4 8080
		"web saw $WEB6" internet tcp $HOST6 8080
		"web saw $HOST4" host tcp $HOST4 8080
		"web saw $HOST6" host tcp $HOST6 8080
		"web saw 10.90.0.1" host tcp 10.90.0.1 8080
		"web saw 10.90.0.4" other tcp $HOST4 8080
		"web saw fd00:90::4" other tcp $HOST6 8080
		"web saw 10.90.0.4" other udp 10.90.0.1 5353
		refused peer tcp $HOST4 8081
	END
	# From the host's loopback, and from the container itself: one of the host's own addresses.
	[[ $(on host ask tcp 127.0.0.1 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on host ask udp 127.0.0.1 5353) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on web ask tcp $HOST4 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on web ask tcp $HOST6 8080) =~ ^"web saw "[0-9a-f:]+$ ]]
	[[ $(on web ask udp $HOST4 5353) =~ ^"web saw "[0-9.]+$ ]]
}

# Packets that arrive there, whoever they say they are from.
count_at() {
	on "$1" nft -f - <<- END
		table inet seen {
			chain in { type filter hook prerouting priority -400; $2 counter; }
			chain here { type filter hook input priority 0; $2 counter; }
		}
	END
}
# seen_at WHERE [in|here]: before all rules there; and if the host itself took it.
seen_at() { on "$1" nft list chain inet seen "${2:-in}" | sed -nE 's/.*counter packets ([0-9]+) .*/\1/p'; }
# Rules of ours left out, to see that what is tested falls without them.
without() { nft_host flush chain inet ctr "$1"; }

@test "the batch is what nft makes of the text, and what is there is left alone" {
	local mine theirs=$BATS_TEST_TMPDIR/table.nft top=$BATS_TEST_DIRNAME/../../src/net/nftable
	[ "$(on host ctr-nftables table)" = empty ]
	mine=$(nft_host list ruleset)
	[ -z "$(on host ctr-nftables table)" ]
	[ "$(nft_host list ruleset)" = "$mine" ]
	not grep -q 'policy drop' <<< "$mine"
	on host ctr-nftables remove
	on host ctr-nftables remove
	[ -z "$(nft_host list ruleset)" ]
	sed "s/@DIGEST@/$("$top/digest" table.nft)/" "$top/table.nft" > "$theirs"
	nft_host -f "$theirs"
	diff <(nft_host list ruleset) - <<< "$mine"
}

@test "of many who make the table at once, each finds it whole" {
	local one jobs=() i
	on host ctr-nftables table
	one=$(nft_host list ruleset)
	nft_host flush ruleset
	for i in {1..8}; do
		on host ctr-nftables table 3>&- &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i"; done
	[ "$(nft_host list ruleset)" = "$one" ]
}

@test "a table of another version is replaced, and keeps its elements and what they counted" {
	local before
	table_up 91
	play one 3
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add "$HOST6 . udp . 53" fd00:90::3 53
	on one busybox ping -c 3 10.90.0.1
	nft_host add element inet ctr internal4 '{ 10.97.0.0/16, 10.99.0.0/16 }'
	listed() { nft_host list table inet ctr | grep -v 'comment "of ctr' | sed 's/counter packets .* drop/counter drop/'; }
	before=$(listed)
	grep -q 'counter packets 3 bytes 252 comment "ctr003"' <<< "$before"
	# As it may have been: another comment, a chain less, a set more.
	nft_host list table inet ctr | sed 's/; version .*"/; version 0"/' > "$BATS_TEST_TMPDIR/old"
	nft_host flush ruleset
	nft_host -f "$BATS_TEST_TMPDIR/old"
	nft_host delete chain inet ctr received
	nft_host add set inet ctr former '{ type inet_service; elements = { 7 } ; }'
	[ -z "$(on host ctr-nftables table)" ]
	diff <(listed) - <<< "$before"
}

@test "elements that fit no more are left out, and it is said" {
	nft_host -f - <<- END
		table inet ctr {
			comment "of ctr, see ctr-networks(7); version 0"
			set in4 { type inet_service; elements = { 7 }; }
		}
	END
	[ "$(on host ctr-nftables table)" = empty ]
	[ -z "$(on host ctr-nftables table)" ]
	not grep elements <(nft_host list ruleset)
}

@test "the LAN does not reach a container by its address" {
	table_up
	play web 3
	serve web web tcp:80 udp:53
	publish add 'tcp . 8080' 10.90.0.3 80
	on peer ip route add 10.90.0.0/16 via $HOST4
	on peer ip route add fd00:90::/64 via $HOST6
	all_say <<- END
		silence peer tcp 10.90.0.3 80
		silence peer tcp fd00:90::3 80
		silence peer udp 10.90.0.3 53
		silence peer udp fd00:90::3 53
		"web saw $PEER4" peer tcp $HOST4 8080
	END
	without in
	says "web saw $PEER4" peer tcp 10.90.0.3 80
	says "web saw $PEER6" peer tcp fd00:90::3 80
}

@test "the host's loopback is not reached by a container" {
	table_up
	play one 3
	serve host secret tcp:631
	on one sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'
	on one ip address delete 127.0.0.1/8 dev lo
	on one ip route add 127.0.0.0/8 via 10.90.0.1 src 10.90.0.3
	says silence one tcp 127.0.0.1 631
	without raw
	says "secret saw 10.90.0.3" one tcp 127.0.0.1 631
}

@test "a port of the loopback is reached from there alone" {
	table_up
	play web 3
	play other 4
	serve web web tcp:80
	publish add '127.0.0.1 . tcp . 8080' 10.90.0.3 80
	# As Kubernetes does, and Docker did.
	set_host ipv4/conf/eth0/route_localnet 1
	on peer sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'
	on peer ip address delete 127.0.0.1/8 dev lo
	on peer ip route add 127.0.0.0/8 via $HOST4 src $PEER4
	all_say <<- END
		refused peer tcp 127.0.0.1 8080
		refused peer tcp $HOST4 8080
		refused other tcp $HOST4 8080
		refused host tcp $HOST4 8080
	END
	[[ $(on host ask tcp 127.0.0.1 8080) =~ ^"web saw "[0-9.]+$ ]]
	nft_host -f - <<< 'flush chain inet ctr dstnat; add rule inet ctr dstnat goto publish'
	says "web saw $PEER4" peer tcp 127.0.0.1 8080
}

@test "::1 is refused at once, and a port of one address is of that one" {
	table_up
	play web 3
	serve web web tcp:80
	publish add 'tcp . 8080' fd00:90::3 80
	publish add "$HOST4 . tcp . 8081" 10.90.0.3 80
	publish add "$HOST6 . tcp . 8081" fd00:90::3 80
	all_say <<- END
		refused host tcp ::1 8080
		"web saw $PEER4" peer tcp $HOST4 8081
		"web saw $PEER6" peer tcp $HOST6 8081
		refused far tcp 192.168.88.10 8081
		refused far tcp 2001:db8:88::10 8081
		refused host tcp 127.0.0.1 8081
	END
}

@test "a forged source gets nowhere" {
	local lie
	table_up 91
	play evil 3
	play other 4
	serve internet web udp:53
	on evil ip address add 10.90.0.4/32 dev eth0
	on evil ip address add $PEER4/32 dev eth0
	on evil ip address add fd00:90::4/128 dev eth0 nodad
	on evil ip address add $PEER6/128 dev eth0 nodad
	# To the internet, and to the host itself.
	count_at internet 'udp dport 53'
	count_at host 'udp dport 7000'
	lie() {
		local via=10.90.0.1
		[[ $1 != *:* ]] || via=fd00:90::1
		on evil ip route replace default via $via src "$1"
		on evil bash -c "echo x > /dev/udp/$2/53; echo x > /dev/udp/$3/7000" || :
	}
	for lie in 10.90.0.4 $PEER4; do lie $lie $WEB4 $HOST4; done
	for lie in fd00:90::4 $PEER6; do lie $lie $WEB6 $HOST6; done
	[ "$(seen_at internet)" = 0 ]
	[ "$(seen_at host)" = 4 ]
	[ "$(seen_at host here)" = 0 ]
	# The control: what is its own, and, without the rules, what is not. The strict rp_filter of the device is
	# the second lock in IPv4 alone.
	lie 10.90.0.3 $WEB4 $HOST4
	[ "$(seen_at internet)" = 1 ]
	without raw
	lie $PEER6 $WEB6 $HOST6
	[ "$(seen_at internet)" = 2 ]
}

@test "lies about neighbours change nothing, and fill no table" {
	local before claims4 claims6
	table_up
	play evil 3
	play other 4
	serve other other tcp:80
	claims4=$(printf '10.90.7.%d ' {1..200})
	claims6=$(printf 'fd00:90::7:%x ' {1..200})
	before=$(on host ip neighbour | sort)
	# shellcheck disable=SC2086
	on evil liar.py eth0 arp 10.90.0.4 10.90.0.1 $PEER4 $claims4
	# shellcheck disable=SC2086
	on evil liar.py eth0 ndp fd00:90::4 fd00:90::1 $PEER6 fe80::1 $claims6
	sleep .2
	diff <(on host ip neighbour | sort) - <<< "$before"
	says "other saw $HOST4" host tcp 10.90.0.4 80
	# The control: without the source checks, the kernel believes.
	without raw
	set_host ipv4/conf/ctr003/rp_filter 0
	# shellcheck disable=SC2086
	on evil liar.py eth0 arp $claims4
	# shellcheck disable=SC2086
	on evil liar.py eth0 ndp $claims6
	sleep .2
	[ "$(on host ip -4 neighbour | grep -c '10\.90\.7\.')" -gt 100 ]
	[ "$(on host ip -6 neighbour | grep -c '90::7:')" -gt 100 ]
}

@test "an address that nobody has is answered at once, and is asked for nowhere" {
	table_up 91
	play one 3
	count_at router 'meta l4proto { tcp, udp }'
	all_say <<- END
		refused one tcp 10.90.0.200 80
		refused one tcp fd00:90::200 80
		refused one tcp 10.91.0.200 80
		refused one tcp fd00:91::200 80
	END
	[ "$(seen_at router)" = 0 ]
	# With a route to ctr0, where neighbours would be looked for.
	on host ip route add 10.90.0.0/16 dev ctr0
	on host ip route add fd00:90::/64 dev ctr0
	scan() { on one bash -c 'for i in {1..200}; do echo x > /dev/udp/10.90.9.$i/9; echo x > /dev/udp/fd00:90::9:$i/9; done'; }
	scan
	[ "$(on host ip neighbour show dev ctr0 | wc -l)" = 0 ]
	nft_host -f - <<< 'flush chain inet ctr near; add rule inet ctr near accept'
	scan
	[ "$(on host ip neighbour show dev ctr0 | wc -l)" -gt 200 ]
}

@test "networks are apart, but for what is published" {
	table_up 91
	play web 3
	play same 4
	play away 5 91
	serve web web tcp:80 udp:53
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'tcp . 8080' fd00:90::3 80
	all_say <<- END
		"web saw 10.90.0.4" same tcp 10.90.0.3 80
		"web saw fd00:90::4" same udp fd00:90::3 53
		refused away tcp 10.90.0.3 80
		refused away tcp fd00:90::3 80
		unreachable away udp 10.90.0.3 53
		"web saw 10.91.0.5" away tcp $HOST4 8080
		"web saw fd00:91::5" away tcp $HOST6 8080
		"web saw 10.91.0.5" away tcp 10.90.0.1 8080
	END
}

@test "an internal network reaches itself, and nobody reaches it" {
	table_up 91
	nft_host add element inet ctr internal4 '{ 10.91.0.0/16 }'
	nft_host add element inet ctr internal6 '{ fd00:91::/64 }'
	play web 3
	play in 5 91
	play beside 6 91
	serve web web tcp:80
	serve in in tcp:80
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'tcp . 8080' fd00:90::3 80
	publish add 'tcp . 8081' 10.91.0.5 80
	publish add 'tcp . 8081' fd00:91::5 80
	all_say <<- END
		"in saw 10.91.0.6" beside tcp 10.91.0.5 80
		"in saw fd00:91::6" beside tcp fd00:91::5 80
		refused in tcp $WEB4 80
		refused in tcp $WEB6 80
		refused in tcp 10.90.0.3 80
		refused in tcp $HOST4 8080
		refused in tcp $HOST6 8080
		silence peer tcp $HOST4 8081
		silence peer tcp $HOST6 8081
		refused web tcp $HOST4 8081
		"in saw $HOST4" host tcp 10.91.0.5 80
	END
}

@test "an address without NAT is reached from everywhere, and is its own" {
	local v4=203.0.113.5 v6=2001:db8:5::5
	table_up
	play web 3
	play_at public ctr009 $v4 $v6 10.90.0.1 fd00:90::1
	nft_host add element inet ctr open4 "{ $v4 }"
	nft_host add element inet ctr open6 "{ $v6 }"
	on router ip route add $v4 via $HOST4
	on router ip route add $v6 via $HOST6
	serve web web tcp:80
	serve public public tcp:80 udp:53
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'tcp . 8080' fd00:90::3 80
	all_say <<- END
		"public saw $WEB4" internet tcp $v4 80
		"public saw $WEB6" internet tcp $v6 80
		"public saw $PEER4" peer udp $v4 53
		"public saw $PEER6" peer udp $v6 53
		"internet saw $v4" public tcp $WEB4 80
		"internet saw $v6" public tcp $WEB6 80
		"public saw 10.90.0.3" web tcp $v4 80
		"public saw fd00:90::3" web tcp $v6 80
		"web saw $v4" public tcp $HOST4 8080
		"web saw $v6" public tcp $HOST6 8080
		refused public tcp 10.90.0.3 80
		refused public tcp fd00:90::3 80
	END
	[[ $(on host ask tcp $v4 80) =~ ^"public saw "[0-9.]+$ ]]
	[[ $(on host ask tcp $v6 80) =~ ^"public saw "[0-9a-f:]+$ ]]
	# Not as somebody else, not even to the host.
	count_at host "ip saddr $PEER4 udp dport 7000"
	on public ip address add $PEER4/32 dev eth0
	on public ip route replace default via 10.90.0.1 src $PEER4
	on public bash -c "echo x > /dev/udp/$HOST4/7000"
	[ "$(seen_at host)" = 1 ]
	[ "$(seen_at host here)" = 0 ]
}

@test "a container has 16,384 connections at most, and takes none from others" {
	table_up
	play many 3
	play few 4
	serve internet web udp:53
	count_at internet 'udp dport 10000-29999'
	# A connection for each port that is spoken to.
	open() {
		on "$1" python3 - <<- END
			import socket
			s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
			s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
			for port in range(10000, 30000):
			    for _ in range(9):
			        try:
			            s.sendto(b"x", ("$WEB4", port))
			            break
			        except ConnectionRefusedError:
			            pass
		END
	}
	open many
	# The kernel looks through a heap once in a tick: one or two more get in.
	[ "$(seen_at internet)" -gt 15000 ]
	[ "$(seen_at internet)" -lt 16500 ]
	says "web saw $HOST4" few udp $WEB4 53
	on internet nft flush ruleset
	count_at internet 'udp dport 10000-29999'
	nft_host flush chain inet ctr dstnat
	open few
	[ "$(seen_at internet)" = 20000 ]
}

@test "counters say what was sent and received, by family" {
	table_up
	play one 3
	# 20 (40) bytes of IP, 8 of ICMP, 100 of data.
	on one busybox ping -q -c 10 -i .05 -s 100 $HOST4
	on one busybox ping -q -c 7 -i .05 -s 100 $WEB6
	nft_host list set inet ctr own4 | grep -q '"ctr003" . 10.90.0.3 counter packets 10 bytes 1280 '
	nft_host list set inet ctr in4 | grep -q '10.90.0.3 counter packets 10 bytes 1280 '
	nft_host list set inet ctr own6 | grep -q '"ctr003" . fd00:90::3 counter packets 7 bytes 1036 '
	nft_host list set inet ctr in6 | grep -q 'fd00:90::3 counter packets 7 bytes 1036 '
}

@test "the host does not become a router between its uplinks" {
	table_up
	serve far far tcp:80
	on peer ip route add 192.168.88.0/24 via $HOST4
	on peer ip route add 2001:db8:88::/64 via $HOST6
	set_host ipv4/conf/eth1/forwarding 1
	says silence peer tcp $FAR4 80
	says silence peer tcp $FAR6 80
	# What the administrator switched on is not ours to forbid.
	nft_host flush set inet ctr uplink4
	nft_host flush set inet ctr uplink6
	says "far saw $PEER4" peer tcp $FAR4 80
	says "far saw $PEER6" peer tcp $FAR6 80
}

@test "what is too large for the way is not sent" {
	table_up
	play web 3
	serve web web tcp:80
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	on host ip link set eth0 mtu 1400
	count_at internet 'tcp option maxseg size 1360'
	count_at peer 'tcp option maxseg size 1360'
	says "internet saw $HOST4" web tcp $WEB4 80
	says "web saw $PEER4" peer tcp $HOST4 8080
	[ "$(seen_at internet)" = 1 ]
	[ "$(seen_at peer)" = 1 ]
}

@test "a drop of somebody else wins, and an accept of ours takes nothing from it" {
	table_up
	play web 3
	serve web web tcp:80
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	nft_host -f - <<- END
		table ip theirs {
			chain forward { type filter hook forward priority 10; policy drop; }
		}
	END
	says silence peer tcp $HOST4 8080
	says silence web tcp $WEB4 80
	nft_host add rule ip theirs forward iifname '"ctr*"' accept
	nft_host add rule ip theirs forward oifname '"ctr*"' accept
	says "web saw $PEER4" peer tcp $HOST4 8080
	says "internet saw $HOST4" web tcp $WEB4 80
}

@test "after a flush of all rules, the table comes back and works" {
	table_up
	play web 3
	serve web web tcp:80
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	nft_host flush ruleset
	says refused peer tcp $HOST4 8080
	[ "$(on host ctr-nftables table)" = empty ]
	network_elements 90
	elements add ctr003 10.90.0.3 fd00:90::3
	publish add 'tcp . 8080' 10.90.0.3 80
	says "web saw $PEER4" peer tcp $HOST4 8080
	says "internet saw $HOST4" web tcp $WEB4 80
}
