#include "container/prepare.h"

#include "base/fd.h"
#include "base/file.h"
#include "launch/details.h"
#include "launch/supervise.h"
#include "launch/volumes.h"
#include "state/configfile.h"
#include "state/events.h"
#include "state/namelock.h"
#include "state/release.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { HOST_ETC_MAX = 4 << 20 };

/* A container in the host's network has the host's names and asks the host's name servers; one in a network of ours has
 * its search domains. */
static void host_etc_read(const struct spec *spec, char *ret[2])
{
	static const char *const paths[] = {"/etc/hosts", "/etc/resolv.conf"};
	enum network_mode mode = network_mode(spec);
	bool whole = mode == NETWORK_HOST || mode == NETWORK_PATH;
	struct err err;

	for (int i = 0; i < 2; i++)
		if (!(whole || (i == 1 && mode == NETWORK_ATTACHED)) ||
			file_read(AT_FDCWD, paths[i], HOST_ETC_MAX, &ret[i], NULL, &err) < 0)
			ret[i] = NULL;
}

int container_plan(struct spec *spec, struct plan *ret, struct err *err)
{
	char *etc[2];
	int r;

	host_etc_read(spec, etc);
	r = plan_make(spec, &(struct host_etc){etc[0], etc[1]}, ret, &spec->arena, err);
	free(etc[0]);
	free(etc[1]);
	return r;
}

int container_plan_filter(const struct store *store, struct spec *spec, struct plan *plan,
	struct err *err)
{
	if (seccomp_resolve(&spec->process, store->root_fd, &plan->filter, err) < 0)
		return -1;
	if (plan->filter.note[0])
		warn("%s", plan->filter.note);
	return 0;
}

void container_plan_free(struct plan *plan)
{
	seccomp_free(&plan->filter);
	cgroup_plan_free(&plan->cgroup);
}

/* Ids beyond the usual ones come behind the range and nobody's: plan_make(). */
static void forget_ids(struct namespaces *ns)
{
	if (!ns->private_ids)
		return;
	for (size_t i = 2; i < ns->uid_map_count && ns->far_id_count < FAR_IDS_MAX; i++)
		ns->far_ids[ns->far_id_count++] = ns->uid_maps[i].inside;
	ns->uid_map_count = ns->gid_map_count = 0;
}

int container_spec_again(const struct store *store, const char *name, struct spec *ret,
	struct config_lock *ret_lock, struct err *err)
{
	struct config_lock lock;

	if (config_lock(store, name, CONFIG_SHARED, &lock, err) < 0)
		return -1;
	if (container_spec(store, name, ret, err) < 0) {
		config_unlock(&lock);
		return -1;
	}
	forget_ids(&ret->ns);
	*ret_lock = lock;
	return 0;
}

int container_start_again(const struct store *store, struct spec *spec, int *ret_attach,
	struct err *err)
{
	const struct supervision how = {.image_lock = -1, .again = true, .ret_attach = ret_attach};
	struct plan plan;
	int r;

	if (container_plan(spec, &plan, err) < 0)
		return -1;
	r = container_plan_filter(store, spec, &plan, err) < 0
		    ? -1
		    : container_supervise(store, spec, &plan, &how, err);
	container_plan_free(&plan);
	return r;
}

int container_create(const struct store *store, const struct spec *spec, struct plan *plan,
	int image_lock, struct err *err)
{
	struct err second = {0};
	struct container c;
	int r;

	if (namelock_new(store, spec, &c, err) < 0)
		return -1;
	plan_set_range(plan, spec, c.record.range);
	r = details_write_unstarted(&c, spec, plan, err) < 0 ||
			    volumes_publish(store, spec, err) < 0
		    ? -1
		    : 0;
	if (image_lock >= 0)
		close(image_lock);
	/* From here on it is whole: what goes is the lock. */
	c.record.kept = r == 0;
	if (r == 0)
		container_tell_made(store, spec);
	if (container_release(&c, -1, r < 0 ? &second : err) < 0)
		r = -1;
	container_close(&c);
	return r;
}
