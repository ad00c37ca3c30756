#!/bin/sh
# What training and distillation reach on the networks and data beside the project, next to what papers and peers
# reach: the table of bench/results/distill.txt. One line a row; arguments choose rows, by shell patterns.
# usage: [EDGEC=build/edgec] [EDGEC_SHARED=../shared] bench/distill.sh [PATTERN...]
#
#   bench/distill.sh                all rows; the teacher alone takes a quarter of an hour on two cores
#   bench/distill.sh 'hinton*'
#
# Rows need those above them of the same group; what was trained stays in build/distill/ and is not trained again.
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
tools=${EDGEC_BENCH_TOOLS:-build/bench/data}
out=${EDGEC_DISTILL_OUT:-build/distill}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
mkdir -p "$out"

patterns="$*"
. "$(dirname "$0")/chosen_rows.sh"

line() { printf '%-22s %-12s %-12s %s\n' "$@"; }

# unless_there FILE COMMAND...: runs the command where the file is not there yet
unless_there() {
  file=$1
  shift
  test -e "$file" || "$@" || exit
}

# ---- Hinton, Vinyals and Dean 2015, section 3 ----

mnist=$shared/data/mnist
train="--data $mnist/train-images-idx3-ubyte.gz --labels $mnist/train-labels-idx1-ubyte.gz"
pixels="--scale 0.00392156862745098"

# errors MODEL CLASS: of the 10,000 test pictures; with the best bias of CLASS too (-1: none)
errors() {
  "$edgec" run "$1" --data "$mnist/t10k-images-idx3-ubyte.gz" $pixels -q --force -o "$out/scores.npy" || exit
  "$tools/class_bias" "$out/scores.npy" "$mnist/t10k-labels-idx1-ubyte.gz" "$2"
}

plain_errors() { errors "$1" -1 | cut -d' ' -f1; }

hinton_teacher() {
  unless_there "$out/teacher_init.onnx" "$edgec" init "$shared/models/mnist/teacher.onnx" -q -o "$out/teacher_init.onnx"
  unless_there "$out/teacher.onnx" "$edgec" train "$out/teacher_init.onnx" $train $pixels --dropout 0.25 --input-dropout 0.1 \
    --shift 2 --rate 0.001 --schedule one-cycle --ema 0.999 --batch 128 --micro-batch 64 --epochs 50 --hold-out 0 -q \
    -o "$out/teacher.onnx"
}

student="--batch 128 --micro-batch 64 --epochs 30 --hold-out 0 -q"

student_alone() {
  unless_there "$out/alone.onnx" "$edgec" train "$shared/models/mnist/student_init.onnx" $train $pixels $student \
    --rate 0.001 --schedule one-cycle -o "$out/alone.onnx"
}

student_taught() {
  unless_there "$out/taught.onnx" "$edgec" distill "$out/teacher.onnx" "$shared/models/mnist/student_init.onnx" $train $pixels \
    $student --temperature 20 --rate 0.001 --schedule one-cycle -o "$out/taught.onnx"
}

student_without_3() {
  unless_there "$out/no3.npy" "$tools/transfer_set" "$mnist/train-images-idx3-ubyte.gz" "$mnist/train-labels-idx1-ubyte.gz" 3 \
    "$out/no3"
  unless_there "$out/no3.onnx" "$edgec" distill "$out/teacher.onnx" "$shared/models/mnist/student_init.onnx" \
    --data "$out/no3.npy" --labels "$out/no3-labels.npy" $pixels $student --temperature 20 --rate 0.001 \
    --schedule one-cycle -o "$out/no3.onnx"
}

line row edgec target "what, and what others reach"
if is_chosen hinton-teacher; then
  hinton_teacher
  line hinton-teacher "$(plain_errors "$out/teacher.onnx")" "<= 75" "test errors; the paper 67, the one trained by PyTorch 90"
fi
if is_chosen hinton-alone; then
  student_alone
  line hinton-alone "$(plain_errors "$out/alone.onnx")" - "test errors of the student without a teacher; the paper 146"
fi
if is_chosen hinton-student; then
  student_taught
  line hinton-student "$(plain_errors "$out/taught.onnx")" "<= 80" "test errors, taught at temperature 20; the paper 74"
fi
if is_chosen hinton-no-3; then
  student_without_3
  line hinton-no-3 "$(errors "$out/no3.onnx" 3 | cut -d' ' -f2)" "<= 115" \
    "the same without a 3 in the transfer set, bias of 3 corrected; the paper 109"
fi
