# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# Named volumes: the command, -v NAME:DST, and the volumes of images.
load helpers
load image_tar

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	for image in $(ctr image ls 2> /dev/null | awk 'NR > 1 {print $1}'); do ctr image rm -f "$image"; done
	nothing_left
	timeout 60 ctr volume prune -a -f > /dev/null
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
	[ -z "$(ctr volume prune -f)" ]
	[ "$(ctr volume ls -q)" = a ]
	[ "$(ctr volume prune --all --force)" = a ]
	[ -z "$(ctr volume prune --all --force)" ]
}

@test "prune without --all takes what nobody has named, and no container has, and nothing else" {
	ctr volume create named > /dev/null
	local made
	made=$(ctr volume create)
	[ "$(ctr volume prune -f)" = "$made" ]
	# Once somebody uses it by its name, it has one.
	made=$(ctr volume create)
	box -v "$made:/v" -- true
	[ -z "$(ctr volume prune -f)" ]
	ctr volume rm "$made"
	ctr run --name a --rootfs "$FS" -v /own -- true
	ctr run --name b --rootfs "$FS" -v /own -v used:/data -- true
	local own
	own=$(ctr inspect a | jq -r '.[0].mounts[0].name')
	ctr rm a
	# Of one that makes no sense nobody knows whether it was named.
	mkdir -p "$CTR_ROOT/volumes/odd/data"
	[ "$(ctr volume prune -f)" = "$own" ]
	[ "$(ctr volume ls -q 2> /dev/null | wc -l)" -eq 4 ]
	ctr rm -v b
	[ "$(ctr volume prune -a -f | sort | xargs)" = 'named odd used' ]
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
	ctr gc
	[ "$(box -v b:/b -- sh -c 'touch /b/x; ls /b')" = x ]
	[ "$(ctr volume rm a b | xargs)" = 'a b' ]
}

@test "a volume with much in it is removed in nobody's way" {
	ctr volume create much > /dev/null
	(cd "$(data much)" && seq 30000 | xargs touch)
	ctr volume rm much > gone &
	local rm=$!
	until [ ! -d "$(data much)" ]; do sleep .01; done
	kill -STOP $rm 2> /dev/null || skip 'it was removed at once'
	# The one who removes it is stopped, and neither a start nor gc minds.
	timeout 20 ctr run --rm --rootfs "$FS" -v much:/x -v /own -- true
	timeout 20 ctr gc
	[ "$(ctr volume ls -q)" = much ]
	kill -CONT $rm
	wait $rm
	[ "$(cat gone)" = much ]
	[ "$(ls -A "$CTR_ROOT/volumes")" = much ]
	# What many names are given for is removed in lots.
	local names=(v{1..150})
	for i in "${names[@]}"; do mkdir -p "$CTR_ROOT/volumes/$i/data"; done
	[ "$(ctr volume rm "${names[@]}" | wc -l)" -eq 150 ]
	for i in "${names[@]}"; do mkdir -p "$CTR_ROOT/volumes/$i/data"; done
	[ "$(ctr volume prune -a -f | wc -l)" -eq 151 ]
}

@test "-v NAME makes a volume at its first use, and two containers share it" {
	[ "$(box -v shared:/data -- sh -c 'echo 1 > /data/root; echo 2 > /data/ann; chown ann:ann /data/ann; stat -c %u:%g /data')" = 0:0 ]
	[ "$(ctr volume ls -q)" = shared ]
	started web -v shared:/srv:ro -- sleep 1000
	started db --mount type=volume,src=shared,dst=/data -- sleep 1000
	# No two of them have the same ids on the host, and each sees its own.
	[ "$(ctr exec web stat -c %u:%g /srv/root /srv/ann | xargs)" = '0:0 1000:1000' ]
	[ "$(ctr exec db stat -c %u:%g /data/root /data/ann | xargs)" = '0:0 1000:1000' ]
	ctr exec -u ann db sh -c 'echo more >> /data/ann'
	[ "$(ctr exec web cat /srv/ann | xargs)" = '2 more' ]
	run ctr exec web touch /srv/x
	[[ $output == *'Read-only'* ]]
	[ "$(stat -c %u:%g "$(data shared)"/{root,ann} | xargs)" = '0:0 1000:1000' ]
	[ "$(ctr inspect web | jq -c '.[0].mounts')" = "[{\"type\":\"volume\",\"name\":\"shared\",\"source\":\"$(data shared)\",\"destination\":\"/srv\",\"readOnly\":true}]" ]
	[ "$(ctr volume inspect shared | jq -r '.[0].usedBy | sort | .[]' | xargs)" = 'db web' ]
}

