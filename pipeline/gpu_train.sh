#!/usr/bin/env bash
# Train and time the networks that need a GPU, without dvc: `make gpu-train`.
#
# GPU_RUNS lists them as dataset-network, the most valuable first; their datasets and networks stand
# in params.yaml. A call ends after GPU_SECONDS, and the next one goes on: with what is not there yet,
# and in a training that was cut off from its last checkpoint. What fails leaves the rest alone. Copy
# artifacts/ back beside dvc.yaml and run `dvc commit -f` and `dvc repro` there to get the tables.
set -euo pipefail
cd "$(dirname "$0")/.."
source pipeline/in_time.sh
: "${GPU_RUNS:=cifar10-resnet20 cifar10-cuda_convnet cifar10-plain56 cifar10-resnet56
  cifar10-plain20 cifar10-cuda_convnet_lrn imagenette-alexnet imagenette-plain34 imagenette-resnet34}"

there() { # written last; a run that was skipped is not there
  [ -e "$1" ] && ! grep -q '"skipped"' "$1"
}

one_run() {
  [ -e "artifacts/data/$1/dataset.json" ] || in_time pipeline.prepare "$1" || return
  there "artifacts/timings/$1/train-$2.json" ||
    in_time pipeline.train "$1" "$2" || return
  there "artifacts/timings/$1/throughput-$2.json" ||
    in_time pipeline.throughput_network "$1" "$2" || return
  echo "$1-$2 is done; rm artifacts/timings/$1/*-$2.json to run it again"
}

failed=0
in_time pipeline.check
for run in $GPU_RUNS; do
  one_run "${run%-*}" "${run##*-}" || failed=1
done
exit $failed
