#include "spec/config.h"

#include "base/utf8.h"
#include "spec/document.h"

#include <string.h>

#define OCI_VERSION "1.2.0"

/* The value of the annotation, or NULL if there is nothing to write; -1 if it cannot be. */
static int extra_text(struct walk *w, const struct field *f, const struct document *d,
	struct jsontext *scratch, const char **ret)
{
	scratch->len = 0;
	scratch->filled = false;
	if (f->type == FIELD_STRING) {
		const char *s = *(const char *const *)((const char *)d + f->at);

		*ret = s ? utf8_escape(w->arena, s) : NULL;
		return 0;
	}
	if (field_write(w, f, d, scratch, NULL) < 0)
		return -1;
	if (scratch->failed)
		return walk_fail(w, "out of memory");
	*ret = scratch->len ? arena_strndup(w->arena, scratch->text, scratch->len) : NULL;
	return 0;
}

static int extras_write(struct walk *w, struct document *d)
{
	autojsontext struct jsontext scratch = {0};

	for (const struct field *f = document_extras; f->name; f++) {
		size_t list = walk_enter(w, f->name, 0);
		struct key_value kv;

		if (extra_text(w, f, d, &scratch, &kv.value) < 0)
			return -1;
		walk_leave(w, list);
		if (!kv.value)
			continue;
		kv.key = arena_printf(w->arena, DOCUMENT_PREFIX "%s", f->name);
		arena_push(w->arena, d->annotations, d->annotation_count, kv);
	}
	return 0;
}

static int annotations_write(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "annotations", 0);

	for (size_t i = 0; i < d->spec.annotation_count; i++) {
		if (document_extra_name(d->spec.annotations[i].key))
			return walk_fail(w,
				"\"%.80s\": names below " DOCUMENT_PREFIX " are ctr's own",
				d->spec.annotations[i].key);
		arena_push(w->arena, d->annotations, d->annotation_count, d->spec.annotations[i]);
	}
	if (extras_write(w, d) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

static char *document_write(struct walk *w, struct document *d)
{
	autojsontext struct jsontext text = {.indented = true};
	const char *seccomp = d->spec.process.seccomp;

	d->dir = d->spec.root.dir;
	if (d->dir && !d->spec.root.layer_count && !strcmp(d->dir, d->root))
		d->dir = NULL;
	if (!seccomp)
		d->seccomp = d->spec.process.seccomp_text ? NULL : "default";
	else if (strcmp(seccomp, "unconfined"))
		d->seccomp = seccomp;
	if (document_process_write(w, d) < 0 || document_mounts_write(w, d) < 0 ||
		document_linux_write(w, d) < 0 || annotations_write(w, d) < 0 ||
		fields_write(w, document_fields, d, &text) < 0)
		return NULL;
	return jsontext_take(&text, w->err);
}

char *config_write(const struct spec *spec, const char *root_path, struct err *err)
{
	struct arena scratch = {NULL};
	struct document d = {.spec = *spec, .version = OCI_VERSION, .root = root_path};
	struct walk w = {.what = "config.json", .arena = &scratch, .err = err};
	char *text = document_write(&w, &d);

	json_decref(d.seccomp_object);
	arena_free(&scratch);
	return text;
}
