#!/bin/bash
# A throwaway machine with a real systemd, journald and D-Bus, for the tests: a Debian folder booted by systemd-nspawn.
#
#   scripts/guest.sh build DIR             makes the folder; nothing to do when it is up to date (about a minute)
#   scripts/guest.sh start DIR             boots it, returns when the boot has finished (about a second)
#   scripts/guest.sh exec DIR -- CMD…      runs CMD as root inside, with the same input, output and exit code
#   scripts/guest.sh join DIR -- CMD…      runs CMD with this machine's files among its processes and in its network,
#                                          where its root directory is /proc/1/root
#   scripts/guest.sh pid DIR               the host's pid of its PID 1; its loopback: nsenter -t PID -n CMD
#   scripts/guest.sh stop DIR              shuts it down
#   scripts/guest.sh cut DIR               ends it as a power cut does: nothing in it has time for anything
#
# Needs root, cgroup v2 (alone or beside v1), and, for build, a Debian mirror that apt knows. GUEST_PACKAGES names more
# Debian packages for build.
set -euo pipefail
export LC_ALL=C

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" | grep . >&2; exit 2; }
die() { echo "guest.sh: $*" >&2; exit 1; }
[[ $# -ge 2 ]] || usage
command=$1
directory=$(realpath -m -- "$2")
shift 2
[[ $EUID -eq 0 ]] || die "run it as root"
# The name is of the folder, so that each folder is one machine.
name=guest-$(printf %s "$directory" | sha256sum | cut -c1-12)
state=/run/devops-guest/$name
packages="systemd systemd-sysv dbus nginx-light apache2 curl procps iproute2 iputils-ping bind9-dnsutils libstdc++6
    libcurl4 libsqlite3-0 libsystemd0 ca-certificates openssl util-linux"

leader() { # the machine's PID 1, while it lives
    local pid
    pid=$(cat "$state/leader" 2>/dev/null) || return 1
    [[ $(readlink "/proc/$pid/root") == "$directory" || -d /proc/$pid/root/run/systemd ]] && echo "$pid"
}

need() { # need COMMAND PACKAGE…
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 ||
        die "$command is missing; install $*"
}

# shellcheck disable=SC2016  # the format is apt's
mirror() {
    apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "main" && $2 ~ /\/debian\/?$/ { print $2; exit }'
}

build() {
    local suite recipe all options=() line
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    all=$(echo "$packages ${GUEST_PACKAGES:-}" | tr -s ' \n' '\n' | sort -u | paste -sd, | sed 's/^,//')
    recipe="2 $suite $all"
    [[ -d $directory && $(cat "$directory.recipe" 2>/dev/null) == "$recipe" ]] && return
    leader >/dev/null && die "$directory runs; stop it first"
    [[ ! -e $directory || -e $directory.recipe || -z $(ls -A "$directory") ]] ||
        die "$directory holds what this script did not build"
    need mmdebstrap mmdebstrap debian-archive-keyring
    # What this machine tells apt of proxies and clocks holds for the build too.
    while read -r line; do options+=(--aptopt="$line"); done < <(
        apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|Retries)' || true)
    rm -rf --one-file-system "$directory"
    mkdir -p "$(dirname "$directory")"
    # shellcheck disable=SC2016  # $1 is for the hooks
    mmdebstrap --mode=root --variant=minbase --components=main --include="$all" "${options[@]}" \
        --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='echo testhost >"$1/etc/hostname"; printf "127.0.0.1 localhost testhost\n" >"$1/etc/hosts"' \
        --customize-hook=': >"$1/etc/resolv.conf"; : >"$1/etc/machine-id"; mkdir -p "$1/var/log/journal"' \
        --customize-hook='for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
            fstrim.timer apache2.service; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done' \
        "$suite" "$directory" "$(mirror)" >"$directory.log" 2>&1 || {
        tail -20 "$directory.log" >&2
        die "mmdebstrap failed"
    }
    # The tests start it themselves, so that it holds nginx's port when they want it to.
    rm "$directory/etc/systemd/system/apache2.service" "$directory"/etc/systemd/system/multi-user.target.wants/apache2.service
    echo "$recipe" >"$directory.recipe"
}

group_root() { # where cgroup v2 is mounted, and this process is in it
    local root own
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
        [[ $(stat -fc %T $root 2>/dev/null) == cgroup2fs ]] || continue
        own=$(sed -n 's/^0:://p' /proc/self/cgroup)
        echo "$root${own%/}"
        return
    done
    die "no cgroup v2 is mounted"
}

start() {
    leader >/dev/null && return
    need systemd-nspawn systemd-container
    mkdir -p "$state"
    local group nspawn deadline=$((SECONDS + 60)) pid=
    group=$(group_root)/$name
    mkdir -p "$group"
    echo "$group" >"$state/group"
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        # None of the caller's pipes is held open.
        for descriptor in /proc/self/fd/*; do
            descriptor=${descriptor##*/}
            if ((descriptor > 2)); then eval "exec $descriptor>&-"; fi
        done
        # Without bpf(2) IPAddressDeny= and DevicePolicy= would be ignored inside; nspawn knows no Landlock yet.
        exec setsid systemd-nspawn --quiet --boot --directory="$directory" --machine="$name" --register=no --keep-unit \
            --console=pipe --link-journal=no --resolv-conf=off --timezone=off --kill-signal=SIGRTMIN+3 \
            --private-network --capability=CAP_BPF,CAP_PERFMON \
            --system-call-filter="bpf perf_event_open landlock_add_rule landlock_create_ruleset landlock_restrict_self" \
            </dev/null >"$state/console" 2>&1
    ) &
    nspawn=$!
    disown "$nspawn"
    echo "$nspawn" >"$state/nspawn"
    until [[ -n $pid && -S /proc/$pid/root/run/dbus/system_bus_socket ]]; do
        [[ -d /proc/$nspawn && $SECONDS -lt $deadline ]] || { tail -20 "$state/console" >&2; die "it did not boot"; }
        pid=$(pgrep -P "$nspawn" -x systemd | head -1 || true)
        sleep 0.05
    done
    echo "$pid" >"$state/leader"
    until [[ $(inside systemctl is-system-running 2>/dev/null) =~ running|degraded ]]; do
        ((SECONDS < deadline)) || die "it did not finish booting"
        sleep 0.05
    done
}

