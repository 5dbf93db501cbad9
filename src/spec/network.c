#include "spec/network.h"

#include "base/num.h"
#include "spec/name.h"
#include "spec/spec.h"

#include <linux/sched.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum network_mode network_mode(const struct spec *spec)
{
	const struct namespaces *ns = &spec->ns;

	if (spec->network.container)
		return NETWORK_CONTAINER;
	for (size_t i = 0; i < ns->path_count; i++)
		if (ns->paths[i].flag == CLONE_NEWNET)
			return NETWORK_PATH;
	if (!(ns->fresh & CLONE_NEWNET))
		return NETWORK_HOST;
	return spec->network.attachment_count ? NETWORK_ATTACHED : NETWORK_NONE;
}

static bool is_among(const char *const *words, const char *name)
{
	while (*words && strcmp(*words, name) != 0)
		words++;
	return *words;
}

const char *network_known(const char *name)
{
	static const char *const defaults[] = {"bridge", "default", "private", NULL};

	return is_among(defaults, name) ? NETWORK_DEFAULT : name;
}

int network_name_check(const char *what, const char *name, struct err *err)
{
	static const char *const taken[] = {"none", "host", "container", "ns", "bridge", "default",
		"private", "pasta", "slirp4netns", NETWORK_DEFAULT, NETWORK_ROUTED, NULL};

	if (is_among(taken, name))
		return err_value(err, what, name, "is a word that --net has a meaning for");
	return thing_name_check(what, name, "network", NETWORK_NAME_MAX, err);
}

int network_interface_check(const char *what, const char *name, struct err *err)
{
	if (!*name || strlen(name) >= IFNAMSIZ || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0 || strcmp(name, "lo") == 0 || strpbrk(name, "/:% \t\n"))
		return err_value(err, what, name, "is not a name for an interface");
	return 0;
}

int network_rate_parse(const char *what, const char *s, struct network_rate *ret, struct err *err)
{
	const char *slash = strchrnul(s, '/');
	struct network_rate r = {0};
	char rate[32];

	if ((size_t)(slash - s) >= sizeof(rate))
		return err_value(err, what, s, "is not a rate");
	snprintf(rate, sizeof(rate), "%.*s", (int)(slash - s), s);
	if (bitrate_parse(what, rate, &r.bits, err) < 0)
		return -1;
	if (*slash && size_parse(what, slash + 1, &r.burst, err) < 0)
		return -1;
	if (*slash && (r.burst < 2048 || r.burst > UINT32_MAX))
		return err_value(err, what, slash + 1, "is not a burst of 2k to 4g");
	*ret = r;
	return 0;
}
