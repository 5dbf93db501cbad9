# shellcheck shell=bash disable=SC2016
# The first steps of the README in a fresh root of each Debian that has what is needed: packages, build, first
# image, first container. Minutes each: `make check-long`.
# bats file_tags=whole,long

setup_file() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	file_setup
}
setup() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	cd "$BATS_TEST_TMPDIR"
}
teardown() { nothing_left; }

# demo SUITE: `make demo` in a root of that suite, which is pivoted to, as a chroot gets no user namespace.
demo() {
	local source=$BATS_TEST_DIRNAME/../..
	mirror_answers > mirror 2>&1 || skip "the package mirror does not answer"
	timeout 600 mmdebstrap --variant=minbase --include=make "$1" root > made 2>&1 || { cat made && false; }
	mkdir root/source
	cp -r "$source"/{Makefile,packages,src,images,tests} root/source
	# shellcheck disable=SC2016
	timeout 900 unshare -m --propagation private sh -euc '
		mount --bind root root && cd root
		for fs in dev proc sys; do mount --rbind /$fs $fs; done
		mount -t tmpfs -o mode=1777 t tmp && mount -t tmpfs t run
		cp /etc/resolv.conf etc/
		pivot_root . mnt && umount -l /mnt
		cd /source && exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin make demo' < /dev/null > said 2>&1 ||
		{ cat said && false; }
	[ "$(tail -n 1 said)" = hello ]
	not grep -E 'No such file|not found|warning' said
	# Linked against musl, which starts faster.
	[ "$(readlink -f root/source/build/ctr)" -ef root/source/build/ctr-musl ]
	rm -rf --one-file-system root
}

@test "the first container in a fresh Debian 12" { demo bookworm; }
@test "the first container in a fresh Debian 13" { demo trixie; }
