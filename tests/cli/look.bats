# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2076,SC2154
# ctr ps, logs, inspect, stats, info, check: what is told about containers and about the host.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# py EXPRESSION: of standard input's JSON, called j.
py() { python3 -c "import json,sys; j = json.load(sys.stdin); x = ($1); print(x)"; }
names() { ctr ps --format json "$@" | py '" ".join(sorted(c["name"] for c in j))'; }
ended() { [ "$(names -a --filter name="$1" --filter status=exited)" = "$1" ]; }

@test "ps shows what runs, and with -a what has ended and how" {
	started up -- sleep 100
	run -7 ctr run --name down --rootfs "$FS" -- sh -c 'exit 7'
	[ "$(names)" = up ]
	[ "$(names -a)" = "down up" ]
	run -0 ctr ps -a
	[[ "$output" =~ up.*"Up "(less|[0-9]) ]]
	[[ "$output" =~ down.*"Exited (7) " ]]
	[ "$(ctr ps -q --no-trunc)" = "$(ctr inspect up | py 'j[0]["id"]')" ]
}

@test "ps filters, sorts and counts" {
	started aa --label tier=web --label x -- sleep 100
	started bb --label tier=db -- sleep 100
	started ab --label tier=web -- true
	until_true "end of ab" ended ab
	[ "$(names --filter label=tier=web)" = aa ]
	[ "$(names --filter label=tier=web --filter label=x)" = aa ]
	[ "$(names --filter label=tier=db --filter label=x)" = "" ]
	[ "$(names -a --filter name=a)" = "aa ab" ]
	[ "$(names --filter status=exited)" = ab ]
	[ "$(names --filter status=exited --filter status=running)" = "aa ab bb" ]
	[ "$(names --filter image="$FS")" = "aa bb" ]
	[ "$(names -n 1)" = ab ]
	[ "$(ctr ps -a --sort name --format json | py '[c["name"] for c in j]')" = "['aa', 'ab', 'bb']" ]
	[ "$(ctr ps -a --format json | py '[c["name"] for c in j]')" = "['ab', 'bb', 'aa']" ]
}

# seen COMMAND...: on a terminal of $TERMINAL_COLUMNS; fails if a line is wider.
seen() {
	timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" end:0 -- "$@" | tr -d '\r' > seen || { cat seen; return 1; }
	cat seen
	[ -z "$(sed 's/…/./g' seen | awk -v columns="${TERMINAL_COLUMNS:-80}" '!/^hint: / && length > columns')" ]
}

@test "a table is no wider than the terminal, and whole elsewhere" {
	local name=a-name-that-is-rather-long
	started $name -- sh -c 'sleep 100; echo some command that is long enough to be cut'
	seen ctr ps
	[[ "$(cat seen)" == *$name*Up* && "$(cat seen)" != *CREATED* ]]
	seen ctr stats --no-stream
	[[ "$(cat seen)" == *$name*%* && "$(cat seen)" != *PRESSURE* ]]
	seen ctr check
	[[ "$(tr -s ' \n' ' ' < seen)" == *'over id-mapped layers, mounted in a user namespace'* ]]
	not seen ctr ps --no-trunc
	run -0 ctr ps
	[[ "$output" == NAME*ID*IMAGE*COMMAND*CREATED*STATUS* ]]
	[[ "$output" == *'ago '* && "${#lines[1]}" -gt 80 ]]
	run -0 ctr stats --no-stream
	[[ "$output" == *PRESSURE* ]]
	ctr check > all || :
	not grep -q '^ ' all
	ctr rm -f $name
}

@test "every table fits 60, 80 and 200 columns, and has all with --no-trunc" {
	local TERMINAL_COLUMNS table name=a-container
	started $name --label tier=web -- sh -c 'sleep 100; echo some command that is long enough to be cut'
	volume=$(ctr volume create "$(printf 'v%.0s' {1..64})")
	mkdir -p image && head -c 10k /dev/zero > image/file
	ctr image import image registry.example/name:tag > /dev/null
	for TERMINAL_COLUMNS in 60 80 200; do
		export TERMINAL_COLUMNS
		for table in ps 'ps -a' 'stats --no-stream' "top $name" 'volume ls' 'image ls' info; do
			# shellcheck disable=SC2086 # words
			seen ctr $table
		done
	done
	for table in ps 'stats --no-stream' "top $name" 'volume ls' 'image ls'; do
		TERMINAL_COLUMNS=20
		# shellcheck disable=SC2086
		not seen ctr $table --no-trunc
		# shellcheck disable=SC2086 # what moves is left out
		[ "$(sed 's/[0-9].*//' seen | grep .)" = "$(ctr $table --no-trunc | sed 's/[0-9].*//' | grep .)" ]
	done
	ctr rm -f $name > /dev/null
	ctr volume rm "$volume" > /dev/null
	ctr image rm registry.example/name:tag
}

