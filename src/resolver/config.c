#include "resolver/config.h"

#include "base/num.h"

#include <string.h>
#include <sys/socket.h>

/* The next word of a line, or NULL. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r");
	size_t len = strcspn(word, " \t\r");

	if (len == 0)
		return NULL;
	*line = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static char *next_line(char **text)
{
	char *line = *text;

	if (!*line)
		return NULL;
	*text = line + strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	return line;
}

static int server_parse(char *word, struct server *ret)
{
	char *zone = strchr(word, '%');
	struct server s = {.zone = ""};

	if (zone) {
		*zone++ = '\0';
		if (!*zone || strlen(zone) >= sizeof(s.zone))
			return -1;
		strcpy(s.zone, zone);
	}
	if (address_parse(word, &s.address) < 0 || (zone && s.address.family != AF_INET6))
		return -1;
	*ret = s;
	return 0;
}

static int add_server(char *word, struct servers *to)
{
	struct server s;

	if (server_parse(word, &s) < 0)
		return -1;
	if (to->count < SERVERS_MAX)
		to->of[to->count++] = s;
	return 0;
}

static int line_parse(struct config *c, const char *key, char *value, const char *more)
{
	struct names *n = &c->names;

	if (strcmp(key, "ids") == 0)
		return more && num_parse_u32(value, &c->uid) == 0 ? num_parse_u32(more, &c->gid)
								  : -1;
	if (strcmp(key, "network") == 0) {
		if (more || strchr(value, '/') || n->network_count == NETWORKS_MAX)
			return -1;
		n->network[n->network_count].dir = -1;
		n->network[n->network_count++].name = value;
		return 0;
	}
	if (more)
		return -1;
	if (strcmp(key, "subnet") == 0)
		return n->subnet_count < SUBNETS_MAX
			       ? prefix_parse(value, &n->subnet[n->subnet_count++])
			       : -1;
	if (strcmp(key, "server") == 0)
		return add_server(value, &c->servers);
	if (strcmp(key, "resolv") == 0 && !c->resolv) {
		c->resolv = value;
		return 0;
	}
	return -1;
}

int config_parse(char *text, struct config *ret)
{
	char *line, *key, *value, *more;

	*ret = (struct config){.uid = UINT32_MAX, .gid = UINT32_MAX};
	while ((line = next_line(&text))) {
		key = next_word(&line);
		value = next_word(&line);
		more = next_word(&line);
		if (!key || !value || next_word(&line) || line_parse(ret, key, value, more) < 0)
			return -1;
	}
	return ret->uid == UINT32_MAX || ret->gid == UINT32_MAX ? -1 : 0;
}

void resolv_parse(char *text, struct servers *ret)
{
	struct servers s = {.count = 0};
	char *line, *key, *value;

	while ((line = next_line(&text))) {
		key = next_word(&line);
		value = key && strcmp(key, "nameserver") == 0 ? next_word(&line) : NULL;
		if (value)
			(void)add_server(value, &s);
	}
	*ret = s;
}
