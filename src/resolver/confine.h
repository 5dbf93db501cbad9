/* What a resolver gives up before it reads the first byte of a container. */
#pragma once

#include <stdint.h>

/* -1 if any of it cannot be: nothing is to be served then. The process ends with its parent. */
int confine(uint32_t uid, uint32_t gid);
