#!/bin/sh
# compile.sh: NAME.batch from each NAME.nft beside this script: the messages that nft(8) sends for it. For root, in a
# network namespace that is gone afterwards. `make nftable` calls it.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
${CC:-gcc} -D_GNU_SOURCE -O -shared -fPIC -o "$tmp/capture.so" capture.c
for text in *.nft; do
	sed "s/@DIGEST@/$(./digest "$text")/" "$text" >"$tmp/$text"
	CAPTURE=$tmp/batch LD_PRELOAD=$tmp/capture.so unshare --net nft --file "$tmp/$text"
	mv "$tmp/batch" "${text%.nft}.batch"
done
