#!/bin/sh
# embed.sh CTR-SECCOMP OUTPUT: the profiles beside this script, compiled, as a C source.
set -eu

compiler=$1 output=$2
here=$(dirname "$0")
# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT SETFCAP
caps=800405fb

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

words() {
	od -An -v -tx8 "$1" | sed 's/ *\([0-9a-f]\{16\}\)/0x\1,/g'
}

bytes() {
	od -An -v -td1 "$1" | sed 's/ *\(-\{0,1\}[0-9]\{1,\}\)/\1,/g'
}

{
	echo '#include "process/seccomp_builtin.h"'
	for name in default vps; do
		# Built-in profiles ask for no minKernel, so the result holds on every kernel.
		"$compiler" --kernel 0.0 --caps $caps -o "$tmp/$name" "$here/$name.json"
		echo "static const uint64_t ${name}_program[] = {"
		words "$tmp/$name"
		echo '};'
		echo "static const char ${name}_json[] = {"
		bytes "$here/$name.json"
		echo '0};'
	done
	echo 'const struct seccomp_builtin seccomp_builtins[] = {'
	for name in default vps; do
		asked=$("$compiler" --print-caps "$here/$name.json")
		echo "{ \"$name\", ${name}_program, sizeof(${name}_program), ${name}_json,"
		echo "  sizeof(${name}_json) - 1, UINT64_C(0x$caps), UINT64_C(0x$asked) },"
	done
	echo '};'
	echo 'const size_t seccomp_builtin_count ='
	echo '  sizeof(seccomp_builtins) / sizeof(seccomp_builtins[0]);'
} >"$tmp/out.c"
mv "$tmp/out.c" "$output"
