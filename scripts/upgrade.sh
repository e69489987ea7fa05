#!/bin/bash
# Installs a newer package; when the daemons do not become healthy with it, puts the old one back by itself.
#
#   upgrade.sh FILE.deb
#
# Exit codes: 0 upgraded, 1 rolled back or failed, 2 usage. Messages that come meanwhile wait at Telegram, and one that
# was taken in is answered by the new version. A terminal that goes away does not stop it half way.
set -euo pipefail
# Read whole: the package replaces this file.
main() {
    # shellcheck source=scripts/installed.sh
    . "$(dirname "$(realpath "$0")")/installed.sh"
    if (($# != 1)); then
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
    fi
    need_root
    umask 077
    local package old work
    package=$(realpath "$1")
    [[ $(dpkg-deb -f "$package" Package) == devops-agent ]] || die "$package is no package of devops-agent"
    executor_serves || die "the executor does not serve now; mend that first: devops-agent doctor"
    mkdir -p "$backups/upgrade"
    work=$(mktemp -d "$backups/upgrade/.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    repack_installed "$work/old"
    old=$work/old.deb
    local saved
    saved=$("$(dirname "$(realpath "$0")")/backup.sh" --keep 30)
    echo "Saved $saved"
    trap '' HUP INT TERM
    if install_package "$package" && wait_until_healthy 60; then
        echo "Upgraded to $(dpkg-query -W -f '${Version}' devops-agent)."
        exit 0
    fi
    say_what_is_wrong
    echo "The new version does not stay up; putting the old one back." >&2
    install_package "$old"
    restore_memory_if_newer "$saved" "$work"
    systemctl reset-failed "${units[@]}" 2>/dev/null || true
    systemctl restart "${units[@]}" || true
    wait_until_healthy 60 || die "the old version does not stay up either; the backup is $saved"
    echo "Rolled back to $(dpkg-query -W -f '${Version}' devops-agent)." >&2
    exit 1
}

install_package() { # install_package FILE
    systemctl reset-failed "${units[@]}" 2>/dev/null || true
    DEBIAN_FRONTEND=noninteractive dpkg --force-confold --force-downgrade --install "$1" >&2
}

repack_installed() { # repack_installed TREE: what is installed now, as TREE.deb
    local file
    mkdir -p "$1/DEBIAN"
    dpkg-query -L devops-agent | while read -r file; do
        # Documents may have been left out (dpkg.cfg, path-exclude).
        if [[ -e $file && ! -d $file ]]; then (cd / && cp -a --parents "${file#/}" "$1"); fi
    done
    dpkg-query -s devops-agent | sed -E '/^Status:/d; /^Conffiles:/,/^[^ ]/{/^(Conffiles:| )/d}' >"$1/DEBIAN/control"
    dpkg-query --control-list devops-agent | while read -r file; do
        cp -a "$(dpkg-query --control-path devops-agent "$file")" "$1/DEBIAN/$file"
    done
    chmod -R go+rX,go-w "$1"
    dpkg-deb --root-owner-group -Zgzip --build "$1" "$1.deb" >/dev/null
}

# A database that only the new version can read gives way to the one of before the upgrade; it is kept, not removed.
restore_memory_if_newer() { # restore_memory_if_newer BACKUP WORK
    local state=/var/lib/devops-agent said probe kept part
    probe=$state/tmp/probe-$$.db kept=$state/backups/agent.db-of-newer-$(date -u +%Y%m%dT%H%M%SZ)
    if said=$(as_agent devops-agent backup --state-dir $state "$probe" 2>&1); then
        as_agent rm -f "$probe"
        return
    fi
    echo "$said" >&2
    as_agent rm -f "$probe"
    if [[ $said != *"was written by a newer version"* ]]; then return; fi
    systemctl stop devops-agent.service
    tar -C "$2" -xzf "$1" ./var/lib/devops-agent/agent.db
    as_agent mkdir -p $state/backups
    for part in '' -wal -shm; do
        if [[ -e $state/agent.db$part ]]; then as_agent mv $state/agent.db$part "$kept$part"; fi
    done
    install -o devops-agent -g devops-agent -m 600 "$2/var/lib/devops-agent/agent.db" $state/agent.db
    echo "The memory is that of before the upgrade; what the newer version wrote is kept in $kept" >&2
}

main "$@"
