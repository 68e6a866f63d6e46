# shellcheck shell=bash
# Options, help and usage.

# parse_options "FLAG … OPTION= …" "$@"
# Sets option_FLAG to 1 and option_OPTION to its value, with _ for each dash; options that are not given
# stay unset. Everything else goes to arguments. --help and --local are always known.
parse_options() {
  local known=" help local $1 " option word value
  shift
  original_arguments=("$@")
  for word in $known; do
    word=${word%=}
    unset "option_${word//-/_}"
  done
  while (($#)); do
    option=$1
    case $1 in
      -o | -f | -y) option=$(long_option "$1") ;;
      -o?*) option=--output=${1#-o} ;;
    esac
    case $option in
      -h) print_help ;;
      --)
        shift
        arguments+=("$@")
        break
        ;;
      --*)
        word=${option#--}
        word=${word%%=*}
        if [[ ! $word =~ ^[a-z-]+$ ]]; then
          fail_with_usage "unknown option: $1"
        elif [[ $known == *" $word "* && $option != *=* ]]; then
          value=1
        elif [[ $known == *" $word= "* && $option == *=* ]]; then
          value=${option#*=}
        elif [[ $known == *" $word= "* && $# -gt 1 ]]; then
          value=$2
          shift
        elif [[ $known == *" $word= "* ]]; then
          fail_with_usage "--$word needs a value"
        else
          fail_with_usage "unknown option: $1"
        fi
        printf -v "option_${word//-/_}" %s "$value"
        ;;
      -[!0-9]*) fail_with_usage "unknown option: $1" ;;
      *) arguments+=("$1") ;; # including - for stdin, and minutes such as -5
    esac
    shift
  done
  [[ -z ${option_help-} ]] || print_help
  normalise_boolean EKSPHEMERAL_LOCAL
  read_config
}

long_option() {
  case $1 in
    -o) printf -- --output ;;
    -f) printf -- --follow ;;
    -y) printf -- --yes ;;
  esac
}

# normalise_boolean VARIABLE: sets an environment variable to 1 or to nothing.
normalise_boolean() {
  case ${!1-} in
    1 | [Tt][Rr][Uu][Ee] | [Yy] | [Yy][Ee][Ss] | [Oo][Nn]) printf -v "$1" 1 ;;
    '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn] | [Nn][Oo] | [Oo][Ff][Ff]) printf -v "$1" '' ;;
    *) fail_usage "invalid $1 '${!1}': expected 1 or 0" "  switch it on:  export $1=1" "  switch it off: unset $1" ;;
  esac
}

# expect_arguments MIN MAX
expect_arguments() {
  if ((${#arguments[@]} < $1)); then
    fail_with_usage "too few arguments"
  elif ((${#arguments[@]} > $2)); then
    fail_with_usage "too many arguments: '${arguments[$2]}'"
  fi
}

# Prints the help of the command, in the words of the caller.
help_text() {
  local text script
  text=$(header "$0")
  if [[ -n $front ]]; then
    for script in "$here"/eksp-*.sh; do
      script=./${script##*/} # bash 3.2 takes no slash in a pattern
      text=${text//"$script"/eksp $(command_name "${script#./}")}
    done
  fi
  printf '%s\n' "$text"
}

print_help() {
  trap - PIPE
  help_text
  exit 0
}

# Prints how the command is called, a line for each way.
synopsis() {
  help_text | sed -n -E 's#^  ((\./eksp-[a-z]+\.sh|eksp [a-z]+)( .*)?)$#  \1#p'
}
