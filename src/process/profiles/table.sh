#!/bin/sh
# table.sh [--check]: docs/seccomp.md from the profiles beside this script, or whether it is current
# and every system call of this machine's kernel headers has a decision in each profile.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
document=$here/../../../docs/seccomp.md

# A row for each entry; the condition in words.
rows() {
	jq -r '
		def hex: if . < 10 then tostring else
			[recurse(if . >= 16 then . / 16 | floor else empty end) % 16]
			| reverse | map("0123456789abcdef"[. : . + 1]) | "0x" + join("") end;
		def operator: { EQ: "=", NE: "≠", LT: "<", LE: "≤", GT: ">", GE: "≥" }
			[ltrimstr("SCMP_CMP_")];
		def condition: if .op == "SCMP_CMP_MASKED_EQ"
			then "arg\(.index) & \(.value | hex) = \(.valueTwo | hex)"
			else "arg\(.index) \(.op | operator) \(.value | hex)" end;
		def who: [
			(.includes.caps // [] | .[] | "with \(.)"),
			(.excludes.caps // [] | .[] | "without \(.)"),
			(.includes.options // [] | .[] | "with +\(.)"),
			(.excludes.options // [] | .[] | "without +\(.)"),
			(.includes.arches // [] | select(length > 0) | "on \(join(", "))"),
			(.excludes.arches // [] | select(length > 0) | "not on \(join(", "))")];
		.syscalls[] |
		"| \(if .action == "SCMP_ACT_ALLOW" then "allowed"
			elif .errnoRet == 0 then "**0**, not done" else "**\(.errno)**" end) " +
		"| \(.names | map("`\(.)`") | join(" ")) " +
		"| \(((.args // []) | map(condition)) + who | join("; ")) " +
		"| \(.comment) |"' "$1"
}

profile() {
	printf '\n## %s\n\n%s\n\n' "$1" "$(jq -r .comment "$here/$1.json")"
	printf '| answer | system calls | when | why |\n|---|---|---|---|\n'
	rows "$here/$1.json"
}

document() {
	cat <<'TEXT'
# System calls

Made by `src/process/profiles/table.sh` from the profiles beside it: change those.

For each call its rows are tried from top to bottom; a row without a condition on arguments comes last.
A call that is in no row gets ENOSYS. A call of another ABI (32-bit, x32) kills the process, as a program that gets
ENOSYS for `exit` would loop for ever. `+aio` and `+32bit` are words behind the name of a profile
(`--security-opt seccomp=default+32bit`); `+core` means that the limit of core dumps is above 1 (`--ulimit core=…`).
"**0**, not done" means that the call returns as if it had worked, and does nothing.

## What `vps` allows beyond `default`

It is for a system with its own init, in a user namespace (`--security-opt seccomp=vps`), and also allows: new
namespaces and mounts, from which systemd makes each service's view; the netlink socket of device events, without
which systemd-logind fails and every login waits for it; that of nf_tables, for the system's own firewall; `reboot`,
which ends that init; `vhangup` for getty; `sethostname`; `fanotify_init`. What `default` closes of the rest of the
kernel is closed here too.
TEXT
	profile default
	profile vps
}

# The names of this machine's own table, as its kernel headers give them.
kernel_calls() {
	echo '#include <asm/unistd.h>' | ${CC:-cc} -E -dM - |
		sed -n 's/^#define __NR_\([a-z][a-z0-9_]*\) .*/\1/p; s/^#define __NR_\(_sysctl\) .*/\1/p' |
		grep -v -e '^syscalls$' -e '^arch_specific_syscall$' | sort -u
}

undecided() {
	jq -r '.syscalls[].names[]' "$1" | sort -u >"$tmp/decided"
	kernel_calls | comm -23 - "$tmp/decided"
}

check() {
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	document >"$tmp/seccomp.md"
	if ! cmp -s "$tmp/seccomp.md" "$document"; then
		echo "docs/seccomp.md is not what src/process/profiles/table.sh makes" >&2
		exit 1
	fi
	for name in default vps; do
		missing=$(undecided "$here/$name.json")
		[ -z "$missing" ] && continue
		echo "$name.json decides nothing about: $(echo "$missing" | tr '\n' ' ')" >&2
		exit 1
	done
}

case ${1-} in
--check) check ;;
'') document >"$document" ;;
*) echo "usage: table.sh [--check]" >&2; exit 2 ;;
esac
