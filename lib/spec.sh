# shellcheck shell=bash
# The spec of a cluster. It is sent as it is, unless options set fields.

max_spec_bytes=65536 # the service rejects more
spec_is_yaml=        # until it is converted
spec_fields=         # those of a spec that was converted, between blanks

# read_spec SPEC: copies it to $scratch/spec, as stdin cannot be read again for a retry.
read_spec() {
  local file
  make_scratch
  if [[ $1 == - ]]; then
    head -c $((max_spec_bytes + 4)) >"$scratch/spec"
    check_encoding
    return
  fi
  file=$1
  if [[ $1 != */* && (! -e $1 || -d $1) ]]; then
    for file in "$here/svc/$1" "$here/svc/$1.json" "$1"; do
      [[ ! -f $file ]] || break
    done
  fi
  [[ -e $file ]] || fail_usage "spec '$1' not found, neither as a file nor in $here/svc, which has" \
    "  $(cd "$here/svc" && printf '%s ' [!c]*.json)"
  [[ ! -d $file ]] || fail_usage "'$file' is a directory, not a spec"
  [[ -r $file ]] || fail_usage "'$file' is not readable" "  change that: $(printf 'chmod u+r %q' "$file")"
  head -c $((max_spec_bytes + 4)) -- "$file" >"$scratch/spec" || fail_usage "'$file' cannot be read"
  check_encoding
}

# Removes a byte-order mark, which is no part of JSON, and recognises YAML.
check_encoding() {
  local line='' blank='^[[:space:]]*(#.*)?$' yaml='^(---|%YAML|["'\'']?[A-Za-z_][A-Za-z0-9_-]*["'\'']?[[:space:]]*:([[:space:]]|$))'
  case $(head -c 3 "$scratch/spec" | od -An -tx1) in
    *ef*bb*bf*)
      tail -c +4 "$scratch/spec" >"$scratch/unmarked"
      mv -- "$scratch/unmarked" "$scratch/spec"
      ;;
    *ff*fe* | *fe*ff*) fail_usage "the spec is encoded in UTF-16; save it as UTF-8" ;;
  esac
  while IFS= read -r line && [[ $line =~ $blank ]]; do :; done <"$scratch/spec"
  [[ ! $line =~ $yaml ]] || spec_is_yaml=1
}

# convert_yaml ID: lets the service turn the spec of the cluster ID into JSON, with all defaults.
convert_yaml() {
  with_retries idempotent POST /estimate -H 'Content-Type: application/yaml' -H "Idempotency-Key: $1" \
    --data-binary "@$scratch/spec"
  [[ $response_status != 404 && $response_status != 415 ]] \
    || fail_usage "the spec is YAML, which this control plane does not accept" \
      "  update it: $(command_line eksp-up.sh)" \
      '  or write JSON, for example {"name": "dev", "numworkers": 2, "timeout": 30}'
  expect_success
  # With all defaults in it, it does not show which fields the caller set.
  spec_fields=" $(response_header Eksphemeral-Given) "
  jq -c 'del(.cost, .refused, .ignored) | if .until then del(.timeout) else . end' <<<"$response_body" \
    >"$scratch/spec" 2>/dev/null || fail "the control plane's response is not a spec: $(response_excerpt)"
  spec_is_yaml=
}

# has_field FIELD: whether the caller's spec has it.
has_field() {
  if [[ -n $spec_fields ]]; then
    [[ $spec_fields == *" $1 "* ]]
  else
    # shellcheck disable=SC2016 # jq's variables
    jq -e -s --arg field "$1" 'length == 1 and (.[0] | objects | has($field))' "$scratch/spec" >/dev/null 2>&1
  fi
}

# set_fields NAMED: sets what the options say, then the caller's settings for what they and the spec leave open.
# A default spec that was not NAMED leaves everything open.
set_fields() {
  set_field name text ${option_name+"$option_name"}
  if [[ -n ${option_timeout+given} ]]; then
    # The service says what is wrong with it, with all other problems.
    set_field timeout number "$(to_minutes "$option_timeout" || printf %s "$option_timeout")"
    drop_field until
  elif [[ -n ${until-} ]]; then
    set_field until text "$until"
    drop_field timeout
  fi
  set_field without object ${option_without+"$(jq -cn --arg names "$option_without" '$names | split(",")')"}
  set_field nodes.types object ${option_type+"$(jq -cn --arg types "$option_type" '$types | split(",")')"}
  set_field nodes.arch text ${option_arch+"$option_arch"}
  set_field nodes.disk number ${option_disk+"$option_disk"}
  set_field nodes.capacitytype text ${option_spot:+spot} ${option_on_demand:+on-demand}
  set_from owner text "$1" EKSPHEMERAL_OWNER ${option_owner+"$option_owner"}
  set_from numworkers number "$1" EKSPHEMERAL_WORKERS ${option_workers+"$option_workers"}
  set_from kubeversion text "$1" EKSPHEMERAL_VERSION ${option_version+"$option_version"}
}

# set_from FIELD TYPE NAMED VARIABLE [OPTION]
set_from() {
  if (($# == 5)); then
    set_field "$1" "$2" "$5"
  elif [[ -n ${!4-} ]] && { [[ -z $3 ]] || ! has_field "$1"; }; then
    set_field "$1" "$2" "${!4}"
  fi
}

# drop_field FIELD
drop_field() {
  # shellcheck disable=SC2016 # jq's variables
  jq -c --arg field "$1" 'del(.[$field])' "$scratch/spec" >"$scratch/changed"
  mv -- "$scratch/changed" "$scratch/spec"
}

# jq would silently drop a duplicate field. Of its events, a value or the end of an object or a list is one field.
check_duplicate_fields() {
  local field
  field=$(jq -r --stream '(if length == 2 then .[0] else .[0][:-1] end) | select(length > 0) | map(tostring) | join(".")' "$scratch/spec" 2>/dev/null \
    | sort | uniq -d | head -n 1) || true
  [[ -z $field ]] || fail_usage "invalid spec: duplicate field $field"
}

# set_field FIELD[.FIELD] text|number|object [VALUE]: does nothing without a value. A number that is none is sent
# as text, so that the service lists it with all other problems.
set_field() {
  local option=--arg
  (($# == 3)) || return 0
  check_duplicate_fields
  if [[ $2 == object || ($2 == number && $3 =~ ^-?(0|[1-9][0-9]*)$) ]]; then
    option=--argjson
  fi
  # shellcheck disable=SC2016 # jq's variables
  jq -c -s "$option" value "$3" --arg field "$1" \
    'if length == 1 and (.[0] | type) == "object" then .[0] | setpath($field / "."; $value) else error end' \
    "$scratch/spec" >"$scratch/changed" 2>/dev/null \
    || fail_usage "the spec is not one JSON object, so its $1 cannot be set"
  mv -- "$scratch/changed" "$scratch/spec"
}
