# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Long steps with short output, for deploy/quickstart and tests/run. A script
# that sources this stands in the root of the tree.
#
#   run_step NAME LOG COMMAND...   one line on the screen, the rest in the log
#   show_tail LOG                  the end of a log, indented

# run_step NAME LOG COMMAND...: runs the command with its output in
# build/log/LOG.log and prints "NAME ... ok (12 s)". Returns the command's
# status; after a failure the caller decides whether to show_tail.
run_step() {
  local name=$1 log=build/log/$2.log started=$SECONDS status=0
  shift 2
  mkdir -p build/log
  printf '%-44s ' "${name}"
  "$@" >"${log}" 2>&1 </dev/null || status=$?
  if ((status == 0)); then
    printf 'ok (%d s)\n' $((SECONDS - started))
  else
    printf 'FAILED (exit %d, %d s)\n' "${status}" $((SECONDS - started))
  fi
  return "${status}"
}

# show_tail LOG: the last lines of build/log/LOG.log, as a quotation.
show_tail() {
  printf '  the end of build/log/%s.log:\n' "$1"
  tail -n 25 "build/log/$1.log" | sed 's/^/  | /'
}
