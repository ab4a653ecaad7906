# For scripts that may be called again, on a machine that may have neither the environment nor dvc:
# `in_time MODULE [WORD...]` runs `python -m MODULE` in what is left of GPU_SECONDS, and ends the
# script when they are over.
end=$((SECONDS + ${GPU_SECONDS:-480}))
python=$(command -v python || command -v python3)
# A GPU that JAX cannot use ends in an error, and not in a training on the CPU.
if command -v nvidia-smi >/dev/null; then export JAX_PLATFORMS=${JAX_PLATFORMS:-cuda}; fi

in_time() {
  local left=$((end - SECONDS)) code=0
  if [ "$left" -ge 20 ]; then
    # XLA hears no signal while it compiles. In the foreground, so that Ctrl-C reaches Python.
    timeout --foreground --signal=INT --kill-after=20 "$left" "$python" -m "$@" || code=$?
    [ "$code" -ne 130 ] || exit 130
    # 137 before the time is over: it was killed for memory, which is a failure like others.
    [ "$code" -eq 124 ] || { [ "$code" -eq 137 ] && [ "$SECONDS" -ge "$end" ]; } || return "$code"
  fi
  echo "time is up: call again to go on"
  exit "${failed:-0}"
}
