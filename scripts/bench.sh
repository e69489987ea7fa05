#!/bin/bash
# Measures the bars beside their peers in one run, and prints one JSON object.
#
#   scripts/bench.sh [IDLE-SECONDS]     15 without; a minute is what the bar asks for
#   scripts/bench.sh --unit             the state of a unit alone, where systemd is process 1, or in a machine of guest.sh:
#     scripts/guest.sh join DIR -- env SYSTEMD_TEST_BUS=unix:path=/proc/1/root/run/dbus/system_bus_socket \
#         scripts/bench.sh --unit
set -euo pipefail
cd "$(dirname "$0")/.."

build=(swift build -c release -j 2 --scratch-path .build-release)
bin=$("${build[@]}" --show-bin-path)
if [[ ${1:-} == --unit ]]; then
    "${build[@]}" --product Benchmarks >&2
    exec "$bin/Benchmarks" --unit
fi
scripts/requirements.sh --test
for product in devops-executor executorctl devops-agent Benchmarks; do
    "${build[@]}" --product "$product" >&2
done
"$bin/Benchmarks" "$bin" "${1:-15}"
