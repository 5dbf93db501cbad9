# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2154
# ctr cp: files from and to a container.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

# A tree with one of each kind; its files belong to 1000, but for one.
tree() {
	mkdir -p src/sub/empty
	echo one > src/one
	echo two > src/sub/two
	ln src/one src/sub/linked
	ln -s ../one src/sub/up
	ln -s /nowhere src/dangling
	mkfifo src/fifo
	printf start > src/sparse
	truncate -s 64M src/sparse
	echo end >> src/sparse
	printf 'x%.0s' {1..200} > "src/$(printf 'n%.0s' {1..200})"
	printf 'odd\n' > $'src/\xff\e[31m'
	chmod 640 src/one
	chmod 1777 src/sub/empty
	setfattr -n user.note -v kept src/one 2> /dev/null || :
	chown -hR 1000:1000 src
	chown 0:0 src/sub/two
	touch -h -d '2001-02-03 04:05:06.789' src/sub/up
	find src -depth ! -type l -exec touch -d '2001-02-03 04:05:06.789' {} +
}
# What there is to see of a tree; with owners if $2 is set. Times of directories count where nothing was put in.
seen() { (cd "$1" && find . -mindepth 1 -printf "%P %y %m %n %s ${2:+%U:%G }%T@ %l\n" | LC_ALL=C sort); }
same_tree() { diff <(seen "$1") <(seen "$2") && diff -r --no-dereference -x fifo "$1" "$2"; }
# The files of a container, as its layers have them.
inside() { echo "$CTR_ROOT/containers/$1/upper/$2"; }

@test "a tree goes in and comes back as it was, to one that runs and to one that does not" {
	local how
	tree
	for how in running stopped; do
		started k -- sleep 1000
		[ $how = running ] || ctr kill k
		ctr cp src k:/there
		same_tree src "$(inside k there)"
		[ "$(find "$(inside k there)" -printf '%U:%G\n' | sort -u)" = 0:0 ]
		ctr cp k:/there back
		same_tree src back
		[ "$(find back -printf '%U:%G\n' | sort -u)" = "$(id -u):$(id -g)" ]
		[ "$(du -k back/sparse | cut -f 1)" -lt 200 ]
		[ back/one -ef back/sub/linked ]
		[ "$(getfattr --only-values -n user.note back/one 2> /dev/null)" = "$(getfattr --only-values -n user.note src/one 2> /dev/null)" ]
		ctr cp -a src k:/owned
		diff <(seen src owners) <(seen "$(inside k owned)" owners)
		ctr cp -a k:/owned owned
		diff <(seen src owners) <(seen owned owners)
		rm -r back owned
		ctr rm -f k
	done
}

@test "owners are those that the container sees" {
	started k -- sh -c 'mkdir /d; echo x > /d/f; chown -R 33:44 /d; sleep 1000'
	until_true "the file" ctr exec k sh -c '[ "$(stat -c %u /d/f)" = 33 ]'
	ctr cp -a k:/d d
	[ "$(stat -c %u:%g d d/f)" = $'33:44\n33:44' ]
	ctr cp k:/d e
	[ "$(stat -c %u:%g e e/f)" = $'0:0\n0:0' ]
	ctr cp -a d k:/back
	[ "$(ctr exec k stat -c %u:%g /back /back/f)" = $'33:44\n33:44' ]
	ctr cp d k:/roots
	[ "$(ctr exec k stat -c %u:%g /roots /roots/f)" = $'0:0\n0:0' ]
	chown 100000:100000 d/f
	refused 125 "100000:100000 is not among the container's ids" ctr cp -a d/f k:/
	ctr cp d/f k:/f
	ctr kill k
	refused 125 "100000:100000 is not among the container's ids" ctr cp -a d/f k:/
}

