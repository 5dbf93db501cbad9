#include "launch/details.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "spec/config.h"
#include "state/metadata.h"

#include <string.h>

/* Nothing of a --rm container has to outlast the machine. */
static enum file_sync sync_of(const struct spec *spec)
{
	return spec->remove ? FILE_NOSYNC : FILE_SOON;
}

static int write_metadata(int dirfd, const struct spec *spec, bool logged, bool unstarted,
	enum file_sync sync, struct err *err)
{
	struct metadata s = {
		.name = spec->name,
		.id = spec->id,
		.image = spec->image,
		.rootfs = spec->root.dir,
		.command = spec->process.argv,
		.layers = spec->root.layers,
		.layer_count = spec->root.layer_count,
		.volumes = spec->volumes,
		.volume_count = spec->volume_count,
		.labels = spec->labels,
		.label_count = spec->label_count,
		.created_ns = now_ns(),
		.remove = spec->remove,
		.logged = logged,
		.unstarted = unstarted,
	};

	return container_write_metadata(dirfd, &s, sync, err);
}

/* A start on a full disk must not need room for what is there already. */
static bool is_there(int dirfd, const char *text)
{
	autofree char *was = NULL;
	struct err ignored;
	size_t len;

	return file_read(dirfd, "config.json", JSON_MAX_BYTES, &was, &len, &ignored) == 0 &&
	       len == strlen(text) && memcmp(was, text, len) == 0;
}

static int write_config(int dirfd, const struct spec *spec, const struct plan *plan, bool again,
	enum file_sync sync, struct err *err)
{
	struct spec told = *spec;
	autofree char *text = NULL;

	/* Its last path is that of another container's network, for one start: the name of that is kept. */
	if (spec->network.container && told.ns.path_count)
		told.ns.path_count--;
	if (plan->map_count) {
		told.ns.uid_maps = told.ns.gid_maps = (struct id_map *)plan->maps;
		told.ns.uid_map_count = told.ns.gid_map_count = plan->map_count;
		told.ns.private_ids = true;
	}
	text = config_write(&told, spec->root.dir ? spec->root.dir : "/", err);
	if (!text)
		return -1;
	if (strlen(text) > JSON_MAX_BYTES)
		return err_set(err,
			"environment, labels and mounts are too much to be read again: "
			"config.json would be larger than %d bytes",
			JSON_MAX_BYTES);
	if (again && is_there(dirfd, text))
		return 0;
	return file_write(dirfd, "config.json", text, strlen(text), 0600, sync, err);
}

static bool must_tell_first(const struct container *c, const struct spec *spec)
{
	return (spec->root.layer_count > 0 || spec->volume_count > 0) && !c->record.kept;
}

int details_tell_first(const struct container *c, const struct spec *spec, bool logged,
	struct err *err)
{
	if (!must_tell_first(c, spec))
		return 0;
	return write_metadata(c->data_fd, spec, logged, false, sync_of(spec), err);
}

int details_write(const struct container *c, const struct spec *spec, const struct plan *plan,
	bool logged, struct err *err)
{
	int dirfd = spec->remove && !c->record.kept ? c->state_fd : c->data_fd;

	/* An engine keeps its own, and what it said is in the state directory as it came. */
	if (!c->store->root)
		return 0;
	if (!c->record.kept && !must_tell_first(c, spec) &&
		write_metadata(dirfd, spec, logged, false, sync_of(spec), err) < 0)
		return -1;
	return write_config(dirfd, spec, plan, c->record.kept, sync_of(spec), err);
}

int details_write_unstarted(const struct container *c, const struct spec *spec,
	const struct plan *plan, struct err *err)
{
	if (write_metadata(c->data_fd, spec, true, true, FILE_SYNC, err) < 0)
		return -1;
	return write_config(c->data_fd, spec, plan, false, FILE_SYNC, err);
}

static void tell(const struct container *c, const struct metadata *s)
{
	struct err err;

	if (container_end_metadata(c->data_fd, s, &err) < 0)
		warn("%s: %s", c->record.name, err.text);
}

void details_tell_again(const struct container *c, struct metadata *ret_was)
{
	struct metadata s;
	struct err err;

	*ret_was = (struct metadata){.name = NULL};
	if (!c->record.kept)
		return;
	if (container_metadata(c->store, c->record.name, ret_was, &err) < 0) {
		warn("%s", err.text);
		return;
	}
	s = *ret_was;
	s.exited = s.unstarted = s.oom_killed = false;
	s.exit_status = 0;
	s.error = NULL;
	s.finished_ns = 0;
	s.logged = true;
	s.started_ns = c->record.started_ns;
	tell(c, &s);
}

void details_tell_back(const struct container *c, const struct metadata *was)
{
	if (was->name)
		tell(c, was);
}

void details_tell_failure(const struct container *c, const struct err *why)
{
	struct metadata s;
	struct err err;

	if (container_metadata(c->store, c->record.name, &s, &err) < 0) {
		warn("%s", err.text);
		return;
	}
	s.error = why->text;
	tell(c, &s);
	metadata_free(&s);
}
