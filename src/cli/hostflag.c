#include "cli/hostflag.h"

#include "cli/runflags.h"
#include "spec/name.h"

#include <arpa/inet.h>
#include <string.h>

int hostname_flag(void *to, const char *what, const char *value, struct err *err)
{
	((struct run_options *)to)->spec.hostname = value;
	((struct run_options *)to)->hostname_given = true;
	return hostname_check(what, value, err);
}

static int refuse_address(const char *what, const char *value, struct err *err)
{
	err_set(err, "%s: '%.60s' is not an IP address", what, value);
	if (strcmp(value, "host-gateway") != 0)
		return -1;
	return err_hint(err,
		"with --net host, the host is 127.0.0.1; otherwise there is no way to it");
}

int add_host_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	const char *colon = strchr(value, ':');
	unsigned char address[16];
	struct key_value kv;

	if (!colon || colon == value)
		return err_set(err, "%s: '%.100s' is not NAME:ADDRESS", what, value);
	kv.key = arena_strndup(&o->spec.arena, value, (size_t)(colon - value));
	kv.value = colon + 1;
	if (hostname_check(what, kv.key, err) < 0)
		return -1;
	if (inet_pton(AF_INET, kv.value, address) != 1 &&
		inet_pton(AF_INET6, kv.value, address) != 1)
		return refuse_address(what, kv.value, err);
	arena_push(&o->spec.arena, o->spec.hosts, o->spec.host_count, kv);
	return 0;
}

int dns_flag(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	unsigned char address[16];

	if (inet_pton(AF_INET, value, address) != 1 && inet_pton(AF_INET6, value, address) != 1)
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
