#include "spec/capname.h"

#include <criterion/criterion.h>
#include <linux/capability.h>
#include <string.h>

static struct err err;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n)   ((uint64_t)1 << (n))
enum { LAST = 40 };

Test(capname, names)
{
	static const struct {
		const char *s;
		uint64_t mask;
	} c[] = {{"CAP_NET_RAW", BIT(CAP_NET_RAW)}, {"net_raw", BIT(CAP_NET_RAW)},
		{"Net_Raw", BIT(CAP_NET_RAW)}, {"ALL", CAPS_ALL}, {"all", CAPS_ALL},
		{"kill,CAP_CHOWN", BIT(CAP_KILL) | BIT(CAP_CHOWN)}, {"kill,all", CAPS_ALL},
		{"CHECKPOINT_RESTORE", BIT(CAP_CHECKPOINT_RESTORE)}};
	uint64_t mask;

	for (size_t i = 0; i < COUNT(c); i++)
		cr_assert(caps_parse("--cap-add", c[i].s, &mask, &err) == 0 && mask == c[i].mask,
			"%s", c[i].s);
}

Test(capname, refused)
{
	static const char *const bad[] = {"", ",", "kill,", ",kill", "kill,,chown", "KILLS", "cap_",
		"0", "5", "cap_5", "cap_0x1", "kill=ep", "kill+e", "kill chown", " kill", "kill ",
		"cap_cap_kill", "CAP_ALL", "63", "cap_kill\n"};
	uint64_t mask = 7;
	char s[70000];

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(caps_parse("--cap-add", bad[i], &mask, &err) == -1 && mask == 7, "%s",
			bad[i]);
	memset(s, 'k', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert(caps_parse("--cap-add", s, &mask, &err) == -1);
	caps_parse("--cap-add", "NET", &mask, &err);
	cr_assert_str_eq(err.text, "--cap-add: 'NET' is not a capability");
}

Test(capname, every_name_reads_back)
{
	char buf[CAPS_TEXT_SIZE];
	uint64_t mask;

	for (int n = 0; n <= LAST; n++)
		cr_assert(caps_parse("x", caps_format(BIT(n), buf), &mask, &err) == 0 &&
				  mask == BIT(n),
			"%s", buf);
	cr_assert(caps_parse("x", caps_format(BIT(LAST + 1) - 1, buf), &mask, &err) == 0);
	cr_assert(mask == BIT(LAST + 1) - 1);
	cr_assert_str_eq(caps_format(0, buf), "");
	cr_assert_str_eq(caps_format(BIT(CAP_NET_RAW) | BIT(CAP_KILL), buf),
		"CAP_KILL,CAP_NET_RAW");
	cr_assert(strlen(caps_format(CAPS_ALL, buf)) < CAPS_TEXT_SIZE);
}

Test(capname, defaults)
{
	char buf[CAPS_TEXT_SIZE];

	cr_assert_str_eq(caps_format(caps_default(), buf),
		"CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,CAP_SETGID,CAP_SETUID,"
		"CAP_SETPCAP,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT,CAP_SETFCAP");
}

Test(capname, apply)
{
	uint64_t base = caps_default(), kernel = BIT(LAST + 1) - 1, mask;
	uint64_t raw = BIT(CAP_NET_RAW), kill = BIT(CAP_KILL);

	cr_assert(caps_apply(base, 0, 0, LAST, &mask, &err) == 0 && mask == base);
	cr_assert(caps_apply(base, raw, kill, LAST, &mask, &err) == 0);
	cr_assert(mask == ((base | raw) & ~kill));
	cr_assert(caps_apply(base, raw, CAPS_ALL, LAST, &mask, &err) == 0 && mask == raw);
	cr_assert(caps_apply(base, 0, CAPS_ALL, LAST, &mask, &err) == 0 && mask == 0);
	cr_assert(caps_apply(base, CAPS_ALL, 0, LAST, &mask, &err) == 0 && mask == kernel);
	cr_assert(caps_apply(base, CAPS_ALL, kill, LAST, &mask, &err) == 0);
	cr_assert(mask == (kernel & ~kill));
	cr_assert(caps_apply(base, kill, kill, LAST, &mask, &err) == 0 && mask == base);
	cr_assert(caps_apply(base, CAPS_ALL, 0, 63, &mask, &err) == 0 && mask == CAPS_ALL);
	mask = 7;
	cr_assert(caps_apply(base, CAPS_ALL, CAPS_ALL, LAST, &mask, &err) == -1 && mask == 7);
	cr_assert(caps_apply(base, BIT(CAP_CHECKPOINT_RESTORE), 0, 39, &mask, &err) == -1 &&
		  mask == 7);
	cr_assert(strstr(err.text, "CAP_CHECKPOINT_RESTORE"), "%s", err.text);
	cr_assert(caps_apply(base, 0, BIT(CAP_CHECKPOINT_RESTORE), 39, &mask, &err) == 0 &&
		  mask == base);
}