@test "a volume in use is not removed, by rm or prune, and stays when the container ends" {
	ctr volume create free > /dev/null
	ctr run --name ended --rootfs "$FS" -v used:/data -- true
	started runs -v running:/data -- sleep 1000
	refused 125 'the volume used is used by the container ended$' ctr volume rm used
	hinted 'ctr rm ended'
	refused 125 'the volume running is used by the container runs$' ctr volume rm -f running
	[ "$(ctr volume prune -a -f)" = free ]
	[ "$(ctr volume ls -q | xargs)" = 'running used' ]
	ctr rm ended
	ctr volume rm used
	ctr rm -f -v runs
	[ "$(ctr volume ls -q)" = running ]
}

@test "what a container cannot be asked about keeps every volume" {
	ctr run --name c --rootfs "$FS" -v used:/data -- true
	cp "$CTR_ROOT/containers/c/container.json" kept
	echo '{' > "$CTR_ROOT/containers/c/container.json"
	refused 125 'nobody knows which volumes c uses' ctr volume rm used
	refused 125 'nobody knows which volumes c uses' ctr volume prune -a -f
	hinted 'ctr rm c'
	ctr gc
	[ "$(ctr volume ls -q 2> /dev/null)" = used ]
	cp kept "$CTR_ROOT/containers/c/container.json"
}

@test "volumes of a container alone go with rm -v and with --rm, and stay without" {
	box -v /scratch -- sh -c 'echo x > /scratch/x'
	[ -z "$(ctr volume ls -q)" ]
	ctr run --name a --rootfs "$FS" -v /scratch -- sh -c 'echo x > /scratch/x'
	local own
	own=$(ctr inspect a | jq -r '.[0].mounts[0].name')
	[[ $own =~ ^[0-9a-f]{64}$ ]]
	[ "$(ctr volume ls --format json | jq -r '.[0] | .name, .anonymous')" = "$own"$'\ntrue' ]
	ctr rm -v a
	[ -z "$(ctr volume ls -q)" ]
	ctr run --name a --rootfs "$FS" -v /scratch -- true
	ctr rm a
	[ "$(ctr volume ls -q | wc -l)" -eq 1 ]
	[ "$(ctr volume prune -f | wc -l)" -eq 1 ]
	started b --rm -v /scratch -- sleep 1000
	[ "$(ctr volume ls -q | wc -l)" -eq 1 ]
	ctr rm -f b
	[ -z "$(ctr volume ls -q)" ]
}

@test "who names a volume of another container keeps it" {
	started a --rm -v /scratch -- sleep 1000
	local own
	own=$(ctr volume ls -q)
	ctr exec a sh -c 'echo theirs > /scratch/x'
	[ "$(box -v "$own:/x" -- cat /x/x)" = theirs ]
	ctr rm -f -v a
	[ "$(ctr volume ls --format json | jq -r '.[] | .name, .anonymous')" = "$own"$'\nfalse' ]
	[ "$(box -v "$own:/x" -- cat /x/x)" = theirs ]
}

@test "a start that fails leaves no volume of its own" {
	refused 127 'nosuch' ctr run --rootfs "$FS" -v /scratch -- nosuch
	[ -z "$(ls -A "$CTR_ROOT/volumes")" ]
	run -127 ctr run -d --rootfs "$FS" -v /scratch -- nosuch
	[ -z "$(ls -A "$CTR_ROOT/volumes")" ]
	started taken -- sleep 1000
	refused 125 'already in use' ctr run --name taken --rootfs "$FS" -v /scratch -- true
	[ -z "$(ls -A "$CTR_ROOT/volumes")" ]
	refused 125 'two mounts' ctr run --rootfs "$FS" -v a:/x -v b:/x -- true
	[ -z "$(ls -A "$CTR_ROOT/volumes")" ]
}

