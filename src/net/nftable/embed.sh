#!/bin/sh
# embed.sh OUTPUT: each NAME.batch as a C source.
set -eu
output=$1
cd "$(dirname "$0")"
here=$PWD
cd "$OLDPWD"
{
	echo '#include "net/nftable.h"'
	echo "const char nftable_comment[] = NFTABLE_COMMENT \"$("$here/digest" table.nft)\";"
	for name in table trace resolver; do
		grep -q "$("$here/digest" $name.nft)" "$here/$name.batch" || {
			echo "embed.sh: $name.nft is not what $name.batch was made of: make nftable" >&2
			exit 1
		}
		echo "static _Alignas(4) const unsigned char ${name}[] = {"
		od -An -v -tx1 "$here/$name.batch" | sed 's/ \(..\)/0x\1,/g'
		echo '};'
		echo "const struct nftable_batch nftable_$name = {$name, sizeof($name)};"
	done
} >"$output.new"
mv "$output.new" "$output"