@test "a terminal that does not tell its width is as wide as COLUMNS says" {
	export TERMINAL_COLUMNS=0
	started a-container -- sleep 100
	COLUMNS=30 seen ctr ps || :
	[[ "$(cat seen)" == *a-container* && "$(cat seen)" != *CREATED* ]]
	COLUMNS='' seen ctr ps || :
	[[ "$(cat seen)" == *CREATED* ]]
	run -0 env COLUMNS=30 ctr ps
	[[ "$output" == *CREATED* ]]
}

@test "no escape sequence is printed where nobody can use it" {
	local table setting
	started a-container -- sleep 100
	for setting in TERM=dumb TERM= 'TERM=xterm NO_COLOR=1'; do
		for table in ps 'stats --no-stream' 'top a-container' 'volume ls' 'image ls' info check; do
			# shellcheck disable=SC2086
			run -0 env $setting timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" end:0 -- ctr $table
			[[ "$output" != *$'\e'* ]]
		done
	done
	# That of a terminal that is not dumb moves the cursor.
	run -0 timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" 'see:a-container' 'type:\x03' end:130 -- ctr stats
	[[ "$output" == *$'\e[H'* ]]
	run -0 env TERM=dumb timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" 'see:a-container' 'type:\x03' end:130 -- ctr stats
	[[ "$output" != *$'\e'* ]]
}

@test "--format takes a template, everywhere alike" {
	started web --label a.b=x -- sleep 100
	[ "$(ctr ps --format '{{.Name}}:{{.status}}:{{index .labels "a.b"}}')" = web:running:x ]
	[ "$(ctr ps --format 'table {{.name}}\t{{.status}}')" = $'NAME   STATUS\nweb    running' ]
	[ "$(ctr ps --format '{{json .labels}}')" = '{"a.b":"x"}' ]
	[ "$(ctr inspect --format '{{.name}} {{.idRange.count}}' web web)" = $'web 65536\nweb 65536' ]
	[ "$(ctr inspect --format '{{json .}}' web | py 'j["name"]')" = web ]
	[ "$(ctr inspect -f '{{.name}}' web)$(ctr info -f '{{.running}}')" = web1 ]
	[ "$(ctr inspect --format json web | py 'j[0]["name"]')" = web ]
	[ "$(ctr stats --no-stream --format '{{.name}}')" = web ]
	[ "$(ctr top web --format '{{.pid}} {{.command}}')" = '1 sleep 100' ]
	[ "$(ctr info --format '{{.running}} {{.root}}')" = "1 $CTR_ROOT" ]
	[ "$(ctr check --format '{{.works}}')" = true ]
	ctr exec web touch /new
	[ "$(ctr diff web --format '{{.change}} {{.path}}' | grep new)" = 'added /new' ]
	ctr volume create data > /dev/null
	[ "$(ctr volume ls --format '{{.name}}')" = data ]
	[ "$(ctr volume inspect -f '{{.name}}' data)" = data ]
	[ "$(ctr volume inspect --format '{{.directory}}' data)" = "$CTR_ROOT/volumes/data/data" ]
	mkdir -p image && head -c 10k /dev/zero > image/file
	ctr image import image some > /dev/null
	[ "$(ctr image ls --format '{{.name}}')" = some:latest ]
	[ "$(ctr image inspect -f '{{.name}}' some)" = some:latest ]
	[ "$(ctr image inspect --format '{{.name}} {{.oci_config.os}}' some)" = 'some:latest linux' ]
	refused 125 'there is no .Nome' ctr ps --format '{{.Nome}}'
	hinted 'did you mean .name'
	refused 125 'is no form' ctr ps --format '{{range .labels}}'
	hinted 'jq'
	refused 125 "'table' is neither json nor a template" ctr inspect --format table web
	ctr volume rm data > /dev/null
	ctr image rm some > /dev/null
}

@test "ps refuses what it does not know" {
	refused 125 'is neither table, json nor a template' ctr ps --format ID
	refused 125 "'dead' is no status" ctr ps --filter status=dead
	refused 125 "no key 'x'" ctr ps --filter x=y
	refused 125 "'x' is not KEY=VALUE" ctr ps --filter x
	refused 125 "'name='" ctr ps --filter name=
	refused 125 "'size'" ctr ps --sort size
	refused 125 "'0'" ctr ps -n 0
	refused 125 "takes no words, not 'web'" ctr ps web
	run --separate-stderr -125 bash -c 'ctr ps > /dev/full'
	[[ "$stderr" =~ "No space left" ]]
}

