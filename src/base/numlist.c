#include "base/numlist.h"

static bool number_next(const char **s, uint32_t *ret)
{
	const char *start = *s;

	for (*ret = 0; **s >= '0' && **s <= '9'; ++*s)
		if ((*ret = *ret * 10 + (uint32_t)(**s - '0')) > NUMLIST_MAX)
			return false;
	return *s > start;
}

int numlist_next(const char **s, uint32_t *ret_first, uint32_t *ret_last)
{
	if (!**s)
		return 0;
	if (!number_next(s, ret_first))
		return -1;
	*ret_last = *ret_first;
	if (**s == '-' && (++*s, !number_next(s, ret_last)))
		return -1;
	if (*ret_last < *ret_first)
		return -1;
	/* A comma has something behind it. */
	if (**s == ',' && *++*s)
		return 1;
	return **s || (*s)[-1] == ',' ? -1 : 1;
}

bool numlist_valid(const char *list)
{
	uint32_t first, last;
	int r = *list ? 1 : -1;

	while (r > 0)
		r = numlist_next(&list, &first, &last);
	return r == 0;
}

static bool range_within(uint32_t first, uint32_t last, const char *whole)
{
	uint32_t from, to;

	while (numlist_next(&whole, &from, &to) > 0)
		if (from <= first && last <= to)
			return true;
	return false;
}

bool numlist_within(const char *part, const char *whole)
{
	uint32_t first, last;
	int r = *part ? 1 : -1;

	while (r > 0 && (r = numlist_next(&part, &first, &last)) > 0)
		if (!range_within(first, last, whole))
			return false;
	return r == 0;
}
