/* What ctr-copy may do once it has its descriptors: reach files through them, and nothing else. */
#pragma once

#include "base/err.h"

/* "/" becomes the empty directory behind empty_fd: whatever a library wants to load or look up later, it finds
 * nothing of a container's (CVE-2019-14271). userns_fd: the user namespace to be root of, or -1: then no more
 * rights are kept than files take. Ends with the process that started us: parent. */
int confine(int empty_fd, int userns_fd, int parent, struct err *err);