@test "a killed start leaves no volume of its own, and a reboot none of a --rm" {
	started a --rm -v /scratch -- sleep 1000
	kill -STOP $(supervisors a)
	kill -KILL $(supervisors a)
	kill -KILL "$(payload a)"
	until_true 'it ends' not alive "$(payload a)"
	ctr gc
	[ -z "$(ls -A "$CTR_ROOT/volumes")" ]
	# What is in CTR_STATE goes with the machine.
	started b --rm -v /scratch -v kept:/kept -- sleep 1000
	local group
	group=$(group b)
	kill -STOP $(supervisors b)
	kill -KILL $(supervisors b)
	kill -KILL "$(payload b)"
	until_true 'it ends' not alive "$(payload b)"
	rm -r "$CTR_STATE/b"
	rmdir "$group"
	ctr gc
	[ "$(ls -A "$CTR_ROOT/volumes")" = kept ]
	[ -z "$(ls -A "$CTR_ROOT/containers")" ]
}

@test "--dry-run says which volumes there will be, and makes none" {
	run -0 ctr run --dry-run --rootfs "$FS" -v data:/data:ro -v /own -- true
	[[ $output == *'mount     volume data -> /data ro'* ]]
	[[ $output == *'mount     volume (its own) -> /own '* ]]
	[ ! -e "$CTR_ROOT/volumes" ] || [ -z "$(ls -A "$CTR_ROOT/volumes")" ]
}

@test "forms of other tools are taken, or told what to use instead" {
	[ "$(box --mount type=volume,source=v,target=/v,volume-driver=local,readonly -- sh -c 'touch /v/x 2> /dev/null || echo ro')" = ro ]
	box --mount type=volume,target=/own -- touch /own/x
	box -v v:/v:z,nocopy -- touch /v/x
	no() { refused 125 "$1" ctr run --rootfs "$FS" "${@:2}" -- true; }
	no 'not a driver' --mount type=volume,source=v,target=/v,volume-driver=nfs
	no 'not a field' --mount type=volume,source=v,target=/v,volume-opt=o=x
	no 'not an option' -v v:/v:U
	hinted 'never changed'
	no 'not the path of a file' --mount type=bind,source=v,target=/v
	hinted 'type=volume'
	no 'not a name' -v a/b:/v
	hinted './a/b'
}

# image DIR NAME VOLUME...: of that root, with those volumes.
image() {
	local dir=$1 name=$2
	shift 2
	printf '%s\n' "$@" | jq -R . | jq -s 'map({(.): {}}) | {Volumes: add}' > config.json
	mkdir -p "$dir/bin"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	ctr image import --config config.json "$dir" "$name" > /dev/null
}

@test "first use copies what the image has: owners, modes, links, holes, attributes" {
	mkdir -p r/has/sub/deep
	echo one > r/has/f
	chown 70:80 r/has/f
	chmod 4750 r/has/f
	ln r/has/f r/has/sub/hard
	ln -s /etc/passwd r/has/link
	mkfifo -m 600 r/has/fifo
	truncate -s 1T r/has/hole
	echo y > r/has/caps
	setcap cap_net_raw+ep r/has/caps
	setfattr -n user.note -v kept r/has/sub
	touch -d @1000000000 r/has/sub r/has
	chown 7:8 r/has
	chmod 2751 r/has
	image r has:1 /has
	[ "$(ctr run --rm -v v:/has has:1 busybox stat -c '%u:%g %a' /has /has/f | xargs)" = '7:8 2751 70:80 4750' ]
	cd "$(data v)"
	[ "$(stat -c %h.%i f)" = "$(stat -c %h.%i sub/hard)" ]
	[ "$(readlink link)" = /etc/passwd ]
	[ "$(stat -c '%F %a' fifo)" = 'fifo 600' ]
	[ "$(stat -c %s hole)" -eq $((1 << 40)) ]
	[ "$(stat -c %b hole)" -lt 100 ]
	[[ "$(getcap caps)" == *cap_net_raw* ]]
	[ "$(getfattr --only-values -n user.note sub)" = kept ]
	[ "$(stat -c %Y .)" = 1000000000 ]
	[ "$(ls -A "$CTR_ROOT/volumes/v" | xargs)" = 'data volume.json' ]
	# What is there by now stays; what was removed does not come back.
	echo two > f
	rm link
	ctr run --rm -v v:/has has:1 busybox true
	[ "$(cat f)" = two ]
	[ ! -e link ]
}

