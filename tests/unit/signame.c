#include "spec/signame.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(signame, known)
{
	static const struct {
		const char *s;
		int number;
	} c[] = {{"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM}, {"15", 15},
		{"1", 1}, {"64", 64}, {"RTMIN", 34}, {"RTMIN+3", 37}, {"SIGRTMIN+0", 34},
		{"SIGRTMAX-1", 63}, {"RTMAX", 64}, {"rtmax-30", 34}, {"RTMIN+30", 64},
		{"WINCH", SIGWINCH}, {"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};

	for (size_t i = 0; i < COUNT(c); i++)
		cr_assert_eq(signal_parse(c[i].s), c[i].number, "%s", c[i].s);
}

Test(signame, refused)
{
	static const char *const bad[] = {"", "0", "65", "-1", "SIG", "SIGSIGTERM", "TERM ",
		" TERM", "TERMS", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMAX-31", "RTMIN+",
		"RTMIN++1", "RTMIN3", "RTMIN+4294967296", "4294967297", "15x", "SIG15", "\n"};

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(signal_parse(bad[i]), -1, "%s", bad[i]);
}

Test(signame, very_long)
{
	char s[70000];

	memset(s, '1', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert_eq(signal_parse(s), -1);
	memcpy(s, "RTMIN+", 6);
	cr_assert_eq(signal_parse(s), -1);
}

Test(signame, every_number_reads_back)
{
	char buf[SIGNAL_NAME_SIZE];

	for (int n = 1; n <= SIGNAL_MAX; n++)
		cr_assert_eq(signal_parse(signal_format(n, buf)), n, "%d is %s", n, buf);
	cr_assert_str_eq(signal_format(SIGABRT, buf), "SIGABRT");
	cr_assert_str_eq(signal_format(37, buf), "SIGRTMIN+3");
	cr_assert_str_eq(signal_format(63, buf), "SIGRTMAX-1");
	cr_assert_str_eq(signal_format(32, buf), "32");
}
