# The arrows between the rooms of src/ go down only.
kernel='ns cgroup rootfs process net image'
reach() {
	case $1 in
	base) echo base ;;
	spec) echo spec base ;;
	ns | cgroup | rootfs | process | net | image) echo "$1" spec base ;;
	state) echo "state $kernel" spec base ;;
	console) echo console "state $kernel" spec base ;;
	resolver) echo resolver base ;;
	supervisor) echo supervisor console "state $kernel" spec base ;;
	launch) echo launch console "state $kernel" spec base ;;
	container) echo container launch console "state $kernel" spec base ;;
	checkpoint) echo checkpoint container launch console "state $kernel" spec base ;;
	check) echo check "state $kernel" spec base ;;
	cli | oci) echo "$1" check checkpoint container launch console "state $kernel" spec base ;;
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
