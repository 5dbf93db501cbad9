#include "process/seccomp_profile.h"

#include "base/jsonwide.h"
#include "process/seccomp_names.h"
#include "process/seccomp_option.h"
#include "spec/capname.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* "syscalls[3].args[0]": where in the document we are. */
struct place {
	char text[120];
};

struct parser {
	const char *what;
	const struct seccomp_target *target;
	struct seccomp_profile *out;
	struct err *err;
};

enum kind { KIND_STRING, KIND_INTEGER, KIND_WIDE, KIND_ARRAY, KIND_OBJECT };

struct key {
	const char *name;
	enum kind kind;
};

static int refuse(struct parser *p, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct parser *p, const struct place *at, const char *fmt, ...)
{
	char reason[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(p->err, "%s: %s%s%s", p->what, at->text, *at->text ? ": " : "", reason);
}

static struct place place_of(const struct place *parent, const char *key)
{
	struct place r;

	snprintf(r.text, sizeof(r.text), "%.76s%s%.40s", parent->text, *parent->text ? "." : "",
		key);
	return r;
}

static struct place place_at(const struct place *parent, size_t i)
{
	struct place r;

	snprintf(r.text, sizeof(r.text), "%.90s[%zu]", parent->text, i);
	return r;
}

static bool kind_matches(enum kind kind, const json_t *j)
{
	switch (kind) {
	case KIND_STRING:
		return json_is_string(j);
	case KIND_INTEGER:
		return json_is_integer(j);
	case KIND_WIDE:
		return json_is_integer(j) || json_is_wide(j);
	case KIND_ARRAY:
		return json_is_array(j) || json_is_null(j);
	case KIND_OBJECT:
		return json_is_object(j) || json_is_null(j);
	}
	return false;
}

static const char *kind_text(enum kind kind)
{
	static const char *const text[] = {"a string", "a whole number", "a whole number",
		"an array", "an object"};

	return text[kind];
}

static const struct key *key_find(const struct key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Refuses every key that is not in the list and every value of another kind. Go writes an empty
 * list or object as null. */
static int object_check(struct parser *p, const struct place *at, json_t *object,
	const struct key *keys, size_t count)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return refuse(p, at, "must be an object");
	json_object_foreach (object, name, value) {
		const struct key *k = key_find(keys, count, name);
		struct place here = place_of(at, name);

		if (!strcmp(name, "comment"))
			continue;
		if (!k)
			return refuse(p, at, "unknown key \"%.80s\"", name);
		if (!kind_matches(k->kind, value))
			return refuse(p, &here, "must be %s", kind_text(k->kind));
	}
	return 0;
}

static int action_of(struct parser *p, const struct place *at, json_t *object, const char *key,
	uint32_t *ret)
{
	const char *word = json_string_value(json_object_get(object, key));
	struct place here = place_of(at, key);

	if (!word)
		return refuse(p, at, "\"%s\" is missing", key);
	if (action_parse(word, ret) < 0)
		return refuse(p, &here, "unknown action \"%.80s\"", word);
	if (*ret == SCMP_ACT_NOTIFY && !p->target->listener)
		return refuse(p, &here, "SCMP_ACT_NOTIFY needs a listener, and ctr runs none");
	return 0;
}

/* docker writes the number, podman also the name beside it: they have to agree. */
static int errno_of(struct parser *p, const struct place *at, json_t *object,
	const char *number_key, const char *name_key, int64_t *ret)
{
	json_t *number = json_object_get(object, number_key);
	const char *word = json_string_value(json_object_get(object, name_key));
	struct place here = place_of(at, number ? number_key : name_key);
	uint32_t named;

	*ret = -1;
	if (number) {
		*ret = json_integer_value(number);
		if (*ret < 0 || *ret > 4095)
			return refuse(p, &here, "%lld is not between 0 and 4095", (long long)*ret);
	}
	if (!word)
		return 0;
	if (errno_parse(word, &named) < 0)
		return refuse(p, &here, "unknown error \"%.80s\"", word);
	if (number && *ret != (int64_t)named)
		return refuse(p, &here, "%lld is not %s", (long long)*ret, word);
	*ret = named;
	return 0;
}

/* Puts the error number into an action that takes one; EPERM where the profile names none. */
static int action_complete(struct parser *p, const struct place *at, int64_t number,
	uint32_t *action)
{
	if (*action == SCMP_ACT_ERRNO(0))
		*action = SCMP_ACT_ERRNO((uint32_t)(number < 0 ? EPERM : number));
	else if (*action == SCMP_ACT_TRACE(0))
		*action = SCMP_ACT_TRACE((uint32_t)(number < 0 ? EPERM : number));
	else if (number >= 0)
		return refuse(p, at, "an error number, but the action returns none");
	return 0;
}

/* The strings of an array, one after the other, through `each`. */
static int strings_each(struct parser *p, const struct place *at, json_t *array,
	int (*each)(struct parser *, const struct place *, const char *, void *), void *arg)
{
	json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		struct place here = place_at(at, i);

		if (!json_is_string(item))
			return refuse(p, &here, "must be a string");
		if (each(p, &here, json_string_value(item), arg) < 0)
			return -1;
	}
	return 0;
}

