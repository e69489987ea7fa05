#!/bin/bash
# The tests that need a real systemd: boots a machine (scripts/guest.sh), runs the tests of the bus over its bus, and
# installs, breaks, upgrades and removes the package in it. About ten minutes on two cores; needs root.
#
#   scripts/test-system.sh [--keep]     --keep leaves the machine running, and says where
#
# SYSTEM_TEST_FOLDER names a folder to keep the machine in from run to run (made anew without).
set -euo pipefail
cd "$(dirname "$0")/.."

if ((EUID != 0)); then
    echo "Not root: the tests with a real systemd are left out." >&2
    exit 0
fi
keep=no
if [[ ${1:-} == --keep ]]; then keep=yes; fi
work=$(mktemp -d /var/tmp/devops-guest.XXXXXX)
guest=${SYSTEM_TEST_FOLDER:-$work/machine}
finish() {
    if [[ $keep == yes ]]; then
        echo "The machine runs on: scripts/guest.sh exec $guest -- bash" >&2
        return
    fi
    scripts/guest.sh stop "$guest" >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work"
}
trap finish EXIT

scripts/guest.sh build "$guest"
scripts/guest.sh start "$guest"

echo "== with the machine's bus"
# The tests restart nginx more often than its start limit lets them.
scripts/guest.sh exec "$guest" -- sh -c 'mkdir -p /run/systemd/system/nginx.service.d &&
    printf "[Unit]\nStartLimitIntervalSec=0\n" >/run/systemd/system/nginx.service.d/limit.conf && systemctl daemon-reload'
SYSTEMD_TEST_BUS=unix:path=/proc/$(scripts/guest.sh pid "$guest")/root/run/dbus/system_bus_socket
export SYSTEMD_TEST_BUS
swift test --skip-build --filter "^SystemdTests."
swift test --skip-build --filter "^ExecutorToolsTests.ServicesSystemd"

echo "== the installed package"
export COMPRESSION=none
scripts/package-deb.sh "$work/built" >&2
bin=.build-package/release
# Three versions: one to install, one to upgrade to, and one whose executor ends at once.
for version in 1.0 1.1; do VERSION=$version scripts/package-deb.sh --bin "$bin" "$work/packages" >/dev/null; done
mkdir "$work/broken"
cp "$bin/devops-agent" "$bin/executorctl" "$work/broken/"
cp /bin/false "$work/broken/devops-executor"
VERSION=1.2 scripts/package-deb.sh --bin "$work/broken" "$work/packages" >/dev/null
export SYSTEM_TEST_GUEST=$guest SYSTEM_TEST_PACKAGES=$work/packages
# Swift's toolchain has a compiler for C beside its own.
clang=$(dirname "$(realpath "$(command -v swift)")")/clang
"$clang" -shared -fPIC -o "$work/packages/clock.so" Tests/SystemTests/Clock/clock.c
# In turns: the second leaves no package behind.
timeout 15m swift test --skip-build --filter "^SystemTests.FaultTests"
timeout 15m swift test --skip-build --filter "^SystemTests.SystemTests"
