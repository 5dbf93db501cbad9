# ctr image: what comes into the store, what is kept out of it, what leaves it.

setup() {
	bats_require_minimum_version 1.5.0
	source "$BATS_TEST_DIRNAME/image_tar.bash"
	PROGRAM=$(realpath "${CTR_BUILD:-$BATS_TEST_DIRNAME/../../build}/ctr-image")
	RECIPES=$(realpath "$BATS_TEST_DIRNAME/../../images")
	unset CTR_RECIPES SOURCE_DATE_EPOCH
	cd "$BATS_TEST_TMPDIR"
	export CTR_ROOT=$PWD/root
	mkdir host
	echo untouched >host/file
}

image() { "$PROGRAM" "$@"; }

# Everything below the given directories: names, kinds, modes, owners, times, targets, content.
fingerprint() {
	find "$@" -printf '%p %y %m %U:%G %T@ %l %n\n' | sort
	find "$@" -type f -print0 | sort -z | xargs -0r sha256sum
}

field() { image inspect "$1" | python3 -c "import json,sys; print(json.load(sys.stdin)$2)"; }
layer() { echo "$CTR_ROOT/images/layers/$(field "$1" "['layers'][${2:--1}]")"; }
staged() { ls -A "$CTR_ROOT/images/staging"; }
until_staged() {
	local deadline=$((SECONDS + 30 * ${TEST_PATIENCE:-1}))
	until [ -n "$(staged 2>/dev/null)" ]; do
		[ $SECONDS -lt $deadline ] || return
		sleep .05
	done
}

# refused TAR PATTERN: import fails in one line (and perhaps a hint) that matches, and neither the
# host nor the store has changed.
refused() {
	tar_of good.tar 'file|f|good'
	image import good.tar good
	local before=$(fingerprint host "$CTR_ROOT/images"/{blobs,layers,refs})
	run --separate-stderr image import "$1" bad
	echo "$stderr"
	[ "$status" -eq 125 ]
	[ -z "$output" ]
	[[ "${stderr_lines[0]}" =~ ^"ctr: image import: $1: " ]]
	[[ "${stderr_lines[0]}" =~ $2 ]]
	[ "$(grep -vc '^hint: ' <<<"$stderr")" -eq 1 ]
	[ "$(fingerprint host "$CTR_ROOT/images"/{blobs,layers,refs})" = "$before" ]
	[ -z "$(staged)" ]
}

@test "a root tar becomes an image, whatever its compression and its name" {
	tar_of plain 'dir|bin' 'file|bin/x|hello' 'link|l|bin/x' 'hard|h|bin/x' 'fifo|p'
	gzip -k -c plain >a.dat
	zstd -q -c plain >b.dat
	xz -c plain >c.dat
	for f in plain a.dat b.dat c.dat; do
		run image import $f same:$f
		[ "$status" -eq 0 ]
		[[ "$output" =~ ^same:$f\ sha256:[0-9a-f]{64}$ ]]
		[ "$(field same:$f "['layers']")" = "['$(sha256sum plain | cut -c1-64)']" ]
	done
	[ "$(cat "$(layer same:plain)/bin/x")" = hello ]
	[ "$(stat -c %h "$(layer same:plain)/h")" = 2 ]
	[ "$(readlink "$(layer same:plain)/l")" = bin/x ]
	[ -p "$(layer same:plain)/p" ]
	[ "$(stat -c %Y "$(layer same:plain)/bin")" = 1000000000 ]
	# What came compressed is kept so, but for xz, of which OCI knows nothing.
	[ -f "$CTR_ROOT/images/blobs/sha256/$(sha256sum a.dat | cut -c1-64)" ]
	[ -f "$CTR_ROOT/images/blobs/sha256/$(sha256sum b.dat | cut -c1-64)" ]
	[ ! -e "$CTR_ROOT/images/blobs/sha256/$(sha256sum c.dat | cut -c1-64)" ]
	image fsck
}

@test "names are bytes" {
	x=caf$'\xe9'
	mkdir tree && echo 1 >"tree/$x" && ln -s "$x" tree/link && ln "tree/$x" "tree/hard$x"
	tar -C tree --format=pax -cf pax . && tar -C tree --format=gnu -cf gnu .
	for from in tree pax gnu; do
		image import $from
		[ "$(cat "$(layer $from)/$x")$(readlink "$(layer $from)/link")" = "1$x" ]
		[ "$(stat -c %h "$(layer $from)/hard$x")" = 2 ]
	done
}

@test "runs of zeros become holes, and only data counts" {
	mkdir tree && truncate -s 300G tree/lastlog && echo end >>tree/lastlog
	{ printf a; head -c 2000000 /dev/zero; printf b; } >tree/zeros
	: >tree/empty && head -c 100 /dev/zero >tree/few
	image import --max-size 20M tree
	cmp tree/zeros "$(layer tree)/zeros"
	cmp tree/few "$(layer tree)/few"
	[ "$(stat -c %b "$(layer tree)/zeros")" -lt 300 ]
	[ "$(stat -c %s "$(layer tree)/lastlog")" = $((300 * 1024 ** 3 + 4)) ]
	[ "$(stat -c %s "$(layer tree)/empty")" = 0 ]
}

@test "standard input and directories are imported too" {
	tar_of t 'file|f|one'
	image import - piped:1 <t
	[ "$(cat "$(layer piped:1)/f")" = one ]
	mkdir -p tree/sub && echo two >tree/sub/f && chown 12:34 tree/sub/f && chmod 4755 tree/sub/f
	image import tree
	[ "$(stat -c '%u:%g %a' "$(layer tree)/sub/f")" = '12:34 4755' ]
	run image import - <t
	[ "$status" -eq 125 ]
	[[ "${lines[1]}" =~ ^hint: ]]
}

@test "setuid, holes, file capabilities and user attributes are kept" {
	mkdir tree && cp /bin/true tree/suid && chmod 6755 tree/suid
	cp /bin/true tree/cap && setcap cap_net_raw+ep tree/cap
	truncate -s 300M tree/hole && echo end >>tree/hole
	setfattr -n user.note -v hi tree/cap
	image import tree
	[ "$(stat -c %a "$(layer tree)/suid")" = 6755 ]
	[ "$(getcap "$(layer tree)/cap")" = "$(layer tree)/cap cap_net_raw=ep" ]
	[ "$(getfattr --only-values -n user.note "$(layer tree)/cap")" = hi ]
	[ "$(stat -c %s "$(layer tree)/hole")" = 314572804 ]
	[ "$(stat -c %b "$(layer tree)/hole")" -lt 100 ]
}

@test "an OCI layout as directory and as tar" {
	tar_of l1 'dir|d' 'file|d/a|1'
	tar_of l2 'file|d/b|2'
	layout_of lay v1 l1 l2
	image import lay one
	[ "$(field one "['config']['Cmd']")" = "['/bin/v1']" ]
	[ "$(field one "['layers'].__len__()")" = 2 ]
	[ "$(cat "$(layer one 0)/d/a")$(cat "$(layer one 1)/d/b")" = 12 ]
	tar -C lay -cf lay.tar .
	image import lay.tar
	[ "$(field lay:v1 "['id']")" = "$(field one "['id']")" ]
	gzip lay.tar
	image import - piped <lay.tar.gz
	[ "$(field piped "['id']")" = "$(field one "['id']")" ]
	image fsck
}

@test "a docker archive as directory and as tar" {
	tar_of l1 'file|a|1'
	tar_of l2 'file|b|2'
	docker_of arch team/app:3 l1 l2
	tar -C arch -cf arch.tar .
	image import arch.tar
	[ "$(field team/app:3 "['layers'].__len__()")" = 2 ]
	[ "$(cat "$(layer team/app:3 1)/b")" = 2 ]
	image import arch other
	[ "$(field other "['id']")" = "$(field team/app:3 "['id']")" ]
	image fsck
}

@test "layers of a docker archive that are links to one another, and one without a name" {
	tar_of l1 'file|a|1'
	tar_of l2 'file|b|2'
	head -c 1024 /dev/zero > none
	docker_of arch app:1 l1 none l2 none
	[ "$(jq '.[0].Layers | length' arch/manifest.json)" = 4 ]
	# As docker writes what it has already written, and as others keep all layers in one place.
	first=$(jq -r '.[0].Layers[0]' arch/manifest.json)
	mkdir arch/again
	ln -s "../$(jq -r '.[0].Layers[1]' arch/manifest.json)" arch/again/layer.tar
	mv "arch/$first" arch/1.tar
	ln -s ../1.tar "arch/$first"
	jq -c '.[0].Layers[3] = "again/layer.tar"' arch/manifest.json > m && mv m arch/manifest.json
	tar -C arch -cf arch.tar .
	image import arch.tar
	[ "$(field app:1 "['layers'].__len__()")" = 4 ]
	image import arch app:2
	[ "$(field app:2 "['id']")" = "$(field app:1 "['id']")" ]
	jq -c '.[0].Layers[0] = ""' arch/manifest.json > m && mv m arch/manifest.json
	refused arch 'manifest.json: layer 1 has no file'
}

@test "of several images one can be chosen, by its name" {
	tar_of l1 'file|a|1'
	tar_of l2 'file|b|2'
	layout_of lay first l1
	layout_of lay second l2
	run image import lay x
	[ "$status" -eq 125 ]
	[[ "$output" =~ "holds 2 images" ]]
	[[ "$output" =~ "hint: choose with --ref: first, second" ]]
	image import --ref second lay x
	[ "$(field x "['config']['Cmd'][0]")" = /bin/second ]
	run image import --ref third lay x
	[[ "$output" =~ "it has no image 'third'" ]]
}

