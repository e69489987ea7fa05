#!/bin/bash
# Measures the bars beside their peers in one run, and prints one JSON object.
#
#   scripts/bench.sh [IDLE-SECONDS]     15 without; a minute is what the bar asks for
#
# The state of a unit is measured where systemd is process 1, or in a machine of scripts/guest.sh:
#   scripts/guest.sh join DIR -- env SYSTEMD_TEST_BUS=unix:path=/proc/1/root/run/dbus/system_bus_socket scripts/bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/requirements.sh --test
build=(swift build -c release -j 2 --scratch-path .build-release)
for product in devops-executor executorctl devops-agent Benchmarks; do
    "${build[@]}" --product "$product" >&2
done
bin=$("${build[@]}" --show-bin-path)
"$bin/Benchmarks" "$bin" "${1:-15}"
