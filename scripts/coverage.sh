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
"$tools/llvm-cov" export --summary-only --instr-profile=.build/profiles/merged "$bin"/*.xctest \
    --object "$bin/devops-executor" --object "$bin/devops-agent" --object "$bin/executorctl" >.build/profiles/report.json
python3 - .build/profiles/report.json "${1:-}" <<'EOF'
import collections, json, sys

goals = {
    "ExecutorPolicy": 100, "ExecutorAudit": 100, "ExecutorCore": 100, "ExecutorTools": 95, "AgentCore": 90,
    "AgentMemory": 90, "ChatFrontEnd": 85, "AgentRuntime": 80,
}
lines = collections.Counter()
covered = collections.Counter()
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    name = file["filename"]
    if "/Sources/" not in name or "/.build/" in name:
        continue
    module, file_name = name.split("/Sources/")[1].split("/", 1)
    if sys.argv[2] == module:
        module = file_name
    elif sys.argv[2]:
        continue
    lines[module] += file["summary"]["lines"]["count"]
    covered[module] += file["summary"]["lines"]["covered"]
for module in sorted(lines):
    goal = f"goal {goals[module]} %" if module in goals else ""
    print(f"{module:44} {100 * covered[module] / max(lines[module], 1):6.1f} %  {goal}")
EOF