@test "where it goes, by docker's rules" {
	local how
	mkdir -p dir/sub other
	echo text > file
	echo below > dir/sub/f
	for how in running stopped; do
		started k -- sleep 1000
		[ $how = running ] || ctr kill k
		# A file: to a name, over a file, into a directory.
		ctr cp file k:/new
		echo more >> file
		ctr cp file k:/new
		cmp file "$(inside k new)"
		ctr cp file k:/root
		ctr cp file k:/tmp/
		cmp file "$(inside k root/file)"
		cmp file "$(inside k tmp/file)"
		refused 125 'no directory /none/' ctr cp file k:/none/
		refused 125 'none.*No such file' ctr cp file k:/none/x
		hinted 'has to be there'
		refused 125 'Not a directory' ctr cp file k:/etc/passwd/
		# A directory: to a new name, into one, its contents.
		ctr cp dir k:/d
		cmp dir/sub/f "$(inside k d/sub/f)"
		ctr cp dir k:/d
		cmp dir/sub/f "$(inside k d/dir/sub/f)"
		ctr cp dir/ k:/e/
		cmp dir/sub/f "$(inside k e/sub/f)"
		ctr cp dir/. k:/home
		cmp dir/sub/f "$(inside k home/sub/f)"
		ctr cp dir/. k:/made
		cmp dir/sub/f "$(inside k made/sub/f)"
		(cd dir && ctr cp . k:/root)
		(cd dir && ctr cp .. k:/up)
		cmp dir/sub/f "$(inside k root/sub/f)"
		cmp dir/sub/f "$(inside k up/dir/sub/f)"
		refused 125 'is no directory, and is not replaced by one' ctr cp dir k:/etc/passwd
		echo x > other/sub
		refused 125 'sub: there is a directory in its place' ctr cp other/. k:/d
		refused 125 'no directory' ctr cp dir/. k:/new
		# And the other way.
		ctr cp k:/etc/group got
		grep -q ann got
		ctr cp k:/etc/group other
		grep -q ann other/group
		refused 125 'no directory gone/' ctr cp k:/etc/group gone/
		ctr cp k:/d all
		cmp dir/sub/f all/sub/f
		ctr cp k:/d other
		cmp dir/sub/f other/d/sub/f
		ctr cp k:d/. other/d
		ctr cp k:/ whole
		grep -q ann whole/etc/group
		refused 125 'No such file' ctr cp k:/nothing here
		refused 125 'Not a directory' ctr cp k:/etc/group/ here
		[ ! -e here ]
		[ ! -e gone ]
		rm -rf all got whole other/d other/group other/sub
		ctr rm -f k
	done
}

@test "a stream is a tar, both ways, through pipes and compressed" {
	started k -- sleep 1000
	mkdir -p dir/sub
	echo text > dir/sub/f
	tar -C dir -c . | ctr cp - k:/tmp
	[ "$(ctr exec k cat /tmp/sub/f)" = text ]
	tar -C dir -cz sub | ctr cp - k:/root
	[ "$(ctr exec k cat /root/sub/f)" = text ]
	# More behind its end than a block: who writes it is not stopped by that.
	run -0 bash -o pipefail -c '{ tar -C dir -c .; head -c 1M /dev/zero; } | ctr cp - k:/tmp'
	[ "$(ctr cp k:/tmp/sub - | tar -t)" = $'sub/\nsub/f' ]
	[ "$(ctr cp k:/tmp/sub/. - | tar -t)" = $'./\n./f' ]
	[ "$(ctr cp k:/tmp/sub/f - | tar -xO)" = text ]
	ctr kill k
	[ "$(ctr cp k:/tmp/sub/f - | tar -xO)" = text ]
	tar -C dir -c . | ctr cp - k:/home
	# What is no tar, or no directory.
	run -125 bash -c 'echo baz | ctr cp - k:/tmp/bar.txt 2>&1'
	[[ "${lines[0]}" = 'ctr: cp: k:/tmp/bar.txt:'* ]]
	run -125 bash -c 'tar -c dir | ctr cp - k:/etc/passwd 2>&1'
	[[ "${lines[0]}" = *'a tar goes into a directory: /etc/passwd is none' ]]
	run -125 bash -c 'echo baz | ctr cp - k:/tmp 2>&1'
	[[ "${lines[0]}" = *'the tar is damaged, or cut short'* ]]
	run -125 bash -c 'tar -c dir | head -c 700 | ctr cp - k:/tmp 2>&1'
	[[ "${lines[0]}" = *'the tar is damaged, or cut short'* ]]
	# Nobody reads on: in silence, as any other program.
	run -141 bash -c 'ctr cp k:/bin - 2>&1 > >(head -c 10 > /dev/null)'
	[ -z "$output" ]
	run -125 bash -c 'ctr cp k:/bin - 2>&1 > /dev/full'
	[[ "$output" = *'No space left'* ]]
}