@test "a paused container is paused everywhere" {
	started web -- sleep 100
	ctr pause web
	[ "$(names --filter status=paused)" = web ]
	[[ "$(ctr ps)" =~ "(Paused)" ]]
	[ "$(ctr inspect web | py 'j[0]["status"]')" = paused ]
	[ "$(ctr info --format json | py 'j["paused"]')" -ge 1 ]
	ctr resume web
	[ "$(names --filter status=running)" = web ]
}

@test "a command cannot act on the terminal of who lists it" {
	started evil -- sh -c $'sleep 100 # \e[31m\a\u202e\u009b'
	run -0 ctr ps --no-trunc
	[[ "$output" == *'sleep 100 # ?[31m???'* ]]
	[ -z "$(ctr ps --no-trunc --format json | LC_ALL=C tr -d ' -~\n')" ]
	[ -z "$(ctr inspect evil | LC_ALL=C tr -d ' -~\n')" ]
}

@test "ps releases what died without its holder" {
	ctr run --rm --name lone --rootfs "$FS" -- sleep 100 3>&- &
	until_true "lone runs" running lone
	kill -9 $!
	wait $! || :
	[ "$(names)" = lone ]
	kill -9 "$(payload lone)"
	until_true "lone is gone" gone lone
	[ ! -e "$CTR_STATE/lone" ]
}
gone() { [ "$(names -a --filter name="$1")" = "" ]; }

@test "logs: both streams, the end of it, times" {
	started job -- sh -c 'echo one; echo two >&2; sleep .2; echo three'
	until_true "end of job" ended job
	run --separate-stderr -0 ctr logs job
	[ "$output" = $'one\nthree' ]
	[ "$stderr" = two ]
	[ "$(ctr logs --tail 1 job 2>&1)" = three ]
	[[ "$(ctr logs -t --tail 1 job 2>&1)" =~ ^20[0-9-]+T[0-9:.]+"Z three"$ ]]
	[ "$(ctr logs --until 1h job 2>&1)" = "" ]
	[ "$(ctr logs --since 1h --until 2200-01-01T00:00:00Z job 2>&1 | wc -l)" -eq 3 ]
	refused 125 "'yesterday' is not a time" ctr logs --since yesterday job
}

@test "logs -f goes on over restarts, by hand and by policy" {
	started c --init -- sh -c 'for i in 1 2 3; do echo $i; sleep .4; done; exec sleep 600'
	ctr logs -f c > out 3>&- &
	local follower=$!
	until_true "it was heard" grep -q 3 out
	ctr restart -t 0 c
	until_true "all of the next life is heard" eval '[ "$(xargs < out)" = "1 2 3 1 2 3" ]'
	ctr stop -t 0 c
	wait $follower
	ctr rm c
	started p --restart on-failure:4 -- sh -c 'echo go; exit 1'
	timeout 30 ctr logs -f p > out
	[ "$(wc -l < out)" = 5 ]
	ctr rm p
}

@test "logs -f: two rotations that overtake it are told, with how much is missing and where" {
	started a --log-max-size 64k -- sh -c 'echo first; until [ -e /go ]; do sleep .05; done; seq 20000; echo last'
	ctr logs -f a > out 2> err & one=$!
	until_true "it reads" grep -q first out
	kill -STOP $one
	ctr exec a touch /go
	[ "$(ctr wait a)" = 0 ]
	kill -CONT $one
	wait $one
	[ "$(tail -n1 out)" = last ]
	# What is there has one gap, and what is in it was told: a record has 41 bytes around its text.
	lost=$(sed -n 's/^ctr: warning: \([0-9]*\) bytes of the log of a are missing here.*/\1/p' err)
	[ "$(wc -l < err)" = 1 ]
	after=$(sed -n '/^[0-9]/{p;q}' <(awk 'seen && $1 != seen + 1 { print $1; exit } /^[0-9]/ { seen = $1 }' out))
	before=$(awk -v gap="${after:-x}" '$1 == gap { print last; exit } { last = $1 }' out)
	[ "$lost" = "$(seq $((${before/first/0} + 1)) $((after - 1)) | awk '{ n += length($1) + 41 } END { print n }')" ]
	ctr rm a
	# Nothing is missing for who is not that slow.
	started a --log-max-size 64k -- sh -c 'for i in 1 2 3 4 5 6 7 8; do seq 1000; sleep .2; done'
	ctr logs -f a > out 2> err
	[ "$(wc -l < out)" = 8000 ]
	[ ! -s err ]
	ctr rm a
}

