# shellcheck shell=bash
# What the tests of ctr's command line share: a store of their own, a root to run, and the proof that
# nothing is left behind. CTR_BUILD says which build is tested.
bats_require_minimum_version 1.5.0
BUILD=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}")
PATH=$BUILD:$PATH

# For setup_file: $FS is the root, made once; hosts' state is remembered.
file_setup() {
	cd "$BATS_FILE_TMPDIR" || return
	export CTR_ROOT=$PWD/root CTR_STATE=$PWD/state FS=$PWD/fs
	export MARK=/etc/of-$(basename "$BATS_RUN_TMPDIR")-$BATS_ROOT_PID
	export GROUPS_AT=$(findmnt -rnt cgroup2 -o TARGET | head -n1)/ctr
	make_root "$FS"
	host_groups > groups.before
	host_mounts > mounts.before
}

# make_root DIR: busybox, with the mount points and the names that programs look for. Whoever runs
# in it can be told from other processes by $MARK.
make_root() {
	mkdir -p "$1"/{bin,proc,sys,dev,etc,tmp,root,home/ann}
	cp "$(command -v busybox)" "$1/bin/busybox"
	"$1/bin/busybox" --install -s "$1/tmp"
	local link
	for link in "$1"/tmp/*; do
		ln -s busybox "$1/bin/${link##*/}" 2> /dev/null || :
	done
	rm -f "$1"/tmp/*
	chmod 1777 "$1/tmp"
	cat > "$1/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		ann:x:1000:1000::/home/ann:/bin/sh
	END
	cat > "$1/etc/group" <<-END
		root:x:0:
		ann:x:1000:
		disk:x:6:ann
		video:x:44:
	END
	chown 1000:1000 "$1/home/ann"
	: > "$1$MARK"
}

# box [FLAGS] -- COMMAND: a container that is gone when its command has ended.
box() { ctr run --rm --rootfs "$FS" "$@"; }

# started NAME [FLAGS] -- COMMAND: one in the background.
started() {
	local name=$1
	shift
	ctr run -d --name "$name" --rootfs "$FS" "$@" > /dev/null
}

# How many times longer than on real hardware things may take: set in the test machine.
export TEST_PATIENCE=${TEST_PATIENCE:-1}
# timeout [-s SIGNAL] SECONDS COMMAND...
timeout() {
	local how=()
	[ "$1" != -s ] || { how=(-s "$2") && shift 2; }
	command timeout "${how[@]}" $(($1 * TEST_PATIENCE)) "${@:2}"
}

# What stands for the root of the host, in tests that need one whole.
export HOST_ROOT=${HOST_ROOT:-/}

# until_true WHAT COMMAND...: within half a minute, so that a machine that stands still for a while fails
# nothing. COMMAND is called each time; what its arguments expand to is not looked at again.
until_true() {
	local what=$1 deadline=$((SECONDS + 30 * TEST_PATIENCE))
	shift
	while :; do
		"$@" && return
		[ $SECONDS -lt $deadline ] || break
		sleep .05
	done
	echo "not in time: $what" >&2
	return 1
}

# Whose parent is gone stays as a zombie until process 1 takes notice.
alive() { grep -qs '^State:.[^ZX]' "/proc/$1/status"; }
logged() { grep -qs -- "$2" "$CTR_ROOT/containers/$1/log"; }
payload() { sed -E 's/.*"pid":([0-9]+).*/\1/' "$CTR_STATE/$1/record.json"; }
supervisor() { awk '/^PPid/ {print $2}' "/proc/$(payload "$1")/status"; }
# Both processes of it: the one at work, and the one that would go on.
supervisors() { pgrep -f -- "^ctr-supervisor .* $CTR_STATE gc --container $1 "; }
guarded() { [ "$(supervisors "$1" | wc -l)" -eq 2 ]; }
# Of a container in the foreground: its command may run before the record says so.
running() { grep -qs '"running"' "$CTR_STATE/$1/record.json"; }
group() { sed -n "s,^0::,$(dirname "$GROUPS_AT"),p" "/proc/$(payload "$1")/cgroup"; }
containers() { { ls -A "$CTR_ROOT/containers"; ls -A "$CTR_STATE"; } 2> /dev/null | sort -u; }

# `! COMMAND` cannot fail a test.
not() { if "$@"; then return 1; fi; }

has_controller() { grep -qw "$1" "$(dirname "$GROUPS_AT")/cgroup.controllers"; }
# needs CONTROLLER: skips where cgroup v2 does not have it.
needs() { has_controller "$1" || skip "cgroup v2 has no $1 controller on this host"; }