@test "nothing is copied with nocopy, to what is not empty, from a root that is no image" {
	mkdir -p r/has
	echo one > r/has/f
	image r has:1 /other
	ctr run --rm -v v:/has:nocopy has:1 busybox true
	[ -z "$(ls -A "$(data v)")" ]
	# An empty one is filled whenever it is used, as with docker.
	[ "$(ctr run --rm -v v:/has has:1 busybox cat /has/f)" = one ]
	ctr volume create w > /dev/null
	touch "$(data w)/mine"
	ctr run --rm -v w:/has has:1 busybox true
	[ "$(ls -A "$(data w)")" = mine ]
	box -v y:/etc -- true
	[ ! -e "$(data y)/passwd" ]
	# Nor where the image has no directory.
	ctr run --rm -v z:/nothing/here has:1 busybox true
	[ -z "$(ls -A "$(data z)")" ]
}

@test "it is the image's layers that are copied, as one: what is hidden stays hidden" {
	tar_of one.tar 'dir|d' 'file|d/gone|1' 'file|d/changed|1' 'file|d/kept|1' 'dir|d/opaque' 'file|d/opaque/old|1'
	tar_of two.tar 'dir|d' 'file|d/.wh.gone|' 'file|d/changed|2' 'dir|d/opaque' 'file|d/opaque/.wh..wh..opq|' 'file|d/opaque/new|2'
	mkdir -p bin
	cp "$(command -v busybox)" bin/busybox
	tar -cf zero.tar bin
	docker_of image layered:1 zero.tar one.tar two.tar
	ctr image import image > /dev/null
	ctr run --rm -v v:/d layered:1 busybox true
	[ "$(cd "$(data v)" && find . | sort | xargs)" = '. ./changed ./kept ./opaque ./opaque/new' ]
	[ "$(cat "$(data v)/changed")" = 2 ]
	# From one layer alone, too, nothing is taken of how it hides others.
	[ -z "$(getfattr -R -d -m 'overlay' "$(data v)")" ]
}

@test "the volumes of an image are its container's own, and what it has there is in them" {
	mkdir -p r/has
	echo one > r/has/f
	chown 7:7 r/has
	image r vol:1 /has /a/b /../up relative / /proc
	ctr run --name c vol:1 busybox sh -c 'cat /has/f; stat -c %u /has; echo x > /a/b/x; echo y > /up/y'
	[ "$(ctr logs c 2> /dev/null | xargs)" = '' ]
	[ "$(ctr inspect c | jq -r '.[0].mounts[] | .destination' | sort | xargs)" = '/a/b /has /up' ]
	[ "$(ctr volume ls -q | wc -l)" -eq 3 ]
	ctr rm -v c
	[ -z "$(ctr volume ls -q)" ]
	[ "$(ctr run --rm vol:1 busybox cat /has/f)" = one ]
	# They can be written where the root cannot.
	ctr run --rm --read-only vol:1 busybox touch /has/x /a/b/x
	[ -z "$(ctr volume ls -q)" ]
	# What is asked for at their places is there instead.
	mkdir host
	ctr run --name c -v "$PWD/host:/has" -v named:/a/b --tmpfs /up vol:1 busybox touch /has/x /a/b/x
	[ "$(ctr volume ls -q)" = named ]
	[ -e host/x ]
	[ -e "$(data named)/x" ]
	ctr rm -v c
	[ "$(ctr volume ls -q)" = named ]
}

@test "twenty first users of one volume find all of it, once" {
	mkdir -p r/has/{a,b,c}/{1..20}
	for i in {1..20}; do echo $i > r/has/a/$i/f; done
	image r has:1 /none
	local i
	for i in {1..20}; do
		ctr run --rm -v v:/has has:1 busybox sh -c 'find /has | wc -l' > count.$i &
	done
	wait
	[ "$(cat count.* | sort -u)" = "$(find r/has | wc -l)" ]
	[ "$(ls -A "$CTR_ROOT/volumes")" = v ]
}

