#include "cli/once.h"

#include "base/fd.h"
#include "container/life.h"
#include "spec/name.h"

#include <stdlib.h>
#include <string.h>

struct named {
	char name[SPEC_NAME_MAX + 1]; /* "": it means none */
	int at;
};

static int compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : x->at - y->at;
}

int once_each(const struct store *store, int argc, char **argv, char ***ret, struct err *err)
{
	autofree struct named *all = calloc((size_t)argc, sizeof(*all));
	autofree char **words = calloc((size_t)argc + 1, sizeof(*words));
	int n = 0;

	if (!all || !words)
		return err_sys(err, "look for %d containers", argc);
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	for (int i = 0; i < argc; i++) {
		struct err none;

		all[i].at = i;
		if (container_find(store, argv[i], all[i].name, &none) < 0)
			all[i].name[0] = '\0';
	}
	qsort(all, (size_t)argc, sizeof(*all), compare);
	for (int i = 1; i < argc; i++)
		if (all[i].name[0] && strcmp(all[i].name, all[i - 1].name) == 0)
			words[all[i].at] = NULL;
	for (int i = 0; i < argc; i++)
		if (words[i])
			words[n++] = words[i];
	*ret = words;
	words = NULL;
	return n;
}
