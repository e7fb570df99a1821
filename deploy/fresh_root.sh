#!/usr/bin/env bash
# A fresh machine: a bare Debian 12 in a folder, a clone of this repository in it, and both commands of the README run
# there (`make test-fresh`).
#
#   deploy/fresh_root.sh [COMMAND...]      as root; the default commands are the README's, the demo cut short
#
# Environment: ROOT keeps the Debian in that folder, and takes it up again when it is there; without it a temporary
# folder is made and removed. MIRROR is a Debian mirror; by default the one apt uses here, else debootstrap's own.
# How to reach packages (apt's sources and proxies, pip's and uv's settings, certificates, folders of wheels that they
# name) is taken from this machine, everything else is not.
#
# In a chroot no process can make a user namespace: what passes here passes in most containers too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SUITE=bookworm
PACKAGES=ca-certificates,git,make,python3,python3-venv
NEED_GB=12
PROJECT=/srv/project
CUT='pretrain.steps=400 train.steps=2 eval.problems=16 filter.problems=64 filter.min_kept=1'
DEFAULT_COMMANDS=("make demo ARGS=\"$CUT\"" "make test")
# What tells programs how to reach packages.
PASSED='^(PIP_.*|UV_.*|https?_proxy|all_proxy|no_proxy|HTTPS?_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)='

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

check_machine() {
    [ "$(id -u)" = 0 ] || die "a root folder can be made by root only: sudo make test-fresh"
    unshare --mount --pid --fork true 2>/dev/null ||
        die "this machine lets root mount nothing (a container?): run it in a virtual machine, or in a container with CAP_SYS_ADMIN"
    if ! command -v debootstrap >/dev/null; then
        local apt="apt-get install -y debootstrap"
        command -v apt-get >/dev/null || die "debootstrap is missing; on Debian or Ubuntu: $apt"
        say "$apt"
        { apt-get update -qq && apt-get install -y -qq debootstrap; } >/dev/null || die "debootstrap is missing: $apt"
    fi
}

# The outer half: a folder, and processes and mounts of their own around the inner half, so that whatever way it ends,
# by a signal too, no process and no mount is left, and removing the folder cannot reach what was mounted into it.
outer() {
    check_machine
    local folder=${ROOT:-} temporary= status=0 free
    if [ -z "$folder" ]; then
        # mktemp's folder is closed to other users, which keeps them from the programs in it, and no root may be:
        # ordinary users of the Debian must be able to pass through it.
        temporary=$(mktemp -d "${TMPDIR:-/tmp}/fresh-root-XXXXXX")
        folder=$temporary/root
    fi
    mkdir -p -m 755 "$folder"
    folder=$(realpath "$folder")
    [ -z "$(ls -A "$folder")" ] || [ -e "$folder/etc/debian_version" ] || die "ROOT=$folder is not empty and no Debian: name another folder"
    child=
    # shellcheck disable=SC2064
    trap "end_child; [ -z '$temporary' ] || rm -rf --one-file-system '$temporary'" EXIT
    trap 'exit 130' INT TERM HUP
    free=$(df -Pk "$folder" | awk 'NR == 2 {print int($4 / 1e6)}')
    [ -n "${ROOT:-}" ] || [ "$free" -ge "$NEED_GB" ] || die "$free GB free on the disk of $folder, $NEED_GB are needed: name a folder on another disk, ROOT=/that/folder"
    unshare --mount --propagation private --pid --fork --kill-child "${BASH_SOURCE[0]}" --inside "$folder" "$@" </dev/null &
    child=$!
    wait "$child" || status=$?
    child=
    [ -z "${ROOT:-}" ] || say "the root is kept in $folder"
    return "$status"
}

end_child() {
    [ -z "$child" ] || { kill -KILL "$child" && wait "$child" || true; } 2>/dev/null
}

