#!/usr/bin/env bash
# Time networks and features on a machine with a GPU, without dvc: `make gpu-bench`.
#
# GPU_BENCH lists datasets of params.yaml, the most valuable first. A call ends after GPU_SECONDS, and
# the next one goes on with what is not there yet; what fails leaves the rest alone. GPU_NETWORKS are
# the networks beside PyTorch (all without it). Copy results/ and benchmarks/results/ back.
set -euo pipefail
cd "$(dirname "$0")/.."
source pipeline/in_time.sh

failed=0
in_time python -m pipeline.check
for dataset in $GPU_BENCH; do
  [ -e "artifacts/data/$dataset/dataset.json" ] || in_time python -m pipeline.prepare "$dataset"
  in_time python -m pipeline.bench "$dataset" || failed=1
done
# Ten seeds at once, the time to 99 %, and training beside PyTorch where it is installed.
[ -e benchmarks/results/accelerator.csv ] || in_time python -m benchmarks.accelerator || failed=1
in_time python -m benchmarks.against_pytorch --missing ${GPU_NETWORKS:-} || failed=1
exit $failed
