#include "spec/capname.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BIT(n) ((uint64_t)1 << (n))

uint64_t caps_default(void)
{
	return BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |
	       BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) |
	       BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETFCAP);
}

/* Not libcap's: that takes memory for each answer and, without any, tells a number; and asks the kernel six
 * things before main(). */
#define N(name) [CAP_##name] = "CAP_" #name
static const char *const names[] = {N(CHOWN), N(DAC_OVERRIDE), N(DAC_READ_SEARCH), N(FOWNER),
	N(FSETID), N(KILL), N(SETGID), N(SETUID), N(SETPCAP), N(LINUX_IMMUTABLE),
	N(NET_BIND_SERVICE), N(NET_BROADCAST), N(NET_ADMIN), N(NET_RAW), N(IPC_LOCK), N(IPC_OWNER),
	N(SYS_MODULE), N(SYS_RAWIO), N(SYS_CHROOT), N(SYS_PTRACE), N(SYS_PACCT), N(SYS_ADMIN),
	N(SYS_BOOT), N(SYS_NICE), N(SYS_RESOURCE), N(SYS_TIME), N(SYS_TTY_CONFIG), N(MKNOD),
	N(LEASE), N(AUDIT_WRITE), N(AUDIT_CONTROL), N(SETFCAP), N(MAC_OVERRIDE), N(MAC_ADMIN),
	N(SYSLOG), N(WAKE_ALARM), N(BLOCK_SUSPEND), N(AUDIT_READ), N(PERFMON), N(BPF),
	N(CHECKPOINT_RESTORE)};
#undef N
enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *cap_name(unsigned cap, char buf[CAP_TEXT_SIZE])
{
	if (cap < NAMES)
		return names[cap];
	snprintf(buf, CAP_TEXT_SIZE, "%u", cap);
	return buf;
}

int cap_number(const char *name, size_t len)
{
	if (len > 4 && !strncasecmp(name, "CAP_", 4)) {
		name += 4;
		len -= 4;
	}
	for (int cap = 0; cap < NAMES; cap++)
		if (strlen(names[cap] + 4) == len && !strncasecmp(names[cap] + 4, name, len))
			return cap;
	return -1;
}

/* One element of a list as a mask; 0 if it is no capability. */
static uint64_t element_mask(const char *name, size_t len)
{
	int cap;

	if (len == 3 && !strncasecmp(name, "ALL", 3))
		return CAPS_ALL;
	cap = cap_number(name, len);
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
		return err_set(err, "--cap-add: this kernel has no capability %s",
			cap_name((unsigned)__builtin_ctzll(add & ~kernel), name));
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
		used += (size_t)snprintf(buf + used, CAPS_TEXT_SIZE - used, "%s%s", used ? "," : "",
			cap_name(cap, name));
	}
	return buf;
}
