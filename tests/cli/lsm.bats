# shellcheck shell=bash disable=SC2016,SC2030,SC2031
# AppArmor profiles and SELinux labels.
load helpers

setup_file() { file_setup; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
teardown() {
	nothing_left
	if [ -e loaded ]; then apparmor_parser -R loaded; fi
}

apparmor_on() { [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; }
selinux_on() { [ -e /sys/fs/selinux/enforce ]; }
needs_apparmor() {
	apparmor_on || skip "AppArmor is not enabled on this host"
	command -v apparmor_parser > /dev/null || skip "apparmor_parser is not installed"
}

# A profile that denies one file, for as long as the test.
load_profile() {
	needs_apparmor
	PROFILE=of-$BATS_ROOT_PID-$BATS_TEST_NUMBER
	cat > loaded <<-END
		profile $PROFILE flags=(attach_disconnected,mediate_deleted) {
			file,
			network,
			capability,
			signal,
			deny /etc/secret rw,
			deny /forbidden/** w,
		}
	END
	apparmor_parser -K -r loaded
}

secret_root() {
	cp -a "$FS" root
	mkdir -p root/forbidden
	echo hidden > root/etc/secret
	chmod 644 root/etc/secret
	chmod 777 root/forbidden
}

# bats test_tags=lacking
@test "a profile is refused where AppArmor is off, before anything is made" {
	if apparmor_on; then skip "AppArmor is enabled on this host"; fi
	run -125 box --name named --security-opt apparmor=some-profile -- true
	[[ "$output" == *"AppArmor is not enabled on this host"*some-profile* ]]
	[ -z "$(containers)" ]
	# What is unconfined anyway may be told to be.
	run -0 box --security-opt apparmor=unconfined -- echo ran
	[ "$output" = ran ]
}

@test "a label is refused where SELinux is off" {
	if selinux_on; then skip "SELinux is enabled on this host"; fi
	run -125 box --security-opt label=type:container_t -- true
	[[ "$output" == *"SELinux is not enabled on this host"* ]]
	run -0 box --security-opt label=type:container_t --security-opt label=disable -- echo ran
	[ "$output" = ran ]
	run -125 box --security-opt label=nosuch -- true
	[[ "$output" == *"label=user:U"* ]]
}

@test "names that are none are refused" {
	run -125 box --security-opt apparmor= -- true
	[[ "$output" == *empty* ]]
	run -125 box --security-opt "apparmor=a"$'\n'"b" -- true
	[[ "$output" == *"control character"* ]]
	run -125 box --security-opt "apparmor= a" -- true
	[[ "$output" == *blank* ]]
}

@test "the plan says it" {
	run -0 box --dry-run --security-opt apparmor=some-profile -- true
	[[ "$output" == *"apparmor  some-profile"* ]]
}

@test "a profile that is not loaded is refused, before anything is made" {
	needs_apparmor
	run -125 box --security-opt apparmor=no-such-profile -- true
	[[ "$output" == *"the AppArmor profile no-such-profile is not loaded"* ]]
	[ -z "$(containers)" ]
}

@test "the kernel's own refusal is told where the list of profiles cannot be read" {
	needs_apparmor
	run -125 unshare -m sh -c 'umount /sys/kernel/security
		exec ctr run --rm --rootfs "$FS" --security-opt apparmor=no-such-profile -- true'
	[[ "$output" == *"the AppArmor profile no-such-profile is not loaded"* ]]
	[ -z "$(containers)" ]
}

@test "a profile denies in the container, and shows there" {
	load_profile
	secret_root
	run -0 ctr run --rm --rootfs root -- sh -c 'cat /etc/secret && : > /forbidden/x && cat /proc/self/attr/current'
	[ "$output" = $'hidden\nunconfined' ]
	run -0 ctr run --rm --rootfs root --security-opt "apparmor=$PROFILE" -- sh -c '
		cat /proc/self/attr/current
		cat /etc/secret
		echo > /forbidden/x
		echo x > /tmp/x && cat /tmp/x'
	[[ "$output" == "$PROFILE (enforce)"$'\n'*"Permission denied"*"Permission denied"*$'\nx' ]]
	[[ "$output" != *hidden* ]]
}

@test "every way in has the profile: a user, an init, a terminal, exec" {
	load_profile
	secret_root
	run -0 ctr run --rm --rootfs root -u ann --security-opt "apparmor=$PROFILE" -- cat /proc/self/attr/current
	[ "$output" = "$PROFILE (enforce)" ]
	run -0 ctr run --rm --rootfs root --init --security-opt "apparmor=$PROFILE" -- cat /proc/1/attr/current /proc/self/attr/current
	[ "$output" = "$PROFILE (enforce)"$'\n'"$PROFILE (enforce)" ]
	run -0 ctr run --rm --rootfs root --security-opt "apparmor=$PROFILE" --security-opt seccomp=unconfined \
		--security-opt no-new-privileges=false -- cat /proc/self/attr/current
	[ "$output" = "$PROFILE (enforce)" ]
	ctr run -d --name kept --rootfs root --security-opt "apparmor=$PROFILE" -- sleep 60
	run -0 ctr exec kept cat /proc/self/attr/current /proc/1/attr/current
	[ "$output" = "$PROFILE (enforce)"$'\n'"$PROFILE (enforce)" ]
	run -1 ctr exec -u ann kept cat /etc/secret
	[ "$(jq -r .process.apparmorProfile "$CTR_ROOT/containers/kept/config.json")" = "$PROFILE" ]
	ctr rm -f kept
}

@test "what an image has at /proc does not take the profile (CVE-2019-16884)" {
	load_profile
	secret_root
	mkdir -p root/proc/thread-self/attr/apparmor root/proc/self/attr
	: > root/proc/thread-self/attr/apparmor/exec
	: > root/proc/self/attr/exec
	chmod 666 root/proc/thread-self/attr/apparmor/exec
	run -0 ctr run --rm --rootfs root --security-opt "apparmor=$PROFILE" -- cat /proc/self/attr/current
	[ "$output" = "$PROFILE (enforce)" ]
	# Nor is anything mounted where it is written.
	run -125 ctr run --rm --rootfs root -v "$PWD/root:/proc/self" --security-opt "apparmor=$PROFILE" -- true
	[[ "$output" == *"/proc/self is a part of procfs"* ]]
	[ ! -s root/proc/thread-self/attr/apparmor/exec ]
}

@test "the profile that comes with ctr loads, and takes nothing from an ordinary program" {
	needs_apparmor
	profile=$BATS_TEST_DIRNAME/../../contrib/apparmor/ctr-default
	apparmor_parser -K -r "$profile"
	run -0 box --security-opt apparmor=ctr-default -- sh -c 'cat /proc/self/attr/current; echo x > /tmp/x; sleep 9 & kill $!; wait; ls / > /dev/null && echo fine'
	[[ "$output" == "ctr-default (enforce)"*fine ]]
	unlocked=(--userns host --cap-add ALL --security-opt seccomp=unconfined)
	run -0 box "${unlocked[@]}" -- mount -t tmpfs none /tmp
	run ! box "${unlocked[@]}" --security-opt apparmor=ctr-default -- mount -t tmpfs none /tmp
	[[ "$output" == *[Dd]enied* ]]
	apparmor_parser -K -R "$profile"
}
