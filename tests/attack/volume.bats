#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# What an image has where a volume is mounted, and what a container puts in a volume.
load attack
# shellcheck source=tests/cli/image_tar.bash
source "$BATS_TEST_DIRNAME/../cli/image_tar.bash"

setup_file() { attack_file_setup; }
setup() { attack_setup; }
teardown() {
	local image
	for image in $(ctr image ls 2> /dev/null | awk 'NR > 1 {print $1}'); do ctr image rm -f "$image"; done
	attack_teardown || return
	timeout 60 ctr volume prune -a -f > /dev/null
	[ -z "$(ls -A "$CTR_ROOT/volumes" 2> /dev/null)" ]
}

data() { echo "$CTR_ROOT/volumes/$1/data"; }

# image NAME VOLUME ENTRY...: busybox and these entries, as tar_of takes them.
image() {
	mkdir -p bin
	cp "$FS/bin/busybox" bin/busybox
	rm -rf layers
	tar -cf zero.tar bin
	tar_of one.tar "${@:3}"
	CONFIG="{\"config\": {\"Volumes\": {\"$2\": {}}}}" docker_of layers "$1" zero.tar one.tar
	ctr image import --replace layers > /dev/null
}

@test "the place of an image's volume is a link to the host, or leads out by .." {
	make_victim victim
	echo secret > victim/etc/secret
	look victim > victim.before
	local case volume
	for case in "vol|$PWD/victim/etc|/vol" "vol|../../../../../../..$PWD/victim/etc|/vol" \
		"up|../../../../../../..$PWD|/up/victim/etc" "no|/nowhere|/../../../../../../..$PWD/victim/etc"; do
		IFS='|' read -r name target volume <<< "$case"
		image "out:1" "$volume" "link|$name|$target"
		# The place is one in the image: nothing of the host is there.
		timeout 60 ctr run --name c out:1 busybox sh -c "busybox find $volume/ -name secret; busybox touch $volume/mine" > said 2>&1 || :
		cat said >&2
		held not grep -q secret said
		held untouched victim
		held [ -z "$(find "$CTR_ROOT/volumes" -name secret)" ]
		timeout 60 ctr rm -f -v c > /dev/null || :
		timeout 60 ctr run --rm -v "v:$volume" out:1 busybox true > said 2>&1 || :
		held [ -z "$(find "$CTR_ROOT/volumes" -name secret)" ]
		held untouched victim
	done
	# A copier that goes by the name of the place.
	mkdir -p tree copied
	ln -s "$PWD/victim/etc" tree/vol
	cp -a tree/vol/. copied/
	control_fell grep -q secret copied/secret
}

@test "what an image has in its volume are links out and FIFOs" {
	make_victim victim
	echo secret > victim/etc/secret
	look victim > victim.before
	image 'in:1' /vol 'dir|vol' "link|vol/secret|$PWD/victim/etc/secret" "link|vol/etc|$PWD/victim/etc" \
		'fifo|vol/fifo' "link|vol/self|." 'dir|vol/sub' "link|vol/sub/up|../../../../../../../..$PWD/victim/etc"
	run -0 timeout 60 ctr run --rm -v v:/vol in:1 busybox true
	held [ "$(find "$(data v)" -type l | wc -l)" -eq 4 ]
	held [ "$(find "$(data v)" -type p | wc -l)" -eq 1 ]
	held not grep -rqs secret "$(data v)" --exclude-dir=victim
	held untouched victim
	timeout 60 ctr volume rm v
	held untouched victim
	mkdir -p tree
	mkfifo tree/fifo
	ln -s "$PWD/victim/etc/secret" tree/secret
	run command timeout 3 cp -rL --copy-contents tree copied
	control_fell [ "$status" -eq 124 ]
	rm -rf tree/fifo copied
	cp -rL tree copied
	control_fell grep -q secret copied/secret
}

# In a container that has the volume while it is empty: its names are links to the host, files, directories,
# nothing, in turn.
swapping() {
	started swapper -v v:/v -- sh -c "while :; do
		ln -s $1 /v/sub; ln -s $1/etc/passwd /v/f; rm /v/sub /v/f; mkdir /v/sub; rmdir /v/sub; done"
}

@test "a sibling swaps names in a volume that is being filled" {
	make_victim victim
	chmod -R a+rwX victim
	look victim > victim.before
	image 'full:1' /none 'dir|vol' 'dir|vol/sub' 'file|vol/sub/planted|x' 'file|vol/f|written' 'file|vol/sub/etc|x'
	swapping "$PWD/victim"
	local i
	for ((i = 0; i < TRIES / 10; i++)); do
		timeout 60 ctr run --rm -v v:/vol full:1 busybox true
		held untouched victim
		ctr exec swapper sh -c 'rm -rf /v/* 2> /dev/null' || :
	done
	ctr rm -f swapper > /dev/null
	# A copier that opens what is there by its name.
	mkdir -p tree/sub into
	echo x > tree/sub/planted
	ln -s "$PWD/victim" into/sub
	tar -C tree -cf - . | tar -C into --keep-directory-symlink -xf -
	control_fell touched victim
}

@test "the data of a volume holds links out, and is mounted, filled, removed" {
	make_victim victim
	timeout 60 ctr run --rm --rootfs "$FS" -v v:/v -- sh -c "ln -s $PWD/victim /v/link; ln -s /etc /v/etc; mkdir /v/d; ln -s ../../../../../../../../..$PWD/victim /v/d/up"
	# A mount below it, at a link of it.
	timeout 60 ctr run --rm --rootfs "$FS" -v v:/v -v w:/v/link/made -- touch /v/link/made/x || :
	timeout 60 ctr run --rm --rootfs "$FS" -v v:/v -v w:/v/d/up/made -- touch /v/d/up/made/x || :
	held untouched victim
	timeout 60 ctr volume rm v
	held untouched victim
	mkdir -p volume
	ln -s "$PWD/victim" volume/link
	mkdir source
	naive mount "$PWD/volume" "$PWD/source" link/made true
	control_fell touched victim
}
