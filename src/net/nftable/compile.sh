#!/bin/sh
# compile.sh: table.batch from table.nft, both beside this script: the messages that nft(8) sends for it. For root, in
# a network namespace that is gone afterwards. `make nftable` calls it.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sed "s/@DIGEST@/$(./digest)/" table.nft >"$tmp/table.nft"
${CC:-gcc} -D_GNU_SOURCE -O -shared -fPIC -o "$tmp/capture.so" capture.c
CAPTURE=$tmp/batch LD_PRELOAD=$tmp/capture.so unshare --net nft --file "$tmp/table.nft"
cp "$tmp/batch" table.batch
