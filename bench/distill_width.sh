#!/bin/sh
# A student of half the width of ResNet-20, on 8,000 pictures of CIFAR-10: distilled from it and trained alone, with the
# same start, budget and augmentation; top-1 on the 10,000 test pictures. With an argument: a start of --init.
# usage: EDGEC=build/edgec EDGEC_SHARED=../shared EPOCHS=30 bench/distill_width.sh [copy|kaiming]
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
epochs=${EPOCHS:-30}
start=${1:-copy}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
teacher=$shared/models/tiny/resnet20_cifar.onnx
picture="--scale 0.00392156862745098 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
budget="--data $shared/data/cifar10_train8k.npz $picture --epochs $epochs --batch 64 --optimizer sgd --nesterov --rate 0.05
  --schedule one-cycle --flip --shift 4 --hold-out 0"
"$edgec" init "$teacher" --student-width 0.5 --init "$start" -q -o "$out/start.onnx" || exit 1
"$edgec" distill "$teacher" "$out/start.onnx" $budget --temperature 4 --hard-weight 0.1 -q -o "$out/distilled.onnx" || exit 1
"$edgec" train "$out/start.onnx" $budget -q -o "$out/alone.onnx" || exit 1
for student in distilled alone; do
  printf '%-10s %s epochs from --init %s:' $student "$epochs" "$start"
  "$edgec" verify "$teacher" "$out/$student.onnx" --data "$shared/data/cifar10_test.npz" $picture | grep 'top-1' | head -1
done
