#!/bin/sh
# embed.sh OUTPUT: table.batch as a C source.
set -eu
output=$1
here=$(dirname "$0")
digest=$("$here/digest")
grep -q "$digest" "$here/table.batch" || {
	echo "embed.sh: table.nft is not what table.batch was made of: make nftable" >&2
	exit 1
}
{
	echo '#include "net/nftable.h"'
	echo "const char nftable_comment[] = NFTABLE_COMMENT \"$digest\";"
	echo '_Alignas(4) const unsigned char nftable_batch[] = {'
	od -An -v -tx1 "$here/table.batch" | sed 's/ \(..\)/0x\1,/g'
	echo '};'
	echo 'const size_t nftable_batch_size = sizeof(nftable_batch);'
} >"$output.new"
mv "$output.new" "$output"
