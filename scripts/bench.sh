#!/bin/bash
# Measures the bars beside their peers in one run, and prints one JSON object.
#
#   scripts/bench.sh [IDLE-SECONDS [machine]]     15 without; a minute is what the bar asks for; machine: system_health
#                                                 and check_port alone
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/requirements.sh --test
build=(swift build -c release -j 2 --scratch-path .build-release)
for product in devops-executor executorctl devops-agent Benchmarks; do
    "${build[@]}" --product "$product" >&2
done
bin=$("${build[@]}" --show-bin-path)
"$bin/Benchmarks" "$bin" "${1:-15}" ${2:+"$2"}
