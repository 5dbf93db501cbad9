/*
 * AppArmor and SELinux: the profile or label that the payload gets when it is executed. The kernel
 * takes it through a file of procfs, which is opened before the container's root is entered: what
 * an image has at /proc is not asked (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642).
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

enum { LSM_LABEL_SIZE = 1100 };

/* Refuses, before anything is made, what this host cannot do: the module is off, the profile is not
 * loaded (where securityfs tells), the label is not in the policy. Does nothing if nothing is asked
 * for. */
int lsm_check(const struct process_spec *p, struct err *err);

/* Child, in the host's root: the file to write to; -1 if there is nothing to write. Only the process
 * that opened it may write. */
int lsm_open(const struct process_spec *p, int *ret_fd, struct err *err);
/* For the next exec of the calling thread. Allocates nothing. */
int lsm_apply(int fd, const struct process_spec *p, struct err *err);

/* ctr's own SELinux label; -1 with the reason where SELinux is off. */
int lsm_selinux_own(char ret[LSM_LABEL_SIZE], struct err *err);
