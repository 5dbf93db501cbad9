# Beside the rules of others: theirs stay as they are and do what they did, ours work, or it is said whose rule is
# in the way and what lets them through.
load lab
load players

setup() {
	lab_up
	table_up
	nft_host flush set inet ctr uplink4
	nft_host flush set inet ctr uplink6
	play web 3
	serve web web tcp:80
	serve internet internet tcp:80
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'tcp . 8080' fd00:90::3 80
}
teardown() { lab_down; }

# Each engine's containers are the host to the other's.
works() {
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 8080
		"web saw $PEER6" peer tcp $HOST6 8080
		"internet saw $HOST4" web tcp $WEB4 80
		"internet saw $HOST6" web tcp $WEB6 80
	END
}
# All rules but ours, without what they counted.
theirs() { nft_host list ruleset | sed '/^table inet ctr {/,/^}/d; s/packets [0-9]* bytes [0-9]*/packets/g'; }
untouched() { diff <(theirs) - <<< "$1"; }
restore() {
	on host iptables-restore < "$LAB/firewalls/${1}4"
	on host ip6tables-restore < "$LAB/firewalls/${1}6"
}
# What check says; and the cures of it, which are for a shell.
checked() { on host ctr-nftables check; }
cures() { checked | cut -f 2; }

@test "nobody is in the way, and nothing is left of having looked" {
	local before
	# The kernel forgets within seconds that there was a connection.
	all() { nft_host list ruleset | grep -v 'counter packets\|"ctr-check" . [0-9]* ct count' && on host ip -o link | cut -d: -f2; }
	before=$(all)
	[ -z "$(checked)" ]
	diff <(all) - <<< "$before"
	nft_host flush ruleset
	[ -z "$(checked)" ]
	[ -z "$(nft_host list ruleset)" ]
}

@test "Docker's policy is named, and the lines for its chain let us through" {
	local said before
	on host ip link add docker0 type bridge
	configured host docker0 172.17.0.1/16
	namespace box
	until entered "${AT[box]}"; do sleep .01; done
	cable host vbox box eth0
	on host ip link set vbox master docker0 up
	configured box eth0 172.17.0.2/16 0.0.0.0/0via172.17.0.1
	serve box box tcp:80
	set_host ipv4/ip_forward 1
	restore docker
	before=$(theirs)
	says silence peer tcp $HOST4 8080
	says silence web tcp $WEB4 80
	said=$(checked)
	[ "$(wc -l <<< "$said")" = 2 ]
	grep -q '^IPv4 .*"ip filter" by the policy of the chain FORWARD.iptables -I DOCKER-USER -i ctr+ ' <<< "$said"
	grep -q '^IPv6 .*"ip6 filter" by the policy of the chain FORWARD.ip6tables -I DOCKER-USER -i ctr+ ' <<< "$said"
	untouched "$before"
	says "box saw $PEER4" peer tcp $HOST4 9090
	cures | on host sh -e
	[ -z "$(checked)" ]
	before=$(theirs)
	works
	all_say <<- END
		"box saw $PEER4" peer tcp $HOST4 9090
		"internet saw $HOST4" box tcp $WEB4 80
		"box saw 172.17.0.1" web tcp $HOST4 9090
		"web saw $HOST4" box tcp $HOST4 8080
	END
	on host ctr-nftables remove
	on host ctr-nftables table
	untouched "$before"
}

@test "the script for Docker does what check says" {
	restore docker
	on host sh "$LAB/../../contrib/firewall/docker"
	[ -z "$(checked)" ]
	works
}

@test "podman's networks work beside ours" {
	local netavark=/usr/lib/podman/netavark before
	[ -x $netavark ] || skip "netavark is not here"
	namespace pod
	until entered "${AT[pod]}"; do sleep .01; done
	cat > "$BATS_TEST_TMPDIR/pod.json" <<- END
		{"container_id": "0123456789abcdef", "container_name": "pod",
		 "networks": {"podman": {"static_ips": ["10.88.0.2", "fd00:88::2"], "interface_name": "eth0"}},
		 "network_info": {"podman": {"name": "podman", "driver": "bridge", "network_interface": "podman0",
		  "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
		  "subnets": [{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}, {"subnet": "fd00:88::/64", "gateway": "fd00:88::1"}],
		  "ipv6_enabled": true, "internal": false, "dns_enabled": false, "ipam_options": {"driver": "host-local"}}},
		 "port_mappings": [{"container_port": 80, "host_ip": "", "host_port": 9091, "protocol": "tcp", "range": 1}]}
	END
	on host $netavark --config "$BATS_TEST_TMPDIR" setup "/proc/${AT[pod]}/ns/net" < "$BATS_TEST_TMPDIR/pod.json"
	serve pod pod tcp:80
	before=$(theirs)
	[ -z "$(checked)" ]
	works
	all_say <<- END
		"pod saw $PEER4" peer tcp $HOST4 9091
		"pod saw $PEER6" peer tcp $HOST6 9091
		"internet saw $HOST4" pod tcp $WEB4 80
		"pod saw 10.88.0.1" web tcp $HOST4 9091
		"web saw $HOST4" pod tcp $HOST4 8080
	END
	untouched "$before"
}

@test "what ufw denies stays denied, and a route that it allows works" {
	local said before f u=ufw
	restore ufw
	before=$(theirs)
	says silence peer tcp $HOST4 8080
	says silence web tcp $WEB6 80
	said=$(checked)
	[ "$(grep -c 'the policy of the chain FORWARD.ufw route allow in on ctr+ && ufw route allow out on ctr+$' <<< "$said")" = 2 ]
	untouched "$before"
	# What these two are to ufw.
	for f in iptables ip6tables; do
		on host $f -A $u-user-forward -i ctr+ -j ACCEPT
		on host $f -A $u-user-forward -o ctr+ -j ACCEPT
		u=ufw6
	done
	[ -z "$(checked)" ]
	works
	# Not what it denies on the host.
	says silence peer tcp $HOST4 8081
	on host iptables -I ufw-user-forward -p tcp --dport 80 -s $PEER4 -j DROP
	says silence peer tcp $HOST4 8080
}

@test "firewalld's reject is named, and our zone works" {
	local said before
	nft_host -f "$LAB/firewalls/firewalld"
	before=$(theirs)
	said=$(checked)
	[ "$(grep -c 'in the table "inet firewalld" by the rule with handle .* of the chain filter_FWD_public.cp .*/ctr.xml /etc/firewalld/zones/' <<< "$said")" = 2 ]
	untouched "$before"
	# What the zone is to firewalld.
	nft_host -f - <<- 'END'
		add chain inet firewalld filter_FWD_ctr
		add rule inet firewalld filter_FWD_ctr accept
		insert rule inet firewalld filter_FORWARD_ZONES iifname "ctr*" goto filter_FWD_ctr
	END
	[ -z "$(checked)" ]
	works
}

@test "rules of nft by hand: the line that is printed lets us through" {
	nft_host -f - <<- 'END'
		table inet mine {
			chain forward {
				type filter hook forward priority 5; policy accept
				ct state established,related accept
				jump others
			}
			chain others {
				reject
			}
		}
	END
	checked | grep -q '"inet mine" by the rule with handle .* of the chain others'
	cures | sed "s/, and the same.*//" | head -n 1 | on host sh -e
	[ -z "$(checked)" ]
	works
}
