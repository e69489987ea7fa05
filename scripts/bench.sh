#!/bin/bash
# Measures the bars beside their peers in one run, and prints one JSON object.
#
#   scripts/bench.sh [IDLE-SECONDS]        15 without; a minute is what the bars ask for: memory is given back once in it
#   scripts/bench.sh --unit DIR            the state of a unit alone, in the running machine DIR of scripts/guest.sh
#   scripts/bench.sh --journal [ENTRIES]   the journal's bars alone, on one of a million entries; takes some minutes
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/requirements.sh --test
build=(swift build -c release -j 2 --scratch-path .build-release)
bin=$("${build[@]}" --show-bin-path)
if [[ ${1:-} == --unit ]]; then
    "${build[@]}" --product Benchmarks >&2
    # With the libraries it needs, where the machine's own systemctl is.
    guest=${2:?a folder of scripts/guest.sh}
    install -D -t "$guest/opt/bench" "$bin/Benchmarks"
    ldd "$bin/Benchmarks" | awk '$3 ~ /^\// { print $3 }' | grep -v -E '/(libc|libm|ld-linux[^/]*)\.so' |
        xargs install -t "$guest/opt/bench"
    exec scripts/guest.sh exec "$guest" -- env LD_LIBRARY_PATH=/opt/bench /opt/bench/Benchmarks --unit
fi
if [[ ${1:-} == --journal ]]; then
    "${build[@]}" --product Benchmarks >&2
    exec "$bin/Benchmarks" --journal "${2:-1000000}"
fi
for product in devops-executor executorctl devops-agent Benchmarks; do
    "${build[@]}" --product "$product" >&2
done
"$bin/Benchmarks" "$bin" "${1:-15}"