@test "directories that nobody may write in, and names that are long" {
	local long
	long=$(printf 'l%.0s' {1..120})
	started k -- sh -c 'mkdir -p /ro/sub; echo x > /ro/sub/f; chmod -R 555 /ro; sleep 1000'
	until_true "the tree" ctr exec k sh -c '[ "$(stat -c %a /ro)" = 555 ]'
	ctr cp k:/ro ro
	[ "$(stat -c %a ro ro/sub ro/sub/f | tr '\n' ' ')" = '555 555 555 ' ]
	ctr cp ro k:/back
	[ "$(ctr exec k cat /back/sub/f)" = x ]
	ctr cp k:/ro/sub/f "$long"
	cmp "$long" ro/sub/f
	ctr cp "$long" "k:/$long.back"
	[ "$(ctr exec k cat "/$long.back")" = x ]
	# What is there belongs to whom it belonged, and is as it was.
	ctr exec k sh -c 'mkdir -p /their/ro; chown -R 5:6 /their; chmod 700 /their /their/ro'
	ctr cp ro k:/their
	[ "$(ctr exec k stat -c %a:%u:%g /their /their/ro)" = $'700:5:6\n700:5:6' ]
	[ "$(ctr exec k stat -c %a:%u /their/ro/sub)" = 555:0 ]
}

@test "from one container to another" {
	started a -- sleep 1000
	started b -- sleep 1000
	ctr exec a sh -c 'mkdir /d; echo x > /d/f; chown -R 7:8 /d'
	ctr cp -a a:/d b:/e
	[ "$(ctr exec b stat -c %u:%g /e/f)" = 7:8 ]
	ctr kill b
	ctr cp a:/d b:/g
	[ "$(stat -c %u:%g "$(inside b g/f)")" = 0:0 ]
	ctr kill a
	ctr cp a:/d b:/h
	[ "$(cat "$(inside b h/f)")" = x ]
	refused 125 'in one container' ctr cp a:/d a:/e
}

@test "what is mounted in a container is copied from and to, and stays mounted" {
	mkdir vol
	echo old > vol/f
	echo text > file
	started k -v "$PWD/vol:/vol" -v "$PWD/vol/f:/etc/one" --tmpfs /scratch -- sleep 1000
	ctr cp file k:/scratch/
	ctr cp file k:/dev/shm/x
	[ "$(ctr exec k cat /scratch/file /dev/shm/x)" = $'text\ntext' ]
	ctr cp k:/dev/shm/x got
	cmp file got
	ctr cp k:/scratch/. from
	cmp file from/file
	ctr cp file k:/vol/new
	cmp file vol/new
	[ "$(stat -c %u vol/new)" = 0 ]
	# Files of their own kind: replacing the name would take the mount away.
	ctr cp file k:/etc/one
	cmp file vol/f
	ctr cp file k:/etc/hosts
	[ "$(ctr exec k cat /etc/hosts)" = text ]
	[ "$(ctr exec k grep -c ' /etc/' /proc/mounts)" -ge 3 ]
	ctr cp k:/etc whole
	cmp file whole/hosts
	cmp file whole/one
	# A whole root, with what the kernel shows in it.
	timeout 60 ctr cp k:/ everything
	[ -d everything/proc ]
	[ -z "$(ls everything/proc)" ]
	[ -d everything/sys ]
	cmp file everything/vol/new
	[ ! -e everything/dev/null ]
	# When it has stopped, volumes are where they were.
	ctr kill k
	echo later > later
	ctr cp later k:/vol
	cmp later vol/later
	ctr cp later k:/etc/one
	cmp later vol/f
	ctr cp k:/vol/later got
	cmp later got
	rm -r vol
	ctr cp k:/root got-root
}

