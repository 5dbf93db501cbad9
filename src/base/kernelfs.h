/* File systems in which the kernel shows itself: what lies there has no size, and is nobody's to copy or to map. */
#pragma once

#include <stdbool.h>

/* By the f_type of statfs(2). */
bool kernelfs_is(unsigned long type);
