# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The spec of a cluster, as it is sent: the bytes of a file, unless options overrule what it says.

most_bytes=65536 # that a spec has; the service refuses what is larger

# read_spec SPEC: keeps it in $scratch/spec, since stdin cannot be read again for a second try.
read_spec() {
  local file
  make_scratch
  if [[ $1 == - ]]; then
    head -c $((most_bytes + 1)) >"$scratch/spec"
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
  head -c $((most_bytes + 1)) -- "$file" >"$scratch/spec" || refuse "'$file' cannot be read"
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
