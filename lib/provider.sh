# shellcheck shell=bash
# What builds the clusters on this machine.

# Exports the provider that the caller chose, if one was.
choose_provider() {
  # shellcheck disable=SC2030 # exported to what this process starts
  export EKSPHEMERAL_PROVIDER=${option_provider-${EKSPHEMERAL_PROVIDER-}}
  case $EKSPHEMERAL_PROVIDER in
    '' | kind | simulated) ;;
    *) fail_with_usage "the provider is '$EKSPHEMERAL_PROVIDER', and must be kind or simulated" ;;
  esac
}

# Fails if the control plane has another provider than the caller chose.
expect_provider() {
  local provider
  provider=$(published EKSPHEMERAL_PROVIDER)
  [[ -z $EKSPHEMERAL_PROVIDER || $EKSPHEMERAL_PROVIDER == "$provider" ]] \
    || fail "the running control plane's provider is ${provider:-simulated}, not $EKSPHEMERAL_PROVIDER" \
      "  use it:     $(command_line "$program") without --provider and EKSPHEMERAL_PROVIDER" \
      "  replace it: $(command_line eksp-down.sh) && $(command_line eksp-up.sh --provider "$EKSPHEMERAL_PROVIDER")"
}

# Says why there are no clusters that can be used, where that is so.
explain_provider() {
  local why
  why=$(published why)
  [[ -z $why ]] || info "  $why"
}

# published NAME: prints what the control plane published under that name; nothing if it did not.
published() {
  local line
  while IFS= read -r line; do
    [[ $line != "$1="* ]] || printf %s "${line#*=}"
  done < <(cat "$local_home/control-plane.settings" 2>/dev/null)
}
