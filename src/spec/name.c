#include "spec/name.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int thing_name_check(const char *what, const char *name, const char *whose, size_t max,
	struct err *err)
{
	const char *p = name;

	if (!*name)
		return err_set(err, "the name of a %s cannot be empty", whose);
	if (strlen(name) > max)
		return err_value(err, what, name, "is longer than %zu bytes", max);
	while (is_alnum(*p) || (p > name && *p && strchr("_.-", *p)))
		p++;
	if (!*p)
		return 0;
	err_value(err, what, name, "is not a name for a %s", whose);
	return err_hint(err, "use letters, digits, '_', '.' and '-', the first a letter or digit");
}

int name_check(const char *name, struct err *err)
{
	return thing_name_check("name", name, "container", SPEC_NAME_MAX, err);
}

int volume_name_check(const char *what, const char *name, struct err *err)
{
	return thing_name_check(what, name, "volume", VOLUME_NAME_MAX, err);
}

enum { WORDS = 64, WORD_SIZE = 10 };

static const char adjectives[WORDS][WORD_SIZE] = {"able", "amber", "apt", "azure", "bold", "brave",
	"brief", "bright", "brisk", "broad", "calm", "clean", "clear", "clever", "cool", "coral",
	"cosy", "crisp", "deft", "eager", "early", "even", "fair", "fine", "firm", "fond", "fresh",
	"gentle", "glad", "golden", "grand", "green", "happy", "honest", "humble", "jolly", "keen",
	"kind", "lively", "lucid", "merry", "mild", "modest", "neat", "nimble", "noble", "patient",
	"plain", "polite", "prompt", "proud", "quick", "quiet", "ready", "robust", "serene",
	"silver", "smart", "steady", "sunny", "swift", "tidy", "warm", "witty"};
static const char nouns[WORDS][WORD_SIZE] = {"acorn", "alder", "anchor", "badger", "barley",
	"beacon", "beaver", "birch", "bridge", "brook", "cedar", "cliff", "clover", "comet",
	"crane", "delta", "dune", "eagle", "elm", "falcon", "fern", "finch", "fjord", "forest",
	"fox", "garden", "glacier", "grove", "harbor", "hazel", "heron", "hill", "island",
	"juniper", "kestrel", "lake", "lantern", "larch", "lark", "linden", "lynx", "maple",
	"marten", "meadow", "moss", "oak", "orchard", "otter", "owl", "pebble", "pine", "plover",
	"quarry", "raven", "reed", "ridge", "river", "robin", "sparrow", "summit", "thistle",
	"valley", "willow", "wren"};

static int random_bytes(void *buf, size_t size, struct err *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = getrandom((char *)buf + done, size - done, 0);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot get random bytes");
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

int name_random(unsigned attempt, char ret_name[NAME_RANDOM_SIZE], struct err *err)
{
	struct {
		uint8_t adjective, noun;
		uint16_t number;
	} r;
	int len;

	if (random_bytes(&r, sizeof(r), err) < 0)
		return -1;
	len = snprintf(ret_name, NAME_RANDOM_SIZE, "%s-%s", adjectives[r.adjective % WORDS],
		nouns[r.noun % WORDS]);
	if (attempt >= 3)
		snprintf(ret_name + len, NAME_RANDOM_SIZE - (size_t)len, "-%u", (unsigned)r.number);
	return 0;
}

int id_random(char ret_id[ID_SIZE], struct err *err)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t bytes[(ID_SIZE - 1) / 2];

	if (random_bytes(bytes, sizeof(bytes), err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret_id[2 * i] = hex[bytes[i] >> 4];
		ret_id[2 * i + 1] = hex[bytes[i] & 15];
	}
	ret_id[ID_SIZE - 1] = '\0';
	return 0;
}

static bool host_label_valid(const char *p, size_t len)
{
	if (!len || p[0] == '-' || p[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(p[i]) && p[i] != '-' && p[i] != '_')
			return false;
	return true;
}

int hostname_check(const char *what, const char *name, struct err *err)
{
	const char *p = name;

	if (strlen(name) > HOSTNAME_MAX)
		return err_value(err, what, name, "is longer than %d bytes", HOSTNAME_MAX);
	for (;; p++) {
		size_t len = strcspn(p, ".");
		if (!host_label_valid(p, len)) {
			err_value(err, what, name, "is not a host name");
			return err_hint(err,
				"use letters, digits, '_' and inner '-', with dots between words");
		}
		p += len;
		if (!*p)
			return 0;
	}
}

int user_set(void *to, const char *what, const char *value, struct err *err)
{
	if (*value == ':')
		return err_value(err, what, value, "names a group, and no user");
	if (*value)
		*(const char **)to = value;
	return 0;
}

int key_value_parse(struct arena *a, const char *what, const char *s, struct key_value *ret,
	struct err *err)
{
	const char *eq = strchr(s, '=');

	if (!eq || eq == s)
		return err_value(err, what, s, "is not of the form KEY=VALUE");
	if (!utf8_valid(s))
		return err_value(err, what, s, "is not valid UTF-8");
	ret->key = arena_strndup(a, s, (size_t)(eq - s));
	ret->value = arena_strdup(a, eq + 1);
	return 0;
}

void key_value_put(struct arena *a, struct key_value **items, size_t *count, struct key_value kv)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp((*items)[i].key, kv.key)) {
			(*items)[i] = kv;
			return;
		}
	arena_push(a, *items, *count, kv);
}

/* A key is shown in lists and matched by filters: one visible word. */
static int labelled_parse(struct arena *a, const char *what, const char *s, struct key_value *ret,
	struct err *err)
{
	if (key_value_parse(a, what, s, ret, err) < 0)
		return -1;
	for (const char *p = ret->key; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return err_value(err, what, s,
				"has a blank or control character in its key");
	return 0;
}

int label_flag(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct key_value kv;

	if (*value && !strchr(value, '='))
		value = arena_printf(&spec->arena, "%s=", value);
	if (labelled_parse(&spec->arena, what, value, &kv, err) < 0)
		return -1;
	key_value_put(&spec->arena, &spec->labels, &spec->label_count, kv);
	return 0;
}

int annotation_flag(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct key_value kv;

	if (labelled_parse(&spec->arena, what, value, &kv, err) < 0)
		return -1;
	key_value_put(&spec->arena, &spec->annotations, &spec->annotation_count, kv);
	return 0;
}
