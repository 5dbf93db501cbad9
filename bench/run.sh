#!/bin/bash
# run.sh BUILD_DIR
# Starts a static `true` with ctr, crun, runc, bubblewrap and the bare floor, prints the times, the
# ratios and whether each holds its bound, and leaves the figures in BUILD_DIR/bench.json.
#
# All of it runs in a mount and a cgroup namespace of its own, with a plain cgroup2 tree where crun
# and runc look for one: so they run on a hybrid host too, and what they leave behind is seen.
# BENCH_ROUNDS (default 60) sets how many samples each figure has, BENCH_DIR (default BUILD_DIR/bench)
# where the roots and stores are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "$1")
programs=$build/bench
work=${BENCH_DIR-$programs}
rounds=${BENCH_ROUNDS-60}
profile=${BENCH_PROFILE-/usr/share/containers/seccomp.json}
like_owner=100000 # root in the container of crun that has ids of its own

die()
{
	echo "bench: $*" >&2
	exit 1
}

# A cgroup below the host's cgroup2 root that becomes the root of everything measured.
enclose()
{
	local top status=0
	[ "$(id -u)" = 0 ] || die "needs root"
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$top" ] || die "this host has no cgroup2 file system mounted"
	cgroup=$top/ctr-bench-$$
	mkdir "$cgroup"
	trap leave EXIT
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		exec unshare --mount --cgroup --propagation private "$here/run.sh" "$build" enclosed
	) || status=$?
	return $status
}

