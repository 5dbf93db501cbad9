# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Networks by name: the command, and what is asked of a network by flags. Nothing here needs one that works.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	nothing_left
	ctr rm --all -f > /dev/null
	ctr network prune -f > /dev/null
	ctr gc
	[ -z "$(ls -A "$CTR_ROOT/networks" 2> /dev/null)" ]
}

field() { ctr network inspect "$1" | jq -r ".[0].$2"; }

@test "a network is made, listed, looked at and removed" {
	[ "$(ctr network create web --label tier=1 -l solo)" = web ]
	refused 125 'the network web exists' ctr network create web
	hinted 'ctr network inspect web'
	[ "$(ctr network ls -q)" = $'web\nnat\nrouted' ]
	[ "$(ctr network ls | awk 'NR == 1 {print $1, $2, $3, $4, $5}')" = 'NAME DRIVER SUBNET IPV6 CONTAINERS' ]
	[ "$(ctr network ls --format json | jq -r '.[0] | .name, .driver, .labels.tier, .internal')" = $'web\nnat\n1\nfalse' ]
	[ "$(ctr network inspect --format '{{.Name}} {{.EnableIPv6}}' web)" = 'web true' ]
	run --separate-stderr -125 ctr network inspect none web
	[ "$(jq -r '.[].name' <<< "$output")" = web ]
	[[ $stderr == 'ctr: network inspect: no network none'* ]]
	refused 125 'no network wib$' ctr network rm wib
	hinted 'did you mean web'
	ctr network rm -f none
	run -125 --separate-stderr ctr network rm none web
	[ "$output" = web ]
	[ "$(ctr events --filter type=network --filter name=web --format '{{.action}}' | xargs)" = 'create destroy' ]
}

@test "the default network is always there, under each of its names, and can have other addresses" {
	[ "$(field nat subnet)" = 10.90.0.0/16 ]
	[ "$(field bridge name)" = nat ]
	[ "$(field default gateway6)" = fd00:90::1 ]
	refused 125 'the network nat is always there' ctr network rm nat
	refused 125 'the network routed is always there' ctr network rm routed
	ctr network create --subnet 10.77.0.0/16 nat
	[ "$(field nat subnet)" = 10.77.0.0/16 ]
	[ "$(field nat subnet6)" = null ]
	ctr network rm nat
	[ "$(field nat subnet)" = 10.90.0.0/16 ]
}

@test "subnets are chosen that nobody has" {
	local name
	for name in a b c; do ctr network create "$name"; done
	[ "$(ctr network ls --format json | jq -r '.[].subnet | strings' | sort | uniq -d)" = '' ]
	[ "$(ctr network ls --format json | jq -r '.[].subnet6 | strings' | sort | uniq -d)" = '' ]
	ctr network rm b
	ctr network create d
	[ "$(ctr network ls --format json | jq -r '.[].subnet | strings' | sort | uniq -d)" = '' ]
}

@test "what the host's own network has is neither chosen nor taken" {
	in_a_host_with() {
		unshare -n bash -c 'ip link add up0 type veth peer up1; ip link set up0 up; ip link set up1 up; for a; do ip addr add "$a" dev up0; done
			ctr network create web >&2; ctr network inspect web | jq -r ".[0].subnet, .[0].subnet6"; ctr network rm web >&2
			ctr network create --subnet 10.91.0.0/24 taken 2>&1' - "$@"
	}
	run --separate-stderr in_a_host_with 10.91.3.1/18 fd00:91::1/64
	[ "${lines[0]}" = 10.91.64.0/20 ]
	[ "${lines[1]}" = fd00:91:0:1::/64 ]
	[[ $output == *"'10.91.0.0/24' has addresses of the host's network 10.91.0.0/18 on up0"* ]]
}

@test "families of a network: both, or the one that was said" {
	ctr network create --subnet 10.7.0.0/24 one
	[ "$(field one subnet6)" = null ]
	ctr network create --subnet 10.8.0.0/24 --ipv6 two
	[[ "$(field two subnet6)" == fd00:91:* ]]
	ctr network create --ipv6=false three
	[ "$(field three subnet6)" = null ]
	ctr network create --subnet fd00:7::/64 --gateway fd00:7::9 --ip-range fd00:7::100/120 four
	[ "$(field four subnet)" = null ]
	[ "$(field four gateway6)" = fd00:7::9 ]
	[ "$(field four range6)" = fd00:7::100/120 ]
}

