# bash completion of ctr, fed by its own --help, so that it never knows less or more than the program: which
# commands and flags there are, which flag has a value, and where a container, an image or a volume goes. Only
# what a help text has no room for is in the tables below. zsh and fish take it from here, too.

# Words in the first column of the "commands:" of a help text on standard input.
_ctr_commands()
{
	sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# Flags of a help text, a line for each: letter, name, value and what is said of it; "-" where it has none.
_ctr_flags()
{
	sed -nE '/^flags:/,/^$/{
		s/^ +((-[A-Za-z]), )?(--[a-z0-9-]+) ([^ ]+) *(.*)/\2\t\3\t\4\t\5/p; t
		s/^ +((-[A-Za-z]), )?(--[a-z0-9-]+) *(.*)/\2\t\3\t-\t\4/p
	}' | sed 's/^\t/-\t/; y/\t/ /'
}

# What the usage line of a help text names behind the flags: "CONTAINER", and "…" if more of it may follow.
_ctr_operands()
{
	sed -nE '/^usage: ctr /{
		s/^usage: ctr( [a-z]+)+//
		s/ \| .*//
		s/\[(-[^]]*|flags)\]//g
		s/\[[:=][^]]*\]//g
		s/[][]//g
		s/…/ …/g
		p
		q
	}'
}

# States of the containers that a command can do something to; all, if nothing is said.
_ctr_states()
{
	case "$command $given" in
	start\ *) echo created exited restarting ;;
	wait\ *' --condition '* | exec\ * | pause\ * | healthcheck\ *) echo running ;;
	stop\ * | kill\ * | wait\ *) echo running paused restarting ;;
	resume\ * | unpause\ *) echo paused ;;
	attach\ * | port\ * | stats\ * | top\ *) echo running paused ;;
	rm\ *' -f '* | rm\ *' --force '*) ;;
	rm\ *) echo created exited ;;
	rename\ *) echo created running paused exited ;;
	esac
}

# Of these states, or all.
# shellcheck disable=SC2120 # called by _ctr_offer
_ctr_containers()
{
	local state filters=()
	for state in "$@"; do filters+=(--filter "status=$state"); done
	"${program[@]}" ps --all --format json "${filters[@]}" 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

_ctr_images()
{
	"${program[@]}" image ls --format json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

_ctr_volumes()
{
	"${program[@]}" volume ls --quiet 2>/dev/null
}

_ctr_networks()
{
	"${program[@]}" network ls --quiet 2>/dev/null
}

# What --net takes.
_ctr_connections()
{
	case $cur in
	container:*) _ctr_behind container: "$(_ctr_containers running paused)" ;;
	*) echo none host container: ns: && _ctr_networks ;;
	esac
}

_ctr_interfaces()
{
	ls /sys/class/net 2>/dev/null
}

_ctr_columns()
{
	echo hpid pid ppid user uid gid huid pcpu time etime stat nice threads vsz rss comm args
}

_ctr_capabilities()
{
	echo ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE \
		DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE \
		MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG \
		SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE \
		SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
}

# Each word of $2 behind $1.
_ctr_behind()
{
	local word
	for word in $2; do printf '%s%s\n' "$1" "$word"; done
}

# KEY=VALUE: of containers by the keys of ctr ps, of events by those that the help names.
_ctr_filters()
{
	local key=${cur%%=*}=
	case $cur in
	status=*) _ctr_behind "$key" 'created creating exited paused restarting running' ;;
	health=*) _ctr_behind "$key" 'healthy none starting unhealthy' ;;
	type=*) _ctr_behind "$key" 'container image network volume' ;;
	image=* | ancestor=*) _ctr_behind "$key" "$(_ctr_images)" ;;
	volume=*) _ctr_behind "$key" "$(_ctr_volumes)" ;;
	name=* | before=* | since=*) _ctr_behind "$key" "$(_ctr_containers)" ;;
	*=*) ;;
	*)
		case $command in
		events) grep -oE '[a-z]+=' <<<"$said" ;;
		*) _ctr_behind '' 'name= id= image= ancestor= label= status= exited= health= volume= before= since= until=' ;;
		esac
		;;
	esac
}

