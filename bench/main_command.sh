#!/bin/sh
# Time and peak memory of the main command on the project's example: five runs, least and median of the wall time.
# usage: main_command.sh EDGEC [MODEL DATA [OPTIONS...]]
edgec=$1
shift
test $# -gt 0 || set -- examples/digits.onnx examples/digits.npz
model=$1 data=$2
shift 2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for run in 1 2 3 4 5; do
  /usr/bin/time -f '%e %M' -a -o "$out/times" "$edgec" quantize "$model" --data "$data" "$@" -q -o "$out/model.edge" || exit 1
done
sort -n "$out/times" | awk '{ seconds[NR] = $1; if ($2 > most) most = $2 }
  END { printf "quantize: least %.2f s, median %.2f s, peak memory %.1f MB\n", seconds[1], seconds[3], most / 1024 }'
