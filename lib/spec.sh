# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The spec of a cluster, as it is sent: the bytes of a file, unless options overrule what it says.

most_bytes=65536 # that a spec has; the service refuses what is larger

# read_spec SPEC: keeps it in $scratch/spec, since stdin cannot be read again for a second try.
read_spec() {
  local file
  make_scratch
  if [[ $1 == - ]]; then
    head -c $((most_bytes + 4)) >"$scratch/spec"
    check_encoding
    return
  fi
  file=$1
  if [[ $1 != */* && (! -e $1 || -d $1) ]]; then
    for file in "$here/svc/$1" "$here/svc/$1.json" "$1"; do
      [[ ! -f $file ]] || break
    done
  fi
  [[ -e $file ]] || refuse "no such spec: '$1' is neither a file nor in $here/svc, where there are" \
    "  $(cd "$here/svc" && printf '%s ' [!c]*.json)"
  [[ ! -d $file ]] || refuse "'$file' is a directory and not a spec"
  [[ -r $file ]] || refuse "'$file' may not be read; this lets it: chmod u+r '$file'"
  head -c $((most_bytes + 4)) -- "$file" >"$scratch/spec" || refuse "'$file' cannot be read"
  check_encoding
}

# Some editors begin a file with a byte-order mark, which is not part of the JSON. What is no JSON at
# all, but in a format that people know, is called by its name.
check_encoding() {
  local line='' blank='^[[:space:]]*(#.*)?$' yaml='^(---|%YAML|[A-Za-z_][A-Za-z0-9_-]*:([[:space:]]|$))'
  case $(head -c 3 "$scratch/spec" | od -An -tx1) in
    *ef*bb*bf*)
      tail -c +4 "$scratch/spec" >"$scratch/unmarked"
      mv -- "$scratch/unmarked" "$scratch/spec"
      ;;
    *ff*fe* | *fe*ff*) refuse "the spec is encoded in UTF-16: save it as UTF-8" ;;
  esac
  while IFS= read -r line && [[ $line =~ $blank ]]; do :; done <"$scratch/spec"
  [[ ! $line =~ $yaml ]] || refuse "the spec is YAML: write it as JSON, like" \
    '  {"name": "dev", "numworkers": 2, "timeout": 30}'
}

# What jq would drop without a word.
refuse_double_fields() {
  local field
  field=$(jq -r --stream 'select(length == 2) | .[0][0] | strings' "$scratch/spec" 2>/dev/null \
    | sort | uniq -d | head -n 1) || true
  [[ -z $field ]] || refuse "$field is there twice in the spec"
}

# overrule FIELD text|number|object [VALUE]: nothing happens without a value. What is to be a number
# and is none goes as text, so that the service says what is wrong with it, along with all the rest.
overrule() {
  local how=--arg
  (($# == 3)) || return 0
  refuse_double_fields
  if [[ $2 == object || ($2 == number && $3 =~ ^-?(0|[1-9][0-9]*)$) ]]; then
    how=--argjson
  fi
  jq -c -s "$how" value "$3" --arg field "$1" \
    'if length == 1 and (.[0] | type) == "object" then .[0] | .[$field] = $value else error end' \
    "$scratch/spec" >"$scratch/overruled" 2>/dev/null \
    || refuse "the spec is not one JSON object, so its $1 cannot be overruled"
  mv -- "$scratch/overruled" "$scratch/spec"
}
