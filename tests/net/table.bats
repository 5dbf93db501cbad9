# What the table of nf_tables does to packets: containers are played by namespaces, nothing is started.
load lab
load players

setup() { lab_up; }
teardown() { lab_down; }

@test "a container reaches the internet by both families, with the host's address" {
	table_up
	play one 3
	serve internet web tcp:80 udp:53
	all_say <<- END
		"web saw $HOST4" one tcp $WEB4 80
		"web saw $HOST6" one tcp $WEB6 80
		"web saw $HOST4" one udp $WEB4 53
		"web saw $HOST6" one udp $WEB6 53
	END
}

@test "a published port is reached from everywhere, and sees who calls" {
	table_up
	play web 3
	play other 4
	serve web web tcp:80 udp:53
	publish add 'tcp . 8080' 10.90.0.3 80
	publish add 'udp . 5353' 10.90.0.3 53
	publish add 'tcp . 8080' fd00:90::3 80
	publish add 'udp . 5353' fd00:90::3 53
	all_say <<- END
		"web saw $PEER4" peer tcp $HOST4 8080
		"web saw $PEER6" peer tcp $HOST6 8080
		"web saw $PEER4" peer udp $HOST4 5353
		"web saw $PEER6" peer udp $HOST6 5353
		"web saw $WEB4" internet tcp $HOST4 8080
		"web saw $WEB6" internet tcp $HOST6 8080
		"web saw $HOST4" host tcp $HOST4 8080
		"web saw $HOST6" host tcp $HOST6 8080
		"web saw 10.90.0.1" host tcp 10.90.0.1 8080
		"web saw 10.90.0.4" other tcp $HOST4 8080
		"web saw fd00:90::4" other tcp $HOST6 8080
		"web saw 10.90.0.4" other udp 10.90.0.1 5353
		refused peer tcp $HOST4 8081
	END
	# From the host's loopback, and from the container itself: one of the host's own addresses.
	[[ $(on host ask tcp 127.0.0.1 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on host ask udp 127.0.0.1 5353) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on web ask tcp $HOST4 8080) =~ ^"web saw "[0-9.]+$ ]]
	[[ $(on web ask tcp $HOST6 8080) =~ ^"web saw "[0-9a-f:]+$ ]]
	[[ $(on web ask udp $HOST4 5353) =~ ^"web saw "[0-9.]+$ ]]
}
