# What somebody runs first: a Debian from the mirror, the host's own root, and this source in it. The test
# host has neither a mirror nor a root with a compiler.
# bats file_tags=whole

# One build for all tests: it takes most of their time.
setup_file() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	file_setup
	unset CTR_RECIPES
	mirror_answers > mirror 2>&1 || return 0
	timeout 300 ctr image build debian > built 2> said < /dev/null && echo 0 > status || echo $? > status
}
setup() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	cd "$BATS_TEST_TMPDIR"
}
teardown() { nothing_left; }

needs_debian() { [ -e "$BATS_FILE_TMPDIR/status" ] || skip "the package mirror does not answer"; }

@test "debian is built with the host's mirror, without a word but its name and how long it takes" {
	needs_debian
	cat "$BATS_FILE_TMPDIR"/{status,built,said}
	[ "$(cat "$BATS_FILE_TMPDIR/status")" = 0 ]
	not grep -vE '^ctr: image build: ([0-9.]+[KMG], )?[0-9]+ s$' "$BATS_FILE_TMPDIR/said"
	[[ "$(cat "$BATS_FILE_TMPDIR/built")" =~ ^debian:latest\ sha256:[0-9a-f]{64}$ ]]
}

@test "debian runs, with a directory of the host in it" {
	needs_debian
	mkdir src && echo hello > src/file
	run -0 timeout 30 ctr run --rm -v "$PWD/src:/src" -w /src debian sh -c 'apt-get --version && ls'
	[[ "${lines[0]}" =~ ^apt\ [0-9] ]]
	[ "${lines[-1]}" = file ]
	run -0 timeout 30 ctr run --rm debian sh -c '. /etc/os-release; echo $VERSION_CODENAME; id -u; cat /etc/machine-id'
	[ "$output" = $'bookworm\n0' ]
}

@test "debian installs a package over the host's network" {
	needs_debian
	run -0 timeout 120 ctr run --rm --network host debian \
		sh -c 'apt-get -qq update && apt-get -qq install hello && hello' < /dev/null
	[ "${lines[-1]}" = 'Hello, world!' ]
}

@test "the host's compiler runs in a copy of the host" {
	run -0 ctr run --rm --rootfs / -- gcc --version
	[ "${lines[0]}" = "$(gcc --version | head -n 1)" ]
}

@test "this project is built in a copy of the host, and what is built runs" {
	mkdir -p copy/tests
	cp -r "$BATS_TEST_DIRNAME"/../../{Makefile,src} copy
	cp "$BATS_TEST_DIRNAME/../tests.mk" copy/tests
	run -0 timeout 60 ctr run --rm --rootfs / -v "$PWD/copy:/src" -w /src -- make -s build/ctr-init build/ctr-supervisor
	[ "$output" = "" ]
	[ "$(stat -c %u:%g copy/build/ctr-init)" = 0:0 ]
	run -7 copy/build/ctr-init -- sh -c 'exit 7'
	[ ! -e /src ]
}

@test "the example that removes a part of the host ends soon, and the host has it still" {
	local example before=$(ls /usr/bin | wc -l)
	example=$(sed -nE "s/^\t\t(ctr run --rm --rootfs \/ -- sh -c 'rm .*)/\1/p" "$BATS_TEST_DIRNAME/../../README.md")
	[ -n "$example" ]
	run -0 timeout 20 sh -c "$example"
	[[ "$output" =~ /usr/lib && ! "$output" =~ /usr/bin ]]
	[ "$(ls /usr/bin | wc -l)" -eq "$before" ]
}
