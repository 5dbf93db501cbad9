/* Programs of a root: /bin/a is the input's first part, /bin/b the second; each may be a script, a
 * program, the other's interpreter or loader. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "process/fit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int root, bin;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	root = fuzz_scratch();
	require(mkdirat(root, "bin", 0755) == 0);
	bin = openat(root, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(bin >= 0);
	return 0;
}

static void check_status(const struct err *err)
{
	fuzz_refused(err);
	require(err->status == ERR_STATUS_NOT_EXECUTABLE || err->status == ERR_STATUS_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct err foreign, err = {0};
	char path[4096];
	size_t a_len, b_len;
	autofree char *a = fuzz_part(&in, &a_len), *b = fuzz_rest(&in, &b_len);

	fuzz_file(bin, "a", a, a_len);
	fuzz_file(bin, "b", b, b_len);
	if (fit_check(root, "/bin/a", &foreign, &err) < 0)
		check_status(&err);
	else if (foreign.text[0])
		fuzz_refused(&foreign);
	require(exec_error(ENOEXEC, "/bin/a", &foreign, &err) < 0);
	fuzz_refused(&err);
	/* As a command and as a search path. */
	if (command_find(root, a, b, "/bin", path, &err) < 0)
		check_status(&err);
	else
		require(path[0] == '/' && strlen(path) < sizeof(path));
	return 0;
}
