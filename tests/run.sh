#!/bin/bash
# run.sh BUILD [unit] [cli] [net] [long] [host] [attack] [faults] [soak] [fuzz] [reports] [FILE.bats] - runs the suites, keeps each runner's
# closing lines, and ends with one that counts them all. Status 0 only if nothing failed and something ran.
set -u
# Whoever calls may ignore signals, speak another language, or have something to do with ctr themselves.
if [ -z "${TESTS_CLEAN-}" ]; then
	exec env --default-signal -u CTR_ROOT -u CTR_STATE -u CTR_RECIPES -u NOTIFY_SOCKET -u LISTEN_FDS -u LISTEN_PID \
		TESTS_CLEAN=1 LC_ALL=C.UTF-8 "$0" "$@"
fi
unset TESTS_CLEAN
umask 022
build=$1
shift
[ $# -gt 0 ] || set -- unit cli net attack faults soak fuzz
CTR_BUILD=$(realpath "$build")
export CTR_BUILD
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0 complete=

count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# Criterion: "[====] Synthesis: Tested: N | Passing: N | Failing: N | Crashing: N". Skipped tests are in
# none of its sums but the first.
suite_unit() {
	local t status line tested pass fail crash
	for t in "$build"/unit/*; do
		case $t in *.d) continue ;; esac
		${SANITIZER_REPORT:+env ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=tests/asan/leaks} "$t" > "$log" 2>&1
		status=$?
		line=$(grep -a 'Synthesis: Tested:' "$log" | tail -n 1)
		read -r tested pass fail crash <<< "$(sed -E 's/[^0-9|]//g; s/\|/ /g' <<< "${line#*Tested}")"
		if [ -z "$line" ]; then
			count 0 1 0
			echo "not ok ${t##*/}: no summary, status $status"
		else
			count "$pass" $((fail + crash)) $((tested - pass - fail - crash))
		fi
		if [ $status != 0 ]; then cat "$log"; else grep -a '^\[SKIP' "$log"; fi
		echo "${t##*/}: $line"
	done
}

# bats: TAP.
bats_run() {
	local plan
	bats --tap "$@" | tee "$log" | grep -av '^ok [^#]*$'
	plan=$(sed -nE 's/^1\.\.([0-9]+)$/\1/p' "$log")
	local ok not skip
	skip=$(grep -acE '^ok .* # skip' "$log")
	ok=$(($(grep -acE '^ok ' "$log") - skip))
	not=$(grep -acE '^not ok ' "$log")
	# What the plan promised and nobody ran has failed.
	count "$ok" $((${plan:-1} - ok - skip)) "$skip"
	echo "bats: ${plan:-no} tests, $not failures, $skip skipped"
}

suite_cli() { bats_run --filter-tags '!long' tests/cli tests/oci; }

# In network namespaces of their own.
suite_net() { bats_run tests/net; }

# What takes minutes of its own.
suite_long() { bats_run --filter-tags long tests/cli; }

# Where a host has all that can be had: what is about hosts that have less is not for it, nor what asks for
# systemd, which is process 1 in another machine, or for a mirror and a root with a compiler.
suite_host() {
	complete=yes
	bats_run --filter-tags '!lacking,!systemd,!whole' tests/cli tests/oci tests/host/limits.bats tests/host/neighbour.bats tests/host/update.bats \
		tests/host/change.bats tests/host/events.bats
}

suite_attack() { bats_run tests/attack; }

# Runners of our own: the last line is "N passed, N failed" and perhaps ", N skipped".
counted() {
	local p f s
	"$@" | tee "$log"
	read -r p _ f _ s _ <<< "$(tail -n 1 "$log")"
	if [[ $p =~ ^[0-9]+$ && $f =~ ^[0-9]+$ && ${s:=0} =~ ^[0-9]+$ ]]; then count "$p" "$f" "$s"; else count 0 1 0; fi
}

suite_faults() { counted tests/faults/campaign.py -n "${FAULT_POINTS:-650}" "$build"; }

suite_soak() {
	counted tests/soak/run.sh "$build" mix.py "${SOAK_CALLS:-2000}"
	counted tests/soak/run.sh "$build" races.py 100
	counted tests/soak/run.sh "$build" again.py 150
}

suite_fuzz() { counted tests/fuzz/run.sh "$build/fuzz" seeds; }

# What the sanitizers said in any process, watched by a test or not, comes last.
suite_reports() {
	local n
	n=$(grep -ac '^SUMMARY: ' "$SANITIZER_REPORT")
	cat "$SANITIZER_REPORT"
	echo "sanitizers: $n reports"
	count 0 "$n" 0
}

if [ -n "${SANITIZER_REPORT:-}" ]; then
	: > "$SANITIZER_REPORT"
	chmod 666 "$SANITIZER_REPORT" # processes with other ids report too
fi
for s; do
	case $s in
	*.bats) bats_run "$s" ;;
	*) "suite_$s" ;;
	esac
done
[ -z "$complete" ] || [ "$skipped" = 0 ] || echo "nothing may be skipped where nothing is missing"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ] && { [ -z "$complete" ] || [ "$skipped" = 0 ]; }
