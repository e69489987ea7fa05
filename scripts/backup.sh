#!/bin/bash
# Saves what cannot be had again: the agent's memory and files, the rules, the settings, the audit log and its key.
#
#   backup.sh [--keep N] [--most MB] [--with-secrets]
#                                a new file in /var/backups/devops-agent; the newest N stay (14 without), of at most MB
#                                megabytes together (2000 without), but always the newest
#   backup.sh --restore FILE     puts it back, over what is there, and starts the daemons
#
# The agent may go on meanwhile. Token and key are left out unless --with-secrets asks for them. Without room for it there
# is no backup: the audit log and the memory need the disk more.
set -euo pipefail
# shellcheck source=scripts/installed.sh
. "$(dirname "$(realpath "$0")")/installed.sh"

keep=14 most=2000 secrets=no restore=
# What a backup leaves free, in megabytes.
spare=200
while (($#)); do
    case $1 in
    --keep) keep=${2:?} && shift ;;
    --most) most=${2:?} && shift ;;
    --with-secrets) secrets=yes ;;
    --restore) restore=${2:?} && shift ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
[[ $keep =~ ^[1-9][0-9]*$ && $most =~ ^[1-9][0-9]*$ ]] || die "--keep and --most take a number from 1"
need_root
umask 077

copy_memory() { # copy_memory TREE
    local copy=/var/lib/devops-agent/tmp/backup-$$.db
    [[ -e /var/lib/devops-agent/agent.db ]] || return 0
    mkdir -p "$1/var/lib/devops-agent"
    # As the agent: root opens no file in a directory of the agent's.
    as_agent devops-agent backup --state-dir /var/lib/devops-agent "$copy"
    as_agent cat "$copy" >"$1/var/lib/devops-agent/agent.db"
    as_agent rm "$copy"
    (cd / && as_agent tar -c --exclude='backup-*' var/lib/devops-agent/{projects,screenshots}) | tar -x --no-same-owner -C "$1"
}

# Whose a file was is not kept: the unit may not give files away, and the tmpfiles know whose they are.
copy() { cp -a --no-preserve=ownership "$@"; }

copy_settings() { # copy_settings TREE
    mkdir -p "$1/etc/devops-agent"
    copy /etc/devops-executor "$1/etc/"
    if [[ $secrets == yes ]]; then
        copy /etc/devops-agent "$1/etc/"
        return
    fi
    rm -rf "$1/etc/devops-executor/credentials"
    if [[ -e $settings ]]; then
        sed -E 's/^(TELEGRAM_BOT_TOKEN|ANTHROPIC_API_KEY|[A-Z]+_PROXY)=.*/\1=/' "$settings" >"$1$settings"
    fi
}

need_room() { # for a copy of everything, and for what it is packed into: text, so at most half as much
    local sources=(/etc/devops-agent /etc/devops-executor /var/lib/devops-agent /var/lib/devops-executor /var/log/devops-executor)
    local needed free
    needed=$(du -scm "${sources[@]}" 2>/dev/null | tail -1 | cut -f1)
    needed=$((needed * 3 / 2 + spare))
    free=$(df --output=avail -BM "$backups" | tail -1 | tr -dc 0-9)
    ((free >= needed)) || die "$free MB are free for $backups, and a backup takes $needed; make room, or remove old backups"
}

prune() {
    local together=0 count=0 size name
    find "$backups" -maxdepth 1 -name 'devops-agent-*.tar.gz' -printf '%s %f\n' | sort -k2 -r |
        while read -r size name; do
            count=$((count + 1)) together=$((together + size))
            if ((count > 1 && (count > keep || together > most * 1000000))); then rm "$backups/$name"; fi
        done
}

save() {
    local tree file
    mkdir -p "$backups"
    need_room
    tree=$(mktemp -d "$backups/.new.XXXXXX")
    # shellcheck disable=SC2064  # the name of now
    trap "rm -rf '$tree' '$tree.part'" EXIT
    copy_memory "$tree"
    copy_settings "$tree"
    mkdir -p "$tree/var/log" "$tree/var/lib"
    # A record that is being written is cut at its line's end when the log is opened; the copy may end in one too.
    copy /var/log/devops-executor "$tree/var/log/" 2>/dev/null || true
    copy /var/lib/devops-executor "$tree/var/lib/" 2>/dev/null || true
    rm -rf "$tree/var/lib/devops-executor/scratch"
    file=$backups/devops-agent-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
    tar -C "$tree" -cz . >"$tree.part"
    gzip -t "$tree.part"
    mv "$tree.part" "$file"
    sync "$file"
    prune
    echo "$file"
}

put_back() {
    local tree
    gzip -t "$restore" || die "$restore is no whole backup"
    mkdir -p "$backups"
    tree=$(mktemp -d "$backups/.restore.XXXXXX")
    # shellcheck disable=SC2064
    trap "rm -rf '$tree'" EXIT
    tar -C "$tree" -xz --no-same-owner -f "$restore"
    [[ -d $tree/etc/devops-executor ]] || die "$restore is no backup of the agent"
    systemctl stop devops-agent.service devops-executor.service
    # Secrets that the backup left out stay as they are.
    copy "$tree/etc/devops-executor/." /etc/devops-executor/
    chmod -R u=rwX,go=rX /etc/devops-executor
    if [[ -d /etc/devops-executor/credentials ]]; then chmod -R o= /etc/devops-executor/credentials; fi
    if [[ -d $tree/etc/devops-agent ]]; then copy "$tree/etc/devops-agent/." /etc/devops-agent/; fi
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/devops-agent.conf
    for part in log/devops-executor lib/devops-executor; do
        [[ -d $tree/var/$part ]] || continue
        rm -rf "/var/$part/audit"
        mkdir -p "/var/$part"
        copy "$tree/var/$part/." "/var/$part/"
    done
    if [[ -d $tree/var/lib/devops-agent ]]; then
        rm -f /var/lib/devops-agent/agent.db{,-wal,-shm}
        mkdir -p /var/lib/devops-agent
        copy "$tree/var/lib/devops-agent/." /var/lib/devops-agent/
        chown -R devops-agent:devops-agent /var/lib/devops-agent
    fi
    systemctl reset-failed "${units[@]}" 2>/dev/null || true
    if [[ ! -s $credentials/TELEGRAM_BOT_TOKEN ]]; then
        systemctl start devops-executor.service || { say_what_is_wrong && die "the executor does not start after the restore"; }
        echo "Restored, but for the secrets: /usr/lib/devops-agent/setup_systemd.sh asks for them and starts the agent."
        return
    fi
    systemctl start devops-executor.service devops-agent.service || true
    wait_until_healthy 60 || { say_what_is_wrong && die "the daemons do not stay up after the restore"; }
    echo "Restored; both daemons serve."
}

if [[ -n $restore ]]; then put_back; else save; fi
