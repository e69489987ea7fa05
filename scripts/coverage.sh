#!/bin/bash
# Prints the line coverage by module of the last `scripts/test.sh --coverage`, beside its goal.
set -euo pipefail
cd "$(dirname "$0")/.."

report=$(swift test --show-codecov-path)
python3 - "$report" <<'EOF'
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
    module = name.split("/Sources/")[1].split("/")[0]
    lines[module] += file["summary"]["lines"]["count"]
    covered[module] += file["summary"]["lines"]["covered"]
for module in sorted(lines):
    goal = f"goal {goals[module]} %" if module in goals else ""
    print(f"{module:18} {100 * covered[module] / max(lines[module], 1):6.1f} %  {goal}")
EOF
