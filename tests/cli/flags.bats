# shellcheck shell=bash
# Flags are those of the help, whole; those of docker and podman are taken, or told what to use instead.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() { nothing_left; }

@test "a flag is not shortened" {
	local flag
	for flag in --lab --rootf --inte --timeo --pids-lim --secur --security --memor --hel; do
		refused 125 "unknown flag $flag\$" ctr run --rm --rootfs "$FS" $flag 5 -- true
		refused 125 "unknown flag $flag\$" ctr run --rm --rootfs "$FS" $flag=5 -- true
	done
	# Not as the last word either, where a value would be missing.
	refused 125 'unknown flag --tim$' ctr run --tim
	refused 125 'unknown flag --fol$' ctr logs --fol x
	refused 125 'unknown flag --fol$' ctr logs x --fol
	refused 125 'unknown flag --sig$' ctr kill --sig KILL x
	refused 125 'unknown flag --al$' ctr ps --al
	refused 125 'unknown flag --hel$' ctr ps --hel
	refused 125 'unknown flag --help$' ctr ps --help=x
	refused 125 'unknown flag -H$' ctr ps -H
	refused 125 "unknown flag '--tes'" ctr image build --tes x
	run -1 ctr-oci delete --forc x
	[[ $output == *'unknown option --forc'* ]]
}

@test "a flag that begins like one of ours is not taken for it" {
	refused 125 'unknown flag --ip$' ctr run --ip 10.0.0.2 --rootfs "$FS" -- true
	hinted --net
	refused 125 'unknown flag --log$' ctr run --log none --rootfs "$FS" -- true
	refused 125 'unknown flag --time$' ctr run --time busybox --rootfs "$FS" -- true
}

@test "--pids is --pids-limit" {
	run -0 ctr run --dry-run --rootfs "$FS" --pids 77 -- true
	[[ $output == *"pids.max = 77"* ]]
	refused 125 '^ctr: run: --pids:.*abc' ctr run --pids abc --rootfs "$FS" -- true
}
