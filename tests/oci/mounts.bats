#!/usr/bin/env bats
# Mounts and devices: where they go, in which order, and what they look like there. As crun and runc have it.
load oci

setup_file() { oci_file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir src
	echo of-src > src/f
}
teardown() {
	oci_teardown
}

# own_root: a root of this test's alone, in root.
own_root() { cp -a "$FS" root; }
OWN='.root.path = $ENV.PWD + "/root"'
# A mount of src, or of a tmpfs.
BIND='{type: "bind", source: ($ENV.PWD + "/src"), options: ["rbind"]}'
TMPFS='{type: "tmpfs", source: "tmpfs"}'

# shows SCRIPT FILTER WANTED
shows() {
	sh_bundle "$1" "$2"
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[ "$output" = "$3" ] || { echo "got: $output; $stderr"; return 1; }
}

@test "below a link that dangles: what it leads to is made, in the root" {
	own_root
	rm -rf root/run root/var/run
	mkdir -p root/var
	ln -s /run root/var/run
	ln -s ../../../../lost root/var/out
	shows 'cat /run/secrets/of/f /lost/f; ls -ld /var/run /var/out | cut -c1' \
		"$OWN | .mounts += [$BIND + {destination: \"/var/run/secrets/of\"}, $BIND + {destination: \"/var/out\"}]" $'of-src\nof-src\nl\nl'
	[ ! -e "$BATS_TEST_TMPDIR/lost" ] && [ ! -e /lost ]
}

@test "a link leads into what is mounted where it leads" {
	own_root
	rm -rf root/run root/var/run
	mkdir -p root/var
	ln -s /run root/var/run
	shows 'cat /run/x/f; grep -c " /run" /proc/mounts' \
		"$OWN | .mounts += [$TMPFS + {destination: \"/run\"}, $BIND + {destination: \"/var/run/x\"}]" $'of-src\n2'
	[ -z "$(ls root/run)" ]
}

@test "relative destinations, and those that are not clean, are below the root" {
	shows 'cat /rel/a/f /b/f' ".mounts += [$BIND + {destination: \"rel/a\"}, $BIND + {destination: \"/x/../b//./\"}]" $'of-src\nof-src'
}

