# shellcheck shell=bash
# Debian's crun and runc beside ctr-oci: as controls of what all of them hold, and of what peers fall to. They
# want a plain cgroup2 tree: they are called in a mount and a cgroup namespace that have one, which a process
# holds as long as a file is tested.

peer_start() {
	command -v crun runc > /dev/null || return 0
	export PEER_GROUPS=$OCI_GROUPS-peer PEER_ROOT=$PWD/peer PEER
	mkdir "$PEER_GROUPS"
	(
		echo "$BASHPID" > "$PEER_GROUPS/cgroup.procs"
		exec unshare -mC --propagation private sh -c '! mountpoint -q /sys/fs/cgroup || umount -R /sys/fs/cgroup
			mount -t cgroup2 none /sys/fs/cgroup &&
			mount -t tmpfs none /run && mkdir /sys/fs/cgroup/runner &&
			echo $$ > /sys/fs/cgroup/runner/cgroup.procs && exec sleep infinity'
	) 3>&- < /dev/null > /dev/null 2>&1 &
	PEER=$!
	until_true "a place for peers" grep -qsx "$PEER" "$PEER_GROUPS/runner/cgroup.procs"
	cat > peer.sh <<-END
		#!/bin/sh
		echo \$\$ > $PEER_GROUPS/runner/cgroup.procs && exec nsenter -t $PEER -m -C --wdns="\$PWD" \\
			"\$1" --root "$PEER_ROOT-\$@"
	END
	chmod +x peer.sh
}
peer_clean() {
	local id name
	[ -n "${PEER:-}" ] || return 0
	for name in crun runc; do
		[ ! -d "$PEER_ROOT-$name" ] || for id in $(ls "$PEER_ROOT-$name"); do
			RT=$name oci delete --force "$id" || :
		done
	done
	[ ! -d "$PEER_GROUPS$OCI_PLACE" ] || echo 1 > "$PEER_GROUPS$OCI_PLACE/cgroup.kill"
	until_true "nobody is left" not grep -qs 'populated 1' "$PEER_GROUPS$OCI_PLACE/cgroup.events"
	find "$PEER_GROUPS$OCI_PLACE" -mindepth 1 -depth -type d -exec rmdir {} + 2> /dev/null || :
}
peer_stop() {
	[ -n "${PEER:-}" ] || return 0
	echo 1 > "$PEER_GROUPS/cgroup.kill"
	until_true "the peers' place is left" grep -qs 'populated 0' "$PEER_GROUPS/cgroup.events"
	find "$PEER_GROUPS" -depth -type d -exec rmdir {} +
}
# The program of RT, ours or a peer, in OCI.
rt_words() {
	case ${RT:-ours} in
	ours) OCI=(ctr-oci --root "$OCI_ROOT") ;;
	*) OCI=("$BATS_FILE_TMPDIR/peer.sh" "$RT") ;;
	esac
}
oci() {
	local OCI
	rt_words
	"${OCI[@]}" "$@"
}

# both FUNCTION: with `oci` as ours, then as crun.
both() {
	RT=ours "$@"
	command -v crun > /dev/null || skip "held, but its control is missing: crun is not installed"
	echo "this much holds; its control:"
	RT=crun "$@"
}

# The group of $B's container.
rt_group() { case ${RT:-ours} in ours) echo "$OCI_GROUPS/${B##*/}" ;; *) echo "$PEER_GROUPS$OCI_PLACE/${B##*/}" ;; esac; }