# refused STATUS PATTERN COMMAND...: fails in one line (and perhaps a hint) that matches, says nothing
# on standard output, and makes nothing.
refused() {
	local want=$1 pattern=$2 before
	shift 2
	before=$(settled)
	run --separate-stderr -"$want" timeout 60 "$@" < /dev/null
	echo "$*: status $status, said: $stderr"
	[ -z "$output" ] || return
	[ "${stderr_lines[0]#ctr: }" != "${stderr_lines[0]}" ] || return
	[[ "${stderr_lines[0]}" =~ $pattern ]] || return
	[ "$(grep -vc '^hint: ' <<< "$stderr")" -eq 1 ] || return
	[ "${#stderr_lines[@]}" -le 2 ] || return
	[ "$(settled)" = "$before" ]
}
# Without what another command may still be removing.
settled() { containers | grep -v '^\.old\.' || :; }
hinted() {
	[ "${#stderr_lines[@]}" -eq 2 ] && [[ "${stderr_lines[1]}" =~ ^"hint: ".*$1 ]]
}

# Whether the mirror that the recipes take answers, by apt's own ways. Leaves a file InRelease.
mirror_answers() {
	local uri
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
	command timeout 30 /usr/lib/apt/apt-helper -qq download-file "${uri%/}/dists/bookworm/InRelease" InRelease
}

# image_of NAME CONFIG: an image of $FS, CONFIG being the JSON of "config" in the image's config.
image_of() {
	local layout=$BATS_TEST_TMPDIR/layout
	tar -C "$FS" -cf "$BATS_TEST_TMPDIR/layer.tar" .
	python3 - "$layout" "$BATS_TEST_TMPDIR/layer.tar" "$2" <<- 'END'
		import hashlib, json, os, sys
		top, tar, config = sys.argv[1:]
		os.makedirs(top + "/blobs/sha256")
		def blob(data, media):
		    digest = hashlib.sha256(data).hexdigest()
		    open(f"{top}/blobs/sha256/{digest}", "wb").write(data)
		    return {"mediaType": "application/vnd.oci.image." + media, "digest": "sha256:" + digest,
		            "size": len(data)}
		layer = blob(open(tar, "rb").read(), "layer.v1.tar")
		config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": json.loads(config),
		    "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}).encode(), "config.v1+json")
		manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode(),
		    "manifest.v1+json")
		json.dump({"schemaVersion": 2, "manifests": [manifest]}, open(top + "/index.json", "w"))
		open(top + "/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
	END
	ctr-image import "$layout" "$1" && rm -r "$layout"
}

# But for the one of the supervisors, which stays.
host_groups() { find "$GROUPS_AT" -mindepth 1 -maxdepth 1 ! -name supervisors -printf '%i %p\n' 2> /dev/null | sort; }
# Other programs of this machine may mount below /tmp at any time; systemd and `ip netns` at places of theirs.
host_mounts() {
	{
		cut -d' ' -f3-5 /proc/self/mountinfo | grep -E "^([^ ]+ ){2}(/tmp/.*bats|$BATS_RUN_TMPDIR|/[^t]|/t[^m])" |
			grep -vE " (/tmp/bats-run-|/run/(user|credentials|netns)(/|$)|/proc/sys/fs/binfmt_misc$)"
		cut -d' ' -f3-5 /proc/self/mountinfo | grep -F " $BATS_RUN_TMPDIR/" || :
	} | sort
}
new_mounts() { host_mounts | comm -13 "$BATS_FILE_TMPDIR/mounts.before" -; }

# Groups that were not there before and in which nobody is; others on this machine may have some for
# a moment.
empty_groups() {
	local inode path
	host_groups | comm -23 - "$BATS_FILE_TMPDIR/groups.before" | while read -r inode path; do
		! grep -qs 'populated 0' "$path/cgroup.events" || echo "$inode $path"
	done
}

# Processes that have our root as theirs, and supervisors of ours.
processes() {
	local p
	for p in /proc/[0-9]*; do
		[ ! -e "$p/root$MARK" ] || echo "${p#/proc/}"
	done
	pgrep -f -- "ctr.*$CTR_STATE" || :
}

leftovers() {
	[ -z "$(containers)" ] || echo "containers: $(containers)"
	[ -z "$(new_mounts)" ] || echo "mounts: $(new_mounts)"
	[ -z "$(processes)" ] || echo "processes: $(processes)"
	[ -z "$(empty_groups)" ] || echo "groups: $(empty_groups)"
}

# For teardown: what a test did not remove itself is removed by force, unless it is gone by then; then
# nothing may be left. What is on its way out gets some time.
nothing_left() {
	local names left deadline=$((SECONDS + 20 * TEST_PATIENCE))
	names=$(ls -A "$CTR_ROOT/containers" 2> /dev/null || :)
	# shellcheck disable=SC2086
	[ -z "$names" ] || timeout 60 ctr rm -f $names > /dev/null || :
	while :; do
		left=$(leftovers)
		[ -n "$left" ] || return 0
		[ $SECONDS -lt $deadline ] || break
		sleep .05
	done
	echo "left behind: $left" >&2
	return 1
}
