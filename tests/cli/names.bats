#!/usr/bin/env bats
# Containers find each other by name. Each test has a network namespace, and an /etc/resolv.conf, in place of the host's.
load helpers

setup_file() { file_setup; }

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	echo 'nameserver 127.0.0.1' > resolv.conf
	unshare -nm sh -c 'mount --bind resolv.conf /etc/resolv.conf && ip link set lo up && exec sleep 3600' 3>&- &
	HOST=$!
	until [ "$(host readlink /proc/self/ns/net 2> /dev/null)" != "$(readlink /proc/self/ns/net)" ] &&
		host cmp -s resolv.conf /etc/resolv.conf; do sleep 0.1; done
}
teardown() {
	host ctr rm -f $(host ctr ps -aq) > /dev/null 2>&1
	kill -KILL "$HOST"
	nothing_left
}

host() { nsenter -t "$HOST" --net --mount --wd="$BATS_TEST_TMPDIR" "$@"; }
up() { host ctr run -d --name "$1" --net nat --rootfs "$FS" "${@:2}" > /dev/null; }
# what NAME is to the container, as a list of words
asked() { host ctr exec "$1" nslookup "$2" 127.0.0.11 2> /dev/null | sed -n 's/^Address: //p;s/.*name = //p' | sort | xargs; }
resolvers() { pgrep -P "$(pgrep -d, -f "ctr-supervisor.* gc --container ($1) ")" ctr-resolver; }

@test "by name and alias, forward and reverse, in both families, also from a container in the foreground" {
	up web --network-alias www sleep 3600
	up db sleep 3600
	v4=$(host ctr exec web ip -4 -o address show dev eth0 | sed -E 's/.*inet ([^/]*).*/\1/')
	v6=$(host ctr exec web ip -6 -o address show dev eth0 scope global | sed -E 's/.*inet6 ([^/]*).*/\1/')
	[ "$(asked db web)" = "$v4 $v6" ]
	[ "$(asked db www)" = "$v4 $v6" ]
	[ "$(asked db WEB.nat)" = "$v4 $v6" ]
	[ "$(asked db "$v4")" = web ]
	[ "$(asked db "$v6")" = web ]
	[ "$(asked web web)" = "$v4 $v6" ]
	run host ctr run --rm --net nat --rootfs "$FS" nslookup web
	[[ $output == *"$v4"*"$v6"* ]]
}

@test "a container that ends is gone at once" {
	up web sleep 3600
	up db sleep 3600
	[ -n "$(asked db web)" ]
	host ctr rm -f web > /dev/null
	[ -z "$(asked db web)" ]
	up web sleep 3600
	[ -n "$(asked db web)" ]
	host ctr stop -t 0 web > /dev/null
	[ -z "$(asked db web)" ]
	host ctr start web > /dev/null
	[ -n "$(asked db web)" ]
}

@test "a container that is renamed has its new name for others, and not the old one" {
	up web --network-alias www sleep 3600
	up db sleep 3600
	was=$(asked db web)
	host ctr rename web front
	[ -n "$was" ]
	[ "$(asked db front)" = "$was" ]
	[ "$(asked db www)" = "$was" ]
	[ -z "$(asked db web)" ]
	host ctr gc > /dev/null
	[ "$(asked db front)" = "$was" ]
	host ctr rm -f front > /dev/null
	[ -z "$(asked db www)" ]
}

@test "nobody answers before the first question, and not ten seconds after the last" {
	up web sleep 3600
	not resolvers web
	[ -n "$(asked web web)" ]
	first=$(resolvers web)
	timeout 15 sh -c "while kill -0 $first 2> /dev/null; do sleep 0.2; done"
	[ -n "$(asked web web)" ]
	[ "$(resolvers web)" != "$first" ]
}

@test "one that is killed comes back, and others do not notice; nor is it seen or killed inside" {
	up web sleep 3600
	up db sleep 3600
	[ -n "$(asked web db)" ] && [ -n "$(asked db web)" ]
	mine=$(resolvers web) other=$(resolvers db)
	kill -KILL "$mine"
	[ -n "$(asked db web)" ]
	[ -n "$(asked web db)" ]
	[ "$(resolvers db)" = "$other" ]
	mine=$(resolvers web)
	run host ctr exec web ps
	[[ $output != *resolver* ]]
	host ctr exec web sh -c 'kill -KILL -1' || :
	[ -n "$(asked web db)" ]
	[ "$(resolvers web)" = "$mine" ]
}

@test "it goes on when the supervisor is killed, and ends with the container" {
	up web sleep 3600
	[ -n "$(asked web web)" ]
	old=$(resolvers web)
	kill -KILL "$(pgrep -of 'ctr-supervisor.* gc --container web ')"
	[ -n "$(asked web web)" ]
	new=$(resolvers web)
	[ "$new" != "$old" ]
	host ctr rm -f web > /dev/null
	not kill -0 "$new"
}

@test "the sockets are one container's own" {
	up web sleep 3600
	up db sleep 3600
	v4=$(host ctr exec web ip -4 -o address show dev eth0 | sed -E 's/.*inet ([^/]*).*/\1/')
	run host ctr exec db timeout 2 nslookup db "$v4"
	[ "$status" != 0 ]
	[[ $output != *10.90.*10.90.*10.90.* ]]
}

@test "other names are asked of the servers that the host has at the time" {
	host python3 -c "
import sys; sys.path.insert(0, '$BATS_TEST_DIRNAME')
from dnslab import *
for n in 1, 2: s = Server('127.0.0.%d' % n, lambda q, n=n: [answer(q, '192.0.2.%d' % n)])
s.join()" 3>&- &
	up web sleep 3600
	until [[ $(asked web example.org) == *192.0.2.1* ]]; do sleep 0.2; done
	echo 'nameserver 127.0.0.2' > resolv.conf
	kill -KILL "$(resolvers web)"
	[[ $(asked web example.org) == *192.0.2.2* ]]
	kill %%
}

@test "what was killed in the middle leaves no name" {
	up web sleep 3600
	up db sleep 3600
	ls "$CTR_STATE/.networks/nat/web"
	pid=$(payload web)
	kill -KILL $(pgrep -f "ctr-supervisor.*--state $CTR_STATE gc --container web ")
	kill -KILL "$pid"
	until_true "its process is gone" not kill -0 "$pid"
	host ctr gc > /dev/null
	not ls "$CTR_STATE/.networks/nat/web" 2> /dev/null
	[ -z "$(asked db web)" ]
	host ctr rm -f db > /dev/null
	not ls "$CTR_STATE/.networks" 2> /dev/null
}