_ctr_security()
{
	case $cur in
	seccomp=*)
		_ctr_behind seccomp= 'unconfined vps vps+32bit vps+aio vps+32bit+aio default+32bit default+aio
			default+32bit+aio'
		;;
	apparmor=*)
		_ctr_behind apparmor= "unconfined $(sed 's/ (.*//' /sys/kernel/security/apparmor/profiles 2>/dev/null)"
		;;
	label=*) _ctr_behind label= 'disable type: user: role: level:' ;;
	no-new-privileges=*) _ctr_behind no-new-privileges= 'true false' ;;
	*) echo seccomp= apparmor= label= no-new-privileges= writable-cgroups ;;
	esac
}

# FIELD[=VALUE],...
_ctr_mount()
{
	local before=${cur%"${cur##*,}"}
	case ${cur##*,} in
	type=*) _ctr_behind "${before}type=" 'bind volume tmpfs' ;;
	source=[./]* | target=*) ;;
	source=*) _ctr_behind "${before}source=" "$(_ctr_volumes)" ;;
	bind-propagation=*) _ctr_behind "${before}bind-propagation=" 'private rprivate shared rshared slave rslave' ;;
	bind-recursive=*) _ctr_behind "${before}bind-recursive=" 'enabled disabled readonly' ;;
	idmap=*) _ctr_behind "${before}idmap=" 'true false' ;;
	*=*) ;;
	*)
		_ctr_behind "$before" 'type= source= target= readonly bind-propagation= bind-recursive= bind-create-src
			volume-nocopy idmap= tmpfs-size= tmpfs-mode= nosuid nodev noexec noatime'
		;;
	esac
}

# SRC:DST[:OPTION,...]
_ctr_volume()
{
	case $cur in
	*:*:*)
		_ctr_behind "${cur%"${cur##*[:,]}"}" 'ro rw nosuid suid nodev dev noexec exec noatime nosymfollow bind
			rbind private rprivate shared rshared slave rslave copy nocopy idmap noidmap'
		;;
	*:* | [./]*) ;;
	*) _ctr_volumes | sed 's/$/:/' ;;
	esac
}

_ctr_ulimits()
{
	_ctr_behind '' 'core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime=
		sigpending= stack='
}

# What the help says of this --format; of a template an example.
_ctr_formats()
{
	case $value in
	*\|*) echo "${value//|/ }" ;;
	*) grep -oE '\<(table|json|template)\>' <<<"$said" | sed 's/template/{{.name}}/' | sort -u ;;
	esac
}

# One end of a copy is in a container; if the first is not, the second is.
_ctr_ends()
{
	case $first in
	*:*) ;;
	*) _ctr_containers | sed 's/$/:/' ;;
	esac
}

# _ctr_kind FLAG VALUE: what is offered behind a flag, the value of which its help calls VALUE: the name of a
# function above and its arguments, "files", "dirs", "nothing", or "words" and these. What is in no row is a
# mistake, which the lint of the pages finds.
_ctr_kind()
{
	case "$1 $2" in
	--cap-*) echo capabilities ;;
	--columns\ *) echo columns ;;
	--condition\ *) echo words exited healthy unhealthy ;;
	--container\ *) echo containers ;;
	--driver\ *) echo words nat routed ;;
	--filter\ *) echo filters ;;
	--format\ *) echo formats ;;
	--mount\ *) echo mount ;;
	--net\ * | --network\ *) echo connections ;;
	--restart\ *) echo words no on-failure on-failure: always unless-stopped ;;
	--security-opt\ *) echo security ;;
	--sort\ *) echo words created name image status ;;
	--type\ *) echo words "$2" ;;
	--ulimit\ *) echo ulimits ;;
	--volume\ *) echo volume ;;
	*\ [a-z]*\|*) echo "words ${2//|/ }" ;;
	*\ CONTAINER) echo containers ;;
	*\ SIGNAL) echo signals ;;
	*\ INTERFACE) echo interfaces ;;
	*\ FILE | *\ COMMAND | *\ SRC*) echo files ;;
	*\ DIR | *\ DIR\[*) echo dirs ;;
	*\ KEY\[=VALUE]) echo variables ;;
	*\ ADDRESS | *\ ADDRESS/LENGTH | *\ ADDRESS\[* | *\ MAC | *\ *PORT\[* | *\ RATE\[* | *\ BYTES | *\ DEV:* | *\ DOMAIN | *\ GROUP | *\ KEYS | *\ KEY=VALUE | *\ LINES | *\ LIST | *\ MICROSECONDS | \
		*\ N | *\ NAME | *\ NAME:ADDRESS | *\ OCTAL | *\ OPTION | *\ OS/ARCH | *\ PATH\|SLICE | *\ REF | *\ SECONDS | *\ SIZE | \
		*\ TIME | *\ USER*) echo nothing ;;
	*) return 1 ;;
	esac
}

