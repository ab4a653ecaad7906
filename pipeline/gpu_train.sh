#!/usr/bin/env bash
# Train and time the networks that need a GPU, without dvc: `make gpu-train`.
#
# GPU_RUNS lists them as dataset-network, the most valuable first; their datasets and networks stand
# in params.yaml. A call ends after GPU_SECONDS, and the next one goes on: with what is not there yet,
# and in a training that was cut off from its last checkpoint. Copy artifacts/ back beside dvc.yaml
# and run `dvc commit -f` and `dvc repro` there to get the tables.
set -euo pipefail
cd "$(dirname "$0")/.."
source pipeline/in_time.sh

in_time python -m pipeline.check
for run in $GPU_RUNS; do
  dataset=${run%-*} network=${run##*-}
  [ -e "artifacts/data/$dataset/dataset.json" ] || in_time python -m pipeline.prepare "$dataset"
  [ -e "artifacts/timings/$dataset/train-$network.json" ] || # written last
    in_time python -m pipeline.train "$dataset" "$network"
  [ -e "artifacts/timings/$dataset/throughput-$network.json" ] ||
    in_time python -m pipeline.throughput_network "$dataset" "$network"
  echo "$run is there"
done