static int cap_add(struct parser *p, const struct place *at, const char *word, void *arg)
{
	uint64_t *set = arg;
	int cap = strncmp(word, "CAP_", 4) ? -1 : cap_number(word, strlen(word));

	if (cap < 0)
		return refuse(p, at, "unknown capability \"%.80s\"", word);
	*set |= UINT64_C(1) << cap;
	return 0;
}

static int arch_is_native(struct parser *p, const struct place *at, const char *word, void *arg)
{
	bool *found = arg;
	uint32_t token;

	if (arch_name_parse(word, &token) < 0)
		return refuse(p, at, "unknown machine \"%.80s\"", word);
	if (token == seccomp_arch_native())
		*found = true;
	return 0;
}

/* "4.8" */
static int kernel_parse(struct parser *p, const struct place *at, const char *word,
	unsigned version[2])
{
	char extra;

	if (strspn(word, "0123456789.") != strlen(word) || strlen(word) > 9 ||
		sscanf(word, "%u.%u%c", &version[0], &version[1], &extra) != 2)
		return refuse(p, at, "\"%.80s\" is not a kernel version such as \"4.8\"", word);
	return 0;
}

static bool kernel_reaches(const struct seccomp_target *t, const unsigned version[2])
{
	return t->kernel_major != version[0] ? t->kernel_major > version[0]
					     : t->kernel_minor >= version[1];
}

static int option_add(struct parser *p, const struct place *at, const char *word, void *arg)
{
	uint32_t *set = arg, option;

	if (seccomp_options_parse(word, '\0', &option) < 0)
		return refuse(p, at, "unknown option \"%.80s\"", word);
	*set |= option;
	return 0;
}

struct filter {
	bool caps_given, arches_given, kernel_given;
	uint64_t caps;
	uint32_t options;
	bool native;  /* this machine is among the arches */
	bool reached; /* the kernel is at least minKernel */
};

static int filter_parse(struct parser *p, const struct place *at, json_t *object,
	struct filter *ret)
{
	static const struct key keys[] = {
		{"caps", KIND_ARRAY},
		{"arches", KIND_ARRAY},
		{"minKernel", KIND_STRING},
		{"options", KIND_ARRAY},
	};
	json_t *options = json_object_get(object, "options");
	json_t *caps = json_object_get(object, "caps"), *arches = json_object_get(object, "arches");
	const char *kernel = json_string_value(json_object_get(object, "minKernel"));
	struct place caps_at = place_of(at, "caps"), arches_at = place_of(at, "arches");
	struct place kernel_at = place_of(at, "minKernel"), options_at = place_of(at, "options");
	unsigned version[2];

	*ret = (struct filter){0};
	if (!object || json_is_null(object))
		return 0;
	if (object_check(p, at, object, keys, LENGTH(keys)) < 0 ||
		strings_each(p, &caps_at, caps, cap_add, &ret->caps) < 0 ||
		strings_each(p, &arches_at, arches, arch_is_native, &ret->native) < 0 ||
		strings_each(p, &options_at, options, option_add, &ret->options) < 0)
		return -1;
	if (kernel && kernel_parse(p, &kernel_at, kernel, version) < 0)
		return -1;
	ret->caps_given = json_array_size(caps) > 0;
	ret->arches_given = json_array_size(arches) > 0;
	ret->kernel_given = kernel != NULL;
	ret->reached = kernel && kernel_reaches(p->target, version);
	p->out->caps_asked |= ret->caps;
	return 0;
}

