# gcc's analyzer follows descriptors and memory through the paths of one function after another.
# Left out, as it is mistaken there:
#   fdpass.c     CMSG_FIRSTHDR() of a control buffer that is always there
#   record.c     err_set() and its kind return -1, which it does not see across files
#   mountrequest.c  an option is looked up before it is taken, in a function it does not follow
#   processes.c  a list of one process ends behind it, which it does not see
mapfile -t files < <(git ls-files 'src/*.c' |
	grep -vxE 'src/base/fdpass\.c|src/image/record\.c|src/spec/mountrequest\.c|src/container/processes\.c')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 gcc -fanalyzer -Werror -Wno-format-truncation \
	-O1 -std=gnu17 -D_GNU_SOURCE '-DCTR_VERSION="0"' '-DCTR_LIBEXEC="/"' '-DCTR_SHARE="/"' \
	-Isrc -Ibuild -c -o /dev/null
