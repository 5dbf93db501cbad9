#include "net/routes.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <linux/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Routers have a million routes; of those the first ones will do. */
enum { TEXT_MAX = 64 << 20, ROUTES_MAX = 65536 };

static void add(struct host_routes *routes, const struct prefix *to, unsigned flags,
	const char *device)
{
	struct host_route r = {.to = *to, .connected = !(flags & RTF_GATEWAY)};

	if (!to->length || (flags & RTF_REJECT) || strcmp(device, "lo") == 0 ||
		routes->count == ROUTES_MAX)
		return;
	r.device = arena_strdup(&routes->arena, device);
	arena_push(&routes->arena, routes->items, routes->count, r);
}

static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

void host_routes_parse4(struct host_routes *routes, const char *text)
{
	unsigned destination, gateway, flags, mask;
	char device[16];

	/* The first line is a heading. */
	for (text = next_line(text); *text; text = next_line(text)) {
		struct prefix to = {.address = {.family = AF_INET}};

		if (sscanf(text, "%15s %8x %8x %4x %*d %*d %*d %8x", device, &destination, &gateway,
			    &flags, &mask) != 5)
			continue;
		memcpy(to.address.bytes, &destination, 4);
		to.length = (unsigned)__builtin_popcount(mask);
		add(routes, &to, flags, device);
	}
}

static int hex_bytes(const char *text, unsigned char *bytes)
{
	for (size_t i = 0; i < 16; i++) {
		unsigned byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -1;
		bytes[i] = (unsigned char)byte;
	}
	return 0;
}

void host_routes_parse6(struct host_routes *routes, const char *text)
{
	char destination[33], device[16];
	unsigned length, flags;

	for (; *text; text = next_line(text)) {
		struct prefix to = {.address = {.family = AF_INET6}};

		if (sscanf(text, "%32s %2x %*32s %*2x %*32s %*8x %*8x %*8x %8x %15s", destination,
			    &length, &flags, device) != 4 ||
			strlen(destination) != 32 || length > 128 ||
			hex_bytes(destination, to.address.bytes) < 0)
			continue;
		to.length = length;
		add(routes, &to, flags, device);
	}
}

int host_routes_read(struct host_routes *ret, struct err *err)
{
	static const struct {
		const char *path;
		void (*parse)(struct host_routes *routes, const char *text);
	} files[] = {{"/proc/self/net/route", host_routes_parse4},
		{"/proc/self/net/ipv6_route", host_routes_parse6}};
	struct host_routes routes = {0};

	for (size_t i = 0; i < 2; i++) {
		autofree char *text = NULL;

		/* Without IPv6 in the kernel the second is not there. */
		if (file_read_given(files[i].path, TEXT_MAX, &text, NULL, err) == 0) {
			files[i].parse(&routes, text);
		} else if (err->sys != ENOENT) {
			host_routes_free(&routes);
			return -1;
		}
	}
	*ret = routes;
	return 0;
}

void host_routes_free(struct host_routes *routes)
{
	arena_free(&routes->arena);
}
