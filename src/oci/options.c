#include "oci/command.h"

#include "base/num.h"

#include <limits.h>
#include <stdint.h>

int option_choice(void *to, const char *what, const char *value, struct err *err)
{
	bool yes;

	if (flag_bool(&yes, what, value, err) < 0)
		return -1;
	*(enum choice *)to = yes ? CHOICE_YES : CHOICE_NO;
	return 0;
}

int option_list_add(void *to, const char *what, const char *value, struct err *err)
{
	struct option_list *list = to;

	if (list->count == sizeof(list->items) / sizeof(list->items[0]))
		return err_set(err, "%s is given too often", what);
	list->items[list->count++] = value;
	return 0;
}

int option_number(const char *what, const char *text, int *ret, struct err *err)
{
	uint64_t n;

	if (num_parse_u64(text, &n) < 0 || n > INT_MAX)
		return err_value(err, what, text, "is not a number from 0 to %d", INT_MAX);
	*ret = (int)n;
	return 0;
}
