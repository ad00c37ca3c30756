#!/bin/sh
# Latency of the interpreter next to ONNX Runtime's, one thread: both are run by turns on each model, and the least
# processor time of a run counts, which other programs on the machine disturb least. Prints milliseconds and the ratio.
# ORT names a folder with onnxruntime-node (npm install --ignore-scripts onnxruntime-node) and bench_ort.js, which
# stands in ../shared/peers, as does the script that exports the models.
# usage: ORT=folder bench/interpreter.sh MODEL.onnx...
bench=${BENCH:-build/bench/interpreter}
rounds=${ROUNDS:-5}
test -f "$ORT/bench_ort.js" || { echo "skipped: ORT names no folder with bench_ort.js"; exit 0; }
for model; do
  model=$(realpath "$model")
  round=0
  while [ $round -lt "$rounds" ]; do
    "$bench" --runs 10 "$model" | sed -n 's/.*cpu *\([0-9.]*\) ms/own \1/p'
    (cd "$ORT" && node bench_ort.js --threads 1 --rounds 4 --burst 3 "$model") |
      sed -n 's/.*cpu *\([0-9.]*\) ms.*/peer \1/p'
    round=$((round + 1))
  done | awk -v name="$(basename "$model")" '!($1 in least) || $2 < least[$1] { least[$1] = $2 }
    END { printf "%-32s interpreter %8.2f  ONNX Runtime %8.2f  ratio %.2f\n", name, least["own"], least["peer"],
      least["own"] / least["peer"] }'
done
