# chosen_rows.sh - which rows of a table are wanted; read by the scripts beside it, which set `patterns`: shell patterns
# with blanks between, none for all rows.
set -f # patterns are for rows, not for files

is_chosen() {
  test -z "$patterns" && return 0
  for pattern in $patterns; do
    case $1 in $pattern) return 0 ;; esac
  done
  return 1
}
