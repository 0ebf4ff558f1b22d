#!/bin/sh
# Installs Outpost from this folder, without network, on a system that takes no Debian package. Run as root.
#
#   ./install.sh [FOLDER]       FOLDER: where its environment goes (/opt/outpost); PYTHON names the interpreter
set -eu
cd "$(dirname "$0")"
folder=${1:-/opt/outpost}
"${PYTHON:-python3}" -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet --no-index --find-links wheels --require-hashes -r requirements/run.lock
"$folder/bin/python" -m pip install --quiet --no-index --no-deps wheels/outpost-*.whl
echo "Outpost lies in $folder: $folder/bin/outpost --help. docs/administrator.md says how to run it under systemd."
