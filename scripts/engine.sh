#!/bin/bash
# A throwaway docker engine for the tests, on a machine that has none: nothing of the machine's network, mounts or
# cgroups is changed, its containers reach no network outside, and no image is fetched.
#
#   scripts/engine.sh start DIR              starts it, with the image testbox (busybox), its data beneath DIR
#   scripts/engine.sh client DIR             prints the path of a docker client that talks to it
#   scripts/engine.sh exec DIR -- CMD…       runs CMD in the engine's network, where published ports are
#   scripts/engine.sh stop DIR               ends it, with every container, and removes DIR
#
# ENGINE=podman for start makes the client one of podman's, which has no engine to run; its containers have no network.
# Needs root, cgroups (either version, or both), and for a machine without dockerd a Debian mirror that apt knows.
set -euo pipefail
export LC_ALL=C

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0" | grep . >&2; exit 2; }
die() { echo "engine.sh: $*" >&2; exit 1; }
[[ $# -ge 2 ]] || usage
command=$1
directory=$(realpath -m -- "$2")
shift 2
[[ $EUID -eq 0 ]] || die "run it as root"
name=engine-$(printf %s "$directory" | sha256sum | cut -c1-12)
# Short, for the longest name of a socket is 107 characters (unix(7)).
state=/run/devops-engine/$name
socket=$state/docker.sock
startup_seconds=60

need() { # need COMMAND PACKAGE…
    local command=$1 guard=/usr/sbin/policy-rc.d made=no failed=no
    shift
    command -v "$command" >/dev/null && return
    # The package's own engine is not to start on this machine.
    if [[ ! -e $guard ]]; then
        printf '#!/bin/sh\nexit 101\n' >$guard
        chmod +x $guard
        made=yes
    fi
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@")
    "${install[@]}" >&2 || { apt-get update -q >&2 && "${install[@]}" >&2; } || failed=yes
    if [[ $made == yes ]]; then rm -f $guard; fi
    [[ $failed == no ]] || die "$command is missing; install $*"
}

leader() { # the engine's PID 1, while it lives
    local pid
    pid=$(cat "$state/leader" 2>/dev/null) || return 1
    [[ $(cat "$state/started") == "$(started "$pid")" ]] && echo "$pid"
}

started() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || true; }

docker_() { docker -H "unix://$socket" "$@"; }

hierarchies() { # MOUNTPOINT TYPE CONTROLLERS OWN-PATH of each cgroup hierarchy
    local where type options kind own names path
    while read -r _ where type options _; do
        case $type in
        cgroup2) kind=- own=$(sed -n 's/^0:://p' /proc/self/cgroup) ;;
        cgroup)
            kind='' own=''
            while IFS=: read -r _ names path; do
                if [[ -n $names && ,$options, == *,$names,* ]]; then kind=$names own=$path; fi
            done </proc/self/cgroup
            [[ -n $kind ]] || continue
            ;;
        *) continue ;;
        esac
        echo "$where $type $kind ${own%/}"
    done </proc/mounts
}

make_groups() {
    local where type kind own group
    hierarchies >"$state/hierarchies"
    [[ -s $state/hierarchies ]] || die "no cgroup hierarchy is mounted"
    while read -r where type kind own; do
        group=$where$own/$name
        mkdir -p "$group"
        if [[ $kind == cpuset ]]; then
            for file in cpuset.cpus cpuset.mems; do cat "$where$own/$file" >"$group/$file"; done
        fi
        echo "$group"
    done <"$state/hierarchies" >"$state/groups"
}

prepare() {
    [[ ! -e $directory || -e $directory/.engine || -z $(ls -A "$directory") ]] ||
        die "$directory holds what this script did not make"
    mkdir -p "$state" "$directory"
    : >"$directory/.engine"
}

# Podman without systemd. Its containers ask for no limit above what the executor gives a child (256 files): to raise one
# takes a right that not every root has.
make_podman() {
    need podman podman
    need busybox busybox-static
    # Podman makes a group at the top of each hierarchy; those that were not there go again at the end.
    local where
    while read -r where _; do
        if [[ ! -e $where/libpod_parent ]]; then echo "$where/libpod_parent"; fi
    done < <(hierarchies) >"$state/groups"
    cat >"$state/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=256:256", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
    cat >"$state/podman" <<CLIENT
#!/bin/sh
export CONTAINERS_CONF=$state/containers.conf
exec podman --root $directory/storage --runroot $state/run --storage-driver vfs "\$@"
CLIENT
    chmod 755 "$state/podman"
    make_image "$state/podman"
}

