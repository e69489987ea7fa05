# What the scripts that look after an installed agent share; read with `.`, not run.
# shellcheck shell=bash

# shellcheck disable=SC2034  # used by who reads this
{
    settings=/etc/devops-agent/agent.env
    credentials=/etc/devops-agent/credentials
    backups=/var/backups/devops-agent
    units=(devops-executor.service devops-agent.service)
}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

need_root() { [[ $EUID -eq 0 ]] || die "run it as root: sudo $0"; }

as_agent() { setpriv --reuid devops-agent --regid devops-agent --clear-groups -- "$@"; }

executor_serves() { # with rules in force
    [[ $(systemctl is-active devops-executor) == active ]] || return 1
    executorctl --socket /run/devops-executor/operator.sock --json status 2>/dev/null | grep -q '"fault":null'
}

# Both daemons are up, and stay so: a daemon that dies shortly after it said READY is not healthy.
wait_until_healthy() { # wait_until_healthy SECONDS
    local deadline=$((SECONDS + $1)) since='' now
    while ((SECONDS < deadline)); do
        now=$(systemctl show -p MainPID,ActiveState "${units[@]}" | tr '\n' ' ')
        if [[ $now != *MainPID=0* ]] && executor_serves && systemctl is-active --quiet "${units[@]}"; then
            if [[ ${since% *} == "$now" ]]; then
                if ((SECONDS - ${since##* } >= 3)); then return 0; fi
            else
                since="$now $SECONDS"
            fi
        else
            since=''
        fi
        sleep 0.2
    done
    return 1
}

say_what_is_wrong() {
    systemctl --no-pager --lines=0 status "${units[@]}" | grep -E '●|Active:|Status:' >&2 || true
    journalctl --no-pager -o cat -n 15 -p warning -u devops-executor -u devops-agent >&2 || true
}
