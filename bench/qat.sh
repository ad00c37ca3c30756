#!/bin/sh
# What training for integers gives back: the table of bench/results/qat.txt. One line a row; arguments choose rows, by
# shell patterns.
# usage: [EDGEC=build/edgec] [EDGEC_SHARED=../shared] bench/qat.sh [PATTERN...]
#
#   bench/qat.sh                    all rows: twenty minutes on two cores
#   bench/qat.sh '*-int8'
#
# int8: one epoch of `edgec distill --quant int8` on the 8,000 training pictures, by the float model itself and the labels.
# w4a8: `edgec quantize --bits w4a8 --effort max`, which trains two epochs without labels. Measured on the 10,000 test
# pictures. Columns: top-1 of fp32 and of the .edge file, what it has more, agreement in percent, bytes of the file.
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

patterns="$*"
. "$(dirname "$0")/chosen_rows.sh"

train=$shared/data/cifar10_train8k.npz
test=$shared/data/cifar10_test.npz
byte=0.00392156862745098
mobile="--scale $byte --mean 0.4914,0.4822,0.4465 --std 0.2470,0.2435,0.2616"

# The figures of the line "verify" of a summary.
row() { # label model preprocessing...
  label=$1 model=$2
  shift 2
  "$edgec" verify "$model" "$out/net.edge" --data "$test" "$@" | awk -v label="$label" -v bytes="$(wc -c <"$out/net.edge")" '
    /^verify/ { gsub(/[%,(]/, ""); printf "%-24s %6s %6s %6s %7s %8d\n", label, $5, $7, $8, $11, bytes; exit }'
}

int8() { # name preprocessing...
  is_chosen "$1-int8" || return 0
  label=$1-int8 model=$shared/models/tiny/$1.onnx
  shift
  "$edgec" distill "$model" "$model" --data "$train" "$@" --quant int8 --epochs 1 --batch 32 --flip --shift 4 --hold-out 0 \
    --hard-weight 0.5 --temperature 2 -o "$out/net.edge" --force -q || exit
  row "$label" "$model" "$@"
}

w4a8() {
  is_chosen "$1-w4a8" || return 0
  label=$1-w4a8 model=$shared/models/tiny/$1.onnx
  shift
  "$edgec" quantize "$model" --data "$train" --verify-data "$test" --verify-samples 8 "$@" --bits w4a8 --effort max \
    -o "$out/net.edge" --force -q || exit
  row "$label" "$model" "$@"
}

printf '%-24s %6s %6s %6s %7s %8s\n' '' fp32 .edge more agree bytes
for form in int8 w4a8; do
  $form resnet8
  $form mobilenetv2_cifar $mobile
  $form mobilenetv3_cifar $mobile
done
