# Nothing of the machine it was written on, nothing put off, no blanks at ends of lines.
bad=0
grep_all() { git ls-files -z | grep -zvE '^(tests/lint/hygiene\.sh|LICENSE)$' | xargs -0 grep -nIHE "$@"; }
grep_all "(^|[^[:alnum:]_.])/(work/(main|shared|[.]library)|tmp/w)\b|$(hostname | sed -E 's/^.{0,3}$/-no-name-/; s/[.]/[.]/g')" && bad=1
grep_all '\b(TODO|FIXME|XXX)\b' | grep -vE 'mktemp|XXXXXX' && bad=1
git ls-files '*.c' '*.h' '*.sh' '*.mk' Makefile | xargs grep -nHE '[[:blank:]]+$' && bad=1
git ls-files '*.h' | xargs grep -L '^#pragma once' | grep . && bad=1
exit $bad
