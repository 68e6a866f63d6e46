# shellcheck shell=bash
# The layout of the buckets, for the commands and the tasks. StoreKeys.java has the same for Java, and a
# test compares the two.

# object_key KIND [CLUSTER-ID [TASK]]: prints the key of an object, or the prefix of several.
object_key() {
  case $1 in
    claims) printf 'names/' ;;
    tasks) printf 'tasks/' ;;
    archive) printf 'gone/' ;;
    versions) printf 'config/versions.json' ;;
    config) printf 'tasks/%s/cluster.yaml' "$2" ;;
    fence) printf 'tasks/%s/%s.fence' "$2" "$3" ;;
    result) printf 'tasks/%s/%s.result' "$2" "$3" ;;
    progress) printf 'tasks/%s/%s.progress' "$2" "$3" ;;
    teardown-state) printf 'tasks/%s/teardown-state.json' "$2" ;;
    former-teardown-state) printf 'tasks/%s/kept.json' "$2" ;;
    # In the bucket for the code:
    code) printf 'code' ;;
    task-scripts) printf 'task/%s' "$2" ;;
  esac
}
