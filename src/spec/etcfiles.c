#include "spec/etcfiles.h"

#include "spec/networkflag.h"

#include <string.h>

char *etc_hostname(struct arena *a, const struct spec *spec)
{
	return arena_printf(a, "%s\n", spec->hostname);
}

/* NULL: there is none, as without a network there is no way to the host. */
static const char *host_address(const struct spec *spec, const struct key_value *kv,
	const struct etc_network *net, char buf[ADDRESS_SIZE])
{
	if (strcmp(kv->value, HOST_GATEWAY) != 0)
		return kv->value;
	if (net && net->gateway.family)
		return address_format(&net->gateway, buf);
	return network_mode(spec) == NETWORK_HOST ? "127.0.0.1" : NULL;
}

static char *added_hosts(struct arena *a, const struct spec *spec, const struct etc_network *net,
	char *text)
{
	char buf[ADDRESS_SIZE];

	for (size_t i = 0; i < spec->host_count; i++) {
		const char *address = host_address(spec, &spec->hosts[i], net, buf);

		if (address)
			text = arena_printf(a, "%s%s\t%s\n", text, address, spec->hosts[i].key);
	}
	return text;
}

/* Whether name is a word of text that is in no comment. */
static bool has_name(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (*text) {
		size_t word = strcspn(text, " \t\n#");

		if (word == len && strncmp(text, name, len) == 0)
			return true;
		text += word;
		if (*text == '#')
			text = strchrnul(text, '\n');
		text += *text != '\0';
	}
	return false;
}

/* The first line that has a name counts. */
static char *hosts_of_host(struct arena *a, const struct spec *spec, const char *host)
{
	char *text = added_hosts(a, spec, NULL, arena_strdup(a, ""));

	if (spec->hostname && !has_name(text, spec->hostname) && !has_name(host, spec->hostname))
		text = arena_printf(a, "%s127.0.1.1\t%s\n", text, spec->hostname);
	return arena_printf(a, "%s%s", text, host);
}

/* "a.b.c" is called "a" too, as with others. */
static char *own_names(struct arena *a, const struct spec *spec, const struct etc_network *net)
{
	const char *host = spec->hostname ? spec->hostname : net->name;
	size_t label = strcspn(host, ".");
	char *names = host[label] ? arena_printf(a, "%s %.*s", host, (int)label, host)
				  : arena_strdup(a, host);

	return has_name(names, net->name) ? names : arena_printf(a, "%s %s", names, net->name);
}

static char *own_lines(struct arena *a, const struct spec *spec, const struct etc_network *net,
	char *text)
{
	char buf[ADDRESS_SIZE];

	for (size_t i = 0; i < 2; i++)
		if (net->own[i].family)
			text = arena_printf(a, "%s%s\t%s\n", text,
				address_format(&net->own[i], buf), own_names(a, spec, net));
	return text;
}

char *etc_hosts(struct arena *a, const struct spec *spec, const char *host,
	const struct etc_network *net)
{
	const char *name = spec->hostname && !net ? spec->hostname : "";
	char *text;

	if (host)
		return hosts_of_host(a, spec, host);
	text = arena_printf(a,
		"127.0.0.1\tlocalhost%s%s\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n"
		"ff02::1\tip6-allnodes\n"
		"ff02::2\tip6-allrouters\n",
		*name ? " " : "", name);
	if (net)
		text = own_lines(a, spec, net, text);
	return added_hosts(a, spec, net, text);
}

/* The lines of text that begin with the word key, or with any other word than the three we know. */
static char *lines_of(struct arena *a, const char *text, const char *key)
{
	static const char *const known[] = {"nameserver", "search", "options"};
	char *kept = arena_strdup(a, "");

	while (text && *text) {
		const char *end = strchrnul(text, '\n');
		size_t word = strcspn(text, " \t\n"), at = 0;

		while (at < 3 && (strlen(known[at]) != word || strncmp(text, known[at], word) != 0))
			at++;
		if (at < 3 && strcmp(known[at], key) == 0)
			kept = arena_printf(a, "%s%.*s\n", kept, (int)(end - text), text);
		text = *end ? end + 1 : end;
	}
	return kept;
}

static char *joined(struct arena *a, const char *key, const char **words, size_t n)
{
	char *line = arena_strdup(a, key);

	for (size_t i = 0; i < n; i++)
		line = arena_printf(a, "%s %s", line, words[i]);
	return arena_printf(a, "%s\n", line);
}

/* No line at all where "." is among them. */
static char *joined_domains(struct arena *a, const struct spec *spec)
{
	for (size_t i = 0; i < spec->dns_search_count; i++)
		if (strcmp(spec->dns_search[i], ".") == 0)
			return arena_strdup(a, "");
	return joined(a, "search", spec->dns_search, spec->dns_search_count);
}

char *etc_resolv(struct arena *a, const struct spec *spec, const char *host, bool resolver)
{
	char *servers = lines_of(a, host, "nameserver");
	char *search = lines_of(a, host, "search");
	char *options = lines_of(a, host, "options");

	if (resolver) {
		servers = arena_strdup(a, "nameserver " ETC_RESOLVER "\n");
		/* A name without a dot is a neighbour's before it is one of the search domains. */
		options = arena_strdup(a, "options ndots:0\n");
	} else if (spec->dns_count) {
		servers = arena_strdup(a, "");
		for (size_t i = 0; i < spec->dns_count; i++)
			servers = arena_printf(a, "%snameserver %s\n", servers, spec->dns[i]);
	}
	if (spec->dns_search_count)
		search = joined_domains(a, spec);
	if (spec->dns_option_count)
		options = joined(a, "options", spec->dns_options, spec->dns_option_count);
	return arena_printf(a, "%s%s%s", search, servers, options);
}
