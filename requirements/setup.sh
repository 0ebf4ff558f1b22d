#!/bin/sh
# Makes the project's own Python environment from the lock files, and does nothing where it is already right.
#
#   requirements/setup.sh KIND        KIND: run (what `make demo` needs) or dev (tests, checks and benchmarks as well)
#
# PYTHON is the interpreter to use (python3), VENV the folder of the environment (.venv). Nothing outside VENV is read
# or written: no pip cache and no home directory. Only wheels whose hash stands in a lock file are installed, so no
# compiler is needed.
set -eu
cd "$(dirname "$0")/.."
kind=$1
PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}
unset PYTHONPATH PYTHONHOME
export PIP_USER=0 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1

stop() {
    printf 'outpost set-up: %s\n' "$@" >&2
    exit 1
}

command -v "$PYTHON" >/dev/null 2>&1 ||
    stop "there is no $PYTHON on this machine." "Install it, then try again:  apt install python3 python3-venv"
version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    stop "$PYTHON does not run." "Install it, then try again:  apt install python3 python3-venv"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$PYTHON is Python $version; Outpost needs 3.11 or newer, as Debian 12 and later have it in the package python3." \
         "Install that (apt install python3 python3-venv), or name a newer one:  make test PYTHON=/path/to/python3"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$PYTHON cannot make virtual environments." \
         "Install the missing package, then try again:  apt install python3-venv   (or python$version-venv)"

# The environment is made afresh when the interpreter, a lock file or this script changes.
wanted="$version $(cat requirements/*.lock requirements/setup.sh | cksum)"
if [ "$(cat "$VENV/made-for" 2>/dev/null)" != "$wanted" ]; then
    printf 'Making %s with Python %s\n' "$VENV" "$version"
    "$PYTHON" -m venv --clear --prompt outpost "$VENV"
    printf '%s\n' "$wanted" >"$VENV/made-for"
fi
pip() { # twice quiet: errors alone
    "$VENV/bin/python" -m pip --quiet --quiet "$@" ||
        stop "the packages could not be installed: pip's message is above." \
             "They are downloaded once, so this step needs a network. The same command again goes on from here."
}
if [ ! -e "$VENV/has-$kind" ] && [ ! -e "$VENV/has-dev" ]; then
    case $kind in
        run) set -- -r requirements/run.lock -r requirements/build.lock ;;
        dev) set -- -r requirements/dev.lock ;;
        *) stop "there is no set-up called $kind: it is run or dev." ;;
    esac
    printf 'Installing packages from the lock files (it may take a minute or two)\n'
    # What the service needs is kept as wheels: `make package` and `make bundle` are made of them.
    pip download --require-hashes --only-binary :all: --dest "$VENV/wheels" -r requirements/run.lock
    pip install --require-hashes --only-binary :all: --find-links "$VENV/wheels" "$@"
    : >"$VENV/has-$kind"
fi

# The project itself, as a link to this folder: again whenever pyproject.toml or the folder's place changes.
project="$(pwd) $(cksum <pyproject.toml)"
if [ "$(cat "$VENV/has-project" 2>/dev/null)" != "$project" ]; then
    pip install --no-deps --no-build-isolation --editable .
    printf '%s\n' "$project" >"$VENV/has-project"
fi