@test "whiteouts take the form that overlayfs reads with userxattr" {
	tar_of l1 'file|gone|1' 'file|stays|1' 'dir|d' 'file|d/old|1' 'dir|r' 'file|r/old|1'
	tar_of l2 'file|.wh.gone|' 'dir|d' 'file|d/.wh..wh..opq|' 'file|d/new|2' \
		'file|.wh.r|' 'dir|r' 'file|r/new|2' 'file|.wh..wh.plnk|'
	layout_of lay v l1 l2
	image import lay o
	[ "$(stat -c '%F %t:%T' "$(layer o)/gone")" = 'character special file 0:0' ]
	[ "$(getfattr --only-values -n user.overlay.opaque "$(layer o)/d")" = y ]
	[ ! -e "$(layer o)/d/.wh..wh..opq" ]
	mkdir m
	unshare -Urm sh -c "mount -t overlay o -o userxattr,lowerdir=$(layer o 1):$(layer o 0) m &&
		find m -mindepth 1 -printf '%P '" >seen
	[ "$(tr ' ' '\n' <seen | sort | xargs)" = 'd d/new r r/new stays' ]
}

@test "a directory that a layer leaves out is as the layers below have it" {
	tar_of l1 'dir|tmp' 'dir|home' 'dir|home/app' 'dir|gone'
	python3 - <<-'END'
	import tarfile
	out = tarfile.open("l1", "w")
	for name, mode, uid in ((".", 0o555, 3), ("tmp", 0o1777, 0), ("home/app", 0o700, 1000), ("gone", 0o700, 7)):
	    i = tarfile.TarInfo(name); i.type = tarfile.DIRTYPE; i.mode = mode; i.uid = i.gid = uid; i.mtime = 1e9
	    out.addfile(i)
	out.close()
	END
	tar_of l2 'file|tmp/x|2' 'file|home/app/app.jar|2' 'file|new/x|2' 'file|.wh.gone|' 'file|gone/x|2'
	tar_of l3 'file|tmp/y|3' 'file|gone/y|3'
	layout_of lay v l1 l2 l3
	image import lay o
	for n in 1 2; do
		[ "$(stat -c '%a %u %Y' "$(layer o $n)/tmp" "$(layer o $n)" | xargs)" = '1777 0 1000000000 555 3 1000000000' ]
		[ "$(stat -c '%a %u' "$(layer o $n)/gone")" = '755 0' ]
	done
	[ "$(stat -c '%a %u' "$(layer o 1)/home/app" "$(layer o 1)/new" | xargs)" = '700 1000 755 0' ]
}

@test "a name that is hidden and given in one layer, in any order, starts anew" {
	tar_of l1 'file|a/b/old|1' 'file|c|1' 'file|e/old|1'
	tar_of l2 'file|a/.wh.b|' 'file|a/b/c/d|2' 'file|.wh.c|' 'dir|c' 'file|e/new|2' 'file|.wh.e|'
	layout_of lay v l1 l2
	image import lay o
	[ "$(getfattr --only-values -n user.overlay.opaque "$(layer o)/a/b" "$(layer o)/c" "$(layer o)/e")" = yyy ]
	[ "$(cat "$(layer o)/a/b/c/d")" = 2 ]
	[ -z "$(find "$(layer o)" -type c)" ]
}

@test "what takes the place of an earlier entry of its layer replaces all of it, whiteouts too" {
	tar_of l1 'file|link/low|1' 'file|file/low|1' 'file|fifo/low|1' 'file|hard/low|1' 'file|again/low|1' \
		'file|deep/low|1' 'file|target/low|1'
	tar_of l2 'file|link/.wh.low|' 'link|link|target' \
		'file|file/new|2' 'file|file|2' \
		'file|fifo/.wh..wh..opq|' 'file|fifo/new|2' 'fifo|fifo' \
		'file|keep|kept' 'file|hard/new|2' 'hard|hard|keep' \
		'link|again|target' 'dir|again' 'file|again/new|2' \
		'file|deep/.wh.low|' 'file|deep/a/b/c|2' 'hard|saved|deep/a/b/c' 'link|deep|target'
	layout_of lay v l1 l2
	image import lay o
	mkdir m
	unshare -Urm sh -c "mount -t overlay o -o userxattr,lowerdir=$(layer o 1):$(layer o 0) m &&
		find m -mindepth 1 -printf '%P%l:%y '" >seen
	[ "$(tr ' ' '\n' <seen | sort | xargs)" = \
		'again/new:f again:d deeptarget:l fifo:p file:f hard:f keep:f linktarget:l saved:f target/low:f target:d' ]
	[ "$(stat -c %h "$(layer o)/hard" "$(layer o)/saved" | xargs)" = '2 1' ]
	[ -z "$(find "$(layer o)" -type c)" ]
	tar_of t 'file|d/x|1' 'hard|d|d/x'
	refused t "entry 'd': make hard link"
}

@test "a whiteout that hides nothing is left out: nobody could remove it" {
	tar_of l1 'file|d/there|1' 'file|o/x|1' 'file|p/sub/x|1'
	tar_of l2 'file|d/.wh.there|' 'file|d/.wh.never|' 'file|new/.wh.x|' 'file|new/f|2' \
		'file|o/.wh.x|' 'file|o/.wh..wh..opq|' 'file|p/sub/.wh.x|' 'file|p/.wh..wh..opq|'
	tar_of l3 'file|d/.wh.there|' 'file|d/.wh.never|'
	layout_of lay v l1 l2 l3
	image import lay o
	[ "$(cd "$(layer o 1)" && find . -type c)" = ./d/there ]
	[ -z "$(find "$(layer o 2)" -type c)" ]
}

@test "an opaque top hides all the layers below" {
	tar_of l1 'file|old|1'
	tar_of l2 'file|.wh..wh..opq|' 'file|new|2'
	layout_of lay v l1 l2
	image import lay o
	[ "$(field o "['layers'].__len__()")" = 1 ]
	[ "$(ls "$(layer o)")" = new ]
}

@test "what an opaque top hides gives nothing to the layers above" {
	tar_of l1 'file|d/x|1' 'file|e/x|1'
	tar_of l2 'file|.wh..wh..opq|' 'file|new|2'
	tar_of l3 'file|e/y|3'
	tar_of l4 'file|d/.wh.x|' 'file|e/.wh.x|' 'file|e/.wh.y|'
	layout_of lay v l1 l2 l3 l4
	image import lay o
	[ "$(cd "$(layer o 2)" && find . -type c)" = ./e/y ]
}

@test "an import that goes through deep trees ends by a signal" {
	python3 -c '
import tarfile
with tarfile.open("l2", "w") as t:
    for n in range(20000):
        t.addfile(tarfile.TarInfo("ab"[n % 2] + "/a" * 1500 + "/.wh.%d" % n))'
	tar_of l1 'file|etc/x|1'
	layout_of lay v l1 l2
	run ! command timeout -s TERM -k 120 10 "$PROGRAM" import lay deep
	echo "$status: $output"
	[ "$status" -eq 124 ]
	[ -z "$(staged)" ]
}

@test "device nodes are left out; of a name given twice the later counts" {
	tar_of t 'dir|dev' 'chr|dev/null|1,3' 'blk|dev/sda|8,0' 'file|x|one' 'file|y|kept' \
		'hard|z|y' 'file|y|new' 'file|x|two'
	image import t
	[ -z "$(ls -A "$(layer t)/dev")" ]
	[ "$(cat "$(layer t)/x")" = two ]
	[ "$(cat "$(layer t)/z")" = kept ]
}

@test "a hard link to a device node is left out like it" {
	tar_of t 'dir|dev' 'chr|dev/null|1,3' 'hard|dev/zero|dev/null' 'hard|n|/dev/zero' \
		'blk|sda|8,0' 'file|sda|x' 'hard|f|sda'
	image import t
	[ -z "$(ls -A "$(layer t)/dev")" ]
	[ "$(ls "$(layer t)" | xargs)" = 'dev f sda' ]
	[ "$(stat -c %h "$(layer t)/f")" = 2 ]
	tar_of u 'chr|dev/null|1,3' 'hard|n|dev/zero'
	refused u "entry 'n': its hard link target dev/zero: No such file"
}

# blob NAME: the file of the image's only layer, as `save` hands it out.
blob() {
	rm -rf saved
	image save --format oci-dir -o saved "$1"
	python3 - <<'END'
import json
b = "saved/blobs/sha256/"
def read(d): return json.load(open(b + d["digest"][7:]))
l = read(json.load(open("saved/index.json"))["manifests"][0])["layers"][0]
print(b + l["digest"][7:])
END
}

# repacked FILE: what is saved of it is a plain tar, of known kinds of entries and without a name twice.
repacked() {
	image import "$1" r:1
	python3 - "$(blob r:1)" <<'END'
import os, sys, tarfile
t = tarfile.open(sys.argv[1], "r:")
seen = set()
for m in t:
    name = os.path.normpath(m.name)
    assert m.type in b"\0" + b"0123456" and name not in seen, (m.name, m.type)
    seen.add(name)
assert "keep" in seen, seen
END
	[ "$(cat "$(layer r:1)/keep")" = kept ]
}

