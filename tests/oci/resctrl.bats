#!/usr/bin/env bats
# Classes of resctrl, with the kernel's part in a directory: build/oci-resctrl is ctr-oci with
# tests/oci/resctrl.c.
load oci

setup_file() { oci_file_setup; }
setup() {
	cd "$BATS_FILE_TMPDIR"
	export FAKE_RESCTRL=$BATS_TEST_TMPDIR/resctrl
	mkdir -p "$FAKE_RESCTRL"/{info,mon_groups,gold/mon_groups}
	touch "$FAKE_RESCTRL"/{tasks,schemata,gold/tasks}
	printf '    MB:0=100\n    L3:0=00ff\n' > "$FAKE_RESCTRL/gold/schemata"
	before=$(groups)
}
teardown() { oci_teardown; }

oci() { "$CTR_BUILD/oci-resctrl" --root "$OCI_ROOT" "$@"; }
groups() { cd "$FAKE_RESCTRL" && find . | sort; }

# waiting RDT: $B with a container of that class.
waiting() { sh_bundle 'while :; do sleep .1; done' ".linux.intelRdt = $1"; }

@test "a class of its own, with what exec starts in it: gone when it is deleted" {
	waiting '{"schemata": ["L3:0=f", "MB:0=20"], "enableMonitoring": true}'
	create oci-a
	local pid tasks
	pid=$(cat "$B/pid")
	[ "$(cat "$FAKE_RESCTRL/oci-a/schemata")" = $'L3:0=f\nMB:0=20' ]
	[ "$(cat "$FAKE_RESCTRL/oci-a/tasks")" = "$pid" ]
	[ "$(cat "$FAKE_RESCTRL/oci-a/mon_groups/oci-a/tasks")" = "$pid" ]
	oci start oci-a
	oci exec --detach --pid-file "$B/second" oci-a sleep 60 < /dev/null > /dev/null 2>&1
	# The process in between joins, whose child the second one is: the kernel keeps children where their parents are.
	for tasks in "$FAKE_RESCTRL/oci-a/tasks" "$FAKE_RESCTRL/oci-a/mon_groups/oci-a/tasks"; do
		[ "$(head -n 1 "$tasks")" = "$pid" ]
		[ "$(grep -c . "$tasks")" -eq 2 ]
	done
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
}

@test "exec with a document of its own is in the class too" {
	waiting '{"closID": "gold"}'
	create oci-a
	oci start oci-a
	jq '.process | .args = ["sleep", "60"]' "$B/config.json" > "$B/process.json"
	oci exec --detach --process "$B/process.json" --pid-file "$B/second" oci-a < /dev/null > /dev/null 2>&1
	[ "$(head -n 1 "$FAKE_RESCTRL/gold/tasks")" = "$(cat "$B/pid")" ]
	[ "$(grep -c . "$FAKE_RESCTRL/gold/tasks")" -eq 2 ]
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
}

@test "no descriptor of resctrl is in the container" {
	sh_bundle 'ls -l /proc/1/fd /proc/self/fd' '.linux.intelRdt = {"enableMonitoring": true}'
	run -0 --separate-stderr oci run --bundle "$B" oci-a
	[[ $output != *resctrl* ]]
	[ "$(groups)" = "$before" ]
	waiting '{"enableMonitoring": true}'
	create oci-a
	oci start oci-a
	run -0 --separate-stderr oci exec oci-a ls -l /proc/self/fd
	[[ $output != *resctrl* && $output == *"0 -> "* ]]
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
}

@test "a named class stays, and what is measured does not" {
	waiting '{"closID": "gold", "l3CacheSchema": "L3:0=ff", "enableMonitoring": true}'
	create oci-a
	[ "$(cat "$FAKE_RESCTRL/gold/mon_groups/oci-a/tasks")" = "$(cat "$B/pid")" ]
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
	waiting '{"closID": "/", "enableMonitoring": true}'
	create oci-a
	[ "$(cat "$FAKE_RESCTRL/mon_groups/oci-a/tasks" "$FAKE_RESCTRL/tasks")" = "$(cat "$B/pid")"$'\n'"$(cat "$B/pid")" ]
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
	waiting '{"closID": "new", "memBwSchema": "MB:0=10"}'
	create oci-a
	oci delete --force oci-a
	[ "$(cat "$FAKE_RESCTRL/new/schemata")" = MB:0=10 ]
}

@test "what is not as it was asked for: refused, and nothing left or changed" {
	local rdt why
	mkdir "$FAKE_RESCTRL/oci-a"
	before=$(groups)
	while IFS=$'\t' read -r rdt why; do
		waiting "$rdt"
		run -1 timeout 60 "$CTR_BUILD/oci-resctrl" --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
		[ "${output%% (*}" = "ctr-oci: create: linux.intelRdt: class $why" ] || { echo "$output"; return 1; }
		[ -z "$(ls "$OCI_ROOT")" ]
		[ "$(groups)" = "$before" ]
	done <<- 'END'
		{}	oci-a: it is there already: it is somebody else's
		{"closID": "none"}	none: there is none, and no schema to make it with
		{"closID": "gold", "schemata": ["L3:0=ff;1=f"]}	gold: it is there already, and has not L3:1=f
		{"closID": "gold", "memBwSchema": "MB:0=10"}	gold: it is there already, and has not MB:0=10
	END
}

@test "a create that fails later leaves nothing, the class that it made neither" {
	local rdt
	for rdt in '{}' '{"enableMonitoring": true}' '{"closID": "gold", "enableMonitoring": true}' \
		'{"closID": "new", "schemata": ["L3:0=f"], "enableMonitoring": true}'; do
		waiting "$rdt"
		jq '.mounts += [{"destination": "/x", "type": "no-such-type", "source": "x"}]' "$B/config.json" > "$B/c" && mv "$B/c" "$B/config.json"
		run -1 timeout 60 "$CTR_BUILD/oci-resctrl" --root "$OCI_ROOT" create --bundle "$B" oci-a < /dev/null
		[[ $output == *no-such-type* ]]
		[ "$(groups)" = "$before" ] || { echo "$rdt"; return 1; }
	done
	# It had been put there before: this test is of something.
	[ -s "$FAKE_RESCTRL/gold/tasks" ]
}

@test "a create that is killed at any step: delete --force leaves nothing of the container's own" {
	local n rdt
	for rdt in '{"schemata": ["L3:0=f"], "enableMonitoring": true}' '{"closID": "gold", "enableMonitoring": true}'; do
		for ((n = 1; n < 20; n++)); do
			waiting "$rdt"
			status=0
			DIE_AT=$n create oci-a || status=$?
			[ "$(groups)" != "$before" ]
			if [ $status != 0 ]; then [ $status = 137 ]; fi
			oci delete --force oci-a
			[ "$(groups)" = "$before" ] || { echo "$rdt, step $n: $(groups)"; return 1; }
			[ -z "$(ls "$OCI_ROOT")" ]
			if [ $status = 0 ]; then break; fi
		done
		# mkdir of the class and its schemata, where it is the container's own; then what is common.
		if [[ $rdt == *gold* ]]; then [ $n = 4 ]; else [ $n = 6 ]; fi
	done
}

@test "without its record it leaves nothing either" {
	waiting '{"enableMonitoring": true}'
	create oci-a
	: > "$OCI_ROOT/oci-a/record.json"
	oci delete --force oci-a
	[ "$(groups)" = "$before" ]
}