@test "ps -s and inspect -s: what it has written, on disk, and with its image" {
	mkdir -p r/bin
	cp "$(command -v busybox)" r/bin/busybox
	ctr image import r sized:1 > imported
	# Deep, with a hole, two names of one file, and a link out.
	ctr run --name a sized:1 busybox sh -c 'cd /; i=0; while [ $i -lt 300 ]; do /bin/busybox mkdir d; cd d; i=$((i+1)); done
		/bin/busybox dd if=/dev/zero of=two bs=1M count=2; /bin/busybox ln two again; /bin/busybox ln -s /bin out
		/bin/busybox truncate -s 100G hole' 2> said
	rw=$(ctr inspect -s a | jq '.[0].sizeRw')
	[ "$rw" = $(($(du -s --block-size=1 "$CTR_ROOT/containers/a/upper" | cut -f1))) ]
	unpacked=$(ctr image ls --format json | jq '.[] | select(.name == "sized:1") | .unpacked')
	[ "$(ctr ps -as --format json | jq '.[0].sizeRootFs')" = $((rw + unpacked)) ]
	ctr ps -a --size | grep -q 'SIZE$'
	ctr ps -a --size | grep -Eq ' [0-9.]+M \(virtual [0-9.]+M\)$'
	[ "$(ctr ps -a --format json | jq '.[0] | has("sizeRw")')" = false ]
	# The image is not known by its name any more; of --rootfs there never was one.
	ctr image rm -f sized:1 > removed
	[ "$(ctr inspect -s a | jq '.[0].sizeRootFs')" = null ]
	ctr rm a
}

@test "logs -f ends with the container" {
	# The last line is in the log before the end.
	started job -- sh -c 'for i in 1 2 3; do sleep .2; echo $i; done; sleep 1'
	run -0 timeout 60 ctr logs -f job
	[ "$output" = $'1\n2\n3' ]
}

@test "logs tells a silent container from one that has no log" {
	started silent -- true
	until_true "end of silent" ended silent
	run -0 ctr logs silent
	[ "$output" = "" ]
	ctr run --name front --rootfs "$FS" -- true
	refused 125 'front has no log' ctr logs front
	hinted 'ctr run -d'
	refused 125 'no container nobody' ctr logs nobody
}

# What a loss of power may leave: the log was made after the container, so it may be missing alone.
@test "logs shows nothing of a log that was lost" {
	started silent -- echo here
	until_true "end of silent" ended silent
	rm "$CTR_ROOT/containers/silent/log"
	run -0 ctr logs silent
	[ "$output" = "" ]
}

@test "inspect shows what the kernel and the record say" {
	started web --label a=b -- sleep 100
	ctr inspect web > j
	[ "$(py 'j[0]["pid"]' < j)" = "$(payload web)" ]
	[ "$(py 'j[0]["cgroup"]' < j)" = "$(group web)" ]
	[ "$(py 'j[0]["labels"]' < j)" = "{'a': 'b'}" ]
	[ "$(py 'j[0]["config"]["process"]["args"]' < j)" = "['sleep', '100']" ]
	awk '{ print $2, $3 }' "/proc/$(payload web)/uid_map" > map
	[ "$(py 'j[0]["idRange"]["first"], j[0]["idRange"]["count"]' < j)" = \
		"($(sed 's/ /, /' map))" ]
	ctr kill web
	ctr wait web > /dev/null
	ctr inspect web > j
	[ "$(py 'j[0]["status"], j[0]["exitStatus"], j[0]["pid"], j[0]["cgroup"]' < j)" = \
		"('exited', 137, None, None)" ]
}

@test "inspect goes on behind a name that is unknown" {
	started web -- sleep 100
	run --separate-stderr -125 ctr inspect nobody web
	[ "$(py 'j[0]["name"], len(j)' <<< "$output")" = "('web', 1)" ]
	[[ "$stderr" =~ "no container nobody" ]]
	refused 125 'no container nobody' ctr inspect nobody
}

@test "inspect of an image says where images are inspected" {
	image_of pic '{}'
	refused 125 'no container pic' ctr inspect pic
	hinted 'ctr image inspect pic'
	ctr image inspect pic > /dev/null
	ctr image rm pic
}

@test "inspect reads limits back from the kernel" {
	needs memory
	started web -m 64m -- sleep 100
	[ "$(ctr inspect web | py 'j[0]["limits"]["memory"]')" = 67108864 ]
}

