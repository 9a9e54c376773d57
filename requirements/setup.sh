#!/bin/sh
# Sets up what a checkout needs; called by the Makefile, each part does nothing when it is already done.
#
#   setup.sh venv PYTHON FOLDER   the locked environment with this checkout installed in it (editable)
#   setup.sh training LOCK PYTHON FOLDER   an environment of the workshop, without this checkout in it
#   setup.sh system               the Debian packages of the tests
set -eu
here=$(cd "$(dirname "$0")" && pwd)

say() { printf 'setup: %s\n' "$*" >&2; }

apt_install() {
    # A fresh container has empty package lists, so they are fetched first.
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null >/dev/null && apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

make_venv() {
    # Debian splits venv off its Python; elsewhere it is always there.
    "$1" -m venv "$2" >/dev/null 2>&1 && return
    may_install || { say "$1 has no venv module; install python3-venv"; exit 1; }
    apt_install python3-venv
    "$1" -m venv "$2"
}

venv() {
    python=$1 folder=$2
    [ -e "$folder/ready" ] && return
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python 3.11 or newer is needed"; exit 1; }
    say "environment in $folder (the first time this takes a few minutes)"
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    make_venv "$python" "$folder"
    "$folder/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$here/uv.lock"
    uv="$folder/bin/uv"
    # Compiled once: uv leaves it to the first import, and where Python may not write bytecode that is every import.
    VIRTUAL_ENV=$folder "$uv" pip install -q --compile-bytecode --require-hashes -r "$here/dev.lock"
    VIRTUAL_ENV=$folder "$uv" pip install -q --no-deps --no-build-isolation --editable "$here/.."
    touch "$folder/ready"
}

training() {
    lock=$1 python=$2 folder=$3
    [ -e "$folder/ready" ] && return
    say "training environment in $folder (several GB, some minutes)"
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    make_venv "$python" "$folder"
    "$folder/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$here/uv.lock"
    VIRTUAL_ENV=$folder "$folder/bin/uv" pip install -q --require-hashes -r "$here/$lock"
    touch "$folder/ready"
}

system() {
    missing=
    for package in $(grep -v '^#' "$here/debian.txt"); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return
    if may_install; then
        say "installing$missing"
        # shellcheck disable=SC2086 # one word per package is meant
        apt_install $missing || say "that failed, so tests that need these are skipped"
    else
        say "not root on Debian, so tests that need these are skipped:$missing"
    fi
}

command=$1
shift
"$command" "$@"