# What can stand for an operand of the usage line, in the same words.
_ctr_operand_kind()
{
	case $1 in
	CONTAINER) echo "containers $(_ctr_states)" ;;
	IMAGE) echo images ;;
	VOLUME) echo volumes ;;
	NETWORK) echo networks ;;
	COLUMN) echo columns ;;
	RECIPE) echo recipes ;;
	SOURCE | DESTINATION) echo ends ;;
	COMMAND | FILE*) echo files ;;
	[a-z]*) echo "words $1" ;;
	*) echo nothing ;;
	esac
}

# _ctr_offer KIND [ARGUMENT...]: into `words` what is of this kind, and into `files` what else is offered.
_ctr_offer()
{
	files=''
	case $1 in
	files | dirs) files=$1 ;;
	words) words=${*:2} ;;
	nothing) ;;
	signals) words=$(compgen -A signal SIG | sed 's/^SIG//') ;;
	variables) words=$(compgen -A export) ;;
	recipes) words=$("${program[@]}" image build --help 2>/dev/null | sed -n 's/^recipes: //p' | tr -d ,) ;;
	*)
		words=$("_ctr_$1" "${@:2}")
		case $1 in volume | mount | ends | security) files=files ;; esac
		;;
	esac
}

# The words of the line up to the cursor, in `line`: bash takes them apart at ":" and "=".
_ctr_line()
{
	local i word rest=${COMP_LINE-}
	line=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$i" -eq 0 ] || [ -z "${COMP_LINE-}" ] || [ "${rest# }" != "$rest" ] || [ "${rest#	}" != "$rest" ]; then
			line+=("$word")
		else
			line[${#line[@]} - 1]+=$word
		fi
		rest=${rest#"${rest%%[! 	]*}"}
		rest=${rest#"$word"}
	done
}

# The flag of a word, "-x" or "--name": in `flag` its name, in `value` and `said` what the help tells of it.
_ctr_find_flag()
{
	local letter name
	flag='' value=- said=''
	while read -r letter name value said; do
		if [ "$1" = "$letter" ] || [ "$1" = "$name" ]; then
			flag=$name
			return
		fi
	done <<<"$flags"
	value=-
	return 1
}

# A word that begins with "-": whether the next one is its value.
_ctr_takes_next()
{
	local i
	case $1 in
	--*=*) given+=" ${1%%=*} " && return 1 ;;
	--*)
		given+=" $1 "
		_ctr_find_flag "$1"
		[ "$value" != - ]
		return
		;;
	esac
	for ((i = 1; i < ${#1}; i++)); do
		given+=" -${1:$i:1} "
		_ctr_find_flag "-${1:$i:1}"
		if [ "$value" != - ]; then
			[ $((i + 1)) -eq ${#1} ]
			return
		fi
	done
	return 1
}

# The words behind the command, which is at $1: in `operands` those that are no flags. Whether the word at the
# cursor is the value of `flag`.
_ctr_is_value()
{
	local i word
	for ((i = $1 + 1; i < at; i++)); do
		word=${line[i]}
		case $ended$word in
		--) ended=yes ;;
		-?*)
			if _ctr_takes_next "$word" && ((++i == at)); then
				return 0
			fi
			;;
		*)
			operands+=("$word")
			case $usage in *COMMAND*) ended=yes ;; esac
			;;
		esac
	done
	return 1
}

# Where there is no flag.
_ctr_offer_operand()
{
	local want='' last='' n=0 word first=${operands[0]-}
	case "$usage:$given" in *COMMAND*:*' --rootfs '*) usage=${usage#* IMAGE } ;; esac
	for word in $usage; do
		if [ "$word" = … ]; then
			[ -n "$want" ] || want=$last
		elif [ "$n" -eq "${#operands[@]}" ]; then
			want=$word
		fi
		[ "$word" = … ] || n=$((n + 1))
		last=$word
	done
	# shellcheck disable=SC2046 # a kind and its arguments
	_ctr_offer $(_ctr_operand_kind "$want")
	case $want in
	CONTAINER | IMAGE | NETWORK | VOLUME)
		[ ${#operands[@]} -eq 0 ] || words=$(printf '%s\n' "$words" | grep -vxFf <(printf '%s\n' "${operands[@]}"))
		;;
	DESTINATION) case $first in *:*) files=files ;; *) files='' ;; esac ;;
	esac
}

# Behind the command, which is at $1 and has this help.
_ctr_offer_argument()
{
	local flags usage given='' ended='' flag value said prefix='' operands=()
	flags=$(_ctr_flags <<<"$2")
	usage=$(_ctr_operands <<<"$2")
	if ! _ctr_is_value "$1"; then
		case $ended$cur in
		--*=*)
			_ctr_find_flag "${cur%%=*}" || return 0
			prefix=${cur%%=*}= cur=${cur#*=}
			;;
		-*)
			words=$(awk '{print $2; if ($1 != "-") print $1}' <<<"$flags")
			return
			;;
		*)
			_ctr_offer_operand
			return
			;;
		esac
	fi
	# shellcheck disable=SC2046 # a kind and its arguments
	_ctr_offer $(_ctr_kind "$flag" "$value" || echo nothing)
	[ -z "$prefix" ] || words=$(_ctr_behind "$prefix" "$words")
	cur=$prefix$cur
}

