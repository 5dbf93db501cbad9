# A Debian that is a system of its own. Its build takes minutes: `make check-long`.
# bats file_tags=whole,long

setup_file() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	file_setup
}
setup() {
	source "$BATS_TEST_DIRNAME/helpers.bash"
	unset CTR_RECIPES
	cd "$BATS_TEST_TMPDIR"
}
teardown() { nothing_left; }

settled_system() { [ "$(timeout 20 ctr exec vps systemctl is-system-running)" = running ]; }

@test "debian-vps is built, boots as its page says, listens for ssh with keys of its own, and stops" {
	mirror_answers > mirror 2>&1 || skip "the package mirror does not answer"
	timeout 900 ctr image build debian-vps > built 2> said < /dev/null
	not grep -vE '^ctr: image build: [0-9]+ s$' said
	[[ "$(cat built)" =~ ^debian-vps:latest\ sha256:[0-9a-f]{64}$ ]]
	# Two systems have neither key nor id in common.
	run -0 ctr run --rm debian-vps sh -c 'cat /etc/machine-id /etc/ssh/ssh_host_*_key 2> /dev/null || :'
	[ "$output" = "" ]
	ctr run -d --name vps --cap-add SYS_ADMIN --security-opt writable-cgroups --security-opt seccomp=vps debian-vps
	until_true "it has booted" settled_system
	run -0 timeout 20 ctr exec vps sh -c 'cat /proc/1/comm; systemctl is-active ssh cron dbus; wc -c < /etc/machine-id;
		ls /etc/ssh | grep -c "^ssh_host_.*_key$"'
	[ "$output" = $'systemd\nactive\nactive\nactive\n33\n3' ]
	# A login is a session of logind, and does not wait for it.
	[[ "$(timeout 10 ctr exec vps su -l -c 'loginctl list-sessions --no-legend')" =~ root ]]
	timeout 60 ctr stop vps
	[[ "$(ctr ps -a | grep vps)" =~ "Exited (0)" ]]
	ctr rm vps
}