/* Includes: all of it must hold. Excludes: any of it rules the entry out. */
static bool filter_admits(const struct parser *p, const struct filter *in, const struct filter *ex)
{
	uint64_t caps = p->target->caps;
	uint32_t options = p->target->options;

	if ((in->caps_given && (in->caps & ~caps)) || (in->options & ~options))
		return false;
	if (in->arches_given && !in->native)
		return false;
	if (in->kernel_given && !in->reached)
		return false;
	return !(ex->caps & caps) && !(ex->options & options) && !ex->native && !ex->reached;
}

static int number_of(struct parser *p, const struct place *at, json_t *object, const char *key,
	uint64_t *ret)
{
	json_t *j = json_object_get(object, key);
	struct place here = place_of(at, key);

	*ret = 0;
	return !j || json_u64(j, ret) ? 0 : refuse(p, &here, "must not be negative");
}

static int condition_parse(struct parser *p, const struct place *at, json_t *object,
	struct seccomp_condition *ret)
{
	static const struct key keys[] = {
		{"index", KIND_INTEGER},
		{"value", KIND_WIDE},
		{"valueTwo", KIND_WIDE},
		{"op", KIND_STRING},
	};
	struct place index_at = place_of(at, "index"), op_at = place_of(at, "op");
	const char *op;
	uint64_t index;

	if (object_check(p, at, object, keys, LENGTH(keys)) < 0)
		return -1;
	op = json_string_value(json_object_get(object, "op"));
	if (!op || !json_object_get(object, "index") || !json_object_get(object, "value"))
		return refuse(p, at, "needs \"index\", \"value\" and \"op\"");
	if (number_of(p, at, object, "index", &index) < 0 ||
		number_of(p, at, object, "value", &ret->value) < 0 ||
		number_of(p, at, object, "valueTwo", &ret->value_two) < 0)
		return -1;
	if (index >= SECCOMP_PROFILE_MAX_CONDITIONS)
		return refuse(p, &index_at, "a system call has the arguments 0 to 5");
	if (operator_parse(op, &ret->op) < 0)
		return refuse(p, &op_at, "unknown operator \"%.80s\"", op);
	ret->index = (unsigned)index;
	return 0;
}

struct conditions {
	struct seccomp_condition *items;
	size_t count;
	bool alternatives; /* any of them is enough */
};

/* As in runc and docker: two conditions on one argument make all of them alternatives. */
static bool conditions_repeat(const struct conditions *c)
{
	unsigned seen = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (seen & (1u << c->items[i].index))
			return true;
		seen |= 1u << c->items[i].index;
	}
	return false;
}

static int conditions_parse(struct parser *p, const struct place *at, json_t *array,
	struct conditions *ret)
{
	json_t *item;
	size_t i;

	*ret = (struct conditions){0};
	if (json_array_size(array) > 64)
		return refuse(p, at, "more than 64 conditions");
	json_array_foreach (array, i, item) {
		struct place here = place_at(at, i);
		struct seccomp_condition c;

		if (condition_parse(p, &here, item, &c) < 0)
			return -1;
		arena_push(&p->out->arena, ret->items, ret->count, c);
	}
	ret->alternatives = conditions_repeat(ret);
	return 0;
}

struct entry {
	bool admitted;
	uint32_t action;
	struct conditions conditions;
};

static int rule_push(struct parser *p, const struct place *at, const struct seccomp_rule *rule)
{
	if (p->out->rule_count >= SECCOMP_PROFILE_MAX_NAMES)
		return refuse(p, at, "more than %d rules", SECCOMP_PROFILE_MAX_NAMES);
	arena_push(&p->out->arena, p->out->rules, p->out->rule_count, *rule);
	return 0;
}

