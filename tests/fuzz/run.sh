#!/bin/bash
# run.sh BUILD seeds              runs each target once over tests/fuzz/corpus/TARGET/
# run.sh BUILD search TIME [TARGET]  looks for new inputs, TIME seconds for each target
# What is found is in BUILD/findings/; what was learnt on the way, in BUILD/corpus/, is used again.
set -u
build=$1
mode=$2
here=$(dirname "$0")
export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1
LIMITS=(-timeout=10 -rss_limit_mb=1024)
SKIPPED=75 # FUZZ_SKIPPED of fuzz.h; libFuzzer uses 70 to 77, but not this one
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One that fails leaves those after it without a run: they have not passed.
seeds() {
	local target=$1 status ran
	local files=("$here/corpus/$target"/*)
	"$build/target/$target" "${LIMITS[@]}" -runs=1 "${files[@]}" > "$log" 2>&1
	status=$?
	ran=$(grep -ac '^Executed ' "$log")
	if [ $status = $SKIPPED ]; then
		echo "not run: $target: $(tail -n 1 "$log")"
		skipped=$((skipped + ${#files[@]}))
		return
	fi
	passed=$((passed + ran)) failed=$((failed + ${#files[@]} - ran))
	if [ $status != 0 ] || [ "$ran" != ${#files[@]} ]; then
		echo "not ok $target"
		cat "$log"
	fi
}

search() {
	local target=$1 time=$2 status dict=()
	local found=$build/findings/$target-
	[ ! -e "$here/$target.dict" ] || dict=("-dict=$here/$target.dict")
	mkdir -p "$build/corpus/$target" "$build/findings"
	"$build/target/$target" "${LIMITS[@]}" "${dict[@]}" -max_total_time="$time" \
		-artifact_prefix="$found" "$build/corpus/$target" \
		"$here/corpus/$target" > "$log" 2>&1
	status=$?
	if [ $status = $SKIPPED ]; then
		echo "not run: $target: $(tail -n 1 "$log")"
		skipped=$((skipped + 1))
	elif [ $status = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		grep -avE '^#[0-9]+[[:blank:]]+(NEW|REDUCE|pulse|RELOAD)' "$log" | tail -n 100
	fi
	echo "$target: $(grep -aE '^#[0-9]+[[:blank:]]+(DONE|NEW|REDUCE|pulse)' "$log" | tail -n 1)"
}

case $mode in
seeds)
	for t in "$here"/corpus/*/; do seeds "$(basename "$t")"; done
	;;
search)
	time=$3
	targets=${4:-$(cd "$build/target" && echo *)}
	for t in $targets; do search "$t" "$time"; done
	;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
