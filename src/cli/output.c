#include "cli/output.h"

#include "base/num.h"
#include "console/logfile.h"

#include <stdbool.h>
#include <string.h>

#define SECOND_NS 1000000000LL

char *time_format(int64_t ns, char buf[TIME_SIZE])
{
	buf[0] = '\0';
	if (ns > 0)
		oci_time_format(ns, buf);
	return buf;
}

char *age_format(int64_t ns, char buf[AGE_SIZE])
{
	static const struct {
		int64_t seconds, until; /* until: so many of the unit before are better */
		const char *name;
	} units[] = {
		{365 * 86400, 2 * 365 * 86400, "year"},
		{30 * 86400, 60 * 86400, "month"},
		{7 * 86400, 14 * 86400, "week"},
		{86400, 2 * 86400, "day"},
		{3600, 3600, "hour"},
		{60, 60, "minute"},
		{1, 1, "second"},
	};
	int64_t seconds = ns / SECOND_NS;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (seconds >= units[i].until) {
			int64_t n = seconds / units[i].seconds;

			snprintf(buf, AGE_SIZE, "%lld %s%s", (long long)n, units[i].name,
				n == 1 ? "" : "s");
			return buf;
		}
	snprintf(buf, AGE_SIZE, "less than a second");
	return buf;
}

int time_parse(const char *what, const char *s, int64_t now_ns, uint64_t *ret_ns, struct err *err)
{
	uint64_t ns;

	if (logfile_parse_time(s, strlen(s), ret_ns) == 0)
		return 0;
	if (num_parse_u64(s, &ns) == 0 && !__builtin_mul_overflow(ns, SECOND_NS, &ns)) {
		*ret_ns = ns;
		return 0;
	}
	if (duration_parse(what, s, &ns, err) < 0) {
		err_value(err, what, s, "is not a time");
		return err_hint(err, "use 2026-01-31T12:00:00Z, seconds since 1970, or a length of "
				     "time before now such as 10m");
	}
	/* 0 would stand for no bound at all. */
	*ret_ns = ns < (uint64_t)now_ns ? (uint64_t)now_ns - ns : 1;
	return 0;
}
