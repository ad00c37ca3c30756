#!/bin/sh
# Accuracy of what `edgec quantize` makes of the networks beside the project, with default options, next to what a peer
# makes of them: the table of bench/results/accuracy.txt. One line a row; arguments choose rows, by shell patterns.
# What stands behind `--` is passed on to quantize.
# usage: [EDGEC=build/edgec] [EDGEC_SHARED=../shared] bench/accuracy.sh [PATTERN...] [-- OPTIONS FOR QUANTIZE...]
#
#   bench/accuracy.sh                        all rows
#   bench/accuracy.sh 'resnet*' -- --method min-max
#
# Calibrated on 256 training samples (pictures and series: 32); verified on the whole test set (10,000 pictures; kws_dscnn:
# the other 744 samples; 64 or 16 other pictures). Columns: top-1 of fp32 and of the file, drop in points, agreement of
# the highest score in percent, SQNR of all outputs in dB; the peer's figures, by ../shared/peers, and what edgec has
# more; bytes of the .onnx and of the .edge file.
edgec=${EDGEC:-build/edgec}
shared=${EDGEC_SHARED:-../shared}
maker=${EDGEC_DATA_MAKER:-build/bench/data/accuracy_data}
test -d "$shared" || { echo "skipped: $shared is not there"; exit 0; }
test -x "$maker" || { echo "bench/accuracy.sh: $maker is not there: make $maker" >&2; exit 5; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
patterns= options=
while test $# -gt 0 && test "$1" != --; do patterns="$patterns $1" && shift; done
test $# -gt 0 && shift && options="$*"

. "$(dirname "$0")/chosen_rows.sh"

number() { sed -n "/\"$1\": {/,/}/s/.*\"$2\": \([-0-9.e]*\).*/\1/p" "$out/report.json" | head -n 1; }

# A figure or "-" where there is none.
or_dash() { echo "${1:--}"; }

row() { # label folder/name peer-sqnr peer-agreement options...
  label=$1 model=$shared/models/$2.onnx peer_sqnr=$3 peer_agreement=$4
  shift 4
  is_chosen "$label" || return 0
  "$edgec" quantize "$model" "$@" -o "$out/net.edge" --force --report "$out/report.json" -q $options || exit
  echo "$label $(or_dash "$(number float top1)") $(or_dash "$(number edge top1)") $(or_dash "$(number edge agreement)") \
    $(number edge sqnr_db) $peer_sqnr $peer_agreement $(wc -c <"$model") $(wc -c <"$out/net.edge")" | awk '
    function figure(x, format) { return x == "-" ? "-" : sprintf(format, x) }
    { printf "%-26s %6s %6s %6s %6s %5s %6s %5s %5s %9d %8d\n", $1, figure($2, "%.2f"), figure($3, "%.2f"),
        $2 == "-" ? "-" : sprintf("%.2f", $2 - $3), figure($4, "%.2f"), figure($5, "%.1f"), figure($7, "%.2f"),
        figure($6, "%.1f"), $6 == "-" ? "-" : sprintf("%+.1f", $5 - $6), $8, $9 }'
}

heading() { printf '\n%s\n' "$1"; }

byte=0.00392156862745098
mnist="--data $shared/data/mnist/train-images-idx3-ubyte.gz --verify-data $shared/data/mnist/t10k-images-idx3-ubyte.gz
  --labels $shared/data/mnist/t10k-labels-idx1-ubyte.gz --verify-samples 10000"
cifar="--data $shared/data/cifar10_train8k.npz --verify-data $shared/data/cifar10_test.npz --verify-samples 10000"
resnet="$cifar --scale $byte --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
mobile="$cifar --scale $byte --mean 0.4914,0.4822,0.4465 --std 0.2470,0.2435,0.2616"
kws="--data $shared/data/kws01.npz --scale 0.58470291 --mean 48.53034153"
nhwc="--samples 32 --layout nhwc-to-nchw"
imagenet="--data $shared/data/pictures_224.npy $nhwc --verify-samples 64 --scale $byte --mean 0.485,0.456,0.406
  --std 0.229,0.224,0.225"
vww="--data $out/rgb_96.npy $nhwc --verify-samples 64 --scale $byte"
ad="--data $out/ad_windows.npy --verify-samples 2048"

"$maker" "$shared" "$out" || exit

classifiers() { # suffix, options...: a row for each, without the peer's figures where there is a suffix
  suffix=$1
  shift
  peer() { test -z "$suffix" && echo "$1 $2" || echo "- -"; }
  row lenet300$suffix mnist/lenet300 $(peer 38.3 99.90) $mnist --scale $byte "$@"
  row lenet5$suffix mnist/lenet5 $(peer 39.0 99.98) $mnist --scale $byte "$@"
  row teacher$suffix mnist/teacher - - $mnist --scale $byte "$@"
  row tiny_transformer$suffix mnist/tiny_transformer $(peer 37.6 99.88) $mnist --scale $byte "$@"
  row resnet8$suffix tiny/resnet8 $(peer 27.0 98.55) $cifar "$@"
  row resnet20_cifar$suffix tiny/resnet20_cifar $(peer 30.3 99.26) $resnet "$@"
  row resnet56_cifar$suffix tiny/resnet56_cifar $(peer 29.0 99.20) $resnet "$@"
  row mobilenetv2_cifar$suffix tiny/mobilenetv2_cifar $(peer 32.8 99.38) $mobile "$@"
  row mobilenetv3_cifar$suffix tiny/mobilenetv3_cifar $(peer 26.2 98.52) $mobile "$@"
  row kws_dscnn$suffix tiny/kws_dscnn $(peer 28.3 98.66) $kws "$@"
  row vww_mobilenet025$suffix tiny/vww_mobilenet025 - - $vww "$@"
}

printf '%-26s %6s %6s %6s %6s %5s %6s %5s %5s %9s %8s\n' '' fp32 top-1 drop agree SQNR p.agre p.dB more onnx edge

heading "INT8"
classifiers ""
row resnet20_cifar_slicepad tiny/resnet20_cifar_slicepad - - $resnet
row ad_autoencoder tiny/ad_autoencoder - - $ad
row ad_autoencoder-min-max tiny/ad_autoencoder - - $ad --method min-max --effort none

heading "INT8, third-party networks"
row mobilenetv2-7-features third-party/mobilenetv2-7-features 13.4 - $imagenet
row squeezenet1.1 third-party/squeezenet1.1 31.8 95.3 $imagenet
row yolox_nano third-party/yolox_nano 8.5 - --data "$out/bgr_416.npy" $nhwc
row super_resolution third-party/super_resolution 24.9 - --data "$out/luma_224.npy" --samples 32
row ultraface_rfb320 third-party/ultraface_rfb320 43.3 - --data "$out/rgb_240x320.npy" $nhwc --mean 127 --std 128
row ppocr_cls third-party/ppocr_cls 15.7 - --data "$out/bgr_48x192.npy" $nhwc --mean 127.5 --std 127.5
row tiny_time_mixer third-party/tiny_time_mixer 46.7 - --data "$out/series.npy" --samples 32
row mnist third-party/mnist - - $mnist
row ncf third-party/ncf - - --data "user_input_0=$out/users.npy" --data "item_input_0=$out/films.npy"

heading "4-bit weights (--bits w4a8 --effort high)"
classifiers -w4a8 --bits w4a8 --effort high
row ad_autoencoder-w4a8 tiny/ad_autoencoder - - $ad --bits w4a8 --effort high

heading "INT8, calibrated on made-up samples"
without_data() { echo "$*" | sed 's/--data [^ ]*//'; }
row lenet5-synthetic mnist/lenet5 - - $(without_data $mnist) --scale $byte
row resnet8-synthetic tiny/resnet8 - - $(without_data $cifar)
row resnet20_cifar-synthetic tiny/resnet20_cifar - - $(without_data $resnet)
row resnet56_cifar-synthetic tiny/resnet56_cifar - - $(without_data $resnet)
row mobilenetv2_cifar-synthetic tiny/mobilenetv2_cifar - - $(without_data $mobile)
row mobilenetv3_cifar-synthetic tiny/mobilenetv3_cifar - - $(without_data $mobile)