@test "a layer with entries that few tools read stays as it is, and is told of in one line" {
	tar_of plain 'file|f|x'
	for from in layout docker; do
		tar_of rare "file|keep|$from" 'type|odd|V'
		tar_of again "file|again|$from" 'type|odd|7'
		${from}_of $from r:1 plain rare again
		run --separate-stderr image import $from $from:2
		[ "$status" -eq 0 ]
		[[ "$stderr" == *'warning: layer 2 has kinds of entries that few tools read'* ]]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
		blob $from:2 >/dev/null
		cmp again "saved/blobs/sha256/$(sha256sum <again | cut -d' ' -f1)"
	done
	layout_of usual u:1 plain
	run --separate-stderr image import usual u:2
	[ "$status" -eq 0 ] && [ -z "$stderr" ]
}

@test "a root tar that not every tool reads is packed anew, others are kept as they came" {
	local letter
	for letter in V D 7; do
		tar_of t 'file|keep|kept' "type|odd|$letter"
		repacked t
	done
	tar_of t 'file|keep|old' 'file|keep|kept'
	repacked t
	tar_of t 'dir|d' 'file|keep|kept' 'dir|d'
	repacked t
	tar_of t 'dir|.' 'file|keep|kept' 'dir|./'
	repacked t
	tar_of t 'chr|n|1,3' 'file|keep|kept' 'file|n|x'
	repacked t
	mkdir s && echo -n kept >s/keep
	truncate -s 1M s/sparse && echo x >>s/sparse
	tar -c --format=gnu -S -f t -C s keep sparse
	repacked t
	[ "$(tail -c 2 "$(layer r:1)/sparse")" = x ]

	tar_of t 'dir|.' 'dir|d' 'chr|n|1,3' 'file|keep|kept' 'link|l|keep' 'hard|d/h|keep'
	image import t p:1
	cmp t "$(blob p:1)"
	gzip -k t
	image import t.gz p:2
	cmp t.gz "$(blob p:2)"
	{ cat t.gz; head -c 1000 /dev/zero; } >zeros.gz
	repacked zeros.gz
	{ cat t.gz; echo some more; } >more.gz
	repacked more.gz
}

@test "a zstd that begins with a skippable frame is kept decompressed" {
	command -v zstd >/dev/null || skip "no zstd"
	tar_of t 'file|keep|kept'
	{ printf '\x50\x2a\x4d\x18\x04\0\0\0abcd'; zstd -qc t; } >t.zst
	repacked t.zst
	cmp t "$(blob r:1)"
}

@test "a long chain of directories is unpacked, one past PATH_MAX refused" {
	python3 -c "import tarfile; t=tarfile.open('deep','w'); i=tarfile.TarInfo('a/'*1500+'f'); t.addfile(i); t.close()"
	image import deep
	image rm deep
	python3 -c "import tarfile; t=tarfile.open('deeper','w'); i=tarfile.TarInfo('a/'*3000+'f'); t.addfile(i); t.close()"
	refused deeper "entry 'a/a/.*longer than 4095 bytes"
}

@test "paths that lead out are refused" {
	tar_of t1 'file|../../host/file|evil'
	refused t1 "entry '../../host/file': its path contains '..'"
	# An absolute name begins at the top, as other programs write theirs.
	tar_of t2 'dir|/' "file|$PWD/host/file|evil" 'file|/a|1' 'hard|/h|/a' 'hard|//g|a'
	image import t2
	[ "$(cat host/file)" = untouched ]
	[ "$(cat "$(layer t2)$PWD/host/file")" = evil ]
	[ "$(stat -c %h "$(layer t2)/h")" = 3 ]
	tar_of t3 'file|a/b/../../../x|evil'
	refused t3 "contains '..'"
	tar_of t4 "file|$(printf 'n%.0s' {1..256})|x"
	refused t4 "longer than 255 bytes"
}

@test "links in the tree are never followed" {
	tar_of t1 "link|out|$PWD/host" 'file|out/file|evil'
	refused t1 "entry 'out/file': a directory in its path is a symbolic link"
	tar_of t2 'link|out|../../../../../../../host' 'dir|out/new'
	refused t2 "entry 'out/new/': a directory in its path is a symbolic link"
	tar_of t3 "link|f|$PWD/host/file" 'file|f|evil'
	image import t3
	[ "$(cat host/file)" = untouched ]
	[ "$(cat "$(layer t3)/f")" = evil ]
	tar_of t4 "link|d|$PWD/host" 'dir|d' 'file|d/file|evil'
	image import t4
	[ "$(cat host/file)" = untouched ]
	tar_of t5 "link|d|$PWD/host" 'file|d/.wh.file|'
	refused t5 "symbolic link"
	tar_of t6 "link|d|$PWD/host" 'file|d/.wh..wh..opq|'
	refused t6 "symbolic link"
}

@test "hard links lead nowhere but to files of the tree" {
	tar_of t1 "hard|h|$PWD/host/file"
	refused t1 "entry 'h': its hard link target: open directory .*: No such file"
	tar_of t2 'hard|h|../../../../host/file'
	refused t2 "entry 'h': its hard link target: its path contains"
	tar_of t3 "link|out|$PWD/host" 'hard|h|out/file'
	refused t3 "entry 'h': its hard link target: .*symbolic link"
	tar_of t4 'dir|d' 'hard|h|d'
	refused t4 "not a file"
	tar_of t5 'file|f|x' 'hard|f|f'
	refused t5 "a hard link to itself"
	# A hard link to a symbolic link is one more symbolic link, not its target.
	tar_of t6 "link|s|$PWD/host/file" 'hard|h|s' 'file|h|evil'
	image import t6
	[ "$(cat host/file)" = untouched ]
}

@test "forged marks of overlayfs are refused" {
	tar_of t1 'chr|gone|0,0'
	refused t1 "entry 'gone': .*forged whiteout"
	tar_of t2 'xattr|f|user.overlay.redirect=2f657463'
	refused t2 "entry 'f': .*user.overlay.redirect"
	tar_of t3 'xattr|f|trusted.overlay.metacopy=00'
	refused t3 "trusted.overlay.metacopy"
	tar_of t4 'file|.wh..|x'
	refused t4 "whiteout of nothing"
	tar_of t5 'file|.wh.d/x|x'
	refused t5 "below a whiteout"
}

@test "file capabilities of somebody else's namespace and broken ones are refused" {
	tar_of t1 'xattr|f|security.capability=0100000300200000000000000000000000000000e8030000'
	refused t1 "entry 'f': .*another user namespace \(root id 1000\)"
	tar_of t2 'xattr|f|security.capability=01000002002000'
	refused t2 "7 bytes"
	# Root id 0 is whoever root is: kept, as the plain form.
	tar_of t3 'xattr|f|security.capability=010000030020000000000000000000000000000000000000'
	image import t3
	[ "$(getcap "$(layer t3)/f")" = "$(layer t3)/f cap_net_raw=ep" ]
}

@test "labels of another host's policy are left out" {
	tar_of t 'xattr|f|security.selinux=61' 'xattr|g|trusted.x=61'
	image import t
	[ -z "$(getfattr -d -m '^(trusted|security)' "$(layer t)/f" "$(layer t)/g")" ]
}

@test "owners outside a container's ids are refused, -1 among them" {
	tar_of t1 'owner|f|65536:0'
	refused t1 "entry 'f': its owner 65536:0"
	tar_of t2 'owner|f|0:4294967295'
	refused t2 "its owner 0:4294967295"
	hinted "--squash-owners"
	tar_of t3 'owner|f|1200001:7' 'owner|g|3:4294967295' 'owner|h|1:2'
	image import --squash-owners t3
	[ "$(stat -c %u:%g "$(layer t3)"/{f,g,h} | xargs)" = '65534:7 3:65534 1:2' ]
	mkdir s && cp /bin/true s/f && chown 70000:0 s/f && chmod 6755 s/f
	image import --squash-owners s
	[ "$(stat -c '%u %a' "$(layer s)/f")" = '65534 755' ]
}

@test "bombs stop at the limit, with little memory" {
	head -c 200M /dev/zero >zeros && tar -cf - zeros | gzip -1 >bomb && rm zeros
	run image import --max-size 50M bomb b
	[ "$status" -eq 125 ]
	[[ "$output" =~ "unpack" && "$output" =~ "more than 52428800 bytes" ]]
	[[ "$output" =~ "hint: --max-size raises the limit" ]]
	[ -z "$(staged)" ]
	# Past the end of the tar nothing is unpacked, but all of it counts.
	tar_of small 'file|f|x'
	(cat small; head -c 200M /dev/zero) | gzip -1 >tail.gz
	run image import --max-size 50M tail.gz b
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "ctr: image import: tail.gz: it unpacks to more than 52428800 bytes" ]
	tar_of t 'claim|f|9000000000000000'
	refused t "entry 'f': the files unpack to more than"
	# 20,000 names of 4,000 bytes: what is remembered of them is not in memory.
	python3 - <<-'END'
	import tarfile
	t = tarfile.open("names", "w", format=tarfile.GNU_FORMAT)
	stem = "/".join(["n" * 200] * 19)
	for n in range(20000):
	    i = tarfile.TarInfo(f"{stem}/{n}"); i.type = tarfile.DIRTYPE
	    t.addfile(i)
	t.close()
	END
	# AddressSanitizer keeps what was freed, so its memory says nothing of ours.
	[ -n "${SANITIZER_REPORT-}" ] || python3 - "$PROGRAM" <<-'END'
	import resource, subprocess, sys
	subprocess.run([sys.argv[1], "import", "names"], check=True)
	kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
	sys.exit(f"{kib} KiB" if kib > 40000 else 0)
	END
}

