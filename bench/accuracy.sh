#!/bin/sh
# Accuracy of the INT8 files of the classifiers beside the project, on their full test sets: what a user gets with
# default options, calibrating on 256 training samples. One line a model; `bench/accuracy.sh --method min-max` passes
# options on.
# usage: EDGEC=build/edgec EDGEC_SHARED=../shared bench/accuracy.sh [OPTIONS FOR QUANTIZE...]
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
options="$*"

one() { # folder name [options]
  folder=$1 name=$2
  shift 2
  "$edgec" quantize "$shared/models/$folder/$name.onnx" "$@" --verify-samples 10000 -o "$out/$name.edge" \
    --report "$out/$name.json" -q $options || return
  number() { sed -n "/\"$1\": {/,/}/s/.*\"$2\": \([-0-9.e]*\).*/\1/p" "$out/$name.json" | head -n 1; }
  onnx=$(wc -c <"$shared/models/$folder/$name.onnx") edge=$(wc -c <"$out/$name.edge")
  printf '%s %s %s %s %s %s %s\n' "$name" "$(number float top1)" "$(number edge top1)" "$(number edge agreement)" \
    "$(number edge sqnr_db)" "$onnx" "$edge" |
    awk '{ printf "%-24s %6.2f %6.2f %6.2f %7.2f %6.1f %9d %8d %.3f\n", $1, $2, $3, $2 - $3, $4, $5, $6, $7, $7 / $6 }'
}

mnist="--data $shared/data/mnist/train-images-idx3-ubyte.gz --verify-data $shared/data/mnist/t10k-images-idx3-ubyte.gz
  --labels $shared/data/mnist/t10k-labels-idx1-ubyte.gz --scale 0.00392156862745098"
cifar="--data $shared/data/cifar10_train8k.npz --verify-data $shared/data/cifar10_test.npz"
resnet="$cifar --scale 0.00392156862745098 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
mobile="$cifar --scale 0.00392156862745098 --mean 0.4914,0.4822,0.4465 --std 0.2470,0.2435,0.2616"

printf '%-24s %6s %6s %6s %7s %6s %9s %8s %s\n' model fp32 int8 drop agree SQNR onnx edge share
for name in lenet300 lenet5 teacher tiny_transformer; do one mnist $name $mnist; done
one tiny resnet8 $cifar
for name in resnet20_cifar resnet20_cifar_slicepad resnet56_cifar; do one tiny $name $resnet; done
for name in mobilenetv2_cifar mobilenetv3_cifar; do one tiny $name $mobile; done
one tiny kws_dscnn --data "$shared/data/kws01.npz" --scale 0.58470291 --mean 48.53034153
