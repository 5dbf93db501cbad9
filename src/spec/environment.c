#include "spec/environment.h"

#include <stdlib.h>
#include <string.h>

const char *env_get(const struct spec *spec, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < spec->process.envc; i++)
		if (strncmp(spec->process.env[i], key, len) == 0 &&
			spec->process.env[i][len] == '=')
			return spec->process.env[i] + len + 1;
	return NULL;
}

void env_append(struct spec *spec, const char *assignment)
{
	struct process_spec *p = &spec->process;

	arena_push(&spec->arena, p->env, p->envc, arena_strdup(&spec->arena, assignment));
	p->env = arena_grow(&spec->arena, p->env, p->envc, sizeof(*p->env));
	p->env[p->envc] = NULL;
}

void env_set(struct spec *spec, const char *assignment)
{
	struct process_spec *p = &spec->process;
	size_t len = (size_t)(strchrnul(assignment, '=') - assignment) + 1;

	for (size_t i = 0; i < p->envc; i++)
		if (strncmp(p->env[i], assignment, len) == 0) {
			p->env[i] = arena_strdup(&spec->arena, assignment);
			return;
		}
	env_append(spec, assignment);
}

struct variable {
	char *text;
	size_t key_len, at;
};

static int compare_keys(const struct variable *a, const struct variable *b)
{
	int order = memcmp(a->text, b->text, a->key_len < b->key_len ? a->key_len : b->key_len);

	return order ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int compare(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;
	int order = compare_keys(x, y);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

void env_settle(struct spec *spec)
{
	struct process_spec *p = &spec->process;
	struct arena scratch = {NULL};
	struct variable *all = arena_alloc(&scratch, (p->envc + 1) * sizeof(*all));
	size_t first = 0, kept = 0;

	for (size_t i = 0; i < p->envc; i++)
		all[i] = (struct variable){p->env[i], strcspn(p->env[i], "="), i};
	qsort(all, p->envc, sizeof(*all), compare);
	for (size_t i = 1; i < p->envc; i++) {
		if (compare_keys(&all[i], &all[first])) {
			first = i;
			continue;
		}
		p->env[all[first].at] = all[i].text;
		p->env[all[i].at] = NULL;
	}
	for (size_t i = 0; i < p->envc; i++)
		if (p->env[i])
			p->env[kept++] = p->env[i];
	if (p->env)
		p->env[kept] = NULL;
	p->envc = kept;
	arena_free(&scratch);
}
