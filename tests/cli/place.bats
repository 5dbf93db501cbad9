# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Containers whose group is where --cgroup-parent says.
load helpers

setup_file() { file_setup; }
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	top=$(dirname "$GROUPS_AT")
	parent=of-$BATS_ROOT_PID-$BATS_TEST_NUMBER
}
teardown() {
	nothing_left
	find "$top/$parent" -depth -type d -exec rmdir {} + 2> /dev/null || :
	[ ! -e "$top/$parent" ]
}

# Whoever supervised a container makes its store anew to write down how it ended.
swept() {
	rm -rf gone
	ctr gc > /dev/null
	[ ! -e "$slot" ]
}

collected() { ctr gc && [ -z "$(find "$top/$parent" -mindepth 1 -type d)" ]; }

@test "the group is below the parent, under the container's id, and goes with the container" {
	id=$(ctr run -d --name placed --rootfs "$FS" --cgroup-parent "/$parent/b" -- sleep 60)
	[ "$(group placed)" = "$top/$parent/b/$id" ]
	[ "$(ctr inspect placed | jq -r '.[0].cgroup')" = "$top/$parent/b/$id" ]
	[ "$(jq -r .linux.cgroupsPath "$CTR_ROOT/containers/placed/config.json")" = "/$parent/b/$id" ]
	# To the container it is the top.
	run -0 ctr exec placed grep ^0:: /proc/self/cgroup
	[ "$output" = 0::/ ]
	# The range of ids is still claimed for the whole host.
	slot=$(jq .slot "$CTR_STATE/placed/record.json")
	[ -d "$(printf '%s/%03x' "$GROUPS_AT" "$slot")" ]
	ctr rm -f placed
	[ -z "$(find "$top/$parent/b" -mindepth 1 -type d)" ]
	# A parent without a '/' is counted from the top as well; what was there stays.
	run -0 box --cgroup-parent "$parent/b" -- echo ran
	[ "$output" = ran ]
	[ -d "$top/$parent/b" ]
}

@test "parents that lead elsewhere are refused" {
	for bad in .. /a/../b ./a /ctr ctr/x "/a"$'\n'b "$(printf 'x%.0s' {1..300})" "$(printf '/aaaaaaa%.0s' {1..130})"; do
		run -125 box --cgroup-parent "$bad" -- true
		[[ "$output" == *--cgroup-parent* ]]
	done
	run -125 box --cgroup-manager systemd --cgroup-parent /a/b -- true
	[[ "$output" == *"not the name of a slice"* ]]
	run -125 box --cgroup-manager nosuch -- true
	[[ "$output" == *"neither cgroupfs nor systemd"* ]]
}

@test "a parent that is a file of the kernel's is refused, and nothing is left" {
	run -125 box --cgroup-parent "/cgroup.procs/x" -- true
	[[ "$output" == *cgroup.procs* ]]
	[ -z "$(containers)" ]
}

@test "limits hold below the parent" {
	needs pids
	ctr run -d --name placed --rootfs "$FS" --cgroup-parent "$parent" --pids-limit 77 -- sleep 60
	[ "$(cat "$(group placed)/pids.max")" = 77 ]
	ctr rm -f placed
}

@test "killed holders leave nothing that gc does not find" {
	ctr run -d --name placed --rootfs "$FS" --cgroup-parent "$parent" -- sleep 60
	pid=$(payload placed)
	kill -KILL "$(supervisor placed)"
	kill -KILL "$pid"
	until_true "it ends" not alive "$pid"
	# The other half of the supervisor may be at it already: gc leaves it alone then.
	until_true "its group goes" collected
	ctr rm placed
}

@test "a record that is lost does not strand the group" {
	ctr run -d --name placed --rootfs "$FS" --cgroup-parent "$parent" -- sleep 60
	pid=$(payload placed)
	kill -KILL "$(supervisor placed)"
	: > "$CTR_STATE/placed/record.json"
	ctr rm -f placed
	not alive "$pid"
	[ -z "$(find "$top/$parent" -mindepth 1 -type d)" ]
}

@test "the claim of a container elsewhere, whose store is gone, stays as long as it lives" {
	mkdir gone
	CTR_ROOT=$PWD/gone/root CTR_STATE=$PWD/gone/state ctr run -d --name placed --rootfs "$FS" --cgroup-parent "$parent" -- sleep 60 > id
	record=$(cat gone/state/placed/record.json)
	slot=$(printf '%s/%03x' "$GROUPS_AT" "$(jq .slot <<< "$record")")
	rm -rf gone
	touch -d '2 minutes ago' "$slot"
	ctr gc
	[ -d "$slot" ]
	kill -KILL "$(jq .pid <<< "$record")"
	until_true "it ends" grep -qx 'populated 0' "$top/$parent/$(cat id)/cgroup.events"
	until_true "it is swept" swept
	[ ! -e "$top/$parent/$(cat id)" ]
}
