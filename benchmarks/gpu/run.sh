#!/bin/sh
# Proof of a GPU in under eight minutes: known answers, parity with the processor, frames per second of the networks.
#
#   benchmarks/gpu/run.sh --device cuda --data ../shared/data --wheels wheels   # on a GPU machine, no network needed
#   benchmarks/gpu/run.sh --device cpu --data ../shared/data                    # as much of the path as a processor can
#
# Wheels: pip download --require-hashes -r requirements/gpu.lock -d wheels, on a machine with network and the same Python.
# Prints one JSON object; the exit status is 1 where an answer is wrong or detections differ from the processor's.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
wheels=
if [ "${1:-}" = --help ]; then sed -n 2,8p "$0"; exit 0; fi
arguments=
while [ $# -gt 0 ]; do
  case $1 in
    --wheels) wheels=$2; shift 2 ;;
    *) arguments="$arguments $1"; shift ;;
  esac
done
if [ -n "$wheels" ]; then
  environment=$(mktemp -d)
  trap 'rm -rf "$environment"' EXIT
  "$python" -m venv "$environment"
  "$environment/bin/pip" install -q --no-index --find-links "$wheels" --require-hashes -r "$root/requirements/gpu.lock"
  python="$environment/bin/python"
fi
cd "$root"
nvidia-smi --query-gpu=name,driver_version,memory.total,memory.used --format=csv,noheader >&2 || echo "no GPU" >&2
# Whether the driver brings the video decoder: containers often leave it out.
ls /usr/local/nvidia/lib64 /usr/lib/x86_64-linux-gnu 2>/dev/null | grep -E 'nvcuvid|nvidia-encode' >&2 || echo "no NVDEC" >&2
# shellcheck disable=SC2086
exec timeout 480 "$python" -m benchmarks.gpu.networks $arguments
