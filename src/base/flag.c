#include "base/flag.h"

#include "base/nearest.h"
#include "base/pathname.h"

#include <stdio.h>
#include <string.h>

int flag_bool(void *to, const char *what, const char *value, struct err *err)
{
	bool yes = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

	if (!yes && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return err_set(err, "%s: '%.60s' is neither true nor false", what, value);
	*(bool *)to = yes;
	return 0;
}

int flag_text(void *to, const char *what, const char *value, struct err *err)
{
	(void)what, (void)err;
	*(const char **)to = value;
	return 0;
}

int flag_ignore(void *to, const char *what, const char *value, struct err *err)
{
	(void)to, (void)what, (void)value, (void)err;
	return 0;
}

/* The words that are left, from a flag's on. */
struct words {
	const struct flags *flags;
	void *to;
	int count;
	char **at;
	struct err *err;
};

enum { HELP = 0 };

static const struct flag *by_name(const struct flags *f, const char *name, size_t len)
{
	for (const struct flag *row = f->table; row && row->name; row++)
		if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

static const struct flag *by_letter(const struct flags *f, char letter)
{
	for (const struct flag *row = f->table; row && row->name; row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

static int unknown(const struct words *w, const char *word, size_t len)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	return w->flags->unknown(w->flags, name, w->err);
}

static int set(const struct words *w, const struct flag *f, const char *value)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s", f->name);
	if (f->value && !(w->flags->how & FLAGS_OF_ENGINE) &&
		pathname_check_home(what, value, w->err) < 0)
		return -1;
	return f->set((char *)w->to + f->at, what, value, w->err);
}

/* With the value that its word has, or NULL. Those that follow return the number of words that were taken, or HELP, or
 * -1. */
static int take(const struct words *w, const struct flag *f, const char *shown, const char *value)
{
	bool next = f->value && !value;

	if (next && w->count < 2)
		return err_set(w->err, "%.80s needs a value", shown);
	if (next)
		value = w->at[1];
	return set(w, f, value ? value : "true") < 0 ? -1 : 1 + next;
}

static int take_long(const struct words *w, const char *name)
{
	size_t len = strcspn(name, "=");
	const struct flag *f = by_name(w->flags, name, len);

	if (!f && len == 1 && (w->flags->how & FLAGS_OF_ENGINE))
		f = by_letter(w->flags, name[0]);
	if (f)
		return take(w, f, w->at[0], name[len] ? name + len + 1 : NULL);
	if (strcmp(name, "help") == 0 || strcmp(w->at[0], "-h") == 0)
		return HELP;
	return unknown(w, w->at[0], (size_t)(name - w->at[0]) + len);
}

static int take_letters(const struct words *w)
{
	const char *word = w->at[0];
	size_t len = strcspn(word, "=");
	char shown[] = "-?";

	/* "-memory 1g" is not the flag -m with the value "emory". */
	if (len > 2 && by_name(w->flags, word + 1, len - 1))
		return unknown(w, word, len);
	for (const char *p = word + 1; *p; p++) {
		const struct flag *f = by_letter(w->flags, *p);

		shown[1] = *p;
		/* docker and podman take -w=DIR for -w DIR. */
		if (f && f->value)
			return take(w, f, shown, p[1] ? p + 1 + (p[1] == '=') : NULL);
		if (!f && *p == 'h')
			return HELP;
		if (!f && *p == '=') {
			err_set(w->err, "a letter that takes no value has one behind it");
			return err_hint(w->err, "write it whole: --name=false");
		}
		if (!f)
			return unknown(w, shown, 2);
		if (set(w, f, "true") < 0)
			return -1;
	}
	return 1;
}

static int take_word(const struct words *w)
{
	const char *word = w->at[0];

	if (word[1] == '-')
		return take_long(w, word + 2);
	return w->flags->how & FLAGS_OF_ENGINE ? take_long(w, word + 1) : take_letters(w);
}

/* Moves n words at `from` to `to`, in front of those that are there. */
static void move_up(char **argv, int to, int from, int n)
{
	char *taken[2];

	memcpy(taken, argv + from, (size_t)n * sizeof(*argv));
	memmove(argv + to + n, argv + to, (size_t)(from - to) * sizeof(*argv));
	memcpy(argv + to, taken, (size_t)n * sizeof(*argv));
}

int flags_parse(const struct flags *flags, void *to, int argc, char **argv, int *ret_first,
	struct err *err)
{
	int first = 0, at = 0, took;

	for (; at < argc; at += took) {
		const struct words w = {flags, to, argc - at, argv + at, err};
		bool ends = strcmp(argv[at], "--") == 0;

		took = 1;
		if (!ends && (argv[at][0] != '-' || !argv[at][1])) {
			if (flags->how & FLAGS_END_AT_WORD)
				break;
			continue;
		}
		if (!ends)
			took = take_word(&w);
		if (took <= 0)
			return took == HELP ? 1 : -1;
		if (first < at)
			move_up(argv, first, at, took);
		first += took;
		if (ends)
			break;
	}
	*ret_first = first;
	return 0;
}

int flags_hint(const struct flags *flags, const char *word, const char *advice, struct err *err)
{
	const char *name = word + strspn(word, "-");
	struct nearest n = {.word = name};

	if (advice)
		return err_hint(err, "%s", advice);
	for (const struct flag *f = flags->table; name[0] && name[1] && f && f->name; f++)
		nearest_offer(&n, f->name);
	if (n.found)
		return err_hint(err, "did you mean --%s?", n.found);
	return err_hint(err, "%s --help lists the flags", flags->of);
}

void flags_help(const struct flag *table)
{
	for (const struct flag *f = table; f && f->name; f++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", f->letter ? '-' : ' ',
			f->letter ? f->letter : ' ', f->letter ? "," : " ", f->name,
			f->value ? " " : "", f->value ? f->value : "");
		printf("  %-30s%s%s\n", left,
			strlen(left) >= 30 ? "\n                                " : "", f->help);
	}
}