@test "what is no tar, empty, cut short or damaged is refused" {
	head -c 5000 /dev/urandom >t1
	refused t1 "not a tar"
	: >t2
	refused t2 "it is empty"
	tar_of whole 'fill|f|100000'
	head -c 50000 whole >t3
	refused t3 "entry 'f': it is cut short$"
	gzip -c whole | gzip -c >t5
	refused t5 "compressed more than once"
	run image import /nonexistent x
	[ "$status" -eq 125 ]
	[[ "$output" =~ "ctr: image import: /nonexistent: open: No such file" ]]
}

# outcomes FILE FIRST STEP: of FILE cut at FIRST, FIRST+STEP, … bytes, "LENGTH STATUS MESSAGE" for each.
outcomes() {
	python3 - "$PROGRAM" "$@" <<-'END'
	import subprocess, sys
	program, file, first, step = sys.argv[1:]
	data = open(file, "rb").read()
	for n in range(int(first), len(data) + 1, int(step)):
	    open("cut", "wb").write(data[:n])
	    r = subprocess.run([program, "import", "cut", "x"], capture_output=True, text=True)
	    print(n, r.returncode, r.stderr.replace("ctr: image import: cut: ", "").replace("\n", "|"))
	END
}

# Where the last entry of a tar ends, and the blocks of zeros begin.
end_of() { python3 -c "import sys, tarfile; t = tarfile.open(sys.argv[1]); t.getmembers(); print(t.offset)" "$1"; }

@test "a root tar cut anywhere between its entries is refused" {
	for format in PAX GNU; do
		sed "s/PAX_FORMAT/${format}_FORMAT/" <<<"$(declare -f tar_of)" >writer.bash
		(source ./writer.bash && tar_of t 'dir|d' "file|d/$(printf 'n%.0s' {1..150})|x" \
			"link|l|$(printf 't%.0s' {1..150})" 'xattr|f|user.note=61' 'file|last|1')
		# Up to and with the last entry something is missing; from the first of the two blocks of zeros
		# on nothing is.
		end=$(end_of t)
		outcomes t 0 512 >seen
		cat seen
		[ "$(wc -l <seen)" -eq 21 ]
		[ "$(head -n 1 seen)" = '0 125 it is empty|' ]
		[ "$(awk -v end=$end '$1 > 0 && $1 <= end' seen |
			grep -vcE "^[0-9]+ 125 (entry '.*': )?it is cut short.*\|$")" -eq 0 ]
		[ "$(awk -v end=$end '$1 > end' seen | cut -d' ' -f2- | sort -u)" = '0 ' ]
		gzip -kf t && head -c $end t | gzip >cut.gz
		image import t.gz whole
		refused cut.gz "it is cut short: "
		rm good.tar
	done
}

@test "a compressed tar cut anywhere is refused in words" {
	tar_of t 'file|f|1'
	for c in gzip zstd xz bzip2; do
		$c -c t >packed
		outcomes packed 20 1 >seen
		tail -n 12 seen
		[ "$(tail -n 1 seen)" = "$(stat -c %s packed) 0 " ]
		[ "$(sed '$d' seen | cut -d' ' -f2- | sort -u)" = '125 its compressed data is cut short|' ]
	done
	lz4 -cq t >packed
	refused packed "not a tar$"
	hinted "plain, or compressed by gzip, zstd, xz or bzip2"
}

hinted() { [[ "${stderr_lines[1]}" =~ ^"hint: ".*$1 ]]; }

@test "what writes tars here ends them so that they are taken" {
	mkdir tree && echo 1 >tree/f
	tar -C tree -cf gnu . && tar -C tree -b 1 -cf one . && tar -C tree --format=ustar -cf ustar .
	busybox tar -C tree -cf busybox .
	(cd tree && find . | cpio --quiet -o -H ustar) >cpio
	python3 -c "import shutil; shutil.make_archive('py', 'tar', 'tree')" && mv py.tar py
	perl -MArchive::Tar -e 'chdir "tree"; Archive::Tar->create_archive("../perl", 0, "f")'
	for t in gnu one ustar busybox cpio py perl; do image import $t; done
}

@test "a tar of nothing is no image, one of an empty directory is" {
	tar -cf t1 -T /dev/null
	refused t1 "there is no file in it$"
	head -c 1000 /dev/zero >t2
	refused t2 "there is no file in it$"
	gzip -c t1 >t3
	refused t3 "there is no file in it$"
	mkdir void
	image import void
	[ -z "$(ls -A "$(layer void)")" ]
}

@test "a layer may end with the last byte of its last file" {
	tar_of l 'file|a|1' 'file|b|hello'
	head -c $((512 * 3 + 5)) l >whole
	layout_of lay v whole
	image import lay
	[ "$(cat "$(layer lay:v)/b")" = hello ]
	head -c $((512 * 3 + 4)) l >short
	layout_of bad v short
	refused bad "entry 'b': it is cut short"
	head -c $((512 * 3 + 5)) l >plain
	refused plain "it is cut short"
}

@test "layers are taken as they are: their digest says whether they are whole" {
	tar_of l1 'file|a|1'
	head -c 1024 l1 >endless
	head -c 1024 /dev/zero >nothing
	layout_of lay v l1 endless nothing
	image import lay
	docker_of arch x:1 l1 endless nothing
	image import arch
	[ "$(field lay:v "['layers'].__len__()")" = 3 ]
	# Not so the tar around them.
	tar -C lay -cf lay.tar .
	head -c $(end_of lay.tar) lay.tar >cut
	refused cut "it is cut short: "
}

@test "Incus' unified tar: its root is the image; templates of LXC and Proxmox are roots already" {
	mkdir -p all/rootfs/etc all/templates && echo x >all/rootfs/etc/f && echo a: >all/metadata.yaml
	chown 5:6 all/rootfs/etc/f && chmod 711 all/rootfs
	tar -C all -cJf unified.tar.xz metadata.yaml rootfs templates
	image import unified.tar.xz u:1
	image import all u:2
	for n in 1 2; do
		[ "$(stat -c '%u:%g' "$(layer u:$n)/etc/f")" = 5:6 ]
		[ "$(stat -c '%a' "$(layer u:$n)")" = 711 ]
		[ "$(ls "$(layer u:$n)")" = etc ]
	done
	# What leaves again is a root, too.
	image save -o saved u:1 && tar -xf saved && tar -tf "blobs/sha256/$(field u:1 "['blobs'][0]")" | grep -qx ./etc/f
	image fsck
	# A link is no root.
	rm -r all/rootfs && ln -s / all/rootfs
	tar -C all -cf link.tar metadata.yaml rootfs
	image import link.tar
	[ "$(readlink "$(layer link)/rootfs")" = / ]
	# LXC and Proxmox: ./ first, nodes in /dev, FIFOs.
	tar_of lxc 'dir|./' 'dir|./dev' 'chr|./dev/null|1,3' 'file|./etc/hostname|x' 'fifo|./run/initctl'
	image import lxc
	[ -p "$(layer lxc)/run/initctl" ]
}

