#include "base/nearest.h"
#include "base/pathname.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS_MAX = 128, FIRST_LONG = 256 };

int flag_bool(const char *what, const char *value, bool *ret, struct err *err)
{
	if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*ret = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*ret = false;
	else
		return err_set(err, "%s: '%.60s' is neither true nor false", what, value);
	return 0;
}

static size_t count_flags(const struct flag *flags)
{
	size_t n = 0;

	while (flags && flags[n].name)
		n++;
	return n;
}

static void fill_options(const struct flag *flags, size_t n, struct option *options, char *letters,
	bool ends_at_word)
{
	/* '+': stop at the first word. ':': tell a missing value from an unknown flag. */
	if (ends_at_word)
		*letters++ = '+';
	*letters++ = ':';
	for (size_t i = 0; i < n; i++) {
		options[i] = (struct option){
			.name = flags[i].name,
			.has_arg = flags[i].value ? required_argument : optional_argument,
			.val = FIRST_LONG + (int)i,
		};
		if (flags[i].letter) {
			*letters++ = flags[i].letter;
			if (flags[i].value)
				*letters++ = ':';
		}
	}
	options[n] = (struct option){.name = "help", .val = FIRST_LONG + (int)n};
	options[n + 1] = (struct option){0};
	*letters = '\0';
}

static const struct flag *by_letter(const struct flag *flags, size_t n, int letter)
{
	for (size_t i = 0; i < n; i++)
		if (flags[i].letter == letter)
			return &flags[i];
	return NULL;
}

static int hint_flag(const struct command *command, const char *name, struct err *err)
{
	const char *advice = flag_advice(command->name, name);
	struct nearest n = {.word = name};

	if (advice)
		return err_hint(err, "%s", advice);
	for (size_t i = 0; name[1] && command->flags[i].name; i++)
		nearest_offer(&n, command->flags[i].name);
	if (n.found)
		return err_hint(err, "did you mean --%s?", n.found);
	return err_hint(err, "ctr %s --help lists the flags", command->name);
}

/* word: as it stands on the command line, maybe with "=value". */
static int unknown_flag(const struct command *command, const char *word, int letter,
	struct err *err)
{
	char name[64];

	if (letter && letter < FIRST_LONG)
		snprintf(name, sizeof(name), "-%c", letter);
	else
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	err_set(err, "unknown flag %s", name);
	return hint_flag(command, name + strspn(name, "-"), err);
}

/* "-memory 1g" is not the flag -m with the value "emory". */
static bool is_long_by_one_dash(const struct flag *flags, size_t n, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < n && word[0] == '-' && word[1] != '-' && len > 2; i++)
		if (strlen(flags[i].name) == len - 1 &&
			strncmp(flags[i].name, word + 1, len - 1) == 0)
			return true;
	return false;
}

/* getopt_long takes the beginning of a name for the whole: one that we do not have would mean another
 * that we do. */
static bool is_whole(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

/* A letter that is not there; getopt stands behind its word, or on it while there are more. */
static int unknown_letter(const struct command *command, size_t n, int argc, char **argv,
	int letter, struct err *err)
{
	for (int i = optind - 1; i <= optind && i < argc; i++)
		if (is_long_by_one_dash(command->flags, n, argv[i]))
			return unknown_flag(command, argv[i], 0, err);
	if (letter == '=') {
		err_set(err, "a letter that takes no value has one behind it");
		return err_hint(err, "write it whole: --name=false");
	}
	return unknown_flag(command, argv[optind - 1], letter, err);
}

static int missing_value(const char *word, int letter, struct err *err)
{
	if (letter && letter < FIRST_LONG)
		return err_set(err, "-%c needs a value", letter);
	return err_set(err, "%s needs a value", word);
}

int flags_parse(const struct command *command, void *to, int argc, char **argv, int *ret_first,
	struct err *err)
{
	const struct flag *flags = command->flags;
	size_t n = count_flags(flags);
	struct option options[FLAGS_MAX + 2];
	char letters[2 * FLAGS_MAX + 4];
	int c;

	fill_options(flags, n, options, letters, command->ends_flags_at_word);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		bool attached = optarg && optarg != argv[optind - 1];
		const char *word = argv[optind - 1 - (optarg && !attached)];
		int val = c == ':' ? optopt : c;
		const struct flag *flag = NULL;
		const char *value = optarg ? optarg : "true";
		char what[64];

		if ((val >= FIRST_LONG && !is_whole(word, options[val - FIRST_LONG].name)) ||
			(optarg && is_long_by_one_dash(flags, n, word)))
			return unknown_flag(command, word, 0, err);
		if (c == FIRST_LONG + (int)n) {
			command_help(command);
			return 1;
		}
		if (c == ':')
			return missing_value(word, optopt, err);
		if (c >= FIRST_LONG)
			flag = &flags[c - FIRST_LONG];
		else if (c != '?')
			flag = by_letter(flags, n, c);
		if (!flag && optopt && optopt < FIRST_LONG)
			return unknown_letter(command, n, argc, argv, optopt, err);
		if (!flag)
			return unknown_flag(command, word, 0, err);
		/* docker and podman take -w=DIR for -w DIR. */
		if (attached && c < FIRST_LONG && *value == '=')
			value++;
		snprintf(what, sizeof(what), "--%s", flag->name);
		if (optarg && pathname_check_home(what, value, err) < 0)
			return -1;
		if (flag->set(to, what, value, err) < 0)
			return -1;
	}
	*ret_first = optind;
	return 0;
}

void command_help(const struct command *command)
{
	size_t n = count_flags(command->flags);

	printf("%s\n\n", command->summary);
	printf("usage: ctr %s%s%s%s\n", command->name, n ? " [flags]" : "",
		*command->arguments ? " " : "", command->arguments);
	if (command->examples)
		printf("\nexamples:\n%s", command->examples);
	if (n)
		printf("\nflags:\n");
	for (size_t i = 0; i < n; i++) {
		const struct flag *f = &command->flags[i];
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", f->letter ? '-' : ' ',
			f->letter ? f->letter : ' ', f->letter ? "," : " ", f->name,
			f->value ? " " : "", f->value ? f->value : "");
		printf("  %-30s%s%s\n", left,
			strlen(left) >= 30 ? "\n                                " : "", f->help);
	}
}
