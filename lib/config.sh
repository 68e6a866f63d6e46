# shellcheck shell=bash
# The caller's settings: from the environment, else from a file of KEY=VALUE lines.

config_file=${XDG_CONFIG_HOME:-${HOME-}/.config}/eksphemeral/config
config_keys='owner workers version region endpoint'

# config_variable KEY: prints the environment variable with the same meaning, which wins.
config_variable() {
  case $1 in
    owner) printf EKSPHEMERAL_OWNER ;;
    workers) printf EKSPHEMERAL_WORKERS ;;
    version) printf EKSPHEMERAL_VERSION ;;
    region) printf AWS_REGION ;;
    endpoint) printf EKSPHEMERAL_URL ;;
  esac
}

# Sets the variables that are not set to what the file says. All problems of the file are reported at once.
read_config() {
  local line key value number=0 problems=() variable blank='^[[:space:]]*(#.*)?$'
  [[ -r $config_file && -f $config_file ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    ((${#problems[@]} < 10)) || break
    number=$((number + 1)) line=${line%$'\r'}
    [[ ! $line =~ $blank ]] || continue
    if [[ $line =~ ^[[:space:]]*([A-Za-z]+)[[:space:]]*=[[:space:]]*([^[:cntrl:]]*[^[:cntrl:][:space:]])[[:space:]]*$ ]]; then
      key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
      variable=$(config_variable "$key")
      if [[ -n $variable ]]; then
        [[ -n ${!variable-} ]] || is_overruled "$key" || printf -v "$variable" %s "$value"
        continue
      fi
      problems+=("  - line $number: unknown setting $key")
    else
      problems+=("  - line $number is not KEY=VALUE")
    fi
  done < <(head -c 8192 -- "$config_file")
  ((${#problems[@]} == 0)) \
    || fail_usage "invalid settings in $config_file:" "${problems[@]}" "  settings: $config_keys"
}

# is_overruled KEY: whether another variable or option decides what the setting is about.
is_overruled() {
  case $1 in
    region) [[ -n ${AWS_DEFAULT_REGION-} ]] ;;
    endpoint) [[ ${EKSPHEMERAL_LOCAL-} == 1 ]] ;;
    *) return 1 ;;
  esac
}
