#!/usr/bin/env bash
# Sets the project up on Debian or Ubuntu; the Makefile calls it.
#
#   deploy/install.sh venv      .venv with everything that `make demo` and `make test` need
#   deploy/install.sh system    system packages that some tests need (apt); never fails, says what is missing
#   deploy/install.sh lock      resolve afresh and rewrite deploy/constraints.txt
#
# Environment: PYTHON (interpreter for .venv), INSTALLER=pip (do without uv), and whatever pip and uv read.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CONSTRAINTS=deploy/constraints.txt
OVERRIDES=deploy/overrides.txt
EXTRAS=cpu,lean,postgres,dev
TORCH_INDEX=https://download.pytorch.org/whl/cpu
# What tests may ask for, as program:package.
SYSTEM_PACKAGES=(chromium:chromium pg_ctlcluster:postgresql)
NEED_GB=6

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# step TEXT COMMAND...: one line with the seconds it took; the end of the output where it fails.
step() {
    local text=$1 start=$SECONDS
    shift
    printf '==> %s ... ' "$text"
    if "$@" >"$LOG" 2>&1; then
        printf '%d s\n' $((SECONDS - start))
    else
        printf 'failed\n'
        tail -n 25 "$LOG" >&2
        return 1
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

may_apt() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

run_apt() {
    local options=(-o Acquire::Retries=1 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
    as_root apt-get "${options[@]}" update -qq && as_root apt-get "${options[@]}" install -y -qq --no-install-recommends "$@"
}

# need PACKAGE...: brings system packages that nothing works without.
need() {
    may_apt || die "missing $*; as root: apt-get install -y $*"
    step "apt-get install $*" run_apt "$@" || die "apt-get could not install $*; as root: apt-get update && apt-get install -y $*"
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "no Python 3.11 found; as root: apt-get install -y python3.11 python3.11-venv python3.11-dev (Debian 12 has it;" \
        "Ubuntu through the deadsnakes PPA), or name one: PYTHON=/path/to/python3.11 make venv"
}

# vLLM and DeepSpeed compile C++ against Python's headers when they run.
bring_build_tools() {
    local python=$1 missing=()
    command -v g++ >/dev/null || missing+=(g++)
    command -v ninja >/dev/null || missing+=(ninja-build)
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        missing+=(python3.11-dev)
    "$python" -c 'import ensurepip' 2>/dev/null || missing+=(python3.11-venv)
    [ ${#missing[@]} = 0 ] || need "${missing[@]}"
}

# pip's settings, of all its levels, given to uv in uv's own words.
hand_pip_settings_to_uv() {
    local settings
    settings=$("$VENV/bin/python" deploy/pip_settings.py uv) || die "pip config list failed in $VENV: rm -r $VENV, then again"
    eval "$settings"
}

# The first find-links folder that holds the CPU wheel of torch $1.
torch_on_disk() {
    local folder links=()
    IFS=', ' read -r -a links <<<"${UV_FIND_LINKS:-}"
    for folder in "${links[@]}"; do
        folder=${folder#file://}
        if compgen -G "$folder/torch-$1+cpu*cp311*.whl" >/dev/null; then
            printf '%s' "$folder"
            return
        fi
    done
}

install_torch() {
    local version folder
    version=$(sed -n 's/^torch==//p' "$CONSTRAINTS")
    folder=$(torch_on_disk "$version")
    if "$VENV/bin/python" -c "import importlib.metadata as m, sys; sys.exit(m.version('torch') != '$version+cpu')" 2>/dev/null; then
        return
    fi
    # Alone and without dependencies: as an extra index it would be asked for every package.
    local from=(--index-url "$TORCH_INDEX") where="PyTorch's CPU index"
    if [ -n "$folder" ]; then
        from=(--no-index --find-links "$folder") where="the wheel on disk"
    fi
    step "torch $version+cpu from $where" "${PIP[@]}" install --no-deps "${from[@]}" "torch==$version+cpu" ||
        die "torch $version+cpu could not be installed. Behind a wall, put its wheel into a folder and name it:" \
            "PIP_FIND_LINKS=/that/folder make venv"
}

# install_all EXTRAS [OPTION...]: everything else around the torch that is there.
install_all() {
    local what=$1
    shift
    if [ "${PIP[0]}" = "$VENV/bin/uv" ]; then
        step "the packages, with uv" "${PIP[@]}" install --override "$OVERRIDES" "$@" -e ".[$what]" && return
    else
        step "the packages, with pip (some minutes)" "${PIP[@]}" install "$@" -e ".[$what]" &&
            # pip has no overrides: the three that break beside the CPU torch come in and go out again.
            step "torchvision, torchaudio and torchcodec out" "${PIP[@]}" uninstall -y torchvision torchaudio torchcodec && return
    fi
    die "the packages could not be installed (the reason is above). The package index must be reachable;" \
        "pip's own settings (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT, proxies) are honoured"
}

make_environment() { # VENV EXTRAS [OPTION...]
    VENV=$1
    local python extras=$2
    shift 2
    python=$(find_python)
    bring_build_tools "$python"
    if ! "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        [ "$(df -Pk . | awk 'NR == 2 {print int($4 / 1e6)}')" -ge "$NEED_GB" ] ||
            die "less than $NEED_GB GB free on the disk of $PWD: make room"
        step "$VENV with $("$python" --version)" "$python" -m venv --clear "$VENV" || die "$python -m venv failed"
    fi
    PIP=("$VENV/bin/python" -m pip)
    if [ "${INSTALLER:-uv}" = uv ]; then
        if [ -x "$VENV/bin/uv" ] || step "uv" "${PIP[@]}" install -q -c "$CONSTRAINTS" uv; then
            PIP=("$VENV/bin/uv" pip)
            export VIRTUAL_ENV=$VENV
        else
            say "going on with pip, which is slower"
        fi
    fi
    hand_pip_settings_to_uv
    install_torch
    install_all "$extras" "$@"
    bring_libraries
}

# What the packages link against and no wheel brings (libnuma for vLLM), asked of the loader now that they are here.
bring_libraries() {
    local missing
    missing=$("$VENV/bin/python" -m rlcore.doctor.shared_libraries) || say "without what is named above the demo cannot run"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || need $missing
}

fingerprint() {
    { printf '%s %s\n' "$PWD" "${INSTALLER:-uv}" && cat pyproject.toml "$CONSTRAINTS" "$OVERRIDES" deploy/install.sh deploy/pip_settings.py; } | sha256sum | cut -d' ' -f1
}

venv() {
    local stamp=.venv/.installed want start=$SECONDS
    want=$(fingerprint)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    exec 9<deploy/install.sh
    flock 9 # `make demo` and `make test` may be started side by side
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    say "setting up .venv (once; about 4 GB)"
    make_environment "$PWD/.venv" "$EXTRAS" -c "$CONSTRAINTS"
    printf '%s' "$want" >"$stamp"
    say ".venv is ready after $((SECONDS - start)) s"
}

system() {
    local pair missing=()
    for pair in "${SYSTEM_PACKAGES[@]}"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    if may_apt && step "apt-get install ${missing[*]} (for tests)" run_apt "${missing[@]}"; then return; fi
    say "no ${missing[*]}: the tests that need it are skipped. To bring it, as root: apt-get install -y ${missing[*]}"
}

lock() {
    local folder
    folder=$(mktemp -d)
    make_environment "$folder/venv" "$EXTRAS,dojo"
    {
        printf '# The versions this project is tested with. Made by `make lock`; do not edit.\n'
        # Without torch's local version, the editable install itself, and anything that names an address.
        "$folder/venv/bin/uv" pip freeze --exclude-editable | grep -v -e '://' -e '^pip==' | sed 's/^\(torch==[^+]*\)+.*/\1/'
    } >"$folder/constraints"
    mv "$folder/constraints" "$CONSTRAINTS"
    rm -rf "$folder"
    say "$CONSTRAINTS holds $(grep -c == "$CONSTRAINTS") versions; run make test before committing it"
}

# Sourced, it gives its functions.
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0
case ${1:-} in
venv | system | lock) "$1" ;;
*) die "usage: deploy/install.sh venv|system|lock" ;;
esac
