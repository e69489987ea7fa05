#!/bin/bash
# Builds the Debian package, and beside it one with the debug symbols, and prints what they weigh.
#
#   scripts/package-deb.sh [--bin DIR] [OUTPUT-DIRECTORY]     dist without; --bin takes programs built elsewhere
#
# VERSION sets the package's version; without it, it is the programs' own. MAINTAINER names who answers for the package;
# without it, the author of the last commit. COMPRESSION is dpkg-deb's: xz, and none where it has to be quick.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=
if [[ ${1:-} == --bin ]]; then
    bin=${2:?--bin needs a directory}
    shift 2
fi
output=$(realpath -m "${1:-dist}")
programs=(devops-agent devops-executor executorctl)
# The most a program may weigh without its symbols, and all of them together, in megabytes.
declare -A most=([devops-agent]=70 [devops-executor]=12 [executorctl]=10)
most_together=95

build() {
    scripts/requirements.sh
    local build=(swift build -c release -j 2 --static-swift-stdlib --scratch-path .build-package -Xswiftc -g
        -Xswiftc -use-ld=lld -Xlinker --build-id -Xlinker --icf=all -Xlinker -O2 -Xlinker -z -Xlinker now
        -Xlinker "--version-script=$PWD/scripts/package/symbols.map")
    for product in "${programs[@]}"; do "${build[@]}" --product "$product" >&2; done
    bin=$("${build[@]}" --show-bin-path)
}

place_program() { # strips, and keeps the symbols where debuggers look for them (GDB manual, "Separate Debug Files")
    local id symbols
    id=$(readelf -n "$bin/$1" | sed -n 's/.*Build ID: //p')
    symbols=$tree-dbgsym/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
    mkdir -p "$(dirname "$symbols")" "$tree/usr/bin"
    objcopy --only-keep-debug --compress-debug-sections "$bin/$1" "$symbols"
    chmod 644 "$symbols"
    strip --remove-section=.comment -o "$tree/usr/bin/$1" "$bin/$1"
}

weigh() {
    local together=0 bytes program
    for program in "${programs[@]}"; do
        bytes=$(stat -c %s "$tree/usr/bin/$program")
        together=$((together + bytes))
        echo "$program: $(megabytes "$bytes") MB (at most ${most[$program]})"
        ((bytes <= most[$program] * 1000000)) || too_heavy=yes
    done
    echo "together: $(megabytes "$together") MB (at most $most_together)"
    ((together <= most_together * 1000000)) || too_heavy=yes
}

megabytes() { echo "$(($1 / 1000000)).$(($1 / 100000 % 10))"; }

put() { install -D -m "$1" "$2" "$tree/$3"; } # put MODE FILE PATH

place_files() {
    local file name
    for file in systemd/*.service systemd/*.timer systemd/*.socket; do
        if [[ -e $file ]]; then put 644 "$file" "lib/systemd/system/${file##*/}"; fi
    done
    put 644 systemd/devops-agent.sysusers usr/lib/sysusers.d/devops-agent.conf
    put 644 systemd/devops-agent.tmpfiles usr/lib/tmpfiles.d/devops-agent.conf
    put 644 systemd/devops-agent.sysctl usr/lib/sysctl.d/60-devops-agent.conf
    for file in allowlist executor tools; do put 644 config/$file.json etc/devops-executor/$file.json; done
    for file in config/packs/*.json; do put 644 "$file" "etc/devops-executor/packs/${file##*/}"; done
    for file in backup setup_systemd uninstall upgrade; do put 755 scripts/$file.sh usr/lib/devops-agent/$file.sh; done
    put 644 scripts/installed.sh usr/lib/devops-agent/installed.sh
    # Not among the documents: those may be left out of an installation.
    put 644 config/.env.example usr/share/devops-agent/agent.env
    for file in systemd/examples/*; do put 644 "$file" "usr/share/doc/devops-agent/examples/${file##*/}"; done
    for file in docs/OPERATIONS.md docs/SECURITY.md docs/API.md docs/CHANGELOG.md; do
        if [[ -e $file ]]; then put 644 "$file" "usr/share/doc/devops-agent/${file##*/}"; fi
    done
    put 644 scripts/package/copyright usr/share/doc/devops-agent/copyright
    put 644 scripts/package/lintian-overrides usr/share/lintian/overrides/devops-agent
    changelog | gzip -9n >"$tree/usr/share/doc/devops-agent/changelog.gz"
    for file in docs/man/*; do
        [[ -e $file ]] || continue
        name=${file##*/}
        mkdir -p "$tree/usr/share/man/man${name##*.}"
        gzip -9nc "$file" >"$tree/usr/share/man/man${name##*.}/$name.gz"
    done
    completions
}