@test "drivers, and what each needs" {
	ctr network create --mtu 1400 --dns 192.0.2.53 --internal lan
	[ "$(ctr network inspect lan | jq -r '.[0] | .driver, .mtu, .dns[0], .internal')" = $'nat\n1400\n192.0.2.53\ntrue' ]
	for driver in bridge macvlan ipvlan; do
		refused 125 "--driver: '$driver' is not a driver" ctr network create -d $driver --subnet 198.51.100.0/24 x
		hinted 'nat and routed'
	done
	refused 125 "--driver: 'overlay' is not a driver" ctr network create -d overlay x
	ctr network create -d routed --subnet 203.0.113.0/28 pub
	refused 125 'of the driver nat' ctr network create -d routed nat
}

@test "what cannot be a network is refused" {
	local name
	ctr network create --subnet 10.7.0.0/24 web
	for name in none host container ns bridge default -x a/b 'a b' a:b "$(printf 'a%.0s' {1..65})" ''; do
		refused 125 'name' ctr network create -- "$name"
	done
	refused 125 'takes one name' ctr network create
	refused 125 'takes one name' ctr network create a b
	refused 125 "has addresses of the network web, 10.7.0.0/24" ctr network create --subnet 10.0.0.0/8 x
	refused 125 'has bits behind its length' ctr network create --subnet 10.8.0.1/24 x
	hinted 10.8.0.0/24
	refused 125 'is not ADDRESS/LENGTH' ctr network create --subnet 10.8.0.0 x
	refused 125 'is no network for containers' ctr network create --subnet 10.8.0.0/31 x
	refused 125 'not of addresses that an interface can have' ctr network create --subnet 224.0.0.0/8 x
	refused 125 'is the second one of its family' ctr network create --subnet 10.8.0.0/24 --subnet 10.9.0.0/24 x
	refused 125 'is not an address of 10.8.0.0/24' ctr network create --subnet 10.8.0.0/24 --gateway 10.9.0.1 x
	refused 125 'has no --subnet of its family' ctr network create --subnet 10.8.0.0/24 --gateway fd00::1 x
	refused 125 'is not a part of 10.8.0.0/24' ctr network create --subnet 10.8.0.0/24 --ip-range 10.9.0.0/25 x
	refused 125 '--ipv6=false, and --subnet' ctr network create --ipv6=false --subnet fd00:8::/64 x
	refused 125 'is not a number of bytes' ctr network create --mtu 100 x
	refused 125 'is not known' ctr network create -o encrypted=1 x
	[ "$(ctr network ls -q | grep -cx x)" -eq 0 ]
	for name in . .. ../containers /etc; do
		refused 125 'no network' ctr network rm "$name"
		refused 125 'no network' ctr network inspect "$name"
	done
	refused 125 'unknown command lst' ctr network lst
	hinted 'ctr network ls'
}

@test "a document that makes no sense is told of, and harms no other network" {
	ctr network create good
	ctr network create bad
	echo '{"name":"bad"}' > "$CTR_ROOT/networks/bad.json"
	run --separate-stderr -0 ctr network ls -q
	[ "$output" = $'good\nnat\nrouted' ]
	[[ $stderr == *'bad.json: driver: is missing'* ]]
	refused 125 'bad.json: driver: is missing' ctr network inspect bad
	ctr network rm bad
}

@test "of ten at once, one makes the network, and no two have one subnet" {
	local i pids=() won=0
	for i in {1..10}; do ctr network create same > /dev/null 2>&1 & pids+=($!); done
	for i in "${pids[@]}"; do wait "$i" && won=$((won + 1)); done
	[ "$won" -eq 1 ]
	pids=()
	for i in {1..10}; do ctr network create "n$i" > /dev/null & pids+=($!); done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(ctr network ls --format json | jq -r '.[].subnet | strings' | sort -u | wc -l)" -eq 12 ]
}

@test "prune asks, and where nobody can answer it wants to be told" {
	ctr network create a
	refused 125 'all networks that no container is in would be removed' ctr network prune < /dev/null
	[ "$(ctr network prune -f)" = a ]
	[ "$(ctr network ls -q)" = $'nat\nrouted' ]
}

