#!/bin/bash
# Measures the bars beside their peers in one run, and prints one JSON object.
#
#   scripts/bench.sh [IDLE-SECONDS]        15 without; a minute is what the bar asks for
#   scripts/bench.sh --journal [ENTRIES]   the journal's bars alone, on one of a million entries; takes some minutes
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/requirements.sh --test
if [[ ${1:-} == --journal ]]; then
    swift build -c release -j 2 --scratch-path .build-release --product Benchmarks >&2
    bin=$(swift build -c release --scratch-path .build-release --show-bin-path)
    exec "$bin/Benchmarks" journal "${2:-1000000}"
fi
build=(swift build -c release -j 2 --scratch-path .build-release)
for product in devops-executor executorctl devops-agent Benchmarks; do
    "${build[@]}" --product "$product" >&2
done
bin=$("${build[@]}" --show-bin-path)
"$bin/Benchmarks" "$bin" "${1:-15}"
