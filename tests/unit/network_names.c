#include "state/names.h"

#include "base/namelink.h"
#include "state/namelock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static struct store store;
static struct err err;

static void setup(void)
{
	strcpy(top, "/tmp/names.XXXXXX");
	cr_assert(mkdtemp(top));
	store = (struct store){.root_fd = -1,
		.containers_fd = -1,
		.volumes_fd = -1,
		.state_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.state = top};
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_assert_eq(system(command), 0);
}

TestSuite(network_names, .init = setup, .fini = teardown);

/* A container that is there: its record. */
static void container_is_there(const char *name, const char *id)
{
	struct record r = {.pid = 1};
	char path[256], *text;
	FILE *f;

	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.id, sizeof(r.id), "%s", id);
	text = container_record_format(&r, &err);
	cr_assert(text, "%s", err.text);
	snprintf(path, sizeof(path), "%s/%s", top, name);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/record.json", top, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	free(text);
}

static void container_goes(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r %s/%s", top, name);
	cr_assert_eq(system(command), 0);
}

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct prefix prefixes[2][2];
static struct plan_attachment attachments[2];

static struct network_plan plan_of(int n, const char *name, const char *id, const char **names,
	size_t count)
{
	char text[PREFIX_SIZE];

	snprintf(text, sizeof(text), "10.90.0.%d/16", n + 2);
	prefix_parse(text, &prefixes[n][0]);
	snprintf(text, sizeof(text), "fd00:90::%d/64", n + 2);
	prefix_parse(text, &prefixes[n][1]);
	attachments[n] = (struct plan_attachment){.network = "nat",
		.addresses = prefixes[n],
		.address_count = 2,
		.names = names,
		.name_count = count};
	return (struct network_plan){.name = name,
		.id = id,
		.attachments = &attachments[n],
		.attachment_count = 1};
}

static const char *link_of(const char *file)
{
	static char text[NAMELINK_TEXT_SIZE];
	char path[256];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/.networks/nat/%s", top, file);
	n = readlink(path, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

Test(network_names, added_and_removed)
{
	const char *names[] = {"web", "www"};
	struct network_plan a = plan_of(0, "web", ID_A, names, 2);
	struct stat st;
	char path[128];

	cr_assert_eq(names_add(&store, &a, &err), 0, "%s", err.text);
	cr_assert_str_eq(link_of("web"), "10.90.0.2 fd00:90::2 web/aaaaaaaaaaaa");
	cr_assert_str_eq(link_of("www"), "10.90.0.2 fd00:90::2 web/aaaaaaaaaaaa");
	cr_assert_str_eq(link_of("@10.90.0.2"), "web web/aaaaaaaaaaaa");
	cr_assert_str_eq(link_of("@fd00:90::2"), "web web/aaaaaaaaaaaa");
	/* Whose id may go through, but not list them. */
	snprintf(path, sizeof(path), "%s/.networks/nat", top);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0711);
	/* As often as somebody likes. */
	cr_assert_eq(names_add(&store, &a, &err), 0, "%s", err.text);
	cr_assert_str_eq(link_of("web~1"), "");
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(names_remove(&store, &a, &err), 0, "%s", err.text);
		cr_assert_str_eq(link_of("web"), "");
		cr_assert_str_eq(link_of("@10.90.0.2"), "");
	}
	cr_assert_eq(rmdir(top), 0);
	cr_assert_eq(mkdir(top, 0700), 0);
}

Test(network_names, shared)
{
	const char *one[] = {"db"}, *other[] = {"db"};
	struct network_plan a = plan_of(0, "one", ID_A, one, 1),
			    b = plan_of(1, "two", ID_B, other, 1);

	container_is_there("one", ID_A);
	container_is_there("two", ID_B);
	cr_assert_eq(names_add(&store, &a, &err), 0);
	cr_assert_eq(names_add(&store, &b, &err), 0);
	cr_assert_str_eq(link_of("db~1"), "10.90.0.3 fd00:90::3 two/bbbbbbbbbbbb");
	cr_assert_eq(names_remove(&store, &a, &err), 0);
	/* Who is last moves up. */
	cr_assert_str_eq(link_of("db"), "10.90.0.3 fd00:90::3 two/bbbbbbbbbbbb");
	cr_assert_str_eq(link_of("db~1"), "");
	cr_assert_eq(names_remove(&store, &b, &err), 0);
	cr_assert_str_eq(link_of("db"), "");
}

