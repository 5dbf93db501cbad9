# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# ctr update: live and for the next start alike, or not at all. What each limit does is in tests/host.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

HUGE=hugetlb.2MB.max
is() { [ "$(ctr inspect "$1" 2> /dev/null | jq -r '.[0].status')" = "$2" ]; }
value() { cat "$(group "$1")/$2"; }
config() { cat "$CTR_ROOT/containers/$1/config.json"; }
saved() { jq -r "$2" "$CTR_ROOT/containers/$1/config.json"; }
ran() { [ "$(ctr logs "$1" | wc -l)" -ge "$2" ]; }

@test "of one that runs: at once, in inspect, and for its next start; the kernel's own value is told" {
	needs hugetlb
	started c -- sleep 600
	run -0 ctr update --cgroup-conf $HUGE=5000000 c
	# Whole pages of 2 MiB.
	[ "$output" = "c"$'\n'"  $HUGE 4194304" ]
	[ "$(value c $HUGE)" = 4194304 ]
	[ "$(ctr inspect c | jq -r ".[0].limits.conf.\"$HUGE\"")" = 4194304 ]
	[ "$(saved c ".linux.resources.unified.\"$HUGE\"")" = 5000000 ]
	[ "$(ctr update -q --cgroup-conf $HUGE=2m c)" = c ]
	[ "$(ctr events --format '{{.action}}' | grep -c '^update$')" = 2 ]
	ctr stop -t 0 c
	ctr start c
	[ "$(value c $HUGE)" = 2097152 ]
	ctr update --cgroup-conf $HUGE=max c
	[ "$(value c $HUGE)" = max ]
	ctr rm -f c
}

@test "of one that is paused, or does not run, or never has" {
	needs hugetlb
	started c -- sleep 600
	ctr pause c
	ctr update -q --cgroup-conf $HUGE=2m c
	is c paused
	[ "$(value c $HUGE)" = 2097152 ]
	ctr resume c
	ctr stop -t 0 c
	run -0 ctr update --cgroup-conf $HUGE=4m c
	[ "$output" = $'c\n  from its next start on' ]
	ctr start c
	[ "$(value c $HUGE)" = 4194304 ]
	ctr rm -f c
	ctr create --name new --rootfs "$FS" -- sleep 600
	ctr update --cgroup-conf $HUGE=6m new
	is new created
	ctr start new
	[ "$(value new $HUGE)" = 6291456 ]
	ctr rm -f new
}

@test "of one whose documents are gone with it" {
	needs hugetlb
	started c --rm -- sleep 600
	ctr update -q --cgroup-conf $HUGE=2m c
	[ "$(value c $HUGE)" = 2097152 ]
	[ "$(jq -r ".linux.resources.unified.\"$HUGE\"" "$CTR_STATE/c/config.json")" = 2m ]
	[ ! -e "$CTR_ROOT/containers/c/config.json" ]
	refused 125 'c: --restart: .*--rm' ctr update --restart always c
	ctr rm -f c
}

@test "what the host has no controller for is refused before anything changes, whether it runs or not" {
	has_controller memory && skip "this host has all of them"
	started c -- sleep 600
	before=$(config c)
	refused 125 '^ctr: update: c: --memory: cannot limit memory to 64M: .*no memory controller' \
		ctr update --restart always --memory 64m c
	hinted 'leave out --memory'
	refused 125 '^ctr: update: c: --cpus: .*no cpu controller' ctr update --cpus 1 c
	refused 125 '^ctr: update: c: --pids-limit: .*no pids controller' ctr update --pids 5 c
	[ "$(config c)" = "$before" ]
	# No limit is what it has.
	ctr update --memory max --cpus 0 --pids-limit -1 --cpuset-cpus '' c
	ctr stop -t 0 c
	before=$(config c)
	refused 125 'c: --memory: .*no memory controller' ctr update --memory 64m c
	[ "$(config c)" = "$before" ]
	ctr rm c
}

@test "what the kernel refuses leaves all as it was, live and saved" {
	needs hugetlb
	started c --cgroup-conf $HUGE=2m -- sleep 600
	before=$(config c)
	refused 125 '^ctr: update: c: cannot set hugetlb.1GB.max to no: the kernel does not take "no"' \
		ctr update --restart always --cgroup-conf $HUGE=8m --cgroup-conf hugetlb.1GB.max=no c
	[ "$(value c $HUGE)" = 2097152 ]
	[ "$(config c)" = "$before" ]
	[ -z "$(find "$CTR_ROOT/containers/c" -maxdepth 1 -name '.config*')" ]
	ctr rm -f c
}