# flat_of DIR TAR…: what skopeo copy … dir:DIR writes.
flat_of() {
	local dir=$1 h
	shift
	layout_of tmp.lay v "$@"
	mkdir "$dir"
	echo 'Directory Transport Version: 1.1' >"$dir/version"
	h=$(jq -r '.manifests[0].digest' tmp.lay/index.json)
	cp tmp.lay/blobs/sha256/* "$dir"
	mv "$dir/${h#sha256:}" "$dir/manifest.json"
	rm -r tmp.lay
}

@test "skopeo's dir:, as it is and in a tar" {
	tar_of l1 'file|a|1'
	tar_of l2 'file|b|2'
	flat_of flat l1 l2
	image import flat
	[ "$(cat "$(layer flat)/b")" = 2 ]
	tar -C flat -cf again.tar .
	image import again.tar
	[ "$(field again "['id']")" = "$(field flat "['id']")" ]
	# The real thing.
	skopeo copy -q dir:flat dir:copy
	image import copy
	[ "$(field copy "['id']")" = "$(field flat "['id']")" ]
}

# relabel LAYOUT JQ: changes the manifest of a layout by a program of jq.
relabel() {
	local old new
	old=$(jq -r '.manifests[0].digest' "$1/index.json")
	jq -c "$2" "$1/blobs/sha256/${old#sha256:}" >"$1/new"
	new=$(sha256sum "$1/new" | cut -c1-64)
	jq -c --arg d "sha256:$new" --argjson s "$(stat -c %s "$1/new")" \
		'.manifests[0] |= (.digest = $d | .size = $s)' "$1/index.json" >"$1/index.new"
	mv "$1/new" "$1/blobs/sha256/$new"
	mv "$1/index.new" "$1/index.json"
}

# compressed_layout DIR COMMAND TAR: of one layer, compressed by the command.
compressed_layout() {
	local diff blob
	layout_of "$1" v "$3"
	diff=$(sha256sum "$3" | cut -c1-64)
	$2 <"$3" >"$1/packed"
	blob=$(sha256sum "$1/packed" | cut -c1-64)
	mv "$1/packed" "$1/blobs/sha256/$blob"
	relabel "$1" ".layers[0] |= (.digest = \"sha256:$blob\" | .size = $(stat -c %s "$1/blobs/sha256/$blob"))"
	rm "$1/blobs/sha256/$diff"
}

@test "every media type that calls itself a tar, and every compression, as it came" {
	local n=0 media
	tar_of l 'file|a|1'
	for media in vnd.oci.image.layer.v1.tar+xz vnd.oci.image.layer.nondistributable.v1.tar+gzip \
		vnd.docker.image.rootfs.foreign.diff.tar.gzip x-tar x-gtar; do
		rm -rf lay && layout_of lay v l
		relabel lay ".layers[0].mediaType = \"application/$media\""
		image import lay x:$((n += 1))
		[ "$(cat "$(layer x:$n)/a")" = 1 ]
	done
	for media in vnd.in-toto+json vnd.oci.image.layer.v1.tar+gzip+encrypted; do
		rm -rf lay && layout_of lay v l
		relabel lay ".layers[0].mediaType = \"application/$media\""
		refused lay "layer 1 has the media type 'application/.*', which is no tar"
	done
	# As pzstd and zstd:chunked begin: with a frame to be skipped.
	printf 'P*M\x18\x03\0\0\0abc' >skippable
	zstd -qc <l | cat skippable - >skipped
	image import skipped
	for c in 'xz -c' 'bzip2 -c' 'gzip -c' 'zstd -qc' 'cat skipped'; do
		rm -rf lay
		compressed_layout lay "$c" l
		image import lay "c:$((n += 1))"
		[ "$(cat "$(layer c:$n)/a")" = 1 ]
		# As it came: a digest that was announced stays.
		[ -f "$CTR_ROOT/images/blobs/sha256/$(field c:$n "['blobs'][0]")" ]
		[ "$(field c:$n "['oci_manifest']['layers'][0]['digest'][7:]")" = "$(field c:$n "['blobs'][0]")" ]
	done
	image fsck
}

# index_of LAYOUT ENTRY…: an image of several entries; each is a jq object that is merged into the only
# manifest's descriptor.
index_of() {
	local dir=$1 entry all=[]
	shift
	for entry in "$@"; do
		all=$(jq -c --argjson all "$all" "\$all + [(.manifests[0] | del(.annotations)) * $entry]" "$dir/index.json")
	done
	jq -nc --argjson m "$all" '{schemaVersion: 2, manifests: $m}' >"$dir/nested"
	h=$(sha256sum "$dir/nested" | cut -c1-64)
	size=$(stat -c %s "$dir/nested")
	mv "$dir/nested" "$dir/blobs/sha256/$h"
	jq -c --arg h "sha256:$h" --argjson s "$size" '.manifests = [{mediaType: "application/vnd.oci.image.index.v1+json",
		digest: $h, size: $s, annotations: .manifests[0].annotations}]' "$dir/index.json" >"$dir/i" && mv "$dir/i" "$dir/index.json"
}

@test "of an image for several machines the best for this one, and no attestation" {
	local arch nothing='{"digest": "sha256:'$(printf '0%.0s' {1..64})'"'
	case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) skip "$(uname -m)" ;; esac
	tar_of l 'file|a|1'
	layout_of a v l
	index_of a "$nothing, annotations: {\"vnd.docker.reference.type\": \"attestation-manifest\"}}" \
		"$nothing, platform: {os: \"unknown\", architecture: \"unknown\"}}" \
		"$nothing, platform: {os: \"windows\", architecture: \"$arch\"}}" \
		"{platform: {os: \"linux\", architecture: \"$arch\"}}"
	image import a
	# Without a word on the platform, and not an image.
	layout_of b v l
	index_of b "$nothing}" "{}"
	image import b
	layout_of c v l
	index_of c "$nothing, platform: {os: \"linux\", architecture: \"s390x\"}}"
	refused c "it has no image for linux/$arch that this processor can run"
	if [ $arch = amd64 ]; then
		layout_of d v l
		index_of d "$nothing, platform: {os: \"linux\", architecture: \"amd64\", variant: \"v9\"}}" \
			"$nothing, platform: {os: \"linux\", architecture: \"amd64\"}}" \
			"{platform: {os: \"linux\", architecture: \"amd64\", variant: \"v2\"}}"
		grep -q sse4_2 /proc/cpuinfo || skip "this processor is an amd64 of v1"
		image import d
	fi
	CONFIG='{"os": "windows"}' docker_of w win:1 l
	refused w "it is made for windows, not for linux"
}

@test "a config that others take is taken" {
	tar_of l 'file|a|1'
	CONFIG='{"config": {"Env": ["A=1", "BARE", "=x", "B=2"], "WorkingDir": "srv/app", "Cmd": null, "User": "ann:"}}' docker_of d d:1 l
	image import d
	[ "$(field d:1 "['config']['Env']")" = "['A=1', 'B=2']" ]
	[ "$(field d:1 "['config']['WorkingDir']")" = /srv/app ]
	[ "$(field d:1 "['config']['User']")" = ann ]
	# Not from whoever writes one here.
	for c in '{"Env": ["BARE"]}' '{"WorkingDir": "srv"}'; do
		echo "$c" >c.json
		run image import --config c.json l x
		[ "$status" -eq 125 ]
		[[ "$output" =~ 'c.json: ' ]]
	done
	# Without layers it is an image still.
	CONFIG='{"rootfs": {"type": "layers", "diff_ids": []}}' docker_of none none:1
	image import none
	[ "$(field none:1 "['layers']")" = '[]' ]
}

@test "a config is no larger than every later command can bear" {
	tar_of l 'file|a|1'
	CONFIG=$(python3 -c 'import json; print(json.dumps({"config": {"Labels": {"l%d" % n: "" for n in range(4097)}}}))') \
		docker_of many many:1 l
	refused many "'Labels' has 4097 items, 4096 are allowed"
	CONFIG=$(python3 -c 'import json; print(json.dumps({"config": {"Env": ["A%d=" % n for n in range(4097)]}}))') \
		docker_of env env:1 l
	refused env "'Env' has 4097 items"
	CONFIG=$(python3 -c 'import json; print(json.dumps({"config": {"Labels": {"l%d" % n: "x" for n in range(4096)}}}))') \
		docker_of fits fits:1 l
	image import fits
	docker_of big big:1 l
	python3 - big <<-'END'
	import glob, json, sys
	f = glob.glob(sys.argv[1] + "/*.json"); f = [x for x in f if "manifest" not in x][0]
	d = json.load(open(f)); d["config"]["Labels"] = {"a": "x" * (1 << 20)}
	json.dump(d, open(sys.argv[1] + "/c.json", "w"))
	m = json.load(open(sys.argv[1] + "/manifest.json")); m[0]["Config"] = "c.json"
	json.dump(m, open(sys.argv[1] + "/manifest.json", "w"))
	END
	refused big "c.json is larger than 1048576 bytes"
}

@test "Ctrl-C while something is built or imported leaves nothing" {
	mkdir -p recipes/slow
	tar_of t 'fill|f|2000000'
	printf '#!/bin/sh\nhead -c 1500000 %s/t; exec sleep 600\n' "$PWD" >recipes/slow/recipe
	chmod +x recipes/slow/recipe
	export CTR_RECIPES=$PWD/recipes
	for sig in INT TERM HUP; do
		python3 - "$PROGRAM" $sig <<-'END'
		import os, signal, subprocess, sys, time
		sig = getattr(signal, "SIG" + sys.argv[2])
		for s in (signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_DFL)
		p = subprocess.Popen([sys.argv[1], "build", "slow"], start_new_session=True)
		root = os.environ["CTR_ROOT"] + "/images/staging"
		while not (os.path.isdir(root) and any(os.path.exists(f"{root}/{d}/tree/f") for d in os.listdir(root))):
		    time.sleep(0.05)
		(os.killpg if sig == signal.SIGINT else os.kill)(p.pid, sig)
		sys.exit(p.wait() != -sig)
		END
		[ -z "$(staged)" ]
	done
	[ -z "$(ls -A "$CTR_ROOT"/images/{refs,layers,blobs/sha256} | grep -v :)" ]
}

@test "every blob of a layout must be what it says" {
	tar_of l1 'file|a|1'
	layout_of good v l1
	layer=$(sha256sum l1 | cut -c1-64)
	cp -r good flip && printf X | dd of=flip/blobs/sha256/$layer bs=1 seek=512 conv=notrunc status=none
	refused flip "layer 1: its blob is damaged"
	cp -r good long && echo >>long/blobs/sha256/$layer
	refused long "layer 1: it is larger than the [0-9]+ bytes announced"
	cp -r good short && truncate -s -512 short/blobs/sha256/$layer
	refused short "layer 1: its blob has"
	cp -r good gone && rm gone/blobs/sha256/$layer
	refused gone "layer 1: blobs/sha256/$layer: No such file"
	cp -r good fifo && rm fifo/blobs/sha256/$layer && mkfifo fifo/blobs/sha256/$layer
	refused fifo "is not a regular file"
	config=$(grep -o 'sha256:[0-9a-f]*' good/index.json)
	cp -r good man && sed -i 's/layer.v1.tar/layer.v2.tar/' man/blobs/sha256/${config#sha256:}
	refused man "blob ${config} is damaged"
	tar_of l2 'file|b|2'
	docker_of arch x:1 l1
	cp l2 arch/$layer/layer.tar
	refused arch "layer 1: it unpacks to sha256:$(sha256sum l2 | cut -c1-64), the config says sha256:$layer"
}

@test "a hostile entry deep in an image is named with its layer" {
	tar_of l1 'file|a|1'
	tar_of l2 'file|../x|2'
	layout_of lay v l1 l2
	refused lay "layer 2: entry '../x': its path contains"
}

@test "a link in a layout does not lead out of it" {
	tar_of l1 'file|a|1'
	layout_of lay v l1
	layer=$(sha256sum l1 | cut -c1-64)
	mv lay/blobs/sha256/$layer outside
	ln -s "$PWD/outside" lay/blobs/sha256/$layer
	refused lay "layer 1: blobs/sha256/$layer: No such file"
}

@test "a full disk is one line and leaves nothing" {
	mkdir small && mount -t tmpfs -o size=2m t small || skip "no mount here"
	tar_of t 'fill|a|3000000'
	CTR_ROOT=$PWD/small run image import t x
	left=$(ls -A small/images/{staging,layers,blobs/sha256,refs} | grep -v : | xargs)
	umount small
	[ "$status" -eq 125 ]
	[[ "$output" =~ "No space left on device" ]]
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$left" ]
}

# image_goes STORE: rm of its image p:1 works, and all that the store had of it is gone.
image_goes() {
	CTR_ROOT=$PWD/$1 run --separate-stderr image rm p:1
	left=$(ls "$1"/images/{staging,layers,diffs,blobs/sha256,refs} | grep -v : | xargs)
	umount "$1"
	[ "$status" -eq 0 ]
	[ "$output" = p:1 ]
	[ -z "$stderr$left" ]
}

@test "an image goes from a disk without an inode left" {
	mkdir small && mount -t tmpfs -o nr_inodes=100 t small || skip "no mount here"
	tar_of t 'dir|d' 'file|d/f|x'
	CTR_ROOT=$PWD/small image import t p:1
	mkdir small/images/staging/dead
	local n=0
	while mkdir "small/$((n++))" 2>/dev/null; do :; done
	image_goes small
}

@test "an image goes from a full disk, with more trees than their directory has room for" {
	truncate -s 8M disk
	mkfs.ext4 -q -b 1024 -N 2000 -m 0 disk || skip "no mkfs.ext4"
	mkdir small && mount -o loop disk small || skip "no loop device here"
	tar_of t 'file|f|x'
	CTR_ROOT=$PWD/small image import t p:1
	local n
	for n in {1..300}; do
		mkdir "small/images/layers/$(printf %064d $n)"
	done
	cat /dev/zero 2>/dev/null >small/fill || :
	while mkdir "small/images/staging/.$((n++))" 2>/dev/null; do :; done
	image_goes small
}

# The store without the times of its own directories.
contents() {
	fingerprint "$CTR_ROOT/images"/{blobs/sha256,layers,refs,staging} |
		grep -v '^[^ ]*/\(sha256\|layers\|refs\|staging\) '
}