inside() {
    local folder=$1 command status=0
    shift
    if [ ! -e "$folder/etc/debian_version" ]; then make_debian "$folder"; fi
    bring_settings "$folder"
    mount -t proc proc "$folder/proc"
    for name in dev sys; do
        mount --rbind "/$name" "$folder/$name"
        mount --make-rslave "$folder/$name"
    done
    # Below `su` or `sudo` the checkout is somebody else's, which git refuses.
    export GIT_CONFIG_GLOBAL=$folder/tmp/gitconfig
    git config --file "$GIT_CONFIG_GLOBAL" safe.directory '*'
    [ -z "$(git status --porcelain)" ] || say "what is not committed is not in the clone"
    rm -rf "$folder$PROJECT"
    git clone -q --no-hardlinks . "$folder$PROJECT"
    local passed=()
    mapfile -t passed < <(env | grep -E "$PASSED" || true)
    for command in "$@"; do
        say "$command"
        if chroot "$folder" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            "${passed[@]}" bash -c "cd $PROJECT && $command"; then
            say "exit code 0: $command"
        else
            status=$?
            say "exit code $status: $command"
        fi
    done
    return "$status"
}

make_debian() {
    local folder=$1 mirror=${MIRROR:-} log
    if [ -z "$mirror" ] && grep -qs "^VERSION_CODENAME=$SUITE" /etc/os-release; then
        mirror=$(apt-get indextargets --format '$(SITE) $(SUITE) $(RELEASE)' 'Created-By: Packages' |
            awk -v suite="$SUITE" '$2 == suite || $3 == suite {print $1; exit}')
    fi
    log=$(mktemp)
    say "debootstrap $SUITE with $PACKAGES"
    if ! debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$folder" ${mirror:+"$mirror"} >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        die "debootstrap failed; name another mirror: MIRROR=http://a.mirror/debian make test-fresh"
    fi
    rm -f "$log"
}

# How this machine reaches packages; taken anew each time, because a root that is kept may be older than a setting.
bring_settings() {
    local folder=$1 python=python3 path
    if grep -qs "^VERSION_CODENAME=$SUITE" /etc/os-release; then
        rm -rf "$folder/etc/apt/sources.list" "$folder/etc/apt/sources.list.d"
        cp -r /etc/apt/sources.list.d "$folder/etc/apt/"
        if [ -e /etc/apt/sources.list ]; then cp /etc/apt/sources.list "$folder/etc/apt/"; fi
        cp -r /usr/share/keyrings/. "$folder/usr/share/keyrings/"
    fi
    if [ -d /etc/apt/auth.conf.d ]; then cp -r /etc/apt/auth.conf.d "$folder/etc/apt/"; fi
    { apt-config dump Acquire 2>/dev/null | grep -E '^Acquire::(https?::|Check-|Retries)' || true; } >"$folder/etc/apt/apt.conf.d/90machine"
    for path in /etc/resolv.conf /etc/hosts; do
        if [ -e "$path" ]; then cp -L "$path" "$folder$path"; fi
    done
    if [ -d /usr/local/share/ca-certificates ]; then cp -r /usr/local/share/ca-certificates "$folder/usr/local/share/"; fi
    chroot "$folder" update-ca-certificates >/dev/null 2>&1
    if [ -x .venv/bin/python ]; then python=.venv/bin/python; fi
    "$python" deploy/pip_settings.py file >"$folder/etc/pip.conf"
    while IFS= read -r path; do
        rmdir "$folder$path" 2>/dev/null || true # where it was mounted the last time
        if [ -d "$path" ] && [ ! -e "$folder$path" ]; then
            mkdir -p "$folder$path"
            mount --bind "$path" "$folder$path"
            mount -o remount,bind,ro "$folder$path"
        else
            # Certificates: some are links into a folder that both have.
            mkdir -p "$folder$(dirname "$path")"
            cp -r --remove-destination "$path" "$folder$(dirname "$path")/"
        fi
    done < <({ "$python" deploy/pip_settings.py paths && env | grep -E "$PASSED" | cut -d= -f2- | tr ' ,' '\n\n' | sed 's#^file://##'; } |
        grep '^/' | sort -u | while IFS= read -r path; do if [ -e "$path" ]; then printf '%s\n' "$path"; fi; done)
}

case ${1:-} in
--inside) shift && inside "$@" ;;
-*) die "usage: [ROOT=FOLDER] [MIRROR=URL] deploy/fresh_root.sh [COMMAND...]" ;;
*)
    [ $# -gt 0 ] || set -- "${DEFAULT_COMMANDS[@]}"
    outer "$@"
    ;;
esac