@test "where the disk is full nothing changes either" {
	needs hugetlb
	mkdir small
	mount -t tmpfs -o size=4m tmpfs small
	CTR_ROOT=$PWD/small/root
	started c --cgroup-conf $HUGE=2m -- sleep 600
	before=$(config c)
	dd if=/dev/zero of=small/full bs=4k status=none 2> /dev/null || :
	run -125 ctr update --cgroup-conf $HUGE=8m c
	[[ $output == *'No space left on device'* ]]
	[ "$(value c $HUGE)" = 2097152 ]
	[ "$(config c)" = "$before" ]
	rm small/full
	ctr update -q --cgroup-conf $HUGE=8m c
	[ "$(value c $HUGE)" = 8388608 ]
	ctr rm -f c
	umount small
}

@test "restart: one that had no policy is started again, and one that had is not" {
	started c -- sh -c 'echo go; until [ -e /end ]; do sleep .05; done; exit 3'
	until_true "it runs" ran c 1
	ctr update --restart on-failure:2 c
	ctr exec c touch /end
	until_true "three times in all" ran c 3
	until_true "it has ended" is c exited
	[ "$(ctr logs c | wc -l)" = 3 ]
	ctr rm c
	started c --restart always -- sh -c 'echo go; until [ -e /end ]; do sleep .05; done'
	until_true "it runs" ran c 1
	ctr update --restart no c
	ctr exec c touch /end
	until_true "it has ended" is c exited
	sleep .5
	[ "$(ctr logs c | wc -l)" = 1 ]
	is c exited
	ctr rm c
}

@test "restart: between two starts, what is changed counts for the next one, and no ends the wait" {
	needs hugetlb
	started c --restart always -- sh -c 'echo go; [ ! -e /end ] || exec sleep 600; exit 1'
	until_true "it waits long enough to be seen" ran c 4
	until_true "it waits" is c restarting
	run -0 ctr update --cgroup-conf $HUGE=6m c
	[ "$output" = $'c\n  from its next start on' ]
	: > "$CTR_ROOT/containers/c/upper/end"
	ctr start c
	until_true "it runs" is c running
	[ "$(value c $HUGE)" = 6291456 ]
	rm "$CTR_ROOT/containers/c/upper/end"
	ctr kill -s INT c
	ctr rm -f c
	started c --restart always -- sh -c 'echo go; exit 1'
	until_true "it waits long enough to be seen" ran c 5
	until_true "it waits" is c restarting
	ctr update --restart no c
	is c exited
	ctr rm c
}

@test "what makes no sense is refused, and others get their turn" {
	refused 125 'nothing is to be changed' ctr update c
	refused 125 '^ctr: update: no container c$' ctr update --pids max c
	refused 125 "^ctr: update: --memory: 'x' is not a size" ctr update --memory x c
	refused 125 'update takes one or more containers' ctr update --pids max
	refused 125 '--ulimit: .* is not a resource limit' ctr update --ulimit nosuch=1 c
	refused 125 'unknown flag --env' ctr update --env A=b c
	started a -- sleep 600
	started b -- sleep 600
	run -125 --separate-stderr ctr update -q --pids max a nosuch b
	[ "$output" = $'a\nb' ]
	[[ $stderr == *'no container nosuch'* ]]
	refused 125 'a: --memory-swap counts memory and swap together' ctr update --memory-swap 1g a
	refused 125 '^ctr: update: a: --cpus says the same' ctr update --cpus 1 --cpu-quota 5000 a
	ctr rm -f a b
}

@test "many at once, while it is started and stopped: what is saved is what it has" {
	needs hugetlb
	started c --stop-signal KILL -- sleep 600
	changing() {
		local i
		for i in 1 2 3 4 5 6; do ctr update -q --cgroup-conf $HUGE=$((RANDOM % 50 * 2))m c || return; done
	}
	changing > /dev/null & one=$!
	changing > /dev/null & two=$!
	for i in 1 2 3 4; do
		ctr stop c
		ctr start c
	done > /dev/null
	wait $one
	wait $two
	is c running
	said=$(saved c ".linux.resources.unified.\"$HUGE\"")
	[ "$(value c $HUGE)" = $((${said%m} << 20)) ]
	ctr rm -f c
}
