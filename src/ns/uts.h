/* Hostname, and sysctls, of namespaces that are the container's own. Called in the child. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

int uts_set_hostname(const char *hostname, struct err *err);
int uts_set_domainname(const char *domainname, struct err *err);

/* Sets sysctls (names with dots) through procfd, a mount of procfs. err->sys is EXDEV where something is
 * mounted over one. */
int sysctls_apply(int procfd, const struct key_value *sysctls, size_t n, struct err *err);
