/* Names and addresses that a container knows, its own among them, by the flags of ctr run: setters of base/flag.h, of a
 * struct run_options. */
#pragma once

#include "base/err.h"

int hostname_flag(void *to, const char *what, const char *value, struct err *err);
int dns_flag(void *to, const char *what, const char *value, struct err *err);
int dns_search_flag(void *to, const char *what, const char *value, struct err *err);
int dns_option_flag(void *to, const char *what, const char *value, struct err *err);
