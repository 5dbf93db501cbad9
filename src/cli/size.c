#include "cli/size.h"

#include "base/num.h"
#include "base/treesize.h"
#include "image/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Its name may be another image's by now. */
static bool is_image_of(const struct image *image, const struct metadata *s)
{
	if (image->layer_count != s->layer_count)
		return false;
	for (size_t i = 0; i < s->layer_count; i++)
		if (strcmp(image->layers[i], s->layers[i]) != 0)
			return false;
	return true;
}

static void look_at_image(const struct store *store, const struct metadata *s,
	struct container_size *ret)
{
	struct err ignored;
	struct image image;

	if (!s->image || image_open(store->root_fd, s->image, &image, &ignored) < 0)
		return;
	ret->image_known = image.unpacked && is_image_of(&image, s);
	ret->image = image.unpacked;
	image_free(&image);
}

void container_size(const struct store *store, const struct view *view, struct container_size *ret)
{
	char path[SPEC_NAME_MAX + 16];
	struct err err;

	*ret = (struct container_size){0};
	snprintf(path, sizeof(path), "%s/upper", view->metadata.name);
	ret->known = tree_size(store->containers_fd, path, &ret->own, &err) == 0;
	/* One that is being made, or whose root is somebody else's, has none. */
	if (!ret->known && err.sys != ENOENT)
		warn("%s: %s", view->metadata.name, err.text);
	look_at_image(store, &view->metadata, ret);
}

void size_put(json_t *j, const struct container_size *size)
{
	const uint64_t whole = size->own + size->image;

	json_object_set_new(j, "sizeRw",
		size->known ? json_integer((json_int_t)size->own) : json_null());
	json_object_set_new(j, "sizeRootFs",
		size->known && size->image_known ? json_integer((json_int_t)whole) : json_null());
}

char *size_text(const struct container_size *size, char buf[64])
{
	char own[16], whole[16];

	if (!size->known)
		return strcpy(buf, "unknown");
	size_format(size->own, own);
	if (size->image_known)
		snprintf(buf, 64, "%s (virtual %s)", own,
			size_format(size->own + size->image, whole));
	else
		snprintf(buf, 64, "%s", own);
	return buf;
}