@test "a single file of the kernel's, whose size nobody knows" {
	started k -- sleep 1000
	ctr cp k:/proc/1/status status
	grep -qx 'Name:.sleep' status
	[ "$(ctr cp k:/proc/self/../1/comm - | tar -xO)" = sleep ]
	refused 125 'of a file system that the kernel shows' ctr cp k:/proc all
	refused 125 'device or a socket' ctr cp k:/dev/null null
}

@test "links: kept in a tree, followed if asked for, and on the way" {
	started k -- sh -c 'mkdir -p /a/real; echo text > /a/real/f; ln -s real /a/link; ln -s f /a/real/l
		ln -s /a/real/f /abs; ln -s ../../../../a/real/f /rel; sleep 1000'
	until_true "the links" ctr exec k test -h /rel
	ctr cp k:/abs l
	[ "$(readlink l)" = /a/real/f ]
	ctr cp -L k:/abs f
	[ ! -h f ]
	grep -q text f
	ctr cp -L k:/rel g
	grep -q text g
	ctr cp k:/a/link/f h
	grep -q text h
	ctr cp k:/a/link dir-link
	[ -h dir-link ]
	ctr cp k:/a/link/. dir
	grep -q text dir/f
	[ "$(readlink dir/l)" = f ]
	ctr cp -L k:/a/link other
	[ ! -h other ]
	[ -h other/l ]
	ln -s dir way
	ctr cp k:/abs way/
	[ -h dir/abs ]
	ctr cp -L k:/abs way/new
	grep -q text dir/new
	echo more > more
	ln -s more more-link
	ctr cp -L more-link k:/m1
	[ "$(ctr exec k cat /m1)" = more ]
	ctr cp more-link k:/m2
	[ "$(ctr exec k readlink /m2)" = more ]
	# The destination is a link: to a directory, and to a file, which stays where it is.
	ctr cp more k:/a/link
	[ "$(ctr exec k cat /a/real/more)" = more ]
	ctr cp more k:/abs
	[ "$(ctr exec k cat /a/real/f)" = more ]
	ctr exec k test -h /abs
	ctr cp k:/a/real/more more-link
	[ -h more-link ]
	# Below the destination none is followed.
	mkdir -p tree/link
	echo x > tree/link/x
	refused 125 'link/: there is something in its place that is no directory' ctr cp tree/. k:/a
	mkdir -p tree/a && cp -r tree tree2
	tar -C tree -cf t.tar link/x
	run --separate-stderr -125 ctr cp - k:/a < t.tar
	[[ "$stderr" = *'a directory in its path is a symbolic link'* ]]
}

@test "setuid and file capabilities are not for another owner" {
	started k -- sh -c 'cp /bin/busybox /s; chmod 6755 /s; cp /s /u; chown 1000 /u; chmod 4755 /u; sleep 1000'
	until_true "the file" ctr exec k test -u /u
	ctr cp k:/s s
	[ "$(stat -c %a s)" = 755 ]
	ctr cp -a k:/s k2
	[ "$(stat -c %a:%u k2)" = 6755:0 ]
	ctr cp k2 k:/s2
	[ "$(ctr exec k stat -c %a /s2)" = 6755 ]
	chown 1000 k2 && chmod 4755 k2
	ctr cp k2 k:/s3
	[ "$(ctr exec k stat -c %a /s3)" = 755 ]
	ctr cp -a k2 k:/s4
	[ "$(ctr exec k stat -c %a:%u /s4)" = 4755:1000 ]
	cp k2 cap && setcap cap_net_raw+ep cap || skip "files here have no capabilities"
	ctr cp -a cap k:/cap
	ctr cp -a k:/cap back
	ctr cp k:/cap plain
	[[ "$(getcap back)" = *net_raw* ]]
	[ -z "$(getcap plain)" ]
}

@test "files that change while they are copied" {
	started k -- sh -c 'while :; do echo line >> /log; : > /short; head -c 100000 /dev/zero > /short; mkdir -p /t/a/b; mv /t /u; rm -r /u; done'
	until_true "the file" ctr exec k test -s /log
	local i
	for i in $(seq 20); do
		timeout 60 ctr cp k:/log log
		not grep -vx line log
		timeout 60 ctr cp k:/short short 2> /dev/null || true
		timeout 60 ctr cp k:/. all 2> said || { cat said; grep -q 'No such file' said; }
		rm -rf all
	done
	ctr kill k
}

