# shellcheck shell=bash
# Shared by all commands: messages, exit codes, and what else they share. The commands source this file with
# `here` set to their directory. It works with bash 3.2 (macOS): no ${x,,}, no mapfile, no wait -n, and
# an empty array needs ${a[@]+"${a[@]}"}.

umask 077 # files are private, whatever the caller's umask is

# The commands run as `bash -p`, which ignores these. The programs that they call must not see them either.
unset BASH_ENV ENV CDPATH POSIXLY_CORRECT BASH_COMPAT
export -n SHELLOPTS

# A closed stdin, stdout or stderr is replaced, so that no other file gets its number; a reader that has gone
# away does not end a command.
true 3>&2 || exec 2>/dev/null
true 2>/dev/null 3>&1 || exec >/dev/null
true 2>/dev/null 3<&0 || exec </dev/null
trap '' PIPE

# How the caller typed eksp, which runs the other commands; empty if this one was called directly. It is not
# passed on, as a shell or a program that is started here may call a script itself.
front=${EKSPHEMERAL_FRONT-}
unset EKSPHEMERAL_FRONT
program=${0##*/}
arguments=()          # the arguments that are no options
original_arguments=() # all arguments, as given
scratch=              # a temporary directory, see make_scratch
interrupt_message=()  # what to print when the waiting ends early, see on_interrupt

# In jq: text from elsewhere without control characters, line ends and bidirectional overrides, which
# could mislead a terminal or a reader; amounts of money; and whole numbers, as bash would run what is in a
# text that it calculates with; what a caller chose for nodes.
jq_text='
  def dollars: . * 100 | round | "\(. / 100 | floor).\(. % 100 | tostring | if length < 2 then "0" + . else . end) USD";
  def whole: if type == "number" and . > -1e9 and . < 1e9 then ceil else null end;
  def safe_text: tostring | gsub("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]"; " ");
  def describe_nodes:
    [(.types // [] | join(" or ")), .arch, (.disk | if . then "\(.) GiB" else . end), .capacitytype]
    | map(select(. != null and . != "")) | join(", ");'

# shellcheck source=lib/commands.sh
. "$here/lib/commands.sh"
# shellcheck source=lib/options.sh
. "$here/lib/options.sh"
# shellcheck source=lib/config.sh
. "$here/lib/config.sh"
# shellcheck source=lib/output.sh
. "$here/lib/output.sh"
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
# shellcheck source=lib/provider.sh
. "$here/lib/provider.sh"
# shellcheck source=lib/cluster.sh
. "$here/lib/cluster.sh"
# shellcheck source=lib/kubeconfig.sh
. "$here/lib/kubeconfig.sh"
# shellcheck source=lib/phases.sh
. "$here/lib/phases.sh"

require_tools() {
  command -v curl >/dev/null || fail "curl is missing: install curl"
  command -v jq >/dev/null || fail "jq is missing: install jq (1.6 or newer)"
}

# info LINE …: prints messages on stderr. Sentences are wrapped at words; indented lines are not, as they may have
# commands to copy.
info() {
  end_progress
  measure_terminal 2
  if ((terminal_columns == 0)); then
    printf '%s\n' "$@" >&2 || true
  else
    wrap_sentences "$@" >&2 || true
  fi
}

# error MESSAGE [LINE …]: prints what went wrong and why, then what to do about it.
error() {
  local red='' reset=''
  if has_colour 2; then
    red=$'\033[31m' reset=$'\033[0m'
  fi
  info "$red$(called_as):$reset $1" "${@:2}"
}

# Prints how the caller calls this command.
called_as() {
  printf %s "${front:+eksp $(command_name "$program")}"
  [[ -n $front ]] || printf %s "$program"
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
  fail_usage "$1" "$(synopsis)" "  usage: $(command_line "$program" --help)"
}

# command_line SCRIPT [ARGUMENT …]: prints a command to copy, in the form in which this one was called, and
# with the same edition.
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
  if [[ -n $front ]]; then
    printf '%q %s' "$front" "$(command_name "$1")"
  else
    printf %q "$folder/$1"
  fi
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
  leave_screen
  end_progress
  stop_build
  [[ -z $scratch ]] || rm -rf -- "$scratch"
}
trap on_exit EXIT
