# The arrows between the rooms of src/ go down only.
reach() {
	case $1 in
	base) echo base ;;
	spec) echo spec base ;;
	ns | cgroup | rootfs | process | net | image) echo "$1" spec base ;;
	container) echo container image net ns cgroup rootfs process spec base ;;
	cli | oci) echo "$1" container image net ns cgroup rootfs process spec base ;;
	*) echo "" ;;
	esac
}
bad=0
for room in src/*/; do
	room=$(basename "$room")
	allowed=$(reach "$room")
	if [ -z "$allowed" ]; then
		echo "src/$room: no arrows are known for this room"
		bad=1
	fi
	while IFS=: read -r file line text; do
		to=${text#*\"}
		to=${to%%/*}
		case " $allowed " in
		*" $to "*) ;;
		*) echo "$file:$line: $room may not know $to" && bad=1 ;;
		esac
	done < <(grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "src/$room"/*.[ch])
done
exit $bad