static int name_add(struct parser *p, const struct place *at, const char *name, void *arg)
{
	const struct entry *e = arg;
	struct seccomp_rule rule = {.action = e->action};

	if (!*name || strlen(name) > 64 ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != strlen(name))
		return refuse(p, at, "\"%.80s\" is no name of a system call", name);
	if (!e->admitted)
		return 0;
	rule.name = arena_strdup(&p->out->arena, name);
	rule.conditions = e->conditions.items;
	rule.condition_count = e->conditions.count;
	if (!e->conditions.alternatives)
		return rule_push(p, at, &rule);
	rule.condition_count = 1;
	for (size_t i = 0; i < e->conditions.count; i++) {
		rule.conditions = &e->conditions.items[i];
		if (rule_push(p, at, &rule) < 0)
			return -1;
	}
	return 0;
}

static int names_add(struct parser *p, const struct place *at, json_t *object, struct entry *e)
{
	json_t *names = json_object_get(object, "names"), *name = json_object_get(object, "name");
	struct place here = place_of(at, name ? "name" : "names");

	if (name && names)
		return refuse(p, at, "has both \"name\" and \"names\"");
	if (name)
		return name_add(p, &here, json_string_value(name), e);
	if (!json_array_size(names))
		return refuse(p, at, "names no system call");
	return strings_each(p, &here, names, name_add, e);
}

static int entry_parse(struct parser *p, const struct place *at, json_t *object)
{
	static const struct key keys[] = {
		{"names", KIND_ARRAY},
		{"name", KIND_STRING},
		{"action", KIND_STRING},
		{"errnoRet", KIND_INTEGER},
		{"errno", KIND_STRING},
		{"args", KIND_ARRAY},
		{"includes", KIND_OBJECT},
		{"excludes", KIND_OBJECT},
	};
	struct place includes_at = place_of(at, "includes"), excludes_at = place_of(at, "excludes");
	struct place args_at = place_of(at, "args");
	struct filter includes, excludes;
	struct entry e = {0};
	int64_t number;

	if (object_check(p, at, object, keys, LENGTH(keys)) < 0 ||
		action_of(p, at, object, "action", &e.action) < 0 ||
		errno_of(p, at, object, "errnoRet", "errno", &number) < 0 ||
		action_complete(p, at, number, &e.action) < 0 ||
		filter_parse(p, &includes_at, json_object_get(object, "includes"), &includes) < 0 ||
		filter_parse(p, &excludes_at, json_object_get(object, "excludes"), &excludes) < 0 ||
		conditions_parse(p, &args_at, json_object_get(object, "args"), &e.conditions) < 0)
		return -1;
	e.admitted = filter_admits(p, &includes, &excludes);
	return names_add(p, at, object, &e);
}

static int entries_parse(struct parser *p, const struct place *at, json_t *array)
{
	json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		struct place here = place_at(at, i);

		if (entry_parse(p, &here, item) < 0)
			return -1;
	}
	return 0;
}

static int arch_add(struct parser *p, const struct place *at, const char *word, void *arg)
{
	struct seccomp_profile *out = p->out;
	const bool *wanted = arg;
	uint32_t token;

	if (arch_parse(word, &token) < 0)
		return refuse(p, at, "unknown architecture \"%.80s\"", word);
	if (!*wanted || token == SCMP_ARCH_NATIVE || token == seccomp_arch_native())
		return 0;
	for (size_t i = 0; i < out->arch_count; i++)
		if (out->arches[i] == token)
			return 0;
	if (out->arch_count == SECCOMP_PROFILE_MAX_ARCHES)
		return refuse(p, at, "more than %d architectures", SECCOMP_PROFILE_MAX_ARCHES);
	out->arches[out->arch_count++] = token;
	return 0;
}

static int arch_map_entry(struct parser *p, const struct place *at, json_t *object)
{
	static const struct key keys[] = {
		{"architecture", KIND_STRING},
		{"subArchitectures", KIND_ARRAY},
	};
	struct place arch_at = place_of(at, "architecture"), sub_at;
	const char *word;
	uint32_t token;
	bool wanted;

	if (object_check(p, at, object, keys, LENGTH(keys)) < 0)
		return -1;
	word = json_string_value(json_object_get(object, "architecture"));
	if (!word)
		return refuse(p, at, "\"architecture\" is missing");
	if (arch_parse(word, &token) < 0)
		return refuse(p, &arch_at, "unknown architecture \"%.80s\"", word);
	sub_at = place_of(at, "subArchitectures");
	wanted = p->target->all_arches && token == seccomp_arch_native();
	return strings_each(p, &sub_at, json_object_get(object, "subArchitectures"), arch_add,
		&wanted);
}

