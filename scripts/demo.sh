#!/bin/bash
# The whole agent in a private directory: builds, starts the executor, opens the chat on this terminal.
#
#   scripts/demo.sh                   a chat; end it with Ctrl-D
#   scripts/demo.sh --once "TEXT"     one question, one answer, nothing left behind
#
# With ANTHROPIC_API_KEY set, Claude answers; without it the built-in brain does, and no network is used.
set -euo pipefail
cd "$(dirname "$0")/.."

chat=(chat)
case ${1:-} in
--once)
    if (($# != 2)); then
        echo "usage: scripts/demo.sh [--once TEXT]" >&2
        exit 2
    fi
    chat+=(--once "$2")
    ;;
"") ;;
*)
    echo "usage: scripts/demo.sh [--once TEXT]" >&2
    exit 2
    ;;
esac

scripts/requirements.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for product in devops-executor devops-agent; do
    echo "Building $product …" >&2
    if ! swift build -j 2 --product "$product" >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
done
bin=$(swift build --show-bin-path)

directory=$(mktemp -d)
executor=
# shellcheck disable=SC2317  # called by the trap
finish() {
    if [[ -n $executor ]]; then
        kill -TERM "$executor" 2>/dev/null || true
        wait "$executor" 2>/dev/null || true
    fi
    rm -rf "$directory" "$log"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -m 755 "$directory/config"
install -m 644 config/allowlist.json config/executor.json config/tools.json "$directory/config/"
install -D -m 644 -t "$directory/config/packs" config/packs/*.json
socket=$directory/run/executor.sock
"$bin/devops-executor" run --config-dir "$directory/config" --runtime-dir "$directory/run" \
    --logs-dir "$directory/log" --state-dir "$directory/executor" 2>"$directory/executor.log" &
executor=$!

for ((tries = 0; tries < 200; tries++)); do
    [[ -S $socket ]] && break
    if ! kill -0 "$executor" 2>/dev/null; then break; fi
    sleep 0.05
done
if [[ ! -S $socket ]]; then
    echo "The executor did not start:" >&2
    cat "$directory/executor.log" >&2
    exit 1
fi

status=0
EXECUTOR_SOCKET=$socket "$bin/devops-agent" "${chat[@]}" --state-dir "$directory/agent" || status=$?
exit "$status"
