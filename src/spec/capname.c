#include "spec/capname.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

enum { CAP_TEXT_SIZE = 48 };
#define BIT(n) ((uint64_t)1 << (n))

uint64_t caps_default(void)
{
	return BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |
	       BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) |
	       BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETFCAP);
}

/* libcap's own name of a capability: "cap_kill"; a number for one that is newer than it. */
static void cap_name(unsigned cap, char buf[CAP_TEXT_SIZE])
{
	char *name = cap_to_name((cap_value_t)cap);

	if (name)
		snprintf(buf, CAP_TEXT_SIZE, "%s", name);
	else
		snprintf(buf, CAP_TEXT_SIZE, "%u", cap);
	cap_free(name);
}

/* cap_from_name() takes numbers and stops at the first foreign byte: only what it would
 * print again is a name. */
static int cap_number(const char *name, size_t len)
{
	char full[CAP_TEXT_SIZE], again[CAP_TEXT_SIZE];
	const char *prefix = len > 4 && !strncasecmp(name, "cap_", 4) ? "" : "cap_";
	cap_value_t cap;
	int n = snprintf(full, sizeof(full), "%s%.*s", prefix, (int)len, name);

	if (n < 0 || (size_t)n >= sizeof(full) || cap_from_name(full, &cap) < 0)
		return -1;
	if (cap < 0 || cap > 63)
		return -1;
	cap_name((unsigned)cap, again);
	return strcasecmp(full, again) ? -1 : cap;
}

/* One element of a list as a mask; 0 if it is no capability. */
static uint64_t element_mask(const char *name, size_t len)
{
	int cap;

	if (len == 3 && !strncasecmp(name, "ALL", 3))
		return CAPS_ALL;
	cap = len < CAP_TEXT_SIZE ? cap_number(name, len) : -1;
	return cap < 0 ? 0 : BIT(cap);
}

int caps_parse(const char *what, const char *s, uint64_t *ret_mask, struct err *err)
{
	uint64_t mask = 0;
	const char *p = s;

	for (;; p++) {
		size_t len = strcspn(p, ",");
		uint64_t one = element_mask(p, len);

		if (!one) {
			err_value(err, what, s, "is not a %s",
				strchr(s, ',') ? "list of capabilities" : "capability");
			return err_hint(err,
				"use ALL or names such as NET_RAW (see capabilities(7))");
		}
		mask |= one;
		p += len;
		if (!*p)
			break;
	}
	*ret_mask = mask;
	return 0;
}

int caps_apply(uint64_t base, uint64_t add, uint64_t drop, unsigned last_cap, uint64_t *ret_mask,
	struct err *err)
{
	uint64_t kernel = last_cap >= 63 ? CAPS_ALL : BIT(last_cap + 1) - 1;
	char name[CAP_TEXT_SIZE];

	if (add == CAPS_ALL && drop == CAPS_ALL)
		return err_set(err, "--cap-add ALL and --cap-drop ALL contradict each other");
	if (add != CAPS_ALL && (add & ~kernel)) {
		cap_name((unsigned)__builtin_ctzll(add & ~kernel), name);
		return err_set(err, "--cap-add: this kernel has no capability %s", name);
	}
	if (add == CAPS_ALL)
		*ret_mask = kernel & ~drop;
	else
		*ret_mask = ((base & ~drop) | add) & kernel;
	return 0;
}

char *caps_format(uint64_t mask, char buf[CAPS_TEXT_SIZE])
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned cap = 0; cap < 64; cap++) {
		char name[CAP_TEXT_SIZE];

		if (!(mask & BIT(cap)))
			continue;
		cap_name(cap, name);
		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		used += (size_t)snprintf(buf + used, CAPS_TEXT_SIZE - used, "%s%s", used ? "," : "",
			name);
	}
	return buf;
}
