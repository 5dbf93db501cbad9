/* What a container asks its resolver, and what a server says to it: cut at the first byte 0xff. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "resolver/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct names names;

static void network_make(int scratch)
{
	char target[64];

	mkdirat(scratch, "net", 0755);
	names.network[0].name = "mynet";
	names.network[0].dir = openat(scratch, "net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	names.network_count = 1;
	for (unsigned i = 0; i < NAMELINK_SHARERS; i++) {
		char file[NAMELINK_FILE_SIZE];

		namelink_file("web", i, file);
		snprintf(target, sizeof(target), "10.90.0.%u fd00:90::%u web/1", i, i);
		symlinkat(target, names.network[0].dir, file);
	}
	symlinkat("web web/1", names.network[0].dir, "@10.90.0.5");
	prefix_parse("10.90.0.0/16", &names.subnet[0]);
	names.subnet_count = 1;
}

/* What we answer is an answer to it, within its room, that another of us believes. */
static void answer_check(const struct question *q, uint8_t *bytes, size_t room, size_t len)
{
	require(len >= DNS_HEADER_SIZE && len <= room);
	require(q->name_len == 0 || reply_is_to(q, q->id, bytes, len));
	require(question_parse(bytes, len, &(struct question){.id = 0}) < 0);
}

static void refuse(const struct question *q, int rcode)
{
	uint8_t bytes[DNS_ROOM_LEAST];
	struct answer a;

	answer_begin(&a, q, (enum dns_rcode)rcode, bytes, sizeof(bytes));
	answer_check(q, bytes, sizeof(bytes), answer_end(&a));
}

static void goes_on(const struct question *q)
{
	uint8_t bytes[DNS_QUESTION_MAX];
	struct question again;

	require(question_parse(bytes, question_write(q, 7, bytes), &again) == 0);
	require(question_equal(q, &again) && again.id == 7 && again.room == q->room);
	require(again.edns == q->edns && again.dnssec == q->dnssec);
}

static void question_check(const struct question *q)
{
	char host[DNS_TEXT_SIZE], checked[NAMELINK_HOST_SIZE];
	uint8_t bytes[DNS_ROOM_MOST];
	struct addresses found;
	size_t len;

	goes_on(q);
	if (names_answer(&names, q, bytes, q->room, &len))
		answer_check(q, bytes, q->room, len);
	if (!question_host(q, host))
		return;
	require(!strchr(host, '/') && strcmp(host, ".") && strcmp(host, ".."));
	if (names_find(&names, host, &found))
		require(strncmp(host, "web", 3) == 0 && namelink_host(host, checked));
}

static void link_check(const char *text)
{
	char again[NAMELINK_TEXT_SIZE], host[NAMELINK_HOST_SIZE], same[NAMELINK_HOST_SIZE];
	struct addresses a, b;

	if (namelink_parse(text, &a) == 0 && namelink_format(&a, namelink_owner(text), again))
		require(namelink_parse(again, &b) == 0 && a.count == b.count);
	if (namelink_address_parse(text, host) == 0)
		require(namelink_host(host, same) && strcmp(host, same) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	network_make(fuzz_scratch());
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t asked_len, said_len;
	autofree char *asked = fuzz_part(&in, &asked_len), *said = fuzz_rest(&in, &said_len);
	struct question q;
	int r = question_parse((const uint8_t *)asked, asked_len, &q);

	if (r == 0)
		question_check(&q);
	else if (r > 0)
		refuse(&q, r);
	if (r == 0 && reply_is_to(&q, q.id, (const uint8_t *)said, said_len))
		(void)reply_failure((const uint8_t *)said);
	link_check(said);
	return 0;
}