start() {
    leader >/dev/null && return
    if [[ ${ENGINE:-docker} == podman ]]; then
        prepare
        make_podman
        return
    fi
    need dockerd docker.io
    need busybox busybox-static
    need ip iproute2
    prepare
    make_groups
    local outer pid='' deadline=$((SECONDS + startup_seconds))
    (
        while read -r group; do echo "$BASHPID" >"$group/cgroup.procs"; done <"$state/groups"
        # None of the caller's pipes is held open.
        for descriptor in /proc/self/fd/*; do
            descriptor=${descriptor##*/}
            if ((descriptor > 2)); then eval "exec $descriptor>&-"; fi
        done
        exec setsid unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc \
            "$BASH" "$0" inside "$directory" </dev/null >"$state/log" 2>&1
    ) &
    outer=$!
    disown "$outer"
    until [[ -n $pid && -S $socket ]] && docker_ version >/dev/null 2>&1; do
        [[ -d /proc/$outer && $SECONDS -lt $deadline ]] || { tail -20 "$state/log" >&2; stop; die "dockerd did not start"; }
        pid=$(pgrep -P "$outer" | head -1 || true)
        if [[ -n $pid ]]; then
            started "$pid" >"$state/started"
            echo "$pid" >"$state/leader"
        fi
        sleep 0.1
    done
    make_image docker_ || { stop; die "the image testbox could not be made"; }
    printf '#!/bin/sh\nexec docker -H unix://%s "$@"\n' "$socket" >"$state/docker"
    chmod 755 "$state/docker"
}

# What runs as PID 1 of the new namespaces.
inside() {
    local where type kind place
    ip link set lo up
    # Each hierarchy anew, so that this cgroup namespace's own group is its top.
    if [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]; then
        umount --lazy /sys/fs/cgroup
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
    else
        mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
        while read -r where type kind _; do
            mkdir -p "$where"
            if [[ $type == cgroup2 ]]; then mount -t cgroup2 cgroup2 "$where"; else
                mount -t cgroup -o "$kind" cgroup "$where"
            fi
        done <"$state/hierarchies"
    fi
    for place in /run/docker /run/containerd; do
        mkdir -p $place
        mount -t tmpfs tmpfs $place
    done
    dockerd --host "unix://$socket" --data-root "$directory" --exec-root "$state/exec" --pidfile "$state/docker.pid" \
        --group root --shutdown-timeout 5 --exec-opt native.cgroupdriver=cgroupfs --log-level warn &
    local engine=$!
    # It is the reaper of what containers leave.
    while kill -0 $engine 2>/dev/null; do wait || true; done
}

make_image() { # make_image CLIENT: of busybox alone
    local root applet status=0
    root=$(mktemp -d)
    mkdir -p "$root"/{bin,etc,tmp,www}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do
        if [[ $applet != busybox ]]; then ln -s busybox "$root/bin/$applet"; fi
    done
    printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
    tar -C "$root" --numeric-owner -c . |
        "$1" import -c 'ENV PATH=/bin' -c 'CMD ["sh"]' - testbox:latest >/dev/null 2>"$state/image.log" || status=$?
    if ((status)); then cat "$state/image.log" >&2; fi
    rm -rf "$root"
    return $status
}

remove_groups() { # fails while a process is still in one
    local group status=0
    [[ -f $state/groups ]] || return 0
    while read -r group; do
        [[ -d $group ]] || continue
        find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        if [[ -d $group ]]; then status=1; fi
    done <"$state/groups"
    return $status
}

stop() {
    local pid tries
    [[ -e $directory/.engine || ! -e $directory ]] || die "$directory holds what this script did not make"
    if [[ -x $state/podman ]]; then "$state/podman" rm --all --force --time 0 >/dev/null 2>&1 || true; fi
    if pid=$(leader); then
        # The kernel ends all else in its PID namespace.
        kill -KILL "$pid"
        for ((tries = 0; tries < 100; tries++)); do
            leader >/dev/null || break
            sleep 0.1
        done
    fi
    for ((tries = 0; tries < 20; tries++)); do
        remove_groups && break
        sleep 0.1
    done
    rm -rf --one-file-system "$state" "$directory"
}

case $command in
start | stop | inside) "$command" ;;
client)
    if [[ -x $state/podman ]]; then
        echo "$state/podman"
        exit
    fi
    leader >/dev/null || die "no engine runs for $directory; start it first"
    echo "$state/docker"
    ;;
exec)
    [[ ${1:-} != -- ]] || shift
    (($#)) || usage
    pid=$(leader) || die "no engine runs for $directory; start it first"
    exec nsenter --target "$pid" --net -- "$@"
    ;;
*) usage ;;
esac
