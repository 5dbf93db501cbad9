# gcc has nothing to say about the programs.
exec make -s -j2 B=build/lint-gcc CFLAGS='-O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Werror' all
