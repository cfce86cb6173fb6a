# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Completion of hexapla's command line for bash: source this file, or install it as
# /usr/share/bash-completion/completions/hexapla. For zsh:
#   autoload -U +X bashcompinit && bashcompinit && source hexapla.bash
# Commands and flags are those that the program's own --help lists.

_hexapla() {
  local program=${COMP_WORDS[0]} word flag command='' commands flags i
  COMPREPLY=()
  word=${COMP_WORDS[COMP_CWORD]}
  flag=${COMP_WORDS[COMP_CWORD - 1]}
  # Bash cuts --flag=value into three words, where it is told to cut at "=".
  if [[ ${word} == '=' ]]; then
    word=''
  elif [[ ${flag} == '=' ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  commands=$("${program}" --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ -z ${command} && " ${commands//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]]; then
      command=${COMP_WORDS[i]}
    fi
  done

  local values=''
  case ${flag} in
    --format)
      case ${command} in
        align) values='table tsv jsonl beads tmx xliff html' ;;
        match) values='tsv jsonl' ;;
        *) values='table tsv jsonl' ;;
      esac
      ;;
    --input_format) values='auto text lines markdown html srt jsonl' ;;
    --encoding) values='auto UTF-8 UTF-16 windows-1250 windows-1251 windows-1252 ISO-8859-1
      ISO-8859-2 ISO-8859-15 KOI8-R Shift_JIS EUC-JP EUC-KR GB18030 Big5' ;;
    --progress) values='auto bar lines none' ;;
  esac
  if [[ -n ${values} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${values}" -- "${word}")
    return
  fi

  if [[ ${word} == -* ]]; then
    flags=$({ "${program}" --help; [[ -z ${command} ]] || "${program}" "${command}" --help; } \
      2>/dev/null | sed -n 's/^ *\(-h,\)\{0,1\}\(--[a-z_]*\).*/\2/p' | sort -u)
    mapfile -t COMPREPLY < <(compgen -W "${flags}" -- "${word}")
  elif [[ -z ${command} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${commands}" -- "${word}")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "${word}")
  fi
}

complete -o filenames -F _hexapla hexapla
