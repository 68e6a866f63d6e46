# shellcheck shell=bash
# Shared by all commands: options, help, messages and exit codes. The commands source this file with
# `here` set to their directory. It works with bash 3.2 (macOS): no ${x,,}, no mapfile, no wait -n, and
# an empty array needs ${a[@]+"${a[@]}"}.

umask 077 # files are private, whatever the caller's umask is

# The commands run as `bash -p`, which ignores these. The programs that they call must not see them either.
unset BASH_ENV ENV CDPATH POSIXLY_CORRECT BASH_COMPAT
export -n SHELLOPTS

# A closed stdin or stdout is replaced, so that no other file gets its number; a reader that has gone
# away does not end a command.
true 2>/dev/null 3>&1 || exec >/dev/null
true 2>/dev/null 3<&0 || exec </dev/null
trap '' PIPE

program=${0##*/}
arguments=()          # the arguments that are no options
original_arguments=() # all arguments, as given
scratch=              # a temporary directory, see make_scratch
interrupt_message=()  # what to print when the waiting ends early, see on_interrupt

# In jq: text from elsewhere without control characters, line ends and bidirectional overrides, which
# could mislead a terminal or a reader; and amounts of money.
jq_text='
  def dollars: . * 100 | round | "\(. / 100 | floor).\(. % 100 | tostring | if length < 2 then "0" + . else . end) USD";
  def safe_text: tostring | gsub("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]"; " ");'

# shellcheck source=lib/progress.sh
. "$here/lib/progress.sh"
# shellcheck source=lib/http.sh
. "$here/lib/http.sh"
# shellcheck source=lib/api.sh
. "$here/lib/api.sh"
# shellcheck source=lib/aws.sh
. "$here/lib/aws.sh"
# shellcheck source=lib/identity.sh
. "$here/lib/identity.sh"
# shellcheck source=lib/endpoint.sh
. "$here/lib/endpoint.sh"
# shellcheck source=lib/signing.sh
. "$here/lib/signing.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"
# shellcheck source=lib/local.sh
. "$here/lib/local.sh"
# shellcheck source=lib/cluster.sh
. "$here/lib/cluster.sh"

# parse_options "FLAG … OPTION= …" "$@"
# Sets option_FLAG to 1 and option_OPTION to its value, with _ for each dash; options that are not given
# stay unset. Everything else goes to arguments. --help and --local are always known.
parse_options() {
  local known=" help local $1 " word value
  shift
  original_arguments=("$@")
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

# Prints the comment at the top of the command, which is its help.
print_help() {
  trap - PIPE
  sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
  exit 0
}

require_tools() {
  command -v curl >/dev/null || fail "curl is missing: install curl"
  command -v jq >/dev/null || fail "jq is missing: install jq (1.6 or newer)"
}

# info LINE …: prints messages on stderr.
info() {
  end_progress
  printf '%s\n' "$@" >&2 || true
}

# error MESSAGE [LINE …]: prints what went wrong and why, then what to do about it.
error() {
  local red='' reset=''
  if [[ -t 2 && -z ${NO_COLOR-} && ${TERM-dumb} != dumb ]]; then
    red=$'\033[31m' reset=$'\033[0m'
  fi
  info "$red$program:$reset $1" "${@:2}"
}

# The command failed.
fail() {
  error "$@"
  exit 1
}

# The request is invalid or not allowed.
fail_usage() {
  error "$@"
  exit 2
}

fail_with_usage() {
  fail_usage "$1" "  usage: $(command_line "$program" --help)"
}

# command_line COMMAND [ARGUMENT …]: prints a command to copy, with the path and edition of this call.
command_line() {
  local folder=${0%/*} local_option=''
  if [[ $folder == "$0" ]]; then
    folder=.
  elif [[ -L $0 ]]; then
    folder=$here # the other commands need not have a link there
  fi
  if [[ -n ${option_local-} && ${2-} != --help ]]; then
    local_option=' --local'
  fi
  printf %q "$folder/$1"
  printf %s "$local_option"
  shift
  (($# == 0)) || printf ' %q' "$@"
}

# Prints the command as it was called.
repeat_command() {
  command_line "$program" ${original_arguments[@]+"${original_arguments[@]}"}
}

# on_interrupt LINE …: from here on Ctrl-C only ends the waiting, and prints this.
on_interrupt() {
  interrupt_message=("$@")
  trap 'info "" "${interrupt_message[@]}"; exit 130' INT TERM
}

make_scratch() {
  [[ -n $scratch ]] || scratch=$(mktemp -d "${TMPDIR:-/tmp}/eksphemeral.XXXXXX")
}

on_exit() {
  end_progress
  stop_build
  [[ -z $scratch ]] || rm -rf -- "$scratch"
}
trap on_exit EXIT
