#include "cli/hostflag.h"

#include "cli/runflags.h"
#include "spec/name.h"

#include <string.h>

int hostname_flag(void *to, const char *what, const char *value, struct err *err)
{
	((struct run_options *)to)->spec.hostname = value;
	((struct run_options *)to)->hostname_given = true;
	return hostname_check(what, value, err);
}

int dns_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	struct address address;

	if (address_parse(value, &address) < 0)
		return err_set(err, "%s: '%.60s' is not an IP address", what, value);
	arena_push(&o->spec.arena, o->spec.dns, o->spec.dns_count, value);
	return 0;
}

int dns_search_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	if (strcmp(value, ".") != 0 && hostname_check(what, value, err) < 0)
		return -1;
	arena_push(&o->spec.arena, o->spec.dns_search, o->spec.dns_search_count, value);
	return 0;
}

int dns_option_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	if (!*value || strpbrk(value, " \t\n"))
		return err_set(err, "%s: '%.60s' is not an option of resolv.conf", what, value);
	arena_push(&o->spec.arena, o->spec.dns_options, o->spec.dns_option_count, value);
	return 0;
}