# The cgroup of a process that just ended can stay busy for a moment.
leave()
{
	for _ in 1 2 3 4 5; do
		rmdir "$cgroup"/* "$cgroup" 2>/dev/null || :
		[ -d "$cgroup" ] || return 0
		sleep 0.2
	done
	echo "bench: $cgroup was left behind" >&2
	return 1
}

enter()
{
	! mountpoint -q /sys/fs/cgroup || umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mkdir /sys/fs/cgroup/runner
	echo $$ >/sys/fs/cgroup/runner/cgroup.procs
	mount -t tmpfs -o mode=755 tmpfs /run
	export CTR_ROOT=$work/store CTR_STATE=/run/ctr
}

# One root for each side, so that none has its pages, links or mount points from another.
make_roots()
{
	local peer root dir
	rm -rf "$work/roots" "$work/scratch" "$work/store" "$work/bundles"
	for peer in ctr ctr-oci crun runc bwrap floor like; do
		root=$work/roots/$peer
		for dir in bin etc dev proc sys tmp run; do mkdir -p "$root/$dir"; done
		cp "$programs/true-musl" "$root/bin/true"
		cp "$programs/true-glibc" "$root/bin/true-glibc"
		cp "$programs/pause" "$root/bin/pause"
	done
	chown -R "$like_owner:$like_owner" "$work/roots/like"
	mkdir -p "$work/scratch"
}

make_bundles()
{
	local peer
	for peer in ctr-oci crun runc; do
		"$here/bundle.sh" "$work/bundles/$peer" "$work/roots/$peer"
		if [ -r "$profile" ]; then
			"$here/bundle.sh" "$work/bundles/$peer-filter" "$work/roots/$peer" "$profile"
		fi
		jq '.process.args = ["/bin/pause"]' "$work/bundles/$peer/config.json" >"$work/config"
		mkdir -p "$work/bundles/$peer-pause"
		mv "$work/config" "$work/bundles/$peer-pause/config.json"
		jq '.process.args = ["/bin/true-glibc"]' "$work/bundles/$peer/config.json" >"$work/config"
		mkdir -p "$work/bundles/$peer-glibc"
		mv "$work/config" "$work/bundles/$peer-glibc/config.json"
	done
}

# The same as `ctr run` makes, by crun: the document that ctr keeps of a container is one of OCI. Its
# layer is made by `engine`, as crun makes none.
make_like()
{
	local dir=$work/bundles/like
	mkdir -p "$dir/rootfs"
	printf '127.0.0.1\tlocalhost\n' >"$dir/hosts"
	echo like >"$dir/hostname"
	"$build/ctr" run --detach --rm --name like --security-opt seccomp=unconfined \
		--rootfs "$work/roots/ctr" /bin/pause >/dev/null
	jq --argjson owner "$like_owner" --arg dir "$dir" --arg devices "$BENCH_DEVICES" '
		.ociVersion = "1.0.2" | .root.path = "rootfs" | .process.args = ["/bin/true"]
		| (.linux.uidMappings, .linux.gidMappings) = [{containerID: 0, hostID: $owner, size: 65536}]
		| .mounts += [{destination: "/etc/hosts", type: "bind", source: "\($dir)/hosts", options: ["bind"]},
			{destination: "/etc/hostname", type: "bind", source: "\($dir)/hostname", options: ["bind"]}]
		| del(.linux.resources.pids)
		| if $devices == "no" then del(.linux.resources.devices) else . end' \
		"$CTR_STATE/like/config.json" >"$dir/config.json"
	"$build/ctr" rm -f like >/dev/null
	rmdir /sys/fs/cgroup/ctr/supervisors
}

# crun raises its memlock limit before it loads a device filter, which takes CAP_SYS_RESOURCE.
choose_devices()
{
	export BENCH_DEVICES=yes
	"$here/bundle.sh" "$work/bundles/probe" "$work/roots/crun"
	if ! (cd "$work/bundles/probe" && crun run probe) 2>/dev/null; then
		rmdir /sys/fs/cgroup/probe 2>/dev/null || :
		BENCH_DEVICES=no
		echo "note: crun may not load device rules here; crun and runc run without them"
	fi
}

have()
{
	case $1 in
	floor | crun-like) return 0 ;;
	ctr | ctr-oci) [ -x "$build/$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# Fills `argv` with how one side starts the payload. VARIANT is plain, filter or glibc.
command_of()
{
	local peer=$1 variant=$2 suffix='' payload=/bin/true filter=-
	case $variant in
	filter) suffix=-filter filter=$work/filter ;;
	glibc) suffix=-glibc payload=/bin/true-glibc ;;
	esac
	case $peer in
	ctr)
		argv=("$build/ctr" run --rm --rootfs "$work/roots/ctr")
		[ "$variant" = filter ] || argv+=(--security-opt seccomp=unconfined)
		argv+=("$payload")
		;;
	ctr-oci) argv=("$build/ctr-oci" run --bundle "$work/bundles/$peer$suffix" "$peer-@@") ;;
	crun | runc) argv=("$peer" run --bundle "$work/bundles/$peer$suffix" "$peer-@@") ;;
	crun-like)
		argv=("$programs/engine" "$work/roots/like" "$work/scratch" "$work/bundles/like" "$like_owner"
			crun run --bundle "$work/bundles/like" "like-@@")
		;;
	bwrap)
		argv=(bwrap --unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup
			--hostname bench --bind "$work/roots/bwrap" / --proc /proc --dev /dev
			--mqueue /dev/mqueue --ro-bind /sys /sys --new-session --cap-drop ALL
			--cap-add CAP_CHOWN --cap-add CAP_SETUID --cap-add CAP_SETGID "$payload")
		;;
	floor) argv=("$programs/floor" "$work/roots/floor" "$work/scratch" /sys/fs/cgroup "$filter" "$payload") ;;
	esac
}

# measure KEY TITLE VARIANT "SIDES" [TIMER OPTIONS]
measure()
{
	local key=$1 title=$2 variant=$3 sides=$4 peer argv all=()
	shift 4
	for peer in $sides; do
		have "$peer" || continue
		command_of "$peer" "$variant"
		all+=(-- "$peer" "${argv[@]}")
	done
	"$programs/timer" -t "$title" -o "$work/$key.json" "$@" "${all[@]}" </dev/null
}

# Fills `argv` with what an engine calls. WHAT is life, or what is done to the container that runs.
call_of()
{
	local peer=$1 what=$2 runtime=$1
	[ "$peer" != ctr-oci ] || runtime=$build/ctr-oci
	case $what in
	life)
		argv=("$programs/steps" "$runtime" create --bundle "$work/bundles/$peer" "$peer-@@"
			+ "$runtime" start "$peer-@@" + "$runtime" delete --force "$peer-@@")
		;;
	state) argv=("$runtime" state "$peer-there") ;;
	kill) argv=("$runtime" kill "$peer-there" 28) ;;
	exec) argv=("$runtime" exec "$peer-there" /bin/true) ;;
	esac
}

# measure_call KEY TITLE WHAT: an engine's calls, by each runtime that engines use.
measure_call()
{
	local key=$1 title=$2 what=$3 peer argv all=()
	for peer in ctr-oci crun runc; do
		have "$peer" || continue
		call_of "$peer" "$what"
		all+=(-- "$peer" "${argv[@]}")
	done
	"$programs/timer" -q -t "$title" -o "$work/$key.json" -n "$rounds" "${all[@]}" </dev/null
}

# One container of each that goes on, for the calls about it.
start_running()
{
	local peer runtime
	for peer in ctr-oci crun runc; do
		have "$peer" || continue
		runtime=$peer
		[ "$peer" != ctr-oci ] || runtime=$build/ctr-oci
		(cd "$work/bundles/$peer-pause" && "$runtime" run --detach "$peer-there" </dev/null >/dev/null 2>&1) ||
			die "$peer does not start a container"
	done
}

stop_running()
{
	local peer runtime
	for peer in ctr-oci crun runc; do
		have "$peer" || continue
		runtime=$peer
		[ "$peer" != ctr-oci ] || runtime=$build/ctr-oci
		"$runtime" delete --force "$peer-there"
	done
}

measure_calls()
{
	measure e_run "(e) run of the same bundle, no filter" plain "ctr-oci crun runc" -n "$rounds"
	[ ! -r "$profile" ] || measure e_filter "(e) the same with the default filter" filter \
		"ctr-oci crun runc" -n "$rounds"
	measure_call f_life "(f) create, start, delete --force" life
	start_running
	measure_call g_state "(g) state" state
	measure_call g_kill "(g) kill" kill
	measure_call g_exec "(g) exec of a static true" exec
	stop_running
}

# bound KEY FIELD SIDE PEER LIMIT WHAT
# Beside a bound that is missed stands what the bare floor would have: the kernel alone.
bound()
{
	local file=$work/$1.json
	if ! [ -r "$file" ] || ! jq -e ".rows | has(\"$3\") and has(\"$4\")" "$file" >/dev/null; then
		printf '%-52s not measured\n' "$6"
		return 0
	fi
	jq -r --arg field "$2" --arg side "$3" --arg peer "$4" --argjson limit "$5" --arg what "$6" \
		'.rows as $rows
		| (.rows[$side][$field] / .rows[$peer][$field]) as $r
		| {what: $what, key: "'"$1"'", field: $field, side: $side, peer: $peer,
		   ratio: ($r * 1000 | round / 1000), bound: $limit,
		   word: (if $r <= $limit then "OK"
			elif ($rows | has("floor")) and $peer != "floor" and $field != "peak_kb"
			then "MISSED  (the floor: \($rows.floor[$field] / $rows[$peer][$field] * 100 | round / 100))"
			else "MISSED" end)}' "$file" >>"$work/bounds.json"
	jq -rs '.[-1] | "\(.what)\t\(.ratio)\t\(.bound)\t\(.word)"' "$work/bounds.json" |
		while IFS=$'\t' read -r what ratio limit word; do
			printf '%-52s %6.2f  (hold %.2f)  %s\n' "$what" "$ratio" "$limit" "$word"
		done
}

measure_all()
{
	local sides="ctr crun crun-like runc bwrap floor"
	# What ctr has built in.
	"$build/ctr-seccomp" --kernel 0.0 --caps 800405fb -o "$work/filter" \
		"$here/../src/process/profiles/default.json"
	measure a "(a) static true, no filter, back to back" plain "$sides" -n "$rounds"
	measure a_paused "(a) static true, no filter, 25 ms between starts" plain "$sides" \
		-n $((rounds / 2 + 1)) -p 25
	measure a_glibc "(a) static true of glibc, no filter, back to back" glibc "$sides" \
		-n $((rounds / 2 + 1))
	if [ -r "$profile" ]; then
		measure b "(b) static true, default filter, back to back" filter "ctr crun runc floor" \
			-n "$rounds"
		measure b_paused "(b) static true, default filter, 25 ms between starts" filter \
			"ctr crun runc floor" -n $((rounds / 2 + 1)) -p 25
	else
		echo "note: $profile is not there; no filter for crun and runc to be measured with"
	fi
	measure c "(c) 200 starts, two at a time, no filter" plain "ctr crun floor" -n 3 -w 1 -c 200 -j 2
}

crun_is() { crun --version | grep -q "^crun version $1\\."; }

judge()
{
	: >"$work/bounds.json"
	bound a median_us ctr crun 0.50 "(a) start / crun"
	bound a median_us ctr floor 1.15 "(a) start / floor"
	bound a cpu_us ctr floor 1.50 "(a) CPU time of a start / floor"
	bound a median_us ctr crun-like 0.45 "(a) start / crun with the same isolation"
	# Later ones keep the filters that they have made.
	! crun_is 1.8 || bound b median_us ctr crun 0.15 "(b) start with the default filter / crun"
	bound c median_us ctr crun 0.80 "(c) 200 starts two at a time / crun"
	bound a peak_kb ctr crun 0.67 "(d) peak memory / crun"
	bound e_run median_us ctr-oci crun 0.50 "(e) ctr-oci run / crun"
	! crun_is 1.8 || bound e_filter median_us ctr-oci crun 0.15 "(e) ctr-oci run with the default filter / crun"
	bound f_life median_us ctr-oci crun 0.50 "(f) ctr-oci create, start, delete / crun"
	bound g_state median_us ctr-oci crun 0.50 "(g) ctr-oci state / crun"
	bound g_kill median_us ctr-oci crun 0.50 "(g) ctr-oci kill / crun"
	bound g_exec median_us ctr-oci crun 0.50 "(g) ctr-oci exec / crun"
}

# Every side has to have gone without a trace; the parent of ctr's groups stays.
check_traces()
{
	local found
	found=$(find /sys/fs/cgroup -mindepth 1 -type d ! -path /sys/fs/cgroup/runner ! -path /sys/fs/cgroup/ctr ! -path /sys/fs/cgroup/ctr-oci
		find /run/crun /run/runc /run/ctr /run/ctr-oci "$work/scratch" -mindepth 1 ! -name '.*' ! -path '*/.cache/*' 2>/dev/null || :)
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts_before" ] || found+=" a mount"
	[ -z "$found" ] || die "left behind: $found"
	echo "no cgroup, mount or state directory is left"
}

main()
{
	local mounts_before key
	enter
	mounts_before=$(wc -l </proc/self/mountinfo)
	rm -f "$work"/*.json
	make_roots
	for key in crun jq; do have $key || die "$key is not installed (make test-deps)"; done
	for key in crun runc bwrap; do ! have $key || "$key" --version | head -n 1; done
	choose_devices
	make_bundles
	make_like
	measure_all
	measure_calls
	judge
	check_traces
	jq -s '{rows: [.[] | select(.rows)], bounds: [.[] | select(.bound)]}' "$work"/*.json \
		>"$build/bench.json"
}

if [ "${2-}" = enclosed ]; then
	main
else
	enclose
fi