@test "what a container asks of networks is kept, told before, and refused where it cannot be" {
	ctr network create --subnet 10.7.0.0/24 web
	run -0 ctr run --dry-run --rootfs "$FS" --net web --ip 10.7.0.9 --net nat -p 127.0.0.1:8080:80 -p 53/udp -- true
	[[ $output == *$'\nnetwork   web 10.7.0.9\nnetwork   nat (an address that is free)\npublish   127.0.0.1:8080:80/tcp\npublish   53/udp\n'* ]]
	ctr create --name box --rootfs "$FS" --net web:alias=db,ip=10.7.0.9 -p 8000-8003:80 --expose 90 --mtu 1400 -- true > /dev/null
	jq -r '.annotations["io.ctr.network"]' "$CTR_ROOT/containers/box/config.json" > kept
	[ "$(jq -r '.attachments[0] | .network, .addresses[0], .aliases[0]' kept)" = $'web\n10.7.0.9\ndb' ]
	[ "$(jq -r '.ports[0], .exposed[0], .mtu' kept)" = $'8000-8003:80/tcp\n90/tcp\n1400' ]
	[ "$(ctr network inspect web | jq -r '.[0].usedBy[]')" = box ]
	[ "$(ctr inspect box | jq -c '.[0] | .networks, .ports')" = $'[]\n[]' ]
	refused 125 'the network web is used by box$' ctr network rm web
	hinted 'ctr rm box'
	[ -z "$(ctr network prune -f)" ]
	refused 125 'port' ctr port box
	refused 125 'is not in the network web, 10.7.0.0/24' ctr create --rootfs "$FS" --net web --ip 10.8.0.9 -- true
	refused 125 'is the gateway of the network web' ctr create --rootfs "$FS" --net web --ip 10.7.0.1 -- true
	refused 125 'has no addresses of this family' ctr create --rootfs "$FS" --net web --ip6 fd00::9 -- true
	refused 125 'gives no addresses by itself' ctr create --rootfs "$FS" --net routed -- true
	refused 125 'no network wob' ctr create --rootfs "$FS" --net wob -- true
	hinted 'did you mean web'
	refused 125 'no container nobody' ctr run --rootfs "$FS" --net container:nobody -- true
	refused 125 'does not run' ctr run --rootfs "$FS" --net container:box -- true
	hinted 'ctr start box'
	ctr rm box > /dev/null
}

@test "a container shares a network by its path" {
	unshare -n sleep 100 &
	local there=$!
	until [ "$(readlink "/proc/$there/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
	[ "$(box --net "ns:/proc/$there/ns/net" -- readlink /proc/self/ns/net)" = "$(readlink "/proc/$there/ns/net")" ]
	kill "$there"
	refused 125 'is not an absolute path' ctr run --rootfs "$FS" --net ns:there -- true
	refused 125 'is not a namespace' ctr run --rootfs "$FS" --net ns:/etc/passwd -- true
	refused 125 'is not a net namespace' ctr run --rootfs "$FS" --net ns:/proc/self/ns/uts -- true
}

@test "a container shares the network of another, as long as that runs" {
	started other -- sleep 1000
	[ "$(box --net container:other -- readlink /proc/self/ns/net)" = "$(ctr exec other readlink /proc/self/ns/net)" ]
	ctr create --name side --rootfs "$FS" --net container:other -- readlink /proc/self/ns/net > /dev/null
	[ "$(ctr start -a side)" = "$(ctr exec other readlink /proc/self/ns/net)" ]
	run ! grep -q '/proc/self/fd' "$CTR_ROOT/containers/side/config.json"
	ctr rm -f other > /dev/null
	refused 125 'container:other' ctr start -a side
	ctr rm side > /dev/null
}

@test "what a firewall has taken away is put back by reload" {
	command -v nft > /dev/null || skip 'nft is not installed'
	refused 125 'takes no words' ctr network reload x
	ctr network reload
	run -0 --separate-stderr timeout 60 unshare -n bash -c '
		ip link set lo up
		ctr run -d --name served --rootfs "$FS" -p 8080:80 -- sh -c "while :; do echo hello | nc -l -p 80; done" > /dev/null
		ask() { for _ in 1 2 3 4 5 6 7 8; do timeout 5 busybox nc -w 1 127.0.0.1 8080 < /dev/null && break; sleep 0.2; done; }
		ask
		nft flush ruleset
		ip addr flush dev ctr0
		timeout 5 busybox nc -w 1 127.0.0.1 8080 < /dev/null || echo lost
		ctr network reload
		ask
		ctr port served 80
		ctr rm -f served > /dev/null'
	[ "$output" = $'hello\nlost\nhello\n0.0.0.0:8080\n[::]:8080' ]
}