inside() {
    local pid
    pid=$(leader) || die "$directory does not run; start it first"
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup --root --wd -- "$@"
}

join() {
    local pid
    pid=$(leader) || die "$directory does not run; start it first"
    # shellcheck disable=SC2016  # $@ is for the inner shell
    nsenter --target "$pid" --net --pid -- unshare --mount -- \
        sh -c 'mount -t proc proc /proc && exec "$@"' sh "$@"
}

cut() {
    local pid
    if pid=$(leader); then kill -KILL "$pid"; fi
    stop
}

stop() {
    local pid nspawn
    nspawn=$(cat "$state/nspawn" 2>/dev/null || true)
    if pid=$(leader); then kill -s RTMIN+3 "$pid"; fi
    for ((tries = 0; tries < 200; tries++)); do
        [[ -n $nspawn && -d /proc/$nspawn ]] || break
        if ((tries == 150)); then kill -KILL "$nspawn"; fi
        sleep 0.1
    done
    if [[ -f $state/group ]]; then find "$(cat "$state/group")" -depth -type d -exec rmdir {} \; 2>/dev/null || true; fi
    rm -rf "$state"
}

case $command in
build | start | stop | cut) "$command" ;;
pid) leader || die "$directory does not run" ;;
exec | join)
    [[ ${1:-} != -- ]] || shift
    (($#)) || usage
    if [[ $command == exec ]]; then inside "$@"; else join "$@"; fi
    ;;
*) usage ;;
esac
