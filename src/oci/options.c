#include "oci/command.h"

#include "base/num.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct option *find(const struct option *table, const char *name, size_t len)
{
	for (; table->name; table++)
		if ((strlen(table->name) == len && memcmp(table->name, name, len) == 0) ||
			(len == 1 && table->letter == name[0]))
			return table;
	return NULL;
}

static int set_bool(const struct option *o, void *to, const char *value, struct err *err)
{
	void *field = (char *)to + o->at;
	bool yes = !value || strcmp(value, "true") == 0;

	if (!yes && strcmp(value, "false") != 0)
		return err_set(err, "--%s: '%.60s' is neither true nor false", o->name, value);
	if (o->kind == OPTION_CHOICE)
		*(enum choice *)field = yes ? CHOICE_YES : CHOICE_NO;
	else
		*(bool *)field = yes;
	return 0;
}

static int set_list(const struct option *o, void *to, const char *value, struct err *err)
{
	struct option_list *list = (struct option_list *)((char *)to + o->at);

	if (list->count == sizeof(list->items) / sizeof(list->items[0]))
		return err_set(err, "--%s is given too often", o->name);
	list->items[list->count++] = value;
	return 0;
}

static int set(const struct option *o, void *to, const char *value, struct err *err)
{
	switch (o->kind) {
	case OPTION_BOOL:
	case OPTION_CHOICE:
		return set_bool(o, to, value, err);
	case OPTION_STRING:
		*(const char **)((char *)to + o->at) = value;
		return 0;
	case OPTION_LIST:
		return set_list(o, to, value, err);
	case OPTION_IGNORED:
	case OPTION_IGNORED_STRING:
		return 0;
	}
	return 0;
}

static bool takes_value(const struct option *o)
{
	return o->kind != OPTION_BOOL && o->kind != OPTION_CHOICE && o->kind != OPTION_IGNORED;
}

/* The option at argv[0]: the number of words it took, or -1. */
static int take(const struct option *table, void *to, int argc, char **argv, struct err *err)
{
	const char *name = argv[0] + 1 + (argv[0][1] == '-');
	size_t len = strcspn(name, "=");
	const struct option *o = find(table, name, len);
	const char *value = name[len] ? name + len + 1 : NULL;
	int took = 1;

	if (!o)
		return err_set(err, "unknown option %.80s", argv[0]);
	if (takes_value(o) && !value) {
		if (argc < 2)
			return err_set(err, "option %.80s takes a value", argv[0]);
		value = argv[1];
		took = 2;
	}
	return set(o, to, value, err) < 0 ? -1 : took;
}

int options_parse(const struct option *table, void *to, int argc, char **argv, bool interspersed,
	struct err *err)
{
	int words = 0, i = 0;

	while (i < argc) {
		int took;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			if (!interspersed)
				break;
			argv[words++] = argv[i++];
			continue;
		}
		took = take(table, to, argc - i, argv + i, err);
		if (took < 0)
			return -1;
		i += took;
	}
	while (i < argc)
		argv[words++] = argv[i++];
	argv[words] = NULL;
	return words;
}

void options_help(const struct option *table)
{
	for (; table->name; table++) {
		char head[64];

		snprintf(head, sizeof(head), "%s%c%s--%s%s", table->letter ? "-" : " ",
			table->letter ? table->letter : ' ', table->letter ? ", " : "  ",
			table->name, takes_value(table) ? " VALUE" : "");
		printf("  %-30s %s\n", head, table->help);
	}
}

int option_number(const char *what, const char *text, int *ret, struct err *err)
{
	uint64_t n;

	if (num_parse_u64(text, &n) < 0 || n > INT_MAX)
		return err_value(err, what, text, "is not a number from 0 to %d", INT_MAX);
	*ret = (int)n;
	return 0;
}
