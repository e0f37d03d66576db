#!/bin/sh
# What the image installs, in the order in which it does: the Dockerfile runs this, and so does a test without containers.
# Usage: install.sh SOURCE TARGET    SOURCE is a checkout, TARGET a new virtual environment.
set -eu
source=$1
target=$2
python3 -m venv "$target"
"$target/bin/python" -m pip --disable-pip-version-check install --quiet --no-cache-dir --require-hashes \
  -r "$source/requirements/run.txt"
"$target/bin/python" -m pip --disable-pip-version-check install --quiet --no-cache-dir --no-deps \
  --no-build-isolation "$source"
"$target/bin/reviewbot" --version