@test "a tmpfs without mode has mode and owner of what it covers" {
	own_root
	mkdir -m 700 root/private
	mkdir -m 1770 root/sticky
	mkdir -m 750 root/said
	chown 7:8 root/sticky
	shows 'stat -c "%a %u:%g" /private /sticky /said /new' "$OWN | .mounts += [
		$TMPFS + {destination: \"/private\", options: [\"nosuid\"]}, $TMPFS + {destination: \"/sticky\"},
		$TMPFS + {destination: \"/said\", options: [\"mode=711\"]}, $TMPFS + {destination: \"/new\"}]" \
		$'700 0:0\n1770 7:8\n711 0:0\n1777 0:0'
}

@test "a tmpfs is read-only last: with a mount in it, and devices" {
	shows 'cat /t/in/f; for d in /t /dev; do touch $d/x 2> /dev/null || echo no; done; ls /dev/null; stat -c %t:%T /t/null' ".mounts |= map(if .destination == \"/dev\" then .options += [\"ro\"] else . end) |
		.mounts += [$TMPFS + {destination: \"/t\", options: [\"ro\"]}, $BIND + {destination: \"/t/in\"}] |
		.linux.devices = [{path: \"/t/null\", type: \"c\", major: 1, minor: 3}]" $'of-src\nno\nno\n/dev/null\n1:3'
}

@test "a mount at / is the root; what is mounted after it lies in it" {
	cp -a "$FS" alt
	touch alt/new
	shows 'ls /new; cat /x/f; touch /y; echo 1 2> /dev/null > /proc/sys/kernel/printk || echo no' ".mounts = [{destination: \"/\", type: \"bind\", source: \"$PWD/alt\", options: [\"rbind\"]}] + .mounts +
		[$BIND + {destination: \"/x\"}]" $'/new\nof-src\nno'
	[ -e alt/y ]
	shows 'touch /z 2> /dev/null || echo no' ".root.readonly = true | .mounts = [{destination: \"/\", type: \"bind\", source: \"$PWD/alt\", options: [\"rbind\"]}] + .mounts" no
}

@test "a bind whose source is what was mounted before in the root" {
	own_root
	shows 'cat /final/f; test -d /host/bin && echo all' "$OWN | .mounts += [$TMPFS + {destination: \"/mnt\"}, $BIND + {destination: \"/mnt/a\"},
		{destination: \"/final\", type: \"bind\", source: (\$ENV.PWD + \"/root/mnt/a\"), options: [\"bind\"]},
		{destination: \"/host\", type: \"bind\", source: (\$ENV.PWD + \"/root/etc/..\"), options: [\"bind\"]}]" $'of-src\nall'
	# A link that the image has put on the way leads nowhere else.
	ln -s "$PWD/src" root/way
	shows 'cat /final/f' "$OWN | .mounts += [$TMPFS + {destination: \"/mnt\"},
		{destination: \"/mnt/l\", type: \"bind\", source: (\$ENV.PWD + \"/root/etc\"), options: [\"bind\"]},
		{destination: \"/final\", type: \"bind\", source: (\$ENV.PWD + \"/root/mnt/l/../../way\"), options: [\"bind\"]}]" of-src
}

@test "mounts are listed in the order of the configuration, with their sources" {
	shows 'while read -r a b c d e f; do echo "$e ${f##* - }"; done < /proc/self/mountinfo | grep -E "^/(proc|dev|dev/pts|dev/shm|sys|v|t) " | cut -d" " -f1-3' \
		".mounts[1].source = \"of-dev\" | .mounts += [$BIND + {destination: \"/v\"}, $TMPFS + {destination: \"/t\", source: \"mine\"}] |
		.linux.maskedPaths = [] | .linux.readonlyPaths = []" \
		$'/proc proc proc\n/dev tmpfs of-dev\n/dev/pts devpts devpts\n/dev/shm tmpfs shm\n/sys sysfs sysfs\n/v '"$(stat -f -c %T src | sed 's,ext2/ext3,ext4,') $(findmnt -no SOURCE -T src)"$'\n/t tmpfs mine'
}

@test "the message queues belong to root of any id map" {
	own_root
	chown -R 200000:300000 root
	shows 'stat -c %u:%g /dev/mqueue' "$OWN | .mounts += [{destination: \"/dev/mqueue\", type: \"mqueue\", source: \"mqueue\"}] |
		.linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 300000, size: 1000}]" 0:0
}

@test "a directory of the host at /dev gets nothing of ours" {
	mkdir of-host
	mount -t tmpfs -o dev x of-host
	mkdir of-host/{pts,shm,mqueue}
	mknod -m 666 of-host/null c 1 3
	shows 'ls /dev' ".mounts |= map(if .destination == \"/dev\" then {destination: \"/dev\", type: \"bind\", source: \"$PWD/of-host\", options: [\"rbind\"]} else . end)" \
		$'mqueue\nnull\npts\nshm'
	[ "$(ls of-host | xargs)" = 'mqueue null pts shm' ]
	umount of-host
}

@test "/dev is as large as was asked for, and has nothing that was not" {
	shows 'dd if=/dev/zero of=/dev/big bs=1M count=1 2> /dev/null && stat -c %s /dev/big; ls -d /dev/shm /dev/mqueue 2> /dev/null; grep -c "^tmpfs /dev .*size=65536k" /proc/mounts' \
		'.mounts |= map(select(.destination != "/dev/shm"))' $'1048576\n1'
}

@test "as many devices and rules for them as a host has" {
	shows 'ls /dev/many | wc -l' '.linux.devices = [range(1500) | {path: "/dev/many/\(.)", type: "c", major: 1, minor: 3}] |
		.linux.resources.devices = [{allow: false, access: "rwm"}] + [range(3000) | {allow: true, type: "c", major: (10 + (. / 250 | floor)), minor: (. % 250), access: "rwm"}]' 1500
}

@test "a device's path may end with a slash" {
	shows 'stat -c %t:%T /dev/mine /srv/mine' '.linux.devices = [{path: "/dev/mine/", type: "c", major: 1, minor: 5}, {path: "//srv//mine/", type: "c", major: 1, minor: 7}]' $'1:5\n1:7'
}

@test "tun can be opened where rules deny all that they do not name" {
	[ -e /dev/net/tun ] || skip "no tun on this host"
	shows 'mknod /tmp/tun c 10 200 && : <> /tmp/tun && echo opened; rm /tmp/tun' '.linux.resources.devices = [{allow: false, access: "rwm"}] |
		.process.capabilities[] += ["CAP_MKNOD", "CAP_NET_ADMIN"]' opened
}

@test "more mounts than the soft limit of descriptors, which the payload keeps" {
	mkdir many
	(cd many && seq 400 | xargs mkdir)
	sh_bundle 'grep -c " /m/" /proc/mounts; ulimit -n' '.mounts += [range(1; 401) | {destination: "/m/\(.)", type: "bind", source: "\($ENV.PWD)/many/\(.)", options: ["rbind", "ro"]}]'
	run -0 bash -c "ulimit -Sn 256; exec ctr-oci --root '$OCI_ROOT' run --bundle '$B' oci-a"
	[ "$output" = $'400\n256' ]
	# In a user namespace they are sent to the process that mounts them.
	chmod 755 . many
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' "$B/config.json" > c
	mv c "$B/config.json"
	run -0 bash -c "ulimit -Sn 256; exec ctr-oci --root '$OCI_ROOT' run --bundle '$B' oci-a"
	[ "$output" = $'400\n256' ]
}

@test "a missing working directory is made, on a read-only root too; exec makes none" {
	own_root
	shows 'pwd; stat -c %a /made' "$OWN | .process.cwd = \"/made/here\" | .root.readonly = true" $'/made/here\n755'
	bundle "$OWN | .process.args = [\"sleep\", \"100\"]"
	create oci-a
	oci start oci-a
	run ! oci exec --cwd /typo/dir oci-a pwd
	[[ "$output" == *"/typo/dir"* ]]
	[ ! -e root/typo ]
}

@test "message queues, /sys and /proc of the host's namespaces are mounted anew" {
	shows 'for d in /dev/mqueue /sys /proc; do grep -c " $d " /proc/mounts; done; ls /sys/fs/cgroup | wc -l; grep -c . /proc/1/cmdline' \
		'.linux.namespaces |= map(select(.type | IN("mount", "uts"))) | .mounts += [{destination: "/dev/mqueue", type: "mqueue", source: "mqueue"}]' $'1\n1\n1\n0\n1'
}

@test "a network namespace of the host's users: its /sys is the host's" {
	ip netns add "ctr-test-$$"
	chmod 755 .
	sh_bundle 'ls -d /sys/class/net; touch /sys/x 2> /dev/null || echo no' ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/ctr-test-$$\" else . end) |
		.linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
	run oci run --bundle "$B" oci-a
	ip netns del "ctr-test-$$"
	[ "$status $output" = $'0 /sys/class/net\nno' ]
}

@test "a shared root is shared, and hears nothing of the host" {
	sh_bundle 'grep " / / \| /[^ ]* / " /proc/self/mountinfo | head -1' '.linux.rootfsPropagation = "shared"'
	run -0 unshare -m --propagation shared ctr-oci --root "$OCI_ROOT" run --bundle "$B" oci-a
	[[ "$output" == *shared:* ]] && [[ "$output" != *master:* ]]
}

in_container() { oci exec oci-a ls "/$1/later"; }

@test "a mount of the host shares with it, hears of it, or neither" {
	sh_bundle 'while :; do sleep .1; done' '.mounts += [
		{destination: "/slave", type: "bind", source: ($ENV.PWD + "/src"), options: ["rbind", "rslave"]},
		{destination: "/shared", type: "bind", source: ($ENV.PWD + "/src"), options: ["rbind", "rshared"]},
		{destination: "/private", type: "bind", source: ($ENV.PWD + "/src"), options: ["rbind"]}]'
	mkdir src/later
	# shellcheck disable=SC2016
	run -0 unshare -m --propagation private sh -c 'mount -t tmpfs t src && mount --make-shared src && mkdir src/later &&
		ctr-oci --root "$1" run -d --bundle "$2" oci-a < /dev/null > /dev/null 2>&1 && mount -t tmpfs l src/later && : > src/later/seen' sh "$OCI_ROOT" "$B"
	[ "$(in_container slave) $(in_container shared) $(in_container private)" = "seen seen " ]
}

@test "sysctls, masks and read-only paths where something is mounted over a part of /proc" {
	shows 'cat /proc/sys/net/ipv4/ip_forward; cat /proc/meminfo; wc -c < /proc/keys' \
		".linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"} | .mounts += [$BIND + {destination: \"/proc/meminfo\", source: \"$PWD/src/f\"}] |
		.linux.maskedPaths += [\"/proc/uptime\"] | .linux.readonlyPaths += [\"/proc/meminfo\", \"/proc/sys/kernel\"]" $'1\nof-src\n0'
	# Without a procfs in the container they are set all the same.
	shows 'ls /proc; cat /p/sys/net/ipv4/ip_forward' '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .mounts[0] |= {destination: "/p", type: "bind", source: "/proc", options: ["rbind"]}' 1
}

@test "without a mount namespace, or with one by path: the root alone, in exec too" {
	local left filter holder
	left=$(wc -l < /proc/self/mounts)
	own_root
	: > root/of-root
	unshare -m sleep 100 3>&- &
	holder=$!
	until_true "another mount namespace" not [ /proc/$holder/ns/mnt -ef /proc/self/ns/mnt ]
	for filter in '.linux.namespaces |= map(select(.type != "mount"))' "(.linux.namespaces[] | select(.type == \"mount\")).path = \"/proc/$holder/ns/mnt\""; do
		bundle "$OWN | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.args = [\"sleep\", \"100\"] | .process.cwd = \"/tmp\" | $filter"
		create oci-a
		oci start oci-a
		run -0 oci exec oci-a sh -c 'pwd; ls /of-root; ls /proc | wc -l'
		[ "$output" = $'/tmp\n/of-root\n0' ]
		[ "$(wc -l < /proc/self/mounts)" = "$left" ]
		oci delete --force oci-a
	done
	kill $holder
	sh_bundle true '.linux.namespaces |= map(select(.type != "mount"))'
	run ! oci run --bundle "$B" oci-a
	[[ $output == *"no mount namespace"* ]]
}

@test "several start at once in one root, and make the same mount points in it" {
	local i
	cp -a "$FS" root
	mkdir from && echo x > from/f
	for i in 1 2 3 4 5 6 7 8; do
		sh_bundle 'cat /new/deep/f /new.file' ".root.path = \"$PWD/root\" | .mounts += [
			{destination: \"/new/deep\", type: \"bind\", source: \"$PWD/from\", options: [\"bind\"]},
			{destination: \"/new.file\", type: \"bind\", source: \"$PWD/from/f\", options: [\"bind\"]}]"
		oci run --bundle "$B" "oci-$i" < /dev/null > "said.$i" 2>&1 &
	done
	wait
	[ "$(sort said.? | uniq -c | xargs)" = '16 x' ]
}
