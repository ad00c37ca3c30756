#!/bin/sh
# Trainings on several processes of one machine against the same on one: check.sh BUILD. The bytes are the
# same, whatever the number of ranks, also where one is stopped and goes on; an error on one rank ends all.
set -e
build=$(cd "$1" && pwd)
examples=$(pwd)/examples
folder=$build/mpi
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder"

alone=$build/edgec
ranks() {
  count=$1
  shift
  timeout -k 5 300 mpirun --allow-run-as-root --oversubscribe --mca btl_base_warn_component_unused 0 -n "$count" "$@" </dev/null
}
bad() {
  echo "mpi-check: $1"
  exit 1
}

# BatchNormalization, averages, an epoch that no batch divides, fewer micro-batches in a batch than ranks.
set -- --data "$examples/digits.npz" --hold-out 90 --epochs 2 --batch 70 --ema 0.9 --shift 1 -q
"$alone" init "$examples/digits.onnx" --seed 3 -o fresh.onnx -q
"$alone" distill "$examples/digits.onnx" fresh.onnx "$@" -o one.onnx
for count in 2 3 5; do
  ranks $count "$build/edgec-mpi" distill "$examples/digits.onnx" fresh.onnx "$@" -j 2 -o ranks.onnx
  cmp one.onnx ranks.onnx || bad "$count ranks give other weights"
done

# One rank is told to stop: all do, and go on with another number of them.
ranks 2 sh -c 'echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec "$@"' sh "$build/edgec-mpi" distill \
  "$examples/digits.onnx" fresh.onnx "$@" --checkpoint-every 0.00001 -o part.onnx 2>stopped.txt &
for try in $(seq 600); do
  test -e part.onnx.checkpoint && break
  sleep 0.02
done
kill -TERM "$(cat pid.1)"
if wait $!; then bad "a rank that is told to stop goes on"; fi
grep -q 'interrupted after step .* kept in part.onnx.checkpoint; to go on: edgec distill' stopped.txt ||
  bad "$(cat stopped.txt)"
ranks 3 "$build/edgec-mpi" distill "$examples/digits.onnx" fresh.onnx "$@" --resume -o part.onnx
cmp one.onnx part.onnx || bad "going on gives other weights"

# What only one rank cannot read ends all of them, with one line that says which.
if ranks 2 sh -c 'test $OMPI_COMM_WORLD_RANK = 0 && exec "$0" "$@" fresh.onnx; exec "$0" "$@" missing.onnx' \
  "$build/edgec-mpi" train "$@" -o x.onnx 2>failed.txt; then bad "an error on a rank is not told"; fi
test "$(grep -c '^edgec: ' failed.txt)" = 1 || bad "$(cat failed.txt)"
grep -q '^edgec: rank 1: missing.onnx: cannot open' failed.txt || bad "$(cat failed.txt)"
test ! -e x.onnx || bad "a failed training writes something"
echo "mpi-check: trainings on 2, 3 and 5 ranks give the bytes of one"
