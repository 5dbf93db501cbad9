#!/bin/sh
# bundle.sh DIR ROOTFS [PROFILE]
# Makes an OCI bundle with the isolation that `ctr run` gives by default, to be run by crun and runc:
# the same namespaces but the user one, mounts, masks, capabilities, and the filter of PROFILE, a
# seccomp.json as docker and podman keep it. Without PROFILE there is no filter. BENCH_DEVICES=no
# leaves out the device rules, for hosts where crun may not load them.
set -eu
dir=$1 rootfs=$2 profile=${3-}
caps='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_FSETID","CAP_KILL","CAP_SETGID","CAP_SETUID",
"CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_SETFCAP"]'
case $(uname -m) in
x86_64) arch=amd64 abis='["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]' ;;
aarch64) arch=arm64 abis='["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"]' ;;
*) echo "bundle.sh: no table of filter ABIs for $(uname -m)" >&2 && exit 1 ;;
esac

mkdir -p "$dir"
cd "$dir"
rm -f config.json plain.json filter.json
crun spec
mv config.json plain.json
echo null >filter.json
if [ -n "$profile" ]; then
	jq --arg arch "$arch" --argjson caps "$caps" --argjson abis "$abis" '
		def applies: ((.includes.caps // []) - $caps == [])
			and ((.includes.arches // [$arch]) | index($arch))
			and ((.excludes.caps // []) - $caps == (.excludes.caps // []))
			and ((.excludes.arches // []) | index($arch) | not);
		{defaultAction, defaultErrnoRet, architectures: $abis, syscalls: [.syscalls[]
			| select(applies) | {names, action, args, errnoRet}
			| with_entries(select(.value != null))]}' "$profile" >filter.json
fi
jq --arg rootfs "$rootfs" --argjson caps "$caps" --slurpfile filter filter.json \
	--arg devices "${BENCH_DEVICES-yes}" '
	.root = {path: $rootfs, readonly: false}
	| .process.terminal = false | .process.args = ["/bin/true"] | del(.process.rlimits)
	| .process.noNewPrivileges = true
	| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
	| .linux.namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup" | {type: .}]
	| if $devices == "no" then del(.linux.resources) else . end
	| if $filter[0] then .linux.seccomp = $filter[0] else . end' plain.json >config.json
