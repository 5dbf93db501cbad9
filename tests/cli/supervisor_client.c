/*
 * An attached client with standard input and output, which says how it ended:
 *   supervisor_client DIR tty|pipe        attach_run: prints "exited N", "detached", "lost", "signalled N"
 *   supervisor_client DIR slow SECONDS    asks to be waited for, and reads nothing for so long; then prints
 *                                         what it is sent, and "exited N"
 *   supervisor_client DIR stuck SECONDS [PATIENCE]
 *                                         attaches and never reads; asks to be waited for so many seconds
 *   supervisor_client DIR raw MESSAGE     sends one message (its first letter is the kind), then
 *                                         prints every message until the end
 */
#include "console/attach.h"
#include "console/console.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int run(int sock, bool tty)
{
	struct detach_keys keys;
	struct err error = {0};
	enum attach_how how;
	int status = -1;

	detach_keys_parse(DETACH_KEYS_DEFAULT, &keys, &error);
	struct attach_options o = {.tty = tty,
		.detach_keys = &keys,
		.stdin_fd = 0,
		.stdout_fd = 1,
		.stderr_fd = 2,
		.end_fd = -1};
	if (attach_run(sock, &o, &status, &how, &error) < 0)
		errx(125, "%s", error.text);
	switch (how) {
	case ATTACH_EXITED:
		return dprintf(2, "exited %d\n", status), 0;
	case ATTACH_DETACHED:
		return dprintf(2, "detached\n"), 0;
	case ATTACH_LOST:
		return dprintf(2, "lost\n"), 0;
	case ATTACH_SIGNALLED:
		return dprintf(2, "signalled %d\n", status), 0;
	}
	return 125;
}

static int slow(int sock, unsigned seconds)
{
	static const char endless[] = {ATTACH_PATIENCE, '\xff', '\xff'};
	char m[ATTACH_MESSAGE_MAX];
	ssize_t n;

	send(sock, endless, sizeof(endless), MSG_NOSIGNAL);
	sleep(seconds);
	while ((n = recv(sock, m, sizeof(m), 0)) > 0)
		if (m[0] == ATTACH_EXIT)
			printf("exited %d\n", m[1]);
		else
			fwrite(m + 1, 1, (size_t)n - 1, stdout);
	return 0;
}

static int stuck(int sock, unsigned seconds, const char *patience)
{
	const char m[] = {ATTACH_PATIENCE, (char)(patience ? atoi(patience) : 0), 0};

	if (patience)
		send(sock, m, sizeof(m), MSG_NOSIGNAL);
	return (int)sleep(seconds);
}

static int raw(int sock, const char *message)
{
	char m[ATTACH_MESSAGE_MAX];
	ssize_t n;

	send(sock, message, strlen(message), MSG_NOSIGNAL);
	while ((n = recv(sock, m, sizeof(m), 0)) > 0)
		dprintf(1, "<%c %.*s>\n", m[0], (int)n - 1, m + 1);
	return 0;
}

int main(int argc, char **argv)
{
	struct err error = {0};
	int dir, sock;

	if (argc < 3)
		errx(125, "usage");
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sock = attach_connect(dir, ATTACH_SOCKET, &error);
	if (sock < 0)
		errx(125, "%s", error.text);
	if (strcmp(argv[2], "stuck") == 0)
		return stuck(sock, (unsigned)atoi(argv[3]), argv[4]);
	if (strcmp(argv[2], "slow") == 0)
		return slow(sock, (unsigned)atoi(argv[3]));
	if (strcmp(argv[2], "raw") == 0)
		return raw(sock, argv[3]);
	return run(sock, strcmp(argv[2], "tty") == 0);
}