@test "a copy that was interrupted is made again, or finished; nothing else counts" {
	mkdir -p r/has/sub
	echo one > r/has/f
	echo two > r/has/g
	chown 7:8 r/has
	image r has:1 /none
	ctr volume create v > /dev/null
	mkdir -p "$CTR_ROOT/volumes/v/new/data"
	echo half > "$CTR_ROOT/volumes/v/new/data/f"
	[ "$(ctr run --rm -v v:/has has:1 busybox cat /has/f /has/g | xargs)" = 'one two' ]
	[ "$(ls -A "$CTR_ROOT/volumes/v" | xargs)" = 'data volume.json' ]
	# One that was whole is moved to its place, whoever comes next, and what somebody made meanwhile stays.
	ctr volume create w > /dev/null
	cp -a r/has "$CTR_ROOT/volumes/w/ready"
	mv "$CTR_ROOT/volumes/w/ready/f" "$(data w)/f"
	echo mine > "$(data w)/g"
	box -v w:/has:nocopy -- true
	[ "$(cd "$(data w)" && cat f g | xargs; ls -d sub)" = $'one mine\nsub' ]
	[ "$(stat -c %u:%g "$(data w)")" = 7:8 ]
	# gc takes what was not finished, and nothing of the volume.
	mkdir -p "$CTR_ROOT/volumes/w/new/data/x"
	ctr gc
	[ "$(ls -A "$CTR_ROOT/volumes/w" | xargs)" = 'data volume.json' ]
	[ "$(cat "$(data w)/f")" = one ]
}

@test "a start that is killed while it copies leaves nothing that counts" {
	mkdir -p r/has
	for i in {1..3000}; do echo $i > r/has/$i; done
	image r has:1 /none
	local i
	for i in {1..15}; do
		command timeout -s KILL "0.$(printf %02d $((i * 3)))" ctr run --rm --name k$i -v v:/has has:1 busybox true > /dev/null 2>&1 || :
		ctr gc > /dev/null
		[ ! -e "$(data v)" ] || [[ "$(ls "$(data v)" | wc -l)" =~ ^(0|3000)$ ]]
	done
	[ "$(ctr run --rm -v v:/has has:1 busybox ls /has | wc -l)" -eq 3000 ]
}

@test "a tree as deep as an image can have is copied" {
	python3 - <<- 'END'
		import io, tarfile
		t = tarfile.open("deep.tar", "w", format=tarfile.PAX_FORMAT)
		for depth in range(1, 1990):
		    i = tarfile.TarInfo("v" + "/d" * depth)
		    i.type, i.mode = tarfile.DIRTYPE, 0o755
		    t.addfile(i)
		t.close()
	END
	mkdir -p bin
	cp "$(command -v busybox)" bin/busybox
	tar -cf zero.tar bin
	docker_of image deep:1 zero.tar deep.tar
	ctr image import image > /dev/null
	ctr run --rm -v v:/v deep:1 busybox true
	[ "$(find "$(data v)" -type d 2> /dev/null | wc -l)" -eq 1990 ]
}

@test "--userns host has the same volume, with the same ids" {
	box -v v:/v -- sh -c 'echo x > /v/x; chown 5:6 /v/x'
	[ "$(ctr run --rm --userns host --rootfs "$FS" -v v:/v -v /own -- sh -c 'stat -c %u:%g /v/x; touch /own/x')" = 5:6 ]
	[ "$(ctr volume ls -q)" = v ]
}

@test "an image with many volumes: one process fills them all, and what is empty there costs it nothing" {
	mkdir -p r/v7
	echo x > r/v7/file
	image r many:1 /v{1..200}
	strace -f -qq -o trace -e trace=clone3,mkdirat ctr run --rm many:1 busybox cat /v7/file > out
	[ "$(cat out)" = x ]
	# Of those, two are the container's own.
	[ "$(grep -c clone3 trace)" -le 4 ]
	# Two directories for each, and three more for the one that is copied.
	[ "$(grep -c 'mkdirat.*\(.new\|data\|links\|"new"\)' trace)" -le 410 ]
	[ -z "$(ctr volume ls -q)" ]
	ctr image rm many:1
}

@test "a start without volumes looks at none" {
	command -v strace > /dev/null || skip 'strace is not installed'
	box -- true
	strace -f -o trace ctr run --rm --rootfs "$FS" -- true
	not grep -q '"volumes\|volume.json' trace
}

@test "a volume that nobody named is not pruned while its container is there" {
	started a -v /own -- sleep 1000
	ctr run --name b --rootfs "$FS" -v /own -- true
	[ -z "$(ctr volume prune -f -a)" ]
	[ "$(ctr volume ls -q | wc -l)" -eq 2 ]
	ctr exec a touch /own/x
	ctr rm -f -v a
	ctr rm -v b
	[ -z "$(ctr volume ls -q)" ]
}

