#!/bin/bash
# The tests that need a real systemd or docker: boots a machine (scripts/guest.sh), runs the tests of the bus over its bus,
# those of docker's tools with an engine (scripts/engine.sh), and installs, breaks, upgrades and removes the package in the
# machine. About ten minutes on two cores; needs root.
#
#   scripts/test-system.sh [--keep]     --keep leaves the machine running, and says where
#
# SYSTEM_TEST_PART=docker has the tests of docker's tools alone.
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
    scripts/engine.sh stop "$work/engine" >/dev/null 2>&1 || true
    if [[ $keep == yes ]]; then
        echo "The machine runs on: scripts/guest.sh exec $guest -- bash" >&2
        return
    fi
    scripts/guest.sh stop "$guest" >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work"
}
trap finish EXIT

echo "== with a docker engine"
scripts/engine.sh start "$work/engine"
DOCKER_TEST_CLIENT=$(scripts/engine.sh client "$work/engine") \
    swift test --skip-build --filter "^ExecutorToolsTests.DockerEngineTests"
scripts/engine.sh stop "$work/engine"
DOCKER_TEST_ENGINE=$work/engine swift test --skip-build --filter "^IntegrationTests.DockerStoppedTests"
ENGINE=podman scripts/engine.sh start "$work/engine"
PODMAN_TEST_CLIENT=$(scripts/engine.sh client "$work/engine") \
    swift test --skip-build --filter "^ExecutorToolsTests.PodmanTests"
scripts/engine.sh stop "$work/engine"

if [[ ${SYSTEM_TEST_PART:-all} == docker ]]; then exit 0; fi

GUEST_PACKAGES="docker.io busybox-static" scripts/guest.sh build "$guest"
scripts/guest.sh start "$guest"
# The test that wants docker starts it.
scripts/guest.sh exec "$guest" -- systemctl disable --quiet --now docker.socket docker containerd
# What the unit `talkative` says for the tests of the journal: a line, then in another boot more, around a rotation.
talk() { scripts/guest.sh exec "$guest" -- systemd-run --quiet --wait --unit=talkative sh -c "$1" || true; }
talk 'echo in an earlier boot'
scripts/guest.sh stop "$guest"
scripts/guest.sh start "$guest"
# shellcheck disable=SC2016  # it is for the machine's shell
talk 'for i in $(seq 30); do echo cannot bind; done; journalctl --sync; journalctl --rotate
    echo after the rotation; echo "<3>gave up"; exit 3'
scripts/guest.sh exec "$guest" -- journalctl --sync

echo "== with the machine's journal"
SYSTEMD_TEST_JOURNAL=/proc/$(scripts/guest.sh pid "$guest")/root/var/log/journal \
    swift test --skip-build --filter "^ExecutorToolsTests.JournaldTests"

echo "== with the machine's bus"
# The tests restart nginx more often than its start limit lets them.
scripts/guest.sh exec "$guest" -- sh -c 'mkdir -p /run/systemd/system/nginx.service.d &&
    printf "[Unit]\nStartLimitIntervalSec=0\n" >/run/systemd/system/nginx.service.d/limit.conf && systemctl daemon-reload'
# Among the machine's processes and in its network, so that pids and ports are its own.
for tests in "^SystemdTests." "^ExecutorToolsTests.ServicesSystemd"; do
    scripts/guest.sh join "$guest" -- env SYSTEMD_TEST_BUS=unix:path=/proc/1/root/run/dbus/system_bus_socket \
        swift test --skip-build --filter "$tests"
done
SYSTEMD_TEST_BUS=unix:path=/proc/$(scripts/guest.sh pid "$guest")/root/run/dbus/system_bus_socket
export SYSTEMD_TEST_BUS
swift test --skip-build --filter "^ExecutorToolsTests.HealthSystemd"
swift test --skip-build --filter "^IntegrationTests.MachineFault"

echo "== the installed package"
export COMPRESSION=none
scripts/package-deb.sh "$work/built" >&2
# Not compressed for the tests' sake alone.
lintian --fail-on warning --suppress-tags uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball \
    "$work"/built/devops-agent_*.deb
bin=.build-package/release
# Four versions: one to install, one to upgrade to, and two of which one daemon ends at once. The last also brings a memory
# of its own where the test has left one, as an agent does that changes the schema before it dies.
for version in 1.0 1.1; do VERSION=$version scripts/package-deb.sh --bin "$bin" "$work/packages" >/dev/null; done
broken() { # broken VERSION DAEMON
    rm -rf "$work/broken"
    dpkg-deb --raw-extract "$work/packages/devops-agent_1.1_$(dpkg --print-architecture).deb" "$work/broken"
    cp /bin/false "$work/broken/usr/bin/$2"
    sed -i "s/^Version: .*/Version: $1/" "$work/broken/DEBIAN/control"
    printf '#!/bin/sh\n[ -e /root/newer.db ] || exit 0\nsystemctl stop devops-agent\ncd /var/lib/devops-agent\nrm -f agent.db*\n%s\n' \
        'install -o devops-agent -g devops-agent -m 600 /root/newer.db agent.db' >"$work/broken/DEBIAN/preinst"
    chmod 755 "$work/broken/DEBIAN/preinst"
    dpkg-deb --root-owner-group -Znone --build "$work/broken" "$work/packages" >/dev/null
}
broken 1.2 devops-executor
broken 1.3 devops-agent
export SYSTEM_TEST_GUEST=$guest SYSTEM_TEST_PACKAGES=$work/packages
# Swift's toolchain has a compiler for C beside its own.
clang=$(dirname "$(realpath "$(command -v swift)")")/clang
"$clang" -shared -fPIC -o "$work/packages/clock.so" Tests/SystemTests/Clock/clock.c
# In turns: the last leaves no package behind.
timeout 15m swift test --skip-build --filter "^SystemTests.FaultTests"
timeout 15m swift test --skip-build --filter "^SystemTests.PromptTests"
timeout 15m swift test --skip-build --filter "^SystemTests.SystemTests"
