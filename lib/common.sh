# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# What every command needs: options, help, words for people, the way out.
# Sourced by the commands, with `here` naming the folder they are in. bash 3.2, which macOS has, is
# enough: mind empty arrays, and there is no ${x,,}, no mapfile, no wait -n.

umask 077 # what is written is for who runs this, whatever others may read by default

# The commands run as `bash -p`; what it takes no notice of is not for the programs that they call either.
unset BASH_ENV ENV CDPATH POSIXLY_CORRECT BASH_COMPAT
export -n SHELLOPTS

# A closed stdin or stdout is replaced, so that no file gets its number; a reader that has gone away
# does not end a command.
true 2>/dev/null 3>&1 || exec >/dev/null
true 2>/dev/null 3<&0 || exec </dev/null
trap '' PIPE

program=${0##*/}
arguments=()
scratch= # a folder for what is needed during this run only

# shellcheck source=lib/progress.sh
. "$here/lib/progress.sh"
# shellcheck source=lib/api.sh
. "$here/lib/api.sh"
# shellcheck source=lib/aws.sh
. "$here/lib/aws.sh"
# shellcheck source=lib/local.sh
. "$here/lib/local.sh"
# shellcheck source=lib/cluster.sh
. "$here/lib/cluster.sh"

# parse_options "FLAG … OPTION= …" "$@"
# Sets option_FLAG to 1 and option_OPTION to its value, with _ for the dashes of a name, leaves
# those not given unset, and puts the rest into arguments. --help and --local are always known.
parse_options() {
  local known=" help local $1 " word value
  shift
  as_called=("$@")
  for word in $known; do
    word=${word%=}
    unset "option_${word//-/_}"
  done
  while (($#)); do
    case $1 in
      -h) print_help ;;
      --)
        shift
        arguments+=("$@")
        break
        ;;
      --*)
        word=${1#--}
        word=${word%%=*}
        if [[ $known == *" $word "* && $1 != *=* ]]; then
          value=1
        elif [[ $known == *" $word= "* && $1 == *=* ]]; then
          value=${1#*=}
        elif [[ $known == *" $word= "* && $# -gt 1 ]]; then
          value=$2
          shift
        elif [[ $known == *" $word= "* ]]; then
          wrong_use "--$word needs a value"
        else
          wrong_use "no such option: $1"
        fi
        printf -v "option_${word//-/_}" %s "$value"
        ;;
      -[!0-9]*) wrong_use "no such option: $1" ;;
      *) arguments+=("$1") ;; # also the - of stdin, and minutes like -5
    esac
    shift
  done
  [[ -z ${option_help-} ]] || print_help
  yes_or_no EKSPHEMERAL_LOCAL
}

# yes_or_no VARIABLE: makes 1 or nothing of what a variable of the environment says.
yes_or_no() {
  case ${!1-} in
    1 | [Tt][Rr][Uu][Ee] | [Yy] | [Yy][Ee][Ss] | [Oo][Nn]) printf -v "$1" 1 ;;
    '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn] | [Nn][Oo] | [Oo][Ff][Ff]) printf -v "$1" '' ;;
    *) refuse "$1 is '${!1}', which is neither yes nor no" "  yes: export $1=1" "  no:  unset $1" ;;
  esac
}

# expect_arguments LEAST MOST
expect_arguments() {
  if ((${#arguments[@]} < $1)); then
    wrong_use "too few arguments"
  elif ((${#arguments[@]} > $2)); then
    wrong_use "too many arguments, from '${arguments[$2]}' on"
  fi
}

# The comment at the top of a command is its help.
print_help() {
  trap - PIPE
  sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
  exit 0
}

need_tools() {
  command -v curl >/dev/null || die "curl is missing, which asks the control plane: install curl"
  command -v jq >/dev/null || die "jq is missing, which reads its answers: install jq (1.6 or newer)"
}

# say LINE …: words for people.
say() {
  end_progress
  printf '%s\n' "$@" >&2 || true
}

# complain WHAT [LINE …]: what went wrong and why, then what to do about it.
complain() {
  local red='' plain=''
  if [[ -t 2 && -z ${NO_COLOR-} && ${TERM-dumb} != dumb ]]; then
    red=$'\033[31m' plain=$'\033[0m'
  fi
  say "$red$program:$plain $1" "${@:2}"
}

# It failed.
die() {
  complain "$@"
  exit 1
}

# It makes no sense, or is not allowed.
refuse() {
  complain "$@"
  exit 2
}

wrong_use() {
  refuse "$1" "  how it is used: $(command_for "$program" --help)"
}

# command_for COMMAND [ARGUMENT …]: a line to copy, with the path and the edition of this call.
command_for() {
  local folder=${0%/*} local_option=''
  if [[ $folder == "$0" ]]; then
    folder=.
  elif [[ -L $0 ]]; then
    folder=$here # the other commands need not have such a link
  fi
  if [[ -n ${option_local-} && ${2-} != --help ]]; then
    local_option=' --local'
  fi
  printf %q "$folder/$1"
  printf %s "$local_option"
  shift
  (($# == 0)) || printf ' %q' "$@"
}

make_scratch() {
  [[ -n $scratch ]] || scratch=$(mktemp -d "${TMPDIR:-/tmp}/eksphemeral.XXXXXX")
}

leave() {
  end_progress
  leave_local
  [[ -z $scratch ]] || rm -rf -- "$scratch"
}
trap leave EXIT
