#!/bin/sh
# Runs the ONNX project's tests where they are and holds the results against the recorded ones:
# check.sh BUILD. Vectors: ../shared/onnx, or Debian's package libonnx-testdata.
set -e
build=$1
here=tests/conformance
archive=../shared/onnx/visible.tar.xz
debian=/usr/share/libonnx-testdata/data
if [ -f "$archive" ] && command -v xz >/dev/null; then
  if [ ! -f "$build/vectors/INDEX.tsv" ]; then
    mkdir -p "$build/vectors"
    tar xf "$archive" -C "$build/vectors"
  fi
  "$build/conformance" --known $here/known_failures.tsv "$build/vectors"
elif [ -d "$debian" ]; then
  "$build/conformance" --known $here/known_failures_debian.tsv "$debian"
else
  echo "conformance: skipped: neither $archive nor Debian's package libonnx-testdata is here"
fi
