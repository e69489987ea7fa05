#!/bin/bash
# Feeds every reader of untrusted bytes with inputs that libFuzzer makes up.
#
#   scripts/fuzz.sh SECONDS [TARGET…]       each target for so long; what is found new stays in .build-fuzz/corpus
#   scripts/fuzz.sh --runs N [TARGET…]      each target N inputs, the same every time; nothing is kept
#
# An input that breaks a property is left in .build-fuzz/found, and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --runs ]]; then
    limit=(-runs="${2:?--runs needs a number}" -seed=1)
    keeps=no
    shift 2
else
    limit=(-max_total_time="${1:?usage: scripts/fuzz.sh SECONDS [TARGET…] | --runs N [TARGET…]}")
    keeps=yes
    shift
fi
targets=("$@")
if ((${#targets[@]} == 0)); then targets=(audit certificate command json lines log-time masker message own-tool policy); fi

# No leak detector: it needs ptrace, which containers do not give; and Swift's own handler would wait for a debugger.
export FUZZING=1 ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
swift build --scratch-path .build-fuzz --configuration release --product Fuzz -j 2
program=$(swift build --scratch-path .build-fuzz --configuration release --show-bin-path)/Fuzz

mkdir -p .build-fuzz/found
if "$program" control -runs=200000 -seed=1 -artifact_prefix=/dev/null >/dev/null 2>&1; then
    echo "The fuzzer does not find what is broken on purpose" >&2
    exit 1
fi
for target in "${targets[@]}"; do
    echo "== $target"
    seeds=$(mktemp -d)
    # shellcheck disable=SC2064 # the directory of now
    trap "rm -rf '$seeds'" EXIT
    "$program" "$target" --seeds "$seeds"
    corpus=("$seeds")
    if [[ $keeps == yes ]]; then
        mkdir -p ".build-fuzz/corpus/$target"
        corpus=(".build-fuzz/corpus/$target" "$seeds")
    fi
    # A single input may take ten seconds and 2 GiB: what takes more hangs, or grows without bound.
    "$program" "$target" "${limit[@]}" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
        -artifact_prefix=".build-fuzz/found/$target-" "${corpus[@]}"
    rm -rf "$seeds"
done
echo "No property was broken"
