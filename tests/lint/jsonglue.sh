# One header decides how JSON is read, so that no reader is laxer than another.
mapfile -t files < <(git ls-files 'src/*.[ch]' 'tests/unit/*.c' | grep -vx src/base/json.h)
! grep -nHE '#[[:space:]]*include.*jansson' "${files[@]}"