@test "stats: a busy container and an idle one" {
	started busy -- sh -c 'while :; do :; done'
	started idle -- sleep 100
	ctr stats --no-stream --format json > j
	[ "$(py 'sorted(s["name"] for s in j)' < j)" = "['busy', 'idle']" ]
	[ "$(py '[s["cpuPercent"] > 5 for s in sorted(j, key=lambda s: s["name"])]' < j)" = "[True, False]" ]
	run -0 ctr stats --no-stream idle
	[ "${#lines[@]}" -eq 2 ]
	refused 125 'no container nobody' ctr stats --no-stream nobody
	ctr kill idle
	ctr wait idle > /dev/null
	refused 125 'idle: the container is not running' ctr stats --no-stream idle
}

@test "stats of a named container end when it ends" {
	started brief -- sleep 1000
	timeout 60 ctr stats --format json brief > lines 3>&- &
	until_true "two are there" told_twice
	ctr kill brief
	wait $!
	head -n 1 lines | py 'len(j)'
}
told_twice() { [ "$(wc -l < lines)" -ge 2 ]; }

@test "info counts" {
	started up -- sleep 100
	run -3 ctr run --name down --rootfs "$FS" -- sh -c 'exit 3'
	[ "$(ctr info --format json | py 'j["running"], j["exited"], j["root"]')" = "(1, 1, '$CTR_ROOT')" ]
	[[ "$(ctr info)" =~ "Running "+1 ]]
}

@test "check: works where run works, and leaves nothing" {
	box -- true
	run -0 ctr check --format json
	[ "$(py 'j["works"], [f for f in j["features"] if f["state"] == "missing"]' <<< "$output")" = "(True, [])" ]
	[ ! -e "$CTR_ROOT/.check" ]
	[ ! -e "$(dirname "$GROUPS_AT")/ctr-check" ]
	run -0 ctr check host
	[ "${lines[-1]}" = "ctr run works on this host" ]
}

@test "check: fails where run fails, and says by what" {
	run -125 unshare -m sh -c 'mount -t tmpfs none /proc/sys/kernel && ctr run --rm --rootfs "$FS" -- true'
	[[ "$output" =~ "proc" ]]
	run -1 unshare -m sh -c 'mount -t tmpfs none /proc/sys/kernel && ctr check'
	[[ "$output" =~ "mount proc"\ +missing ]]
	[[ "$output" =~ "hint: mount proc: " ]]
	run -125 unshare -m sh -c 'umount -l /proc && ctr run --rm --rootfs "$FS" -- true'
	[ "${lines[1]}" = 'hint: mount -t proc proc /proc' ]
	run -125 unshare -m sh -c 'umount -l /proc && ctr image build busybox'
	[ "${lines[1]}" = 'hint: mount -t proc proc /proc' ]
	run -1 unshare -m sh -c 'umount -l /proc && ctr check'
	[[ "$output" =~ /proc\ +missing ]]
	[ "$(grep -c missing <<< "$output")" -eq 1 ]
	[[ "$output" == *"hint: /proc: mount -t proc proc /proc"* ]]
	run -1 unshare -m sh -c 'mount -t ramfs none /mnt && CTR_ROOT=/mnt/ctr ctr check'
	[[ "$output" =~ "id-mapped mounts"\ +missing ]]
	run -1 unshare -m sh -c 'umount -l "$(dirname "$GROUPS_AT")" && ctr check'
	[[ "$output" =~ "cgroup v2"\ +missing ]]
	chmod 755 "$BATS_FILE_TMPDIR"
	run -1 setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/ctr" check
	[[ "$output" =~ rights\ +missing ]]
	[ "${lines[-1]}" = "ctr run does not work on this host" ]
}

@test "check cleans up after one that was killed" {
	mkdir -p "$CTR_ROOT/.check/upper/x" "$CTR_ROOT/.check/work/work" "$CTR_ROOT/.check/lower"
	mkdir "$(dirname "$GROUPS_AT")/ctr-check"
	sleep 100 3>&- &
	echo $! > "$(dirname "$GROUPS_AT")/ctr-check/cgroup.procs"
	run -0 ctr check
	[ ! -e "$CTR_ROOT/.check" ]
	[ ! -e "$(dirname "$GROUPS_AT")/ctr-check" ]
	ctr check > /dev/null 3>&- &
	ctr check > /dev/null
	wait $!
}

@test "image goes to ctr-image, with the same store" {
	run -0 ctr --root "$CTR_ROOT/other" image gc
	[ -d "$CTR_ROOT/other" ]
	refused 125 "image: unknown command 'bogus'" ctr image bogus
	rm -r "$CTR_ROOT/other"
}
