# shellcheck shell=bash
# Containers and the machine: it is rebooted, in good order and by losing its power, and what should run runs again.
# The machine is a virtual one with a disk that stays (tests/host/run); what is done in it is in reboot-job.
bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	TOP=$(realpath "$BATS_TEST_DIRNAME/../..")
	BUILD=$(realpath "${CTR_BUILD:-$TOP/build}")
	export TOP BUILD MARK=/mark
	(BATS_TEST_DIRNAME=$TOP/tests/cli source "$TOP/tests/cli/helpers.bash" && make_root disk.d/fs)
}
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	truncate -s 1G disk
	mkfs.ext4 -q -F -d "$BATS_FILE_TMPDIR/disk.d" -O quota,project -J size=16 \
		-E quotatype=usrquota:grpquota:prjquota,nodiscard,lazy_itable_init=1,lazy_journal_init=1 disk
}

# machine END PHASE...: from one boot to the next. END is "off"; "lost": the power goes once all is
# done; or "reboot": systemd ends it.
machine() {
	local end=$1 want=0 loss=:
	shift
	case $end in
	lost) want=125 loss='sync; echo b > /proc/sysrq-trigger; sleep 100' ;;
	reboot) want=125 loss='systemctl reboot; sleep 1000' ;;
	esac
	# shellcheck disable=SC2016
	run "-$want" "$TOP/tests/host/run" "${machine[@]}" -k "${KERNEL:-6.1}" -c 2 -t 600 -D "$PWD/disk" \
		bash -c 'loss=$1; shift; "$@" && eval "$loss"' bash "$loss" "$TOP/tests/host/reboot-job" "$BUILD" "$@"
	[[ $'\n'$output$'\n' == *$'\nall is done\n'* ]]
}

@test "after each of four reboots in a row, with and without notice, it runs what it should, with all data" {
	machine=()
	machine lost make
	machine off lost down
	machine lost after
	machine lost midway
	machine off again
}

@test "the unit of contrib/ starts and stops them with the machine, and a restart of it restarts them" {
	machine=(-S)
	machine reboot enable
	machine off enabled
}
