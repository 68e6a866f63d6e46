# shellcheck shell=bash
# A kubeconfig for each cluster, in a file of its own. Its first line is a comment that says whose it is, by
# which it is removed when the cluster is gone.

kubeconfig_folder=${HOME-}/.kube/eksphemeral
kubeconfigs=() # "ID FILE" for each cluster of this control plane that has one

# Whether the cluster in record_… is one to connect to.
has_kubeconfig() {
  is_aws_endpoint || [[ -f $local_home/kubeconfig/$record_id ]]
}

# Prints what tells the control plane from others. On one machine that is its home, as ports change, whichever
# links lead to it.
kubeconfig_origin() {
  if [[ -n $local_pid ]]; then
    (cd -P -- "$local_home" 2>/dev/null && printf %s "$PWD") || printf %s "$local_home"
  else
    printf %s "$endpoint"
  fi
}

# read_comment FILE: sets comment_id and comment_origin. Fails if EKSphemeral did not write the file; links are
# not followed.
read_comment() {
  local line=''
  [[ -f $1 && ! -L $1 && -r $1 ]] || return
  IFS= read -r line <"$1" || [[ -n $line ]] || return
  [[ $line =~ ^#\ EKSphemeral\ cluster\ ([0-9a-f-]{36})\ of\ (.+)$ ]] || return
  comment_id=${BASH_REMATCH[1]} comment_origin=${BASH_REMATCH[2]}
}

# Sets kubeconfigs. Before a listing is fetched, so that clusters that are created meanwhile do not count.
list_kubeconfigs() {
  local file origin
  kubeconfigs=()
  [[ -d $kubeconfig_folder && ! -L $kubeconfig_folder ]] || return 0
  origin=$(kubeconfig_origin)
  for file in "$kubeconfig_folder"/*; do
    ! read_comment "$file" || [[ $comment_origin != "$origin" ]] || kubeconfigs+=("$comment_id $file")
  done
}

# remove_kubeconfigs METHOD PATH: removes those of clusters that the response to a request shows to be gone: it is
# the record of one that is gone, or a listing without it.
remove_kubeconfigs() {
  local entry id gone=''
  ((${#kubeconfigs[@]})) || return 0
  case "$1 $2" in
    'GET /status' | 'GET /clusters')
      [[ $(response_header Content-Type) == text/tab-separated-values* ]] \
        || jq -e 'type == "array"' <<<"$response_body" >/dev/null 2>&1 || return 0
      ;;
    'GET /status/'* | 'POST /destroy/'*)
      gone=$(jq -r '.status | objects | select(.state == "gone") | .id | strings' <<<"$response_body" 2>/dev/null)
      [[ -n $gone ]] || return 0
      ;;
    *) return 0 ;;
  esac
  for entry in "${kubeconfigs[@]}"; do
    id=${entry%% *}
    if [[ $id == "$gone" || (-z $gone && $response_body != *"$id"*) ]] \
      && read_comment "${entry#* }" && [[ $comment_id == "$id" ]]; then
      rm -f -- "${entry#* }" 2>/dev/null || true
    fi
  done
}