@test "killed at any time, only what gc removes is left" {
	tar_of l1 'fill|a|3000000' 'dir|d'
	tar_of l2 'fill|b|3000000'
	layout_of lay v l1 l2
	tar_of good.tar 'file|f|good'
	image import good.tar good
	local before=$(contents)
	for ms in 0 1 2 3 4 5 7 9 12 15 20; do
		"$PROGRAM" import lay x >out 2>&1 3>&- &
		sleep 0.0$(printf %02d $ms)
		kill -9 $! 2>/dev/null || true
		wait $! || true
		if image inspect x >/dev/null 2>&1; then image fsck && image rm x; fi
		image gc
		[ "$(contents)" = "$before" ]
	done
	# Once in the middle for certain.
	tar -C lay -cf lay.tar .
	mkfifo slow
	"$PROGRAM" import - x <slow >out 2>&1 3>&- &
	local pid=$!
	exec 7>slow
	head -c 4000000 lay.tar >&7
	until_staged
	kill -9 $pid
	wait $pid || true
	exec 7>&-
	image gc
	[ "$(contents)" = "$before" ]
}

@test "gc leaves a living import alone" {
	tar_of t 'fill|a|1000'
	mkfifo slow
	"$PROGRAM" import - x <slow >out 2>&1 3>&- &
	pid=$!
	exec 7>slow
	head -c 600 t >&7
	until_staged
	image gc
	[ -n "$(staged)" ]
	tail -c +601 t >&7
	exec 7>&-
	wait $pid
	image inspect x
	image fsck
}

@test "rm of several: one that fails does not stop the others" {
	tar_of base 'file|base|1'
	layout_of a one base
	layout_of b two base
	image import a one
	image import b two
	run image rm one nosuch two
	[ "$status" -eq 125 ]
	[[ "${lines[0]}" == 'ctr: image rm: '*nosuch* ]]
	[ -z "$(image list -q)" ]
}

@test "rm keeps what other images and containers use" {
	tar_of base 'file|base|1'
	tar_of top 'file|top|2'
	layout_of a one base
	layout_of b two base top
	image import a one
	image import b two
	b=$(layer two 0) t=$(layer two 1)
	image rm one
	[ -d "$b" ]
	mkdir -p "$CTR_ROOT/containers/web"
	printf '{"image":"two","layers":["%s","%s"]}' "${b##*/}" "${t##*/}" >"$CTR_ROOT/containers/web/container.json"
	run image rm two
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = 'ctr: image rm: two:latest is in use by container web' ]
	[[ "${lines[1]}" =~ ^hint: ]]
	image inspect two
	image rm --force two
	image gc
	[ -d "$b" ]
	[ -d "$t" ]
	run image inspect two
	[ "$status" -eq 125 ]
	rm -r "$CTR_ROOT/containers/web"
	image gc
	[ ! -e "$b" ]
	[ ! -e "$t" ]
	[ -z "$(ls -A "$CTR_ROOT/images/blobs/sha256")" ]
}

@test "what a record that cannot be read may need is kept, all else goes on" {
	tar_of t 'file|f|1'
	tar_of u 'file|f|2'
	image import t x
	image import u y
	l=$(layer x) m=$(layer y)
	mkdir -p "$CTR_ROOT/containers/web" && echo '{' >"$CTR_ROOT/containers/web/container.json"
	run --separate-stderr image rm x
	[ "$status" -eq 0 ]
	[ "$output" = x:latest ]
	[[ "$stderr" =~ ^'ctr: warning: container: web/container.json' ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ -d "$l" ]
	# The blobs are no container's.
	[ ! -e "$CTR_ROOT/images/blobs/sha256/${l##*/}" ]
	rm -r "$CTR_ROOT/containers/web"
	echo '{' >"$CTR_ROOT/images/refs/bad:1.json"
	run image gc
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" =~ 'warning: images/refs/bad:1.json' ]]
	[ -d "$l" ]
	image inspect y
	[ "$(image inspect "$(image ls -q 2>/dev/null | head -c 12)" | jq -r .name)" = y:latest ]
	image rm -f bad:1
	image gc
	[ ! -e "$l" ]
	[ -d "$m" ]
}

@test "what a layer's blob unpacks to is not believed but known" {
	tar_of a 'dir|d' 'file|d/who|a'
	tar_of b 'dir|d' 'file|d/who|b'
	layout_of one one a
	layout_of two two b
	# The blob of a, which is called b's tar.
	layout_of lie lie a
	python3 - "$(sha256sum a | cut -c1-64)" "$(sha256sum b | cut -c1-64)" <<-'END'
	import hashlib, json, os, sys
	a, b = sys.argv[1:]
	top = "lie/blobs/sha256/"
	def blob(d):
	    data = json.dumps(d).encode(); h = hashlib.sha256(data).hexdigest()
	    open(top + h, "wb").write(data); return "sha256:" + h, len(data)
	index = json.load(open("lie/index.json"))
	manifest = json.load(open(top + index["manifests"][0]["digest"][7:]))
	config = json.load(open(top + manifest["config"]["digest"][7:]))
	config["rootfs"]["diff_ids"] = ["sha256:" + b]
	manifest["config"]["digest"], manifest["config"]["size"] = blob(config)
	index["manifests"][0]["digest"], index["manifests"][0]["size"] = blob(manifest)
	json.dump(index, open("lie/index.json", "w"))
	END
	run image import lie
	[ "$status" -eq 125 ]
	[[ "$output" =~ 'layer 1: it unpacks to sha256:' ]]
	image import one
	image import two
	run image import lie
	[ "$status" -eq 125 ]
	[[ "$output" =~ 'layer 1: it unpacks to sha256:' ]]
	# A store of before has no record of it: the blob is read once more.
	rm -r "$CTR_ROOT/images/diffs"
	run image import lie
	[ "$status" -eq 125 ]
	[[ "$output" =~ 'layer 1: it unpacks to sha256:' ]]
	image import one again:1
	[ "$(ls "$CTR_ROOT/images/diffs" | xargs)" = "$(sha256sum a | cut -c1-64)" ]
	image fsck
	# And fsck finds one that came in when it was believed.
	lie=$(image ls --format json | jq -r '.[] | select(.name == "two:two").id')
	cat >swap.py <<-'END'
	import json, sys
	root, one, two = sys.argv[1:]
	f = f"{root}/images/refs/two:two.json"
	d = json.load(open(f)); d["blobs"] = json.load(open(f"{root}/images/refs/one:one.json"))["blobs"]
	json.dump(d, open(f, "w"))
	END
	python3 swap.py "$CTR_ROOT" one two
	run image fsck
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = 'image two:two: layer 1: its blob does not unpack to what the config says' ]
	# A wrong record is found, too.
	sha256sum b | sed 's/  .*/ 10240/' >"$CTR_ROOT/images/diffs/$(sha256sum a | cut -c1-64)"
	run image fsck
	[[ "$output" =~ "blob sha256:$(sha256sum a | cut -c1-64): the record of what it unpacks to is wrong" ]]
}

