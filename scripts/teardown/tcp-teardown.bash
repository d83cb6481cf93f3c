# bash completion for tcp-teardown; made by tcp-teardown --completion
_tcp_teardown()
{
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} options=

	[ "$verb" != export ] || verb="export ${COMP_WORDS[2]}"
	case $verb in
	"show") options="--wide --count --title --follow --max-connections --help" ;;
	"merge") options="--wide --count --title --max-connections --help" ;;
	"list") options="--count --sort --json --follow --max-connections --help" ;;
	"top") options="--count --by --json --max-connections --help" ;;
	"live") options="--follow --directory --interval --once --root --help" ;;
	"record") options="--output --directory --help" ;;
	"metrics") options="--output --directory --prometheus --serve --help" ;;
	"doctor") options="--json --directory --since --netns --root --max-connections --help" ;;
	"export json") options="--follow --help" ;;
	"export dot") options="--help" ;;
	"export pcapng") options="--follow --help" ;;
	esac
	if [ "$COMP_CWORD" = 1 ]; then
		options="show merge list top live record metrics doctor export"
	elif [ "$COMP_CWORD" = 2 ] && [ "${COMP_WORDS[1]}" = export ]; then
		options="json dot pcapng "
	fi
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -o default -F _tcp_teardown tcp-teardown
