#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# Layers that want out of the directory they are unpacked to.
load attack

setup_file() { attack_file_setup; }
setup() { attack_setup; }
teardown() {
	local image
	for image in layouts/*; do ctr image rm "${image##*/}" > /dev/null 2>&1 || :; done
	attack_teardown
}

# new_victim: as it is before each attack.
new_victim() {
	rm -rf /tmp/naive."$BATS_ROOT_PID" victim victim.before
	make_victim victim
	mkdir -m 700 victim/sub
	echo host > victim/file
	look victim > victim.before
}

store() { find "$CTR_ROOT/images" -printf '%P %y %s\n' 2> /dev/null | sort; }

# import NAME: within 256 MiB and 60 seconds.
import() { run prlimit --as=268435456 timeout 60 ctr-image import "layouts/$1" "$1"; }

@test "names, links and whiteouts that lead out (CVE-2021-29136 and its kind)" {
	local name names tar before
	names=$("$BATS_TEST_DIRNAME/unpack.py" layers layouts "$PWD/victim")
	new_victim
	for name in $names; do
		before=$(store)
		import "$name"
		echo "$name: $status $output" >&2
		held untouched victim
		if [ "$status" -eq 0 ]; then
			# What is taken as a name within the image is there, and nowhere else.
			ctr image rm "$name" > /dev/null
		else
			held one_line "$output"
			[[ $output =~ layer ]]
		fi
		held [ "$(store | grep -v ' d ')" = "$(grep -v ' d ' <<< "$before")" ]
	done
	for name in $names; do
		[ "$name" != whiteout-dotdot ] || continue # the name of its first layer is none anywhere
		new_victim
		mkdir naive
		for tar in "layouts/$name"/*.tar; do
			"$BATS_TEST_DIRNAME/unpack.py" naive "$tar" naive > /dev/null 2>&1 || :
		done
		rm -rf naive
		echo "$name" >&2
		control_fell touched victim
	done
}

@test "devices, forged whiteouts and attributes, duplicates, bombs, 3,000 levels" {
	local name before layer
	"$BATS_TEST_DIRNAME/unpack.py" layers layouts "$PWD/victim" > /dev/null
	for name in device forged-whiteout bomb deep xattr duplicates; do
		before=$(store)
		import "$name"
		echo "$name: $status $output" >&2
		if [ "$status" -eq 0 ]; then
			held [ -z "$(find "$CTR_ROOT/images/layers" \( -type b -o -type c \) -print -quit)" ]
			while read -r layer; do
				held [ -z "$(getfattr -d -m - "$layer" 2> /dev/null | grep overlay)" ]
			done < <(find "$CTR_ROOT/images/layers" -name file)
			ctr image rm "$name" > /dev/null
		else
			held one_line "$output"
			[[ $output =~ layer ]]
		fi
		held [ "$(store | grep -v ' d ')" = "$(grep -v ' d ' <<< "$before")" ]
	done
	mkdir naive
	tar -xf layouts/device/0.tar -C naive
	control_fell [ -c naive/device ]
	tar -xf layouts/forged-whiteout/1.tar -C naive --overwrite
	control_fell [ "$(stat -c %t:%T naive/device)" = 0:0 ]
	tar -xf layouts/xattr/0.tar -C naive --xattrs --xattrs-include='*'
	control_fell [ -n "$(getfattr -d -m - naive/file | grep overlay)" ]
}

@test "an image that names the layers of two others under each other's blobs; one that talks to the terminal" {
	"$BATS_TEST_DIRNAME/unpack.py" lie layouts
	for name in one two lie; do import "$name"; done
	echo "$output" >&2
	held [ "$status" -eq 125 ]
	held one_line "$output"
	[[ $output =~ 'layer 1: it unpacks to' ]]
	held ctr-image fsck
	import loud
	ctr image ls > said
	ctr image inspect loud >> said
	held [ "$(grep -c $'\x1b' said)" -eq 0 ]
	mkdir store
	for name in one two; do "$BATS_TEST_DIRNAME/unpack.py" believe store "layouts/$name"; done
	control_fell "$BATS_TEST_DIRNAME/unpack.py" believe store layouts/lie
	for name in layouts/loud/blobs/sha256/*; do jq -r '.architecture?' "$name"; done > raw 2> /dev/null || :
	control_fell grep -q $'\x1b' raw
}

@test "an image calls itself by the id of another, or by what no command could name again" {
	local id names n word
	"$BATS_TEST_DIRNAME/unpack.py" lie layouts
	import one
	id=$(ctr image inspect one | jq -r .id)
	names=("${id:0:12}:1" "${id:0:12}:latest" "$id:latest" "sha256:$id" "sha256:${id/?/0}"
		"docker.io/library/${id:0:12}" "docker.io/$id" "localhost/${id:0:12}")
	"$BATS_TEST_DIRNAME/unpack.py" named named "${names[@]}"
	for ((n = 0; n < ${#names[@]}; n++)); do
		run ctr-image import "named/$n"
		echo "${names[n]}: $status $output" >&2
		[ "$status" -eq 0 ] || held one_line "$output"
		for word in "${id:0:12}" "$id" "sha256:$id"; do
			held [ "$(ctr image inspect "$word" | jq -r .id)" = "$id" ]
		done
		[ "$status" -ne 0 ] || held ctr image rm "${output%% *}"
	done
	held [ "$(ctr image ls 2>&1 | awk '{ print $1 }' | xargs)" = "NAME one:latest" ]
	# Somebody who looks for a name first, then for an id.
	mkdir store
	echo "$id" > "store/$id"
	echo evil > "store/${names[1]}"
	found() { cat "store/$1:latest" 2> /dev/null || cat "store/$1"*; }
	control_fell [ "$(found "${id:0:12}")" = evil ]
}