@test "a FIFO or a socket keeps nobody waiting" {
	started k -- sh -c 'mkfifo /f /tmp/f; nc -lU /tmp/s & sleep 1000'
	until_true "the FIFOs" ctr exec k test -p /tmp/f
	timeout 20 ctr cp k:/f f
	[ -p f ]
	timeout 20 ctr cp -q k:/tmp tmp
	[ -p tmp/f ]
	[ ! -e tmp/s ]
	mkfifo wait
	echo x > x
	timeout 20 ctr cp x k:/f
	[ "$(ctr exec k cat /f)" = x ]
}

@test "cp refuses what it cannot do" {
	echo x > x
	refused 125 'takes what to copy, and where to' ctr cp
	refused 125 'takes what to copy, and where to' ctr cp x
	refused 125 'neither x nor y is in a container' ctr cp x y
	hinted CONTAINER:PATH
	refused 125 'no container nobody' ctr cp x nobody:/x
	refused 125 'no container nobody' ctr cp nobody:/x x
	: > 'odd:name'
	refused 125 'no container odd' ctr cp odd:name nobody:/
	hinted './odd:name'
	started k -- sleep 1000
	ctr cp ./odd:name k:/
	ctr exec k test -e /odd:name
	refused 125 'either read or written' ctr cp - -
	refused 125 'names no file' ctr cp '' k:/x
	refused 125 'nothing: open nothing: No such file' ctr cp nothing k:/x
	started ro --read-only -- sleep 1000
	refused 125 'Read-only file system' ctr cp x ro:/x
	ctr kill ro
	refused 125 'Read-only file system' ctr cp x ro:/x
	ctr cp ro:/etc/passwd y
	timeout 20 python3 "$BATS_TEST_DIRNAME/terminal.py" end:125 -- ctr cp k:/etc/passwd - | grep -q 'not written to a terminal'
}

@test "what is copied to a container before it starts is there when it does, and again" {
	echo one > in
	ctr create --name k --rootfs "$FS" -- sh -c 'cat /in; cat /in >> /out' > /dev/null
	ctr cp in k:/
	[ "$(ctr diff k)" = 'A /in' ]
	[ "$(ctr start -a k)" = one ]
	echo two > in
	ctr cp in k:/in
	[ "$(ctr start -a k)" = two ]
	[ "$(ctr cp k:/out - | tar -xO)" = $'one\ntwo' ]
	[ "$(ctr diff k)" = $'A /in\nA /out' ]
}

@test "a copy that is killed leaves nothing mounted, and nobody waiting" {
	head -c 300M /dev/zero | tr '\0' x > big
	started k -- sleep 1000
	ctr kill k
	ctr cp big k:/big &
	local pid=$!
	until_true "the copy" test -s "$(inside k big)"
	kill -9 $pid
	wait $pid || :
	until_true "the end of both" not pgrep -f "^ctr-copy .*k:|^ctr-copy (pack|extract) .* big$"
	not grep -q "$CTR_ROOT" /proc/mounts
	ctr gc > /dev/null
	ctr cp big k:/big
	cmp big "$(inside k big)"
	# One that is interrupted tidies up at once.
	rm "$(inside k big)"
	ctr cp big k:/big &
	pid=$!
	until_true "the copy" test -s "$(inside k big)"
	kill -TERM $pid
	run_status=0
	wait $pid || run_status=$?
	[ $run_status -eq 143 ]
	[ ! -e "$CTR_STATE/k" ]
}

@test "a container that is copied to is neither started nor removed meanwhile" {
	started k -- sleep 1000
	ctr kill k
	mkfifo pipe
	ctr cp - k:/tmp < pipe &
	exec 5> pipe
	until_true "the hold" test -d "$CTR_STATE/k"
	timeout 2 ctr rm k > said 2>&1 || :
	[ -d "$CTR_ROOT/containers/k" ]
	timeout 2 ctr start k > said 2>&1 || :
	not running k
	tar -c "$FS/etc/passwd" >&5 2> /dev/null
	exec 5>&-
	wait
	[ -e "$(inside k "tmp$FS/etc/passwd")" ]
	[ ! -e "$CTR_STATE/k" ]
}