Test(network_names, too_many_share_it)
{
	const char *names[] = {"db"};
	char file[32];

	for (int i = 0; i < NAMELINK_SHARERS; i++) {
		struct network_plan a;
		char name[16], id[80];

		snprintf(name, sizeof(name), "c%d", i);
		snprintf(id, sizeof(id), "%02d%s", i, ID_A + 2);
		container_is_there(name, id);
		a = plan_of(0, name, id, names, 1);
		attachments[0].address_count = 0;
		cr_assert_eq(names_add(&store, &a, &err), 0);
	}
	snprintf(file, sizeof(file), "db~%d", NAMELINK_SHARERS - 1);
	cr_assert_str_neq(link_of(file), "");
	container_is_there("two", ID_B);
	struct network_plan b = plan_of(1, "two", ID_B, names, 1);
	cr_assert_eq(names_add(&store, &b, &err), -1);
	cr_assert(strstr(err.text, "db"), "%s", err.text);
	/* One whose container is gone makes room. */
	container_goes("c7");
	cr_assert_eq(names_add(&store, &b, &err), 0, "%s", err.text);
	cr_assert_str_eq(link_of("db~15"), "10.90.0.3 fd00:90::3 two/bbbbbbbbbbbb");
	container_goes("c0");
	container_goes("c15");
	cr_assert_eq(names_sweep(&store, &err), 0, "%s", err.text);
	cr_assert_str_neq(link_of("db~13"), "");
	cr_assert_str_eq(link_of("db~14"), "");
}

Test(network_names, of_the_dead_are_swept)
{
	const char *one[] = {"web"}, *other[] = {"db"};
	struct network_plan a = plan_of(0, "web", ID_A, one, 1),
			    b = plan_of(1, "db", ID_B, other, 1);
	char path[128];

	container_is_there("web", ID_A);
	container_is_there("db", ID_B);
	cr_assert_eq(names_add(&store, &a, &err), 0);
	cr_assert_eq(names_add(&store, &b, &err), 0);
	/* Another start of that name is not this one. */
	container_is_there("web", ID_B);
	cr_assert_eq(names_sweep(&store, &err), 0, "%s", err.text);
	cr_assert_str_eq(link_of("web"), "");
	cr_assert_str_eq(link_of("@10.90.0.2"), "");
	cr_assert_str_eq(link_of("db"), "10.90.0.3 fd00:90::3 db/bbbbbbbbbbbb");
	container_goes("db");
	cr_assert_eq(names_sweep(&store, &err), 0);
	snprintf(path, sizeof(path), "%s/.networks/nat", top);
	cr_assert_eq(access(path, F_OK), -1);
	cr_assert_eq(names_sweep(&store, &err), 0);
}

Test(network_names, an_address_in_the_way_is_of_the_dead)
{
	const char *names[] = {"web"};
	struct network_plan a = plan_of(0, "web", ID_A, names, 1);

	cr_assert_eq(names_add(&store, &a, &err), 0);
	a.name = "web2";
	a.id = ID_B;
	cr_assert_eq(names_add(&store, &a, &err), 0);
	cr_assert_str_eq(link_of("@10.90.0.2"), "web web2/bbbbbbbbbbbb");
	cr_assert_str_eq(link_of("web"), "10.90.0.2 fd00:90::2 web2/bbbbbbbbbbbb");
}

static const char *config_of(const struct network_plan *plan)
{
	static char text[1024];
	char path[128];
	FILE *f;
	size_t n;

	cr_assert_eq(names_configure(store.state_fd, plan, &err), 0, "%s", err.text);
	snprintf(path, sizeof(path), "%s/resolver", top);
	f = fopen(path, "r");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

Test(network_names, what_the_resolver_is_told)
{
	struct address dns;
	struct network_plan a = plan_of(0, "web", ID_A, NULL, 0);

	cr_assert_str_eq(config_of(&a), "ids 1879113726 1879113726\nnetwork nat\n"
					"subnet 10.90.0.2/16\nsubnet fd00:90::2/64\n"
					"resolv /etc/resolv.conf\n");
	attachments[0].internal = true;
	attachments[0].driver = DRIVER_MACVLAN;
	cr_assert_str_eq(config_of(&a), "ids 1879113726 1879113726\nnetwork nat\n");
	address_parse("9.9.9.9", &dns);
	a.dns = &dns;
	a.dns_count = 1;
	cr_assert_str_eq(config_of(&a), "ids 1879113726 1879113726\nnetwork nat\nserver 9.9.9.9\n");
}
