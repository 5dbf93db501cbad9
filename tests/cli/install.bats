# What make install puts where. The test host has no compiler.
# bats file_tags=whole

bats_require_minimum_version 1.5.0

@test "a prefix given after a build reaches the programs, the pages and the examples" {
	cd "$BATS_TEST_DIRNAME/../.." || return
	[ -e Makefile ] && [ -d "$PWD/build/obj" ] || skip "there is no build to copy"
	local at=$BATS_TEST_TMPDIR/to
	mkdir "$BATS_TEST_TMPDIR/build"
	cp -a build/{ctr*,gen,lib*,musl,obj,prefix} "$BATS_TEST_TMPDIR/build"
	make -s B="$BATS_TEST_TMPDIR/build" PREFIX="$at" install
	CTR_ROOT=$at/root "$at/bin/ctr" image ls
	CTR_ROOT=$at/root "$at/bin/ctr" image build nothing 2>&1 | grep -F 'there are: '
	run ! grep -rlE '/usr/local/(bin|libexec|share)' "$at/share/man" "$at/share/doc/ctr/contrib" "$at/share/doc/ctr/engines"
	grep -qF "$at/libexec/ctr/" "$at/share/man/man1/ctr.1"
	make -s B="$BATS_TEST_TMPDIR/build" PREFIX="$at" uninstall
	[ -z "$(find "$at" -type f -not -path "$at/root/*")" ]
}

@test "systemd has nothing to say about the units" {
	command -v systemd-analyze > /dev/null || skip "there is no systemd-analyze"
	local unit
	for unit in "$BATS_TEST_DIRNAME"/../../contrib/systemd/*.service; do
		sed 's|/usr/local/bin/ctr|/bin/true|' "$unit" > "$BATS_TEST_TMPDIR/${unit##*/}"
		run systemd-analyze verify "$BATS_TEST_TMPDIR/${unit##*/}"
		[ -z "$output" ]
	done
}
