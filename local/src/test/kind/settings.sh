# shellcheck shell=bash
# What install.sh and engine.sh share: the version of Kubernetes, places, and which engine is used.

kubernetes_version=1.35.4

# Outside of the clone, so that a fresh clone need not build it all again.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/eksphemeral-kind
engine=$cache/engine
node_image=kindest/node:v$kubernetes_version

info() { printf '%s\n' "$*" >&2; }
fail() {
  info "error: $*"
  exit 1
}

# Whether an engine is used that is the developer's: it answers, kind is installed, and there is a node image,
# so that nothing has to be built or downloaded. CI always uses the engine of these tests, as it stops and
# starts it. EKSPHEMERAL_TEST_ENGINE=own or =existing decides otherwise.
uses_existing_engine() {
  case ${EKSPHEMERAL_TEST_ENGINE:-} in
    existing) return 0 ;;
    own) return 1 ;;
  esac
  [[ ${CI:-} != true && ${DOCKER_HOST:-} != "unix://$engine/docker.sock" ]] || return 1
  command -v kind >/dev/null && [[ -n $(docker image ls -q kindest/node 2>/dev/null) ]]
}
