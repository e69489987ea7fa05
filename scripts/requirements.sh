#!/bin/bash
# Installs the Debian packages the build (and, with --test, the tests) need and this machine lacks.
set -euo pipefail

packages=(binutils libcurl4-openssl-dev libsqlite3-dev libssl-dev libsystemd-dev pkg-config)
if [[ ${1:-} == --test ]]; then
    packages+=(curl lintian nginx-light procps redis-server shellcheck strace sudo systemd-journal-remote)
    # Whichever python3 comes first in PATH makes the environments below; Debian's has venv in a package of its own.
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
fi

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done

if ((${#missing[@]})); then
    echo "Installing: ${missing[*]}" >&2
    as_root=()
    if ((EUID != 0)); then as_root=(sudo); fi
    # Services of freshly installed packages stay off: this is a build machine, not a server.
    # A policy of the administrator's own is left alone.
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
        "${as_root[@]}" chmod 755 $policy
        trap '"${as_root[@]}" rm -f $policy' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    if ! "${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >&2; then
        "${as_root[@]}" apt-get update -q >&2
        "${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
    fi
fi

if ! command -v swift >/dev/null; then
    echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux" >&2
    exit 1
fi

# A Python environment beside the build, with exactly what a file lists; nothing is done where it has that already.
python_environment() {
    local directory=.build/$1 list=Tests/IntegrationTests/Clients/$2
    if cmp -s "$list" "$directory/requirements.txt"; then return; fi
    echo "Making $directory" >&2
    rm -rf "$directory"
    python3 -m venv "$directory"
    "$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" >&2
    cp "$list" "$directory/requirements.txt"
}

if [[ ${1:-} == --test ]]; then
    cd "$(dirname "$0")/.."
    mkdir -p .build
    python_environment python requirements.txt
    python_environment python-handshake requirements-handshake.txt
    python_environment python-cloud requirements-cloud.txt
fi
