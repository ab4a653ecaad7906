# For scripts that may be called again: `in_time COMMAND` runs it in what is left of GPU_SECONDS,
# and ends the script when they are over.
end=$((SECONDS + ${GPU_SECONDS:-520}))

in_time() {
  local left=$((end - SECONDS)) code=0
  if [ "$left" -ge 20 ]; then
    timeout --signal=INT "$left" "$@" || code=$?
    [ "$code" -eq 124 ] || return "$code"
  fi
  echo "time is up: call again to go on"
  exit "${failed:-0}"
}