static int arches_parse(struct parser *p, const struct place *top, json_t *root)
{
	json_t *list = json_object_get(root, "architectures"), *item;
	json_t *map = json_object_get(root, "archMap");
	struct place list_at = place_of(top, "architectures"), map_at = place_of(top, "archMap");
	bool wanted = true;
	size_t i;

	if (json_array_size(list) && json_array_size(map))
		return refuse(p, top, "has both \"architectures\" and \"archMap\"");
	json_array_foreach (map, i, item) {
		struct place here = place_at(&map_at, i);

		if (arch_map_entry(p, &here, item) < 0)
			return -1;
	}
	return strings_each(p, &list_at, list, arch_add, &wanted);
}

static int flag_add(struct parser *p, const struct place *at, const char *word, void *arg)
{
	unsigned *flags = arg;

	if (!strcmp(word, "SECCOMP_FILTER_FLAG_LOG"))
		*flags |= SECCOMP_FILTER_FLAG_LOG;
	else if (!strcmp(word, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
		*flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	else if (!strcmp(word, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") && p->target->listener)
		*flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	else if (!strcmp(word, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
		return refuse(p, at, "%s needs a listener, and ctr runs none", word);
	/* The payload has one thread when the filter is loaded: nothing to synchronise. */
	else if (strcmp(word, "SECCOMP_FILTER_FLAG_TSYNC") != 0)
		return refuse(p, at, "unknown flag \"%.80s\"", word);
	return 0;
}

static int root_parse(struct parser *p, json_t *root)
{
	static const struct key keys[] = {
		{"defaultAction", KIND_STRING},
		{"defaultErrnoRet", KIND_INTEGER},
		{"defaultErrno", KIND_STRING},
		{"architectures", KIND_ARRAY},
		{"archMap", KIND_ARRAY},
		{"flags", KIND_ARRAY},
		{"syscalls", KIND_ARRAY},
		{"listenerPath", KIND_STRING},
		{"listenerMetadata", KIND_STRING},
	};
	struct place top = {""}, flags_at = {"flags"}, calls_at = {"syscalls"};
	struct place listener_at = {"listenerPath"};
	int64_t number;

	if (object_check(p, &top, root, keys, LENGTH(keys)) < 0)
		return -1;
	if (!p->target->listener && (json_object_get(root, "listenerPath") ||
					    json_object_get(root, "listenerMetadata")))
		return refuse(p, &listener_at,
			"a listener would decide over every container, "
			"and ctr passes no descriptor to one");
	if (action_of(p, &top, root, "defaultAction", &p->out->default_action) < 0 ||
		errno_of(p, &top, root, "defaultErrnoRet", "defaultErrno", &number) < 0 ||
		action_complete(p, &top, number, &p->out->default_action) < 0 ||
		arches_parse(p, &top, root) < 0 ||
		strings_each(p, &flags_at, json_object_get(root, "flags"), flag_add,
			&p->out->flags) < 0)
		return -1;
	return entries_parse(p, &calls_at, json_object_get(root, "syscalls"));
}

int seccomp_profile_parse(const char *what, const char *data, size_t len,
	const struct seccomp_target *target, struct seccomp_profile *ret, struct err *err)
{
	struct seccomp_profile out = {0};
	struct parser p = {.what = what, .target = target, .out = &out, .err = err};
	autojson json_t *root = NULL;

	if (len > SECCOMP_PROFILE_MAX_BYTES)
		return err_set(err, "%s: larger than %d bytes", what, SECCOMP_PROFILE_MAX_BYTES);
	root = json_parse_wide(what, data, len, err);
	if (!root)
		return -1;
	if (root_parse(&p, root) < 0) {
		seccomp_profile_free(&out);
		return -1;
	}
	*ret = out;
	return 0;
}

void seccomp_profile_free(struct seccomp_profile *profile)
{
	arena_free(&profile->arena);
	*profile = (struct seccomp_profile){0};
}
