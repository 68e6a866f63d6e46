# shellcheck shell=bash disable=SC2016 # fish's variables
# A shell with a prompt that says which cluster it is for. It reads the user's own settings first.

shell_folder= # what the shell reads besides

# Opens SHELL, and ends the command with its exit code.
open_shell() {
  local shell=${SHELL:-/bin/sh} exit_code=0 prompt="($cluster_name${cluster_until:+ until $cluster_until}) "
  shell_folder=$(mktemp -d "${TMPDIR:-/tmp}/eksphemeral.XXXXXX")
  trap 'rm -rf -- "$shell_folder"' EXIT
  trap : INT # Ctrl-C is for the shell
  printf 'KUBECONFIG is set for %s%s; exit returns\n' "$cluster_name" "${cluster_until:+, which expires at $cluster_until}" >&2 || true
  case ${shell##*/} in
    bash)
      write_bash_settings "$prompt"
      "$shell" --rcfile "$shell_folder/bashrc" || exit_code=$?
      ;;
    zsh)
      write_zsh_settings "$prompt"
      ZDOTDIR=$shell_folder "$shell" || exit_code=$?
      ;;
    fish) "$shell" -C "$(fish_settings "$prompt")" || exit_code=$? ;;
    *) "$shell" || exit_code=$? ;;
  esac
  exit "$exit_code"
}

# Settings that a prompt is drawn with may be made anew before each one, so its beginning is checked then.

write_bash_settings() {
  {
    printf '[ ! -f ~/.bashrc ] || . ~/.bashrc\nexport KUBECONFIG=%q\n' "$KUBECONFIG"
    printf 'eksp_prompt=%q\n' "$1"
    cat <<'END'
show_eksp_prompt() { case $PS1 in "$eksp_prompt"*) ;; *) PS1=$eksp_prompt$PS1 ;; esac }
PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}show_eksp_prompt
END
  } >"$shell_folder/bashrc"
}

write_zsh_settings() {
  {
    printf 'eksp_folder=%q\neksp_prompt=%q\neksp_kubeconfig=%q\n' "$shell_folder" "$1" "$KUBECONFIG"
    if [[ -n ${ZDOTDIR-} ]]; then printf 'ZDOTDIR=%q\n' "$ZDOTDIR"; else echo 'unset ZDOTDIR'; fi
    cat <<'END'
[[ ! -f ${ZDOTDIR:-$HOME}/.zshenv ]] || . "${ZDOTDIR:-$HOME}/.zshenv"
eksp_user_folder=${ZDOTDIR-}
ZDOTDIR=$eksp_folder
END
  } >"$shell_folder/.zshenv"
  cat >"$shell_folder/.zshrc" <<'END'
if [[ -n $eksp_user_folder ]]; then ZDOTDIR=$eksp_user_folder; else unset ZDOTDIR; fi
[[ ${HISTFILE-} != $eksp_folder/* ]] || HISTFILE=${ZDOTDIR:-$HOME}/${HISTFILE#$eksp_folder/}
[[ ! -f ${ZDOTDIR:-$HOME}/.zshrc ]] || . "${ZDOTDIR:-$HOME}/.zshrc"
export KUBECONFIG=$eksp_kubeconfig
show_eksp_prompt() { [[ $PROMPT == "$eksp_prompt"* ]] || PROMPT=$eksp_prompt$PROMPT }
precmd_functions+=(show_eksp_prompt)
END
}

fish_settings() {
  printf 'set -gx KUBECONFIG %q; set -g eksp_prompt %s; ' "$KUBECONFIG" "'$1'"
  printf 'functions -q fish_prompt; and functions -c fish_prompt eksp_user_prompt; '
  printf 'function fish_prompt; echo -n $eksp_prompt; functions -q eksp_user_prompt; and eksp_user_prompt; end'
}
