# clang-format decides; `make format` obeys. No two versions of it want the same.
clang-format --version | grep -qF 'version 14.' || { echo "the layout is that of clang-format 14, Debian 12's" && exit 77; }
git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format --dry-run -Werror 2>&1 |
	sed -nE 's/^([^: ]+):[0-9]+:[0-9]+: error: .*/\1/p' | sort | uniq -c | sort -rn | grep . && exit 1
exit 0
