#pragma once

#include "base/err.h"

/* Brings up "lo" in the caller's network namespace; the kernel gives it 127.0.0.1 and ::1. */
int loopback_up(struct err *err);