@test "an image's own name is not taken from another image" {
	tar_of a 'file|f|a'
	tar_of b 'file|f|b'
	docker_of one mine:1 a
	docker_of two mine:1 b
	image import one
	image import one
	id=$(field mine:1 "['id']")
	run image import two
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "ctr: image import: two: the name mine:1 is that of another image, ${id:0:12}" ]
	[[ "${lines[1]}" =~ ^hint:.*--replace ]]
	[ "$(field mine:1 "['id']")" = "$id" ]
	image import two other:1
	image import --replace two
	[ "$(field mine:1 "['id']")" = "$(field other:1 "['id']")" ]
	# A file's name is no better; a name that was given is meant.
	SOURCE_DATE_EPOCH=1 image import a
	run image import b a
	[ "$status" -eq 0 ]
	SOURCE_DATE_EPOCH=2 run image import a
	[ "$status" -eq 125 ]
}

@test "an image has all its names, an archive all its images" {
	tar_of a 'file|f|a'
	tar_of b 'file|f|b'
	docker_of one mine:1 a
	docker_of two docker.io/library/yours:1 b
	jq -s '[.[0][0] + {RepoTags: ["mine:1", "mine:2", "host.io:5000/x/mine:1"]}, .[1][0]]' \
		one/manifest.json two/manifest.json >both.json
	cp -r two/. one/ && mv both.json one/manifest.json
	run image import one
	[ "$status" -eq 0 ]
	[ "$(cut -d' ' -f1 <<<"$output" | xargs)" = 'mine:1 mine:2 host.io:5000/x/mine:1 docker.io/library/yours:1' ]
	[ "$(field mine:2 "['id']")" = "$(field mine:1 "['id']")" ]
	run image import one some:1
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = 'ctr: image import: one: it holds 2 images' ]
	image import --ref mine:2 one some:1
	# The short name of what other programs call docker.io/library/NAME; and the other way round.
	[ "$(field yours:1 "['name']")" = docker.io/library/yours:1 ]
	[ "$(field docker.io/library/mine:1 "['name']")" = mine:1 ]
	[ "$(field localhost/mine:1 "['name']")" = mine:1 ]
	# By its id it has several names, none of which is meant.
	id=$(field mine:1 "['id']")
	run image rm "${id:0:12}"
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "ctr: image rm: ${id:0:12} has 4 names" ]
	[[ "${lines[1]}" =~ 'mine:1, mine:2' ]]
	run image rm "mine@sha256:$(field mine:1 "['manifest']")"
	[ "$status" -eq 125 ]
	[[ "$output" =~ 'has 2 names' ]]
	image rm mine:2
	run image rm -f "${id:0:12}"
	[ "$status" -eq 0 ]
	[ "$(image ls | awk 'NR > 1 {print $1}')" = docker.io/library/yours:1 ]
	# In a layout by the entries of its index.
	layout_of lay first a
	layout_of lay second b
	image import lay
	[ "$(field lay:first "['config']['Cmd'][0]")$(field lay:second "['config']['Cmd'][0]")" = /bin/first/bin/second ]
}

@test "an image is found by name, tag, digest and the beginning of its id" {
	tar_of t 'file|f|1'
	image import t a/b/c:v1
	id=$(field a/b/c:v1 "['id']") m=$(field a/b/c:v1 "['manifest']")
	for name in a/b/c:v1 a/b/c@sha256:$m a/b/c:v1@sha256:$m ${id:0:4} $id sha256:$id; do
		[ "$(field $name "['name']")" = a/b/c:v1 ]
	done
	for name in a/b/c a/b ${id:0:3} 0000ffff a/b/c@sha256:$id; do
		run image inspect $name
		[ "$status" -eq 125 ]
		[ "${lines[0]}" = "ctr: image inspect: no image '$name'" ]
	done
	run image inspect debian:trixie
	[ "${lines[1]}" = 'hint: ctr image build debian:trixie' ]
	image import t debian:trixie
	image import t ghcr.io/me/app:2
	for name in debian debian:12 debain docker.io/library/debian; do
		run image inspect $name
		[ "${lines[1]}" = 'hint: here is debian:trixie' ]
	done
	image import t debian:sid
	run image inspect debian
	[ "${lines[1]}" = 'hint: here is debian:sid, debian:trixie' ]
	run image inspect app
	[ "${lines[1]}" = 'hint: here is ghcr.io/me/app:2' ]
	image rm debian:trixie debian:sid ghcr.io/me/app:2
	run image inspect A/b
	[ "${lines[1]}" = 'hint: names are lower case' ]
}

@test "ls in its three forms" {
	[ "$(image ls | awk '{print $1}')" = NAME ]
	[ "$(image ls --format json)" = '[]' ]
	tar_of t 'file|f|1'
	image import t b:2
	image import t a:1
	[ "$(image ls | awk 'NR>1 {print $1}' | xargs)" = 'a:1 b:2' ]
	[ "$(image ls -q | sed -n 1p)" = "$(field a:1 "['id']")" ]
	[ "$(image ls --format=json | python3 -c 'import json,sys; print([i["name"] for i in json.load(sys.stdin)])')" = "['a:1', 'b:2']" ]
}

@test "inspect says that it writes JSON, and nothing else" {
	tar_of a.tar 'file|f|a'
	image import a.tar a
	[ "$(image inspect --format json a)" = "$(image inspect a)" ]
	run image inspect --format table a
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "ctr: image inspect: --format: 'table' is neither json nor a template" ]
}

@test "what an image says of itself does not act on a terminal" {
	tar_of t 'file|f|1'
	CONFIG='{"architecture": "\u001b[31mX", "created": "\u001b]0;P\u0007abc", "config": {
		"Labels": {"a\u009b31m": "\u009b2J\u202e\u001b[2J"}, "Cmd": ["\u001b[2J\u009b"]}}' \
		docker_of evil evil:latest t
	image import evil
	{ image ls; image ls --format json; image inspect evil; } >said
	run ! env LC_ALL=C grep -q $'\x1b\|\xc2\x9b\|\xe2\x80\xae' said
	[ "$(field evil "['config']['Labels']['a\\u009b31m']" | LC_ALL=C.UTF-8 od -An -tx1 | xargs)" = \
		"$(printf '\u009b2J\u202e\x1b[2J\n' | od -An -tx1 | xargs)" ]
	[ "$(image ls | sed -n 2p | awk '{print $1, $3}')" = 'evil:latest ?[31mX' ]
}

@test "fsck finds a damaged blob and a missing layer" {
	tar_of t 'file|f|1'
	image import t x
	image fsck
	l=$(layer x)
	echo >>"$CTR_ROOT/images/blobs/sha256/${l##*/}"
	run image fsck
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = "blob sha256:${l##*/}: damaged: its digest differs" ]
	rm -r "$l"
	run image fsck
	[ "${lines[1]}" = "image x:latest: images/layers/${l##*/}: missing" ]
}

@test "what save writes, skopeo and umoci read, and import takes back" {
	tar_of l1 'dir|bin' 'file|bin/sh|1'
	tar_of l2 'file|.wh.bin|' 'file|f|2'
	gzip -k l1
	layout_of lay v l1 l2
	image import lay team/app:v1
	image save --format oci-dir -o out team/app:v1
	run image save --format oci-dir -o out team/app:v1
	[ "$status" -eq 125 ]
	skopeo inspect oci:out:v1 | grep -q '"Architecture": "amd64"'
	skopeo copy -q oci:out:v1 docker-archive:arch.tar:from/docker:9
	umoci unpack --image out:v1 bundle
	[ "$(ls bundle/rootfs)" = f ]
	image save team/app:v1 >piped.tar
	image save -o file.tar team/app:v1
	cmp piped.tar file.tar
	id=$(field team/app:v1 "['id']")
	image rm team/app:v1
	image import piped.tar
	[ "$(field team/app:v1 "['id']")" = "$id" ]
	image import arch.tar
	[ "$(field docker.io/from/docker:9 "['layers'][1]")" = "$(field team/app:v1 "['layers'][1]")" ]
	image import l1.gz gz:1
	image save --format oci-dir -o gz gz:1
	skopeo inspect oci:gz:1
	image fsck
}

@test "what save writes is the user's: by the file mode mask, or as what it replaces" {
	tar_of t 'file|f|1'
	image import t x
	ctr=$(dirname "$PROGRAM")/ctr
	for program in "$PROGRAM" "$ctr image"; do
		rm -rf new dir
		(umask 027 && $program save x -o new && $program save --format oci-dir -o dir x)
		[ "$(stat -c %a new dir dir/index.json "dir/blobs/sha256/$(field x "['id']")" | xargs)" = '640 750 640 640' ]
		touch old && chmod 604 old && chown 1:2 old
		(umask 077 && $program save x -o old)
		[ "$(stat -c '%a %u %g' old)" = '604 1 2' ]
		cmp new old
		rm old
	done
}

