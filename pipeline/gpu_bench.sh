#!/usr/bin/env bash
# Time networks and features on a machine with a GPU, without dvc: `make gpu-bench`.
#
# First what has targets in benchmarks/README.md: ten seeds at once and the time to 99 %, then the
# networks in GPU_NETWORKS beside PyTorch where it is installed; then the datasets of params.yaml in
# GPU_BENCH. Of both the most valuable first. A call ends after GPU_SECONDS, and the next one goes on with what is not there
# yet; what fails leaves the rest alone. Copy results/ and benchmarks/results/ back.
set -euo pipefail
cd "$(dirname "$0")/.."
source pipeline/in_time.sh
: "${GPU_BENCH:=mnist cifar10 imagenette}"
: "${GPU_NETWORKS:=lenet5 resnet20 alexnet resnet34 vgg19 cuda_convnet}"

failed=0
in_time pipeline.check
in_time benchmarks.accelerator --missing || failed=1
for network in $GPU_NETWORKS; do
  # JAX would take three quarters of the memory at once, and PyTorch is in the same process.
  XLA_PYTHON_CLIENT_MEM_FRACTION=${XLA_PYTHON_CLIENT_MEM_FRACTION:-.6} \
    in_time benchmarks.against_pytorch --missing "$network" || failed=1
done
for dataset in $GPU_BENCH; do
  [ -e "artifacts/data/$dataset/dataset.json" ] || in_time pipeline.prepare "$dataset" ||
    { failed=1; continue; }
  in_time pipeline.bench "$dataset" || failed=1
done
exit $failed
