#include "image/option.h"

#include "base/nearest.h"
#include "base/pathname.h"

#include <stdio.h>
#include <string.h>

static const struct option_def *find_long(const struct option_def *defs, size_t count,
	const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(defs[i].name) == len && strncmp(defs[i].name, name, len) == 0)
			return &defs[i];
	return NULL;
}

static const struct option_def *find_letter(const struct option_def *defs, size_t count, char c)
{
	for (size_t i = 0; i < count; i++)
		if (defs[i].letter == c)
			return &defs[i];
	return NULL;
}

/* Flags that people know from other programs. */
static const struct {
	const char *names, *cure;
} others[] = {
	{"a all ", "leave it out: ctr image ls lists all, ctr image gc takes what nothing uses"},
	{"digests ", "--format json has ids and digests whole"},
	{"f filter ", "--format json | jq '.[] | select(.name | startswith(\"NAME\"))'"},
	{"t tag ",
		"of a recipe, not of a directory: ctr image build RECIPE:TAG; ctr image import FILE "
		"NAME:TAG"},
	{"i input ", "ctr image import FILE; - is standard input"},
	{"platform arch os ", "an image is taken as it is; of several, the one for this machine"},
};

static const char *cure_for(const char *name)
{
	char word[66];

	snprintf(word, sizeof(word), "%s ", name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		for (const char *p = others[i].names; *p; p += strcspn(p, " ") + 1)
			if (strncmp(p, word, strlen(word)) == 0)
				return others[i].cure;
	return NULL;
}

static int unknown(const struct option_def *defs, size_t count, const char *arg, struct err *err)
{
	char name[64];
	struct nearest n = {.word = name};

	err_set(err, "unknown flag '%.80s'", arg);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg + strspn(arg, "-"), "="),
		arg + strspn(arg, "-"));
	if (name[0] && cure_for(name))
		return err_hint(err, "%s", cure_for(name));
	for (size_t i = 0; i < count && name[0] && name[1]; i++)
		nearest_offer(&n, defs[i].name);
	if (n.found)
		return err_hint(err, "did you mean --%s?", n.found);
	return err_hint(err, "--help lists the flags");
}

/* value: what came with the flag itself, or NULL; then the next argument is taken. */
static int apply(const struct option_def *d, const char *arg, const char *value, int argc,
	char **argv, int *at, struct err *err)
{
	if (!d->value) {
		if (value)
			return err_set(err, "flag '--%s' takes no value", d->name);
		*d->on = true;
		return 0;
	}
	if (!value) {
		if (*at + 1 >= argc)
			return err_set(err, "flag '%.80s' needs a value: %s", arg, d->value);
		value = argv[++*at];
	}
	*d->text = value;
	return pathname_check_home(arg, value, err);
}

static int parse_long(const struct option_def *defs, size_t count, int argc, char **argv, int *at,
	struct err *err)
{
	const char *arg = argv[*at], *name = arg + 2, *eq = strchr(name, '=');
	const struct option_def *d = find_long(defs, count, name,
		eq ? (size_t)(eq - name) : strlen(name));

	if (!d)
		return unknown(defs, count, arg, err);
	return apply(d, arg, eq ? eq + 1 : NULL, argc, argv, at, err);
}

static int parse_letters(const struct option_def *defs, size_t count, int argc, char **argv,
	int *at, struct err *err)
{
	const char *arg = argv[*at];

	for (const char *p = arg + 1; *p; p++) {
		const struct option_def *d = find_letter(defs, count, *p);

		if (!d)
			return unknown(defs, count, arg, err);
		if (d->value)
			return apply(d, arg, p[1] ? p + 1 + (p[1] == '=') : NULL, argc, argv, at,
				err);
		*d->on = true;
	}
	return 0;
}

int option_parse(const struct option_def *defs, size_t count, int argc, char **argv,
	int *ret_operands, struct err *err)
{
	int operands = 0;
	bool flags = true;

	for (int i = 0; i < argc; i++) {
		char *arg = argv[i];
		int r = 0;

		if (flags && strcmp(arg, "--") == 0)
			flags = false;
		else if (!flags || arg[0] != '-' || arg[1] == '\0')
			argv[operands++] = arg;
		else if (arg[1] == '-')
			r = parse_long(defs, count, argc, argv, &i, err);
		else
			r = parse_letters(defs, count, argc, argv, &i, err);
		if (r < 0)
			return -1;
	}
	*ret_operands = operands;
	return 0;
}

void option_help(const struct option_def *defs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char flag[64];
		const struct option_def *d = &defs[i];
		char letter[8] = "    ";

		if (d->letter)
			snprintf(letter, sizeof(letter), "-%c, ", d->letter);
		snprintf(flag, sizeof(flag), "%s--%s%s%s", letter, d->name, d->value ? " " : "",
			d->value ? d->value : "");
		printf("  %-26s %s\n", flag, d->help);
	}
}
