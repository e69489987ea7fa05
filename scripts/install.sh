#!/bin/bash
# Installs the agent on this server, from a package or from this checkout, and starts it. Running it again is harmless.
#
#   scripts/install.sh [--package FILE.deb] [OPTION of setup_systemd.sh]…
#
# Without --package it takes the newest in dist/, and builds one where there is none.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=scripts/installed.sh
. "$here/installed.sh"

package=
if [[ ${1:-} == --package ]]; then
    package=$(realpath "${2:?--package needs a file}")
    shift 2
fi
need_root
[[ -d /run/systemd/system ]] || die "this machine was not booted by systemd"
if [[ -z $package ]]; then
    package=$(find "$here/../dist" -name 'devops-agent_*.deb' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -1 | cut -d' ' -f2-)
fi
if [[ -z $package ]]; then
    "$here/package-deb.sh" >&2
    package=$(find "$here/../dist" -name 'devops-agent_*.deb' | head -1)
fi

version=$(dpkg-deb -f "$package" Version)
installed=$(dpkg-query -W -f '${Version} ${db:Status-Status}' devops-agent 2>/dev/null || true)
# What was interrupted half way dpkg has to end first, or apt does nothing.
if [[ ${installed#* } =~ ^(half-installed|unpacked|half-configured)$ ]]; then dpkg --configure -a >&2 || true; fi
if [[ $installed == "$version installed" ]]; then
    echo "devops-agent $version is installed already."
else
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o Dpkg::Options::=--force-confold "$(realpath "$package")" >&2 ||
        die "apt could not install $package"
fi
exec /usr/lib/devops-agent/setup_systemd.sh "$@"
