# shellcheck shell=bash
# The caller's settings: from the environment, else from a file of KEY=VALUE lines.

config_file=${XDG_CONFIG_HOME:-${HOME-}/.config}/eksphemeral/config
config_keys='owner workers version region endpoint'
max_config_bytes=8192

# config_variable KEY: prints the environment variable with the same meaning, which wins.
config_variable() {
  case $1 in
    owner) printf EKSPHEMERAL_OWNER ;;
    workers) printf EKSPHEMERAL_WORKERS ;;
    version) printf EKSPHEMERAL_VERSION ;;
    region)
      if [[ -n ${AWS_REGION-} || -z ${AWS_DEFAULT_REGION-} ]]; then
        printf AWS_REGION
      else
        printf AWS_DEFAULT_REGION
      fi
      ;;
    endpoint) printf EKSPHEMERAL_URL ;;
  esac
}

# Sets the variables that are not set to what the file says. All problems of the file are reported at once, and
# then no variable is set.
read_config() {
  local line key value variable number=0 problems=() keys=() values=() lines='' text=''
  local blank='^[[:space:]]*(#.*)?$' pair='^[[:space:]]*([A-Za-z]+)[[:space:]]*=[[:space:]]*(.*)$'
  [[ -e $config_file || -L $config_file ]] || return 0
  if check_config_file; then
    while IFS= read -r line || [[ -n $line ]]; do
      number=$((number + 1)) line=${line%"${line##*[![:space:]]}"}
      [[ ! $line =~ $blank ]] || continue
      if [[ ! $line =~ $pair ]]; then
        problems+=("  - line $number is not KEY=VALUE")
        continue
      fi
      key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
      if [[ " $config_keys " != *" $key "* ]]; then
        problems+=("  - line $number: unknown setting $key")
      elif [[ $lines =~ " $key:"([0-9]+) ]]; then
        problems+=("  - line $number: $key is set in line ${BASH_REMATCH[1]} already")
      else
        is_setting "$key" "$value" || problems+=("  - line $number: $key must be $(expected_setting "$key")")
        lines+=" $key:$number" keys+=("$key") values+=("$value")
      fi
    done <<<"$text"
  fi
  if ((${#problems[@]})); then
    number=${#problems[@]}
    ((number <= 20)) || problems=("${problems[@]:0:20}" "  and $((number - 20)) more")
    fail_usage "invalid settings in $config_file:" "${problems[@]}" "  settings: $config_keys"
  fi
  for ((number = 0; number < ${#keys[@]}; number++)); do
    variable=$(config_variable "${keys[number]}")
    [[ -n ${!variable-} ]] || is_overruled "${keys[number]}" || printf -v "$variable" %s "${values[number]}"
  done
}

# Reads the file to the caller's text, or adds what is wrong with it to the caller's problems and fails.
check_config_file() {
  local LC_ALL=C # for bytes
  if [[ ! -e $config_file ]]; then
    problems+=("  - it is a link to a file that does not exist")
  elif [[ ! -f $config_file ]]; then
    problems+=("  - it is not a file")
  elif ! text=$(head -c $((max_config_bytes + 1)) -- "$config_file" 2>/dev/null | LC_ALL=C tr '\000' '\001' && echo .); then
    problems+=("  - it cannot be read")
  elif ((${#text} > max_config_bytes + 1)); then # with the dot
    problems+=("  - it is larger than $max_config_bytes bytes")
  fi
  text=${text%.}
  ((${#problems[@]} == 0))
}

# is_setting KEY VALUE: whether the value can be one of that setting. The service has limits besides.
is_setting() {
  local LC_ALL=C pattern
  case $1 in
    owner) pattern='^[A-Za-z0-9.!#$%&*+/=?^_`{|}~'\''-]{1,64}@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$' ;;
    workers) pattern='^[1-9][0-9]{0,3}$' ;;
    version) pattern='^1[.](0|[1-9][0-9]{0,2})$' ;;
    region) pattern='^[a-z]+(-[a-z]+)+-[0-9]{1,2}$' ;;
    endpoint) pattern='^https?://([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?$' ;;
  esac
  ((${#2} <= 254)) && [[ $2 =~ $pattern ]]
}

# expected_setting KEY
expected_setting() {
  case $1 in
    owner) printf 'a mail address, such as you@your-company.io' ;;
    workers) printf 'a whole number, such as 2' ;;
    version) printf 'a version of Kubernetes, such as 1.35' ;;
    region) printf 'a region of AWS, such as us-east-2' ;;
    endpoint) printf 'a URL, such as https://abcdef.execute-api.us-east-2.amazonaws.com' ;;
  esac
}

# is_overruled KEY: whether another variable decides what the setting is about.
is_overruled() {
  [[ $1 == endpoint && ${EKSPHEMERAL_LOCAL-} == 1 ]]
}
