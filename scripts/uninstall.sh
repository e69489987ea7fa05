#!/bin/bash
# Removes the agent. Its memory, audit log, settings and secrets stay; --purge removes those too, and the three users
# and groups. The backups in /var/backups/devops-agent stay always.
set -euo pipefail
# Read whole before the package, and with it this file, is removed.
main() {
    local purge=no
    case ${1:-} in
    --purge) purge=yes ;;
    "") ;;
    *)
        echo "usage: uninstall.sh [--purge]" >&2
        exit 2
        ;;
    esac
    [[ $EUID -eq 0 ]] || { echo "uninstall.sh: run it as root" >&2 && exit 1; }
    systemctl disable --now --quiet devops-agent-backup.timer devops-agent.service devops-executor.service 2>/dev/null || true
    if [[ $purge == no ]]; then
        dpkg --remove devops-agent
        echo "Kept: /etc/devops-agent /etc/devops-executor /var/lib/devops-* /var/log/devops-executor"
    else
        dpkg --purge devops-agent
        for user in devops-agent devops-probe; do userdel "$user" 2>/dev/null || true; done
        for group in devops-agent devops-probe devops-operators; do groupdel "$group" 2>/dev/null || true; done
    fi
    systemctl reset-failed devops-agent.service devops-executor.service 2>/dev/null || true
    exit 0
}
main "$@"
