#!/bin/bash
# Builds everything and runs the tests.
#
#   scripts/test.sh                 all that runs without systemd as PID 1 and without docker
#   scripts/test.sh --system        these too, starting the real ones
#   scripts/test.sh --coverage      prints the line coverage by module
#   scripts/test.sh --unit          the unit tests alone, in seconds
#   scripts/test.sh --filter REGEX  as in swift test
set -euo pipefail
cd "$(dirname "$0")/.."

system=no coverage=no unit=no filter=
arguments=() failed=()
while (($#)); do
    case $1 in
    --system) system=yes ;;
    --coverage) coverage=yes ;;
    --unit) unit=yes ;;
    --filter)
        filter=${2:?--filter needs a regular expression}
        arguments+=(--filter "$filter")
        shift
        ;;
    *)
        echo "usage: scripts/test.sh [--system] [--coverage] [--unit] [--filter REGEX]" >&2
        exit 2
        ;;
    esac
    shift
done

scripts/requirements.sh --test
build=(swift build --build-tests -j 2 --explicit-target-dependency-import-check error)
if [[ $coverage == yes ]]; then
    build+=(--enable-code-coverage)
    # The daemons that the tests start write there too, each process its own, whoever it runs as.
    profiles=$PWD/.build/profiles
    rm -rf "$profiles"
    mkdir -p "$profiles"
    chmod 1777 "$profiles"
    export LLVM_PROFILE_FILE=$profiles/%p-%m.profraw
fi
"${build[@]}"
if [[ $coverage == yes ]]; then rm -f "$profiles"/*; fi

if [[ $filter != "" ]]; then
    swift test --skip-build "${arguments[@]}"
else
    # A process for each target: the runner is the sub-reaper of its process, and takes every orphan for its own.
    output=$(mktemp -d)
    trap 'rm -rf "$output"' EXIT
    for directory in Tests/*Tests; do
        target=${directory#Tests/}
        if [[ $unit == yes && $target == IntegrationTests ]]; then continue; fi
        echo "== $target"
        swift test --skip-build --filter "^$target\." 2>&1 | tee "$output/$target" || failed+=("$target")
    done
fi
if ((${#failed[@]})); then
    # Again at the end, where they are looked for.
    for target in "${failed[@]}"; do
        echo "== $target failed"
        grep -E -A 4 '✘|↳|error:|Fatal error|exited with' "$output/$target" | tail -n 60 || tail -n 20 "$output/$target"
    done
    echo "Failed: ${failed[*]}" >&2
    exit 1
fi
if [[ $system == yes ]]; then scripts/test-system.sh; fi
if [[ $coverage == yes ]]; then scripts/coverage.sh; fi
