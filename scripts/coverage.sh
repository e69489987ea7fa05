#!/bin/bash
# Prints the line coverage by module of the last `scripts/test.sh --coverage`, beside its goal.
#
#   scripts/coverage.sh             a line for each module
#   scripts/coverage.sh MODULE      a line for each of its files
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(dirname "$(realpath "$(command -v swift)")")
bin=$(swift build --show-bin-path)
find .build/profiles -name '*.profraw' -size +0 >.build/profiles/list
"$tools/llvm-profdata" merge --sparse --failure-mode=all --input-files=.build/profiles/list -o .build/profiles/merged
# By lines of the source, as `llvm-cov show` has them: its summary counts each closure's lines apart, so that the right
# side of a `??` that was not needed, or `bytes[...]`, is a line that did not run.
"$tools/llvm-cov" export --format=lcov --instr-profile=.build/profiles/merged "$bin"/*.xctest \
    --object "$bin/devops-executor" --object "$bin/devops-agent" --object "$bin/executorctl" >.build/profiles/report.lcov
python3 - .build/profiles/report.lcov "${1:-}" <<'EOF'
import collections, sys

goals = {
    "ExecutorPolicy": 100, "ExecutorAudit": 100, "ExecutorCore": 100, "ExecutorTools": 95, "AgentCore": 90,
    "AgentMemory": 90, "ChatFrontEnd": 85, "AgentRuntime": 80,
}
lines = collections.Counter()
covered = collections.Counter()
for line in open(sys.argv[1]):
    word, _, value = line.strip().partition(":")
    if word == "SF":
        shown = None
        if "/Sources/" in value and "/.build/" not in value:
            module, file = value.split("/Sources/")[1].split("/", 1)
            shown = {"": module, module: file}.get(sys.argv[2])
    elif word == "DA" and shown:
        lines[shown] += 1
        covered[shown] += value.split(",")[1] != "0"
for module in sorted(lines):
    goal = f"goal {goals[module]} %" if module in goals else ""
    print(f"{module:44} {100 * covered[module] / max(lines[module], 1):6.1f} %  {goal}")
EOF
