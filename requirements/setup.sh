#!/bin/sh
# Sets up what a checkout needs; called by the Makefile, each part does nothing when it is already done.
#
#   setup.sh venv PYTHON FOLDER LINK   the locked environment with this checkout installed in it (editable)
#   setup.sh training LOCK PYTHON FOLDER   an environment of the workshop, without this checkout in it
#   setup.sh system               the Debian packages of the tests
#   setup.sh install PYTHON PREFIX USER   the program for a service user: run-time lock, not editable, one folder a version
#   setup.sh rollback PREFIX USER         back to the version before the last installation
#   setup.sh units PREFIX USER FOLDER     the systemd units for that prefix and user
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
    python=$1 folder=$2 link=$3
    # ln would put the link into a folder of that name, and the environment in it would be used as before.
    if [ -e "$link" ] && [ ! -L "$link" ]; then
        say "$link is an environment made by other means; remove it (rm -r $link), then run make again: it links to $folder"
        exit 1
    fi
    locked_environment "$python" "$folder"
    ln -sfn "$folder" "$link"
}

locked_environment() {
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

units() {
    where=$1 owner=$2 units=$3
    mkdir -p "$units"
    for unit in "$here"/../configs/systemd/*.service; do
        sed -e "s|/opt/viapublica/|$where/|g" -e "s|^User=.*|User=$owner|" -e "s|^Group=.*|Group=$owner|" "$unit" \
            >"$units/$(basename "$unit")"
    done
    chmod -R a+rX "$units"
}

# Fails in words unless the user can run the interpreter, and reach programs below the prefix. Installing takes minutes.
reachable_by() {
    user=$1 prefix=$2 interpreter=$3
    if [ "$(id -u)" = 0 ] && id "$user" >/dev/null 2>&1; then
        if ! (cd / && runuser -u "$user" -- "$interpreter" -c '' >/dev/null 2>&1); then
            say "$user cannot run $interpreter: it, or a folder above it, is closed to others"
            say "name another interpreter, such as PYTHON=/usr/bin/python3"
            exit 1
        fi
        if ! (cd / && runuser -u "$user" -- test -x "$prefix/bin"); then
            say "$user cannot run programs in $prefix/bin: a folder above it is closed to others"
            say "choose a PREFIX outside home folders"
            exit 1
        fi
    else
        open_to_others "$prefix/bin" "$interpreter"
    fi
}

open_to_others() {
    for path in "$@"; do
        while [ "$path" != / ]; do
            case $(stat -c %A "$path") in
                ???????r?x|d????????x|d????????t) ;;
                *) say "other users cannot pass $path; choose a PREFIX and a PYTHON outside home folders"; exit 1 ;;
            esac
            path=$(dirname "$path")
        done
    done
}

# Fails in words unless the user can run the program at the path.
runnable_by() {
    user=$1 program=$2
    if [ "$(id -u)" = 0 ] && id "$user" >/dev/null 2>&1; then
        runuser -u "$user" -- "$program" --version >/dev/null && return
        say "$user cannot run $program: a folder above it, or $(readlink -f "$(dirname "$program")/python"), is closed to others"
        say "choose a PREFIX outside home folders, and PYTHON=/usr/bin/python3"
        exit 1
    fi
    "$program" --version >/dev/null
    at=$(readlink -f "$program")
    interpreter=$(readlink -f "$(dirname "$at")/python")
    open_to_others "$at" "$interpreter"
}

point() { # LINK TARGET: the link leads to the target at once, never to nothing
    ln -sfn "$2" "$1.new" && mv -T "$1.new" "$1"
}

install() {
    python=$1 prefix=$2 user=$3
    case $prefix in /*) ;; *) say "PREFIX $prefix is not an absolute path"; exit 1 ;; esac
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python 3.11 or newer is needed"; exit 1; }
    umask 022
    if [ "$(id -u)" = 0 ] && ! id "$user" >/dev/null 2>&1; then
        say "system user $user"
        useradd --system --home-dir /var/lib/viapublica --shell /usr/sbin/nologin "$user"
    fi
    mkdir -p "$prefix/versions" "$prefix/bin"
    # A virtual environment's Python is a link, which the installed one will follow as well.
    reachable_by "$user" "$prefix" "$("$python" -c 'import os, sys; print(os.path.realpath(sys._base_executable))')"
    number=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../pyproject.toml")
    version=$number-$(date -u +%Y%m%dT%H%M%SZ)
    folder=$prefix/versions/$version
    say "viapublica $number in $folder"
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"; [ -e "$folder/complete" ] || rm -rf "$folder"' EXIT
    make_venv "$python" "$tools/venv"
    "$tools/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$here/uv.lock"
    make_venv "$python" "$folder"
    # Copies: links into the cache of the person who installs would be files of that person.
    for what in "--require-hashes -r $here/run.lock" "--no-deps $here/.."; do
        # shellcheck disable=SC2086 # several words are meant
        VIRTUAL_ENV=$folder UV_LINK_MODE=copy "$tools/venv/bin/uv" pip install -q --compile-bytecode $what
    done
    units "$prefix" "$user" "$folder/share/systemd"
    cp -R "$here/../configs" "$folder/share/configs"
    chmod -R a+rX,go-w "$folder"
    runnable_by "$user" "$folder/bin/viapublica"
    touch "$folder/complete"
    before=$(readlink "$prefix/current" || true)
    [ -z "$before" ] || point "$prefix/previous" "$before"
    point "$prefix/current" "versions/$version"
    point "$prefix/bin/viapublica" ../current/bin/viapublica
    point "$prefix/share" current/share
    for old in "$prefix"/versions/*; do
        [ "$old" = "$folder" ] || [ "versions/$(basename "$old")" = "$before" ] || rm -rf "$old"
    done
    say "installed: $prefix/bin/viapublica; units in $prefix/share/systemd"
}

rollback() {
    prefix=$1 user=$2
    [ -e "$prefix/previous/complete" ] || { say "$prefix has no version before the present one"; exit 1; }
    now=$(readlink "$prefix/current") before=$(readlink "$prefix/previous")
    runnable_by "$user" "$prefix/$before/bin/viapublica"
    point "$prefix/current" "$before"
    point "$prefix/previous" "$now"
    say "$prefix/bin/viapublica is $before again; data that a newer version migrated needs its backup"
}

command=$1
shift
"$command" "$@"