@test "a user who is not root can write to a volume whose place in the image is that user's" {
	mkdir -p r/data r/open r/etc
	cp "$FS/etc/passwd" r/etc
	chown 1000:1000 r/data
	chmod 777 r/open
	image r user:1 /data /open
	ctr run --rm -u 1000 user:1 busybox touch /data/x /open/x
	ctr run --rm -u ann -v named:/data -v other:/open user:1 busybox touch /data/x /open/x
	[ "$(stat -c %u:%g "$(data named)" "$(data other)/x" | xargs)" = '1000:1000 1000:1000' ]
	# Filled for who may only read it, as well.
	echo theirs > r/data/f
	image r user:2 /none
	[ "$(ctr run --rm -v ro:/data:ro user:2 busybox cat /data/f)" = theirs ]
	[ "$(stat -c %u:%g "$(data ro)")" = 1000:1000 ]
}

@test "two volumes of an image at one place, by a link" {
	mkdir -p r/home/a r/home/b
	echo here > r/home/a/f
	ln -s /home/a r/home/b/bb
	image r linked:1 /home/a /home/b/bb
	[ "$(ctr run --rm linked:1 busybox sh -c 'touch /home/b/bb/x; ls /home/a; cat /home/b/bb/f' | xargs)" = 'f x here' ]
	[ "$(ctr run --rm -v v:/home/b/bb linked:1 busybox cat /home/a/f)" = here ]
}

@test "nocopy for a volume without a name" {
	mkdir -p r/data
	touch r/data/a
	image r plain:1 /none
	[ -z "$(ctr run --rm --mount type=volume,target=/data,volume-nocopy plain:1 busybox ls /data)" ]
	[ "$(ctr run --rm --mount type=volume,target=/data plain:1 busybox ls /data)" = a ]
}

@test "a session at a terminal keeps nobody from images and volumes" {
	mkdir -p r
	image r shell:1 /own
	python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
		ctr run -it --rm --name session -v named:/named shell:1 busybox sleep 1000 > /dev/null < /dev/zero 3>&- &
	until_true 'it runs' running session
	timeout 5 ctr image gc > /dev/null
	timeout 5 ctr volume prune -f > /dev/null
	refused 125 'used by the container session$' ctr volume rm named
	ctr rm -f session
	wait
}

@test "a container that is created and started again keeps its volumes, until it goes" {
	mkdir -p r/has
	echo one > r/has/f
	image r kept:1 /own
	ctr create --name c -v named:/has kept:1 busybox sh -c 'cat /has/f; echo x >> /own/x; busybox wc -l < /own/x' > /dev/null
	# It is in use before it has ever run, and filled.
	refused 125 'used by the container c$' ctr volume rm named
	[ -z "$(ctr volume prune -f)" ]
	[ "$(cat "$(data named)/f")" = one ]
	[ "$(ctr start -a c | xargs)" = 'one 1' ]
	[ "$(ctr start -a c | xargs)" = 'one 2' ]
	ctr rm -v c
	[ "$(ctr volume ls -q)" = named ]
	# A start that fails takes nothing with it.
	ctr create --name c kept:1 nosuch > /dev/null
	run -127 ctr start c
	[ "$(ctr volume ls -q | wc -l)" -eq 2 ]
	ctr rm -v c
	ctr create --rm --name c kept:1 busybox true > /dev/null
	[ "$(ctr volume ls -q | wc -l)" -eq 2 ]
	ctr start -a c
	[ "$(ctr volume ls -q)" = named ]
	ctr create --rm --name c kept:1 busybox true > /dev/null
	ctr rm -v c
	[ "$(ctr volume ls -q)" = named ]
}

@test "a store that was moved has its containers' volumes with it" {
	ctr create --name moved -v data:/data -v /own --rootfs "$FS" -- sh -c 'echo life >> /data/lives; echo life >> /own/lives' > /dev/null
	ctr start -a moved
	mv "$CTR_ROOT" "$CTR_ROOT.new"
	CTR_ROOT="$CTR_ROOT.new" ctr start -a moved
	[ "$(CTR_ROOT="$CTR_ROOT.new" ctr cp moved:/data/lives - | tar -xO)" = $'life\nlife' ]
	[ ! -e "$CTR_ROOT" ]
	mv "$CTR_ROOT.new" "$CTR_ROOT"
	ctr start -a moved
	[ "$(cat "$CTR_ROOT"/volumes/*/data/lives | grep -c life)" -eq 6 ]
	ctr rm -v moved
}
