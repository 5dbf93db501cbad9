# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Named volumes: the command, -v NAME:DST, and the volumes of images.
load helpers
load image_tar

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	nothing_left
	timeout 60 ctr volume prune -f > /dev/null
	ctr gc
	[ -z "$(ls -A "$CTR_ROOT/volumes" 2> /dev/null)" ]
}

data() { echo "$CTR_ROOT/volumes/$1/data"; }

@test "a volume is made, listed, looked at and removed" {
	[ "$(ctr volume create db --label tier=1 -l solo)" = db ]
	[[ "$(ctr volume create)" =~ ^[0-9a-f]{64}$ ]]
	[ "$(ctr volume create db)" = db ]
	[ "$(ctr volume create db -l tier=1)" = db ]
	refused 125 'the volume db exists, and has other labels' ctr volume create db -l tier=2
	[ "$(ctr volume ls -q | wc -l)" -eq 2 ]
	ctr volume ls -q | grep -qx db
	ctr volume ls -q | LC_ALL=C sort -c
	[ "$(ctr volume ls | awk 'NR == 1 {print $1, $2, $3, $4}')" = 'NAME CREATED USED BY' ]
	[ "$(ctr volume ls --format json | jq -r '.[] | select(.name == "db") | .name, .labels.tier, .labels.solo, .anonymous')" = $'db\n1\n\nfalse' ]
	[ "$(ctr volume inspect db | jq -r '.[0].directory')" = "$(data db)" ]
	[ -d "$(data db)" ]
	run --separate-stderr -125 ctr volume inspect none db
	[ "$(jq -r '.[].name' <<< "$output")" = db ]
	[[ $stderr == 'ctr: volume inspect: no volume none'* ]]
	refused 125 'no volume none$' ctr volume rm none
	hinted 'ctr volume ls'
	ctr volume rm -f none
	run -125 --separate-stderr ctr volume rm none db
	[ "$output" = db ]
	[ ! -e "$CTR_ROOT/volumes/db" ]
}

@test "names that could be something else are refused" {
	local name
	for name in . .. .x -x _x a/b ../a 'a b' a:b "$(printf 'a%.0s' {1..241})" ''; do
		refused 125 'name' ctr volume create -- "$name"
	done
	refused 125 'takes one name at most' ctr volume create a b
	refused 125 'unknown command lst' ctr volume lst
	hinted 'ctr volume ls'
	refused 125 'takes one or more' ctr volume rm
	for name in . .. ../containers /etc .new.x; do
		refused 125 'no volume' ctr volume rm "$name"
		refused 125 'no volume' ctr volume inspect "$name"
		ctr volume rm -f "$name"
	done
	[ -d "$CTR_ROOT/containers" ]
}

@test "prune asks, and where nobody can answer it wants to be told" {
	ctr volume create a > /dev/null
	refused 125 'would be removed' ctr volume prune
	hinted 'prune -f'
	[ "$(ctr volume ls -q)" = a ]
	[ "$(ctr volume prune -f)" = a ]
	[ -z "$(ctr volume prune --all --force)" ]
}

@test "what a killed command left is removed by gc, and no volume with it" {
	ctr volume create kept > /dev/null
	mkdir -p "$CTR_ROOT"/volumes/{.new.0123,.old.4567}/data/deep
	ctr gc
	[ "$(ls -A "$CTR_ROOT/volumes")" = kept ]
	# Not while somebody may be making one.
	mkdir "$CTR_ROOT/volumes/.new.0123"
	flock -s "$CTR_ROOT/volumes" ctr gc
	[ -d "$CTR_ROOT/volumes/.new.0123" ]
}

@test "a volume without its document is one all the same" {
	ctr volume create a > /dev/null
	ctr volume create b > /dev/null
	: > "$CTR_ROOT/volumes/a/volume.json"
	echo '{' > "$CTR_ROOT/volumes/b/volume.json"
	run -0 --separate-stderr ctr volume ls --format json
	[ "$(jq -r '.[].name' <<< "$output" | xargs)" = 'a b' ]
	[[ $stderr == *'volume b: volume.json'* ]]
	[ "$(ctr volume rm a b | xargs)" = 'a b' ]
}
