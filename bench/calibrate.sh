#!/bin/sh
# Time and memory of calibrating MobileNetV2 at 224x224 on 64 pictures: wall, processor time, peak memory; the run with
# the least processor time of five.
# usage: EDGEC=build/edgec EDGEC_SHARED=../shared bench/calibrate.sh
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for method in min-max entropy; do
  for run in 1 2 3 4 5; do
    /usr/bin/time -f '%U %S %e %M' -a -o "$out/$method" "$edgec" calibrate \
      "$shared/models/third-party/mobilenetv2-7-features.onnx" --data "$shared/data/pictures_224.npy" --samples 64 \
      --layout nhwc-to-nchw --scale 0.00392156862745098 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 \
      --method $method --force -q -o "$out/model.calib" || exit 1
  done
  awk -v method=$method '{ used = $1 + $2 } NR == 1 || used < least { least = used; wall = $3; memory = $4 }
    END { printf "%-8s processor %.2f s, wall %.2f s, peak memory %.1f MB\n", method, least, wall, memory / 1024 }' \
    "$out/$method"
done