# The place of the command in `line`, behind ctr's own flags, which go to each call.
_ctr_find_command()
{
	for ((place = 1; place < at; place++)); do
		case ${line[place]} in
		--root | --state)
			program+=("${line[place]}" "${line[place + 1]}")
			place=$((place + 1))
			;;
		-*) program+=("${line[place]}") ;;
		*) return ;;
		esac
	done
}

# In `words` all that can stand at the cursor, and in `files` whether a file can.
_ctr_words()
{
	local at=$((${#line[@]} - 1)) place command text
	_ctr_find_command
	command=${line[place]-}
	case $place:$cur in
	"$((at + 1)):"*) files=dirs && return ;;
	"$at:-"*) words='--root --state --help --version' && return ;;
	"$at:"*) words="$("${program[@]}" --help 2>/dev/null | _ctr_commands) help" && return ;;
	esac
	if [ "$command" = help ]; then
		text=$("${program[@]}" "${line[@]:$((place + 1)):$((at - place - 1))}" --help 2>/dev/null)
		words=$(_ctr_commands <<<"$text")
		return
	fi
	text=$("${program[@]}" "$command" --help 2>/dev/null)
	words=$(_ctr_commands <<<"$text")
	if [ -n "$words" ]; then
		place=$((place + 1))
		[ "$place" -lt "$at" ] || return
		words='' command+=" ${line[place]}"
		text=$("${program[@]}" "${line[@]:$((place - 1)):2}" --help 2>/dev/null)
	fi
	_ctr_offer_argument "$place" "$text"
}

_ctr_complete()
{
	local program=("${COMP_WORDS[0]}") line words='' files='' cur word cut
	_ctr_line
	cur=${line[${#line[@]} - 1]}
	_ctr_words
	# What was taken apart stays: only the last part is replaced.
	case ${COMP_WORDS[COMP_CWORD]} in
	[:=]*) cut=$cur ;;
	*) cut=${cur%"${COMP_WORDS[COMP_CWORD]}"} ;;
	esac
	COMPREPLY=()
	for word in $words; do
		case $word in
		"$cur"*)
			COMPREPLY+=("${word#"$cut"}")
			case $word in *[=:]) compopt -o nospace 2>/dev/null ;; esac
			;;
		esac
	done
	case $files in
	'') compopt +o default 2>/dev/null ;;
	dirs) compopt +o default -o dirnames 2>/dev/null ;;
	esac
	return 0
}
complete -o default -F _ctr_complete ctr
