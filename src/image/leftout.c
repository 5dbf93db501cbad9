#include "image/leftout.h"

#include <stdio.h>

enum { KEY = ENTRY_PATH_MAX + ENTRY_NAME_MAX + 2 };

static size_t key_of(const struct entry_path *path, char key[KEY])
{
	return (size_t)snprintf(key, KEY, "%s/%s", path->parent, path->base);
}

void leftout_add(struct leftout *l, const struct entry_path *path)
{
	char key[KEY];
	size_t len = key_of(path, key);

	if (len > LEFTOUT_MAX - l->bytes)
		return;
	if (!l->names)
		l->names = json_object();
	/* Names are bytes, in UTF-8 or not. */
	if (json_object_set_new_nocheck(l->names, key, json_true()) == 0)
		l->bytes += len;
}

bool leftout_has(const struct leftout *l, const struct entry_path *path)
{
	char key[KEY];

	if (!l->names)
		return false;
	key_of(path, key);
	return json_object_get(l->names, key) != NULL;
}

void leftout_free(struct leftout *l)
{
	json_decref(l->names);
}