@test "save writes to a pipe, a device or a link, and never replaces it" {
	tar_of t 'file|f|1'
	image import t x
	image save x >whole
	mknod full c 1 7
	run image save -o full x
	[ "$status" -eq 125 ]
	[[ "${lines[0]}" == 'ctr: image save: '*'No space'* ]]
	[ -c full ]
	mkfifo pipe
	cat pipe >through &
	image save -o pipe x
	wait $!
	[ -p pipe ]
	cmp whole through
	echo longer than what comes, and cut >aim
	ln -s aim link
	image save -o link x
	[ -L link ]
	cmp whole aim
	image save -o >(cat >again) x
	until [ "$(stat -c %s again)" = "$(stat -c %s whole)" ]; do sleep .1; done
	cmp whole again
}

@test "busybox is built by its recipe and runs" {
	[ -x /bin/busybox ] || skip "no busybox-static here"
	CTR_RECIPES=$RECIPES image build busybox
	[ "$(field busybox "['config']['Cmd']")" = "['/bin/sh']" ]
	[ "$(chroot "$(layer busybox)" /bin/sh -c 'stat -c %a /tmp; id -un')" = $'1777\nroot' ]
}

@test "a recipe that fails leaves nothing and says how" {
	mkdir -p recipes/{fails,late,odd,good}
	printf '#!/bin/sh\necho cause >&2\nexit 7\n' >recipes/fails/recipe
	tar_of t 'file|f|1'
	printf '#!/bin/sh\ncat %s/t\nexit 9\n' "$PWD" >recipes/late/recipe
	printf '#!/bin/sh\ncat %s/t\n' "$PWD" | tee recipes/odd/recipe >recipes/good/recipe
	echo '{"Cmd": ["/x"], "Entripoint": []}' >recipes/odd/config.json
	echo '{"Cmd": ["/x"], "StopSignal": "SIGRTMIN+3"}' >recipes/good/config.json
	chmod +x recipes/*/recipe
	mkdir -p recipes/plain
	echo x >recipes/plain/recipe
	export CTR_RECIPES=$PWD/recipes
	run image build plain
	[ "${lines[0]}" = "ctr: image build: the recipe of 'plain' cannot be executed" ]
	run image build fails
	[ "$status" -eq 125 ]
	[ "$output" = $'cause\nctr: image build: fails:latest: recipe failed with status 7' ]
	run image build late
	[ "$output" = 'ctr: image build: late:latest: recipe failed with status 9' ]
	run image build odd
	[[ "$output" =~ "unknown member 'Entripoint'" ]]
	[ -z "$(ls -A "$CTR_ROOT/images/"{refs,layers,staging} | grep -v :)" ]
	image build good:5
	[ "$(field good:5 "['config']['StopSignal']")" = SIGRTMIN+3 ]
	run image build nothing
	[ "${lines[0]}" = "ctr: image build: no recipe 'nothing'" ]
}

# Entries come for long enough that a bar is drawn.
slowly() {
	tar_of slow.tar 'fill|a|300000' 'fill|b|300000' 'fill|c|300000'
	(head -c 700000 slow.tar; sleep 0.5; tail -c +700001 slow.tar) >"$1" 3>&- &
}

@test "how far an import is shows on a terminal, and nowhere else" {
	mkfifo slow
	slowly slow
	run script -qec "'$PROGRAM' import - x <slow" /dev/null </dev/null
	[ "$status" -eq 0 ]
	# Drawn over itself, and gone before the result.
	[[ "$output" =~ $'\r\e[Kunpack: '[0-9.]+K ]]
	[[ "$output" =~ $'\r\e[Kx:latest sha256:'[0-9a-f]{64}$'\r'?$ ]]
	slowly slow
	run script -qec "'$PROGRAM' import - y <slow 2>said | cat; cat said" /dev/null </dev/null
	[[ "$output" =~ ^y:latest\ sha256:[0-9a-f]{64}$'\r'?$ ]]
	# Of a file the size is known.
	python3 - <<-'END'
	import tarfile
	with tarfile.open("many", "w", format=tarfile.GNU_FORMAT) as t:
	    for n in range(20000):
	        t.addfile(tarfile.TarInfo(str(n)))
	END
	run script -qec "'$PROGRAM' import many" /dev/null </dev/null
	[[ "$output" =~ $'\r\e[Kunpack: '[0-9.]+[KM]\ of\ [0-9.]+M,\ [0-9]+% ]]
	[[ "$output" =~ $'\r\e[Kmany:latest ' ]]
	# Within one large file, too.
	head -c 20000000 /dev/zero >large
	tar -cf one.tar large
	(head -c 15000000 one.tar; sleep 0.5; tail -c +15000001 one.tar) >slow 3>&- &
	run script -qec "'$PROGRAM' import - one <slow" /dev/null </dev/null
	[[ "$output" =~ $'\r\e[Kunpack: '1[0-9.]+M ]]
	slowly slow
	run script -qec "'$PROGRAM' import -q - z <slow" /dev/null </dev/null
	[[ "$output" =~ ^z:latest\ sha256:[0-9a-f]{64}$'\r'?$ ]]
}

@test "what takes long says so now and then, without a terminal" {
	mkdir -p recipes/slow
	tar_of t 'file|f|1'
	printf '#!/bin/sh\nsleep 11\ncat %s/t\n' "$PWD" >recipes/slow/recipe
	chmod +x recipes/slow/recipe
	export CTR_RECIPES=$PWD/recipes
	run --separate-stderr image build slow
	[ "$status" -eq 0 ]
	[[ "$stderr" =~ ^'ctr: image build: 1'[0-9]' s'$ ]]
	[[ "$output" =~ ^slow:latest\ sha256: ]]
	run --separate-stderr image build -q slow
	[ -z "$stderr" ]
}

@test "a directory that tar cannot read is no image, and tar's status is said" {
	mkdir -p fake tree
	tar_of t 'file|f|1'
	printf '#!/bin/sh\nhead -c 1024 %s/t; kill -9 $$\n' "$PWD" >fake/tar
	chmod +x fake/tar
	PATH=$PWD/fake:$PATH run image import tree
	[ "$status" -eq 125 ]
	[ "$output" = 'ctr: image import: tree: tar was ended by signal 9 (Killed)' ]
	[ -z "$(ls -A "$CTR_ROOT/images/"{refs,layers,staging} | grep -v :)" ]
}

@test "a recipe gets the signals that a program expects, whatever ctr was started with" {
	mkdir -p recipes/look
	tar_of t 'file|f|1'
	cat >recipes/look/recipe <<-END
		#!/bin/sh
		grep -E '^Sig(Blk|Ign)' /proc/self/status >&2
		yes | head -n 1 >/dev/null
		cat $PWD/t
	END
	chmod +x recipes/look/recipe
	export CTR_RECIPES=$PWD/recipes
	run --separate-stderr env --ignore-signal=PIPE,HUP,CHLD --block-signal=TERM,USR1 "${PROGRAM%-image}" image build look
	[ "$status" -eq 0 ]
	[ "$(tr -d '\t' <<<"$stderr")" = $'SigBlk:0000000000000000\nSigIgn:0000000000000000' ]
	[[ "$output" =~ ^look:latest\ sha256: ]]
}

@test "a recipe inherits no descriptors: shells redirect to 0 to 9 only, which mmdebstrap needs some of" {
	mkdir -p recipes/look
	tar_of t 'file|f|1'
	printf '#!/bin/sh\nls -l /proc/self/fd >&2\ncat %s/t\n' "$PWD" >recipes/look/recipe
	chmod +x recipes/look/recipe
	export CTR_RECIPES=$PWD/recipes
	echo >mine
	run --separate-stderr "${PROGRAM%-image}" image build look 5<mine 6<mine 7<mine 8<mine
	[ "$status" -eq 0 ]
	echo "$stderr"
	[[ "$stderr" =~ recipes/look && ! "$stderr" =~ /mine ]]
	# 0, 1, 2, the directory of ls, and that of the recipe.
	[ "$(grep -c ' -> ' <<<"$stderr")" -eq 5 ]
}

@test "unknown flags, commands and too many words are refused" {
	run image import --fast x y
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "ctr: image import: unknown flag '--fast'" ]
	run image pull x
	[ "${lines[0]}" = "ctr: image: unknown command 'pull'" ]
	for word in pull tag list prune load rmi; do
		run image $word
		[[ "${lines[1]}" =~ ^'hint: '.*ctr\ image\ (import|save|ls|gc|rm) ]]
	done
	run image ls x
	[ "${lines[0]}" = "ctr: image ls: 'x' is one argument too many" ]
	run image rm
	[ "${lines[0]}" = "ctr: image rm: no IMAGE is given" ]
	for word in 'build RECIPE' 'import FILE|DIR|-' 'inspect IMAGE' 'save IMAGE'; do
		run image ${word% *}
		[ "$status" -eq 125 ]
		[ "${lines[0]}" = "ctr: image ${word% *}: no ${word#* } is given" ]
	done
	image fsck --help >help
	run ! grep ' $' help
	run image fsck x
	[ "${lines[1]}" = "hint: ctr image fsck" ]
	run image import --max-size
	[ "${lines[0]}" = 'ctr: image import: --max-size needs a value' ]
	for c in build import ls inspect rm save gc fsck; do
		run image $c --help
		[ "$status" -eq 0 ]
		[[ "${lines[2]}" =~ ^"  ctr image " ]]
	done
}
