/*
 * The device rules of a container as a BPF program on its cgroup: what cgroup v1 called the
 * device controller. Later rules win, access by access; what no rule names is denied.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <linux/bpf.h>
#include <stddef.h>

/* How long it may be is for the kernel to say: a million instructions. */
struct device_program {
	struct bpf_insn *insns;
	size_t count;
};

/* Compiles the rules. No I/O. Free ret->insns. */
int cgroup_devices_plan(const struct device_rule *rules, size_t count, struct device_program *ret,
	struct err *err);

/* Adds the rules to the group, beside the programs that others put there. Needs CAP_BPF and
 * CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the initial user namespace. The kernel drops the program
 * with the group. */
int cgroup_devices_attach(int group_fd, const struct device_rule *rules, size_t count,
	struct err *err);

/* The same for a group in use: takes the place of what cgroup_devices_attach put there, in one
 * step; programs of others stay. */
int cgroup_devices_replace(int group_fd, const struct device_rule *rules, size_t count,
	struct err *err);
