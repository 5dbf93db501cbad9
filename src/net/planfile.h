/* The plan of a container that runs, or is about to, in its state directory. */
#pragma once

#include "net/plan.h"

#define NETWORK_PLAN_FILE "network.json"

/* 1, or 0 if there is none. */
int plan_read(int state_fd, struct network_plan *ret, struct err *err);
int plan_write(int state_fd, const struct network_plan *plan, struct err *err);
