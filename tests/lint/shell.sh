# Every script through shellcheck. Of bats files it cannot see what helpers set, nor that a command that
# fails ends the test. Seeds of the fuzzers are no scripts.
mapfile -t all < <(git ls-files | grep -vE '\.(c|h|[1-8]|md|json|py)$|^tests/fuzz/corpus/' | while read -r f; do
	[ -f "$f" ] && head -c 64 "$f" | grep -qE '^#!.*\b(ba|da)?sh\b' && echo "$f"
done)
mapfile -t sourced < <(git ls-files 'tests/lint/*.sh' 'contrib/completions/*.bash')
mapfile -t bats < <(git ls-files '*.bats' 'tests/cli/*.bash')
bad=0
shellcheck -S warning "${all[@]}" || bad=1
shellcheck -s bash -S warning "${sourced[@]}" || bad=1
shellcheck -s bash -S warning -e SC1091,SC2154,SC2155,SC2164,SC2010,SC2046,SC2034,SC2076,SC2011,SC2238 "${bats[@]}" || bad=1
exit $bad
