#!/bin/bash
# The tests that need a real systemd: boots one in a container of systemd-nspawn, and runs them over its bus.
#
# REAL_SYSTEMD names a program with `build DIR`, `start DIR`, `exec DIR CMD…`, `pid DIR` and `stop DIR`, which keeps
# such a container.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ! -x ${REAL_SYSTEMD:-} ]]; then
    echo "REAL_SYSTEMD is not set: the tests with a real systemd are left out." >&2
    exit 0
fi
guest=$(mktemp -d /var/tmp/devops-guest.XXXXXX)
trap '"$REAL_SYSTEMD" stop "$guest" >/dev/null 2>&1 || true; rm -rf "$guest" "$guest".*' EXIT
"$REAL_SYSTEMD" build "$guest" >&2
"$REAL_SYSTEMD" start "$guest" >&2
# The tests restart nginx more often than its start limit lets them.
"$REAL_SYSTEMD" exec "$guest" -- sh -c 'mkdir -p /run/systemd/system/nginx.service.d &&
    printf "[Unit]\nStartLimitIntervalSec=0\n" >/run/systemd/system/nginx.service.d/limit.conf && systemctl daemon-reload'
pid=$("$REAL_SYSTEMD" pid "$guest")
export SYSTEMD_TEST_BUS=unix:path=/proc/$pid/root/run/dbus/system_bus_socket
swift test --skip-build --filter "^SystemdTests."
swift test --skip-build --filter "^ExecutorToolsTests.ServicesSystemd"
