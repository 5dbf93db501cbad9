#!/bin/bash
# man.sh [CTR]
# The man pages render without a warning; each command has one, which tells of the flags that CTR --help
# tells of: not one fewer, not one more; and the completion knows what stands behind each flag. CTR is the one of CTR_BUILD, or of build/, if not given.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
ctr=${1-${CTR_BUILD-$top/build}/ctr}
bad=0

complain()
{
	echo "man: $*" >&2
	bad=1
}

# Words in the first column of the "commands:" of a help text on standard input.
commands()
{
	sed -n '/^commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | sort
}

# Flags of a help text, one to a line, with their dashes.
help_flags()
{
	sed -n '/^flags:/,$p' | grep -oE '^ +(-[A-Za-z], )?--[a-z0-9-]+' | grep -oE -e '--?[A-Za-z0-9-]+' |
		grep -vx -e --help | sort || :
}

# Flags of the items and of the synopsis of a page on standard input.
page_flags()
{
	sed -nE 's/^\.(It|Op|Ar image \|) (Fl .*)/\2/p' | grep -oE '^Fl -?[A-Za-z][a-z0-9-]*(( , Fl| \|) -?[A-Za-z][a-z0-9-]*)?' |
		sed -E 's/ (, Fl|\|) /\nFl /' | sed "s/^Fl /-/" | sort -u || :
}

# section PAGE NAME: what stands below ".Ss NAME".
section()
{
	awk -v name="$2" '/^\.S[sh] /{on = $0 == ".Ss " name} on' "$1"
}

compare()
{
	local what=$1 word
	while read -r word; do complain "$what: $word is in --help, not in the page"; done < <(comm -23 "$2" "$3")
	while read -r word; do complain "$what: $word is in the page, not in --help"; done < <(comm -13 "$2" "$3")
}

# The page of a command; where it only names another one, that.
page_of()
{
	local page=$top/man/ctr-$1.1
	[ -e "$page" ] || { complain "$1 has no page"; return 1; }
	sed -n "s,^\.so man[1-9]/,$top/man/,p" "$page" | grep . || echo "$page"
}

# offered WORD...: that the completion has the flags of this command, and a row for each value.
offered()
{
	local name value
	"$ctr" "$@" --help | _ctr_flags >"$tmp/rows"
	awk '{print $2; if ($1 != "-") print $1}' "$tmp/rows" | sort >"$tmp/flags-page"
	compare "completion of ctr $*" "$tmp/flags-help" "$tmp/flags-page"
	while read -r _ name value _; do
		[ "$value" = - ] || _ctr_kind "$name" "$value" >"$tmp/kind" ||
			complain "contrib/completions/ctr.bash: no row of _ctr_kind has ctr $* $name $value"
	done <"$tmp/rows"
}

# shellcheck source=contrib/completions/ctr.bash
. "$top/contrib/completions/ctr.bash"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for page in "$top"/man/*.[1-9]; do
	grep -q '^\.so ' "$page" && continue
	mandoc -T lint -W warning "$page" >"$tmp/lint" || complain "$(cat "$tmp/lint")"
done

"$ctr" --help | commands >"$tmp/help"
[ -s "$tmp/help" ] || complain "$ctr --help lists no commands"
sed -n '/^\.Sh COMMANDS/,/^\.Sh ENV/s/^\.It Ic //p' "$top/man/ctr.1" | sort >"$tmp/page"
compare ctr.1 "$tmp/help" "$tmp/page"

: >"$tmp/pages"
while read -r command; do
	echo "ctr-$command.1" >>"$tmp/pages"
	page=$(page_of "$command") || continue
	grep -qx "\.Nm ctr-$command\( ,\)\?" "$page" || complain "$page does not name ctr-$command"
	case $command in image | volume | network | healthcheck) continue ;; esac
	"$ctr" "$command" --help | help_flags >"$tmp/flags-help"
	page_flags <"$page" >"$tmp/flags-page"
	compare "ctr $command" "$tmp/flags-help" "$tmp/flags-page"
	offered "$command"
done <"$tmp/help"
[ "$("$ctr" run --help | help_flags | wc -l)" -gt 20 ] || complain "ctr run --help lists too few flags"

for parent in image volume network healthcheck; do
	"$ctr" $parent --help | commands >"$tmp/below"
	[ -s "$tmp/below" ] || complain "ctr $parent --help lists no commands"
	sed -n 's/^\.Ss //p' "$top/man/ctr-$parent.1" | sort >"$tmp/page"
	compare "ctr-$parent.1" "$tmp/below" "$tmp/page"
	while read -r command; do
		echo "ctr-$parent-$command.1" >>"$tmp/pages"
		page=$(page_of "$parent-$command") || continue
		grep -qx "\.Nm ctr-$parent-$command\( ,\)\?" "$page" || complain "$page does not name ctr-$parent-$command"
		"$ctr" $parent "$command" --help | help_flags >"$tmp/flags-help"
		section "$page" "$command" | page_flags >"$tmp/flags-page"
		compare "ctr $parent $command" "$tmp/flags-help" "$tmp/flags-page"
		offered $parent "$command"
	done <"$tmp/below"
done

sort -o "$tmp/pages" "$tmp/pages"
find "$top"/man -name 'ctr-*.1' -printf '%f\n' | sort | comm -13 "$tmp/pages" - >"$tmp/stray"
while read -r page; do complain "$page is of no command"; done <"$tmp/stray"

# ctr-oci says "options:", and "VALUE" behind those that take one.
oci=${ctr%/*}/ctr-oci
oci_flags() { sed 's/^options:/flags:/' | help_flags; }
"$oci" --help | commands >"$tmp/oci"
[ -s "$tmp/oci" ] || complain "$oci --help lists no commands"
sed -n 's/^\.Ss //p' "$top/man/ctr-oci.8" | sort >"$tmp/page"
compare ctr-oci.8 "$tmp/oci" "$tmp/page"
while read -r command; do
	"$oci" "$command" --help | oci_flags >"$tmp/flags-help"
	section "$top/man/ctr-oci.8" "$command" | page_flags >"$tmp/flags-page"
	compare "ctr-oci $command" "$tmp/flags-help" "$tmp/flags-page"
done <"$tmp/oci"

exit $bad