completions() { # each program writes its own
    local program
    mkdir -p "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
    for program in "${programs[@]}"; do
        "$tree/usr/bin/$program" --generate-completion-script bash |
            sed '1{/^#!/d}' >"$tree/usr/share/bash-completion/completions/$program"
        "$tree/usr/bin/$program" --generate-completion-script zsh >"$tree/usr/share/zsh/vendor-completions/_$program"
        "$tree/usr/bin/$program" --generate-completion-script fish \
            >"$tree/usr/share/fish/vendor_completions.d/$program.fish"
    done
}

changelog() {
    printf 'devops-agent (%s) stable; urgency=medium\n\n  * What changed is in CHANGELOG.md beside this file.\n\n' "$version"
    printf ' -- %s  %s\n' "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")"
}

libraries() { # what the programs are linked to, as Debian packages
    local work
    work=$(mktemp -d)
    mkdir "$work/debian"
    printf 'Source: devops-agent\n\nPackage: devops-agent\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O "${programs[@]/#/$tree/usr/bin/}" 2>/dev/null | sed 's/^shlibs:Depends=//')
    rm -rf "$work"
}

control() { # control TREE NAME SECTION DEPENDS SUMMARY TEXT
    mkdir -p "$1/DEBIAN"
    cat >"$1/DEBIAN/control" <<END
Package: $2
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$1" | cut -f1)
Depends: $4
Section: $3
Priority: optional
Description: $5
 $6
END
}

pack() { # pack TREE NAME
    chmod -R u+rwX,go+rX,go-w "$1"
    find "$1" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group "-Z${COMPRESSION:-xz}" --build "$1" "$output/$2_${version}_$(dpkg --print-architecture).deb" >&2
}

[[ -n $bin ]] || build
too_heavy=no
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
maintainer=${MAINTAINER:-$(git log -1 --format='%an <%ae>' 2>/dev/null || echo 'DevOps Agent <root@localhost>')}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/devops-agent
mkdir -p "$tree" "$tree-dbgsym" "$output"
for program in "${programs[@]}"; do place_program "$program"; done
version=${VERSION:-$("$tree/usr/bin/executorctl" --version)}
place_files
control "$tree" devops-agent admin "$(libraries), systemd (>= 250), ca-certificates, curl
Recommends: bind9-dnsutils, iproute2, iputils-ping, procps
Suggests: docker.io" \
    "autonomous operations agent in a Telegram chat" \
    "Takes questions about this server in a Telegram chat, finds out what is wrong,
 mends it and verifies the result. An unprivileged daemon talks to Telegram and
 to the language model; a privileged one holds the allowlist, runs what it
 grants, and keeps a hash-chained audit log."
(cd "$tree" && find etc/devops-executor -name '*.json' | sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
for script in preinst postinst prerm postrm; do
    if [[ -e scripts/package/$script ]]; then install -m 755 "scripts/package/$script" "$tree/DEBIAN/$script"; fi
done
control "$tree-dbgsym" devops-agent-dbgsym debug "devops-agent (= $version)" "debug symbols for devops-agent" \
    "What a debugger needs to name functions and lines of the three programs."
pack "$tree" devops-agent
pack "$tree-dbgsym" devops-agent-dbgsym
weigh
for package in "$output"/*_"$version"_*.deb; do echo "$package: $(megabytes "$(stat -c %s "$package")") MB"; done
[[ $too_heavy == no ]] || { echo "A program is heavier than it may be." >&2; exit 1; }
