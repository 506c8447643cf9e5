#!/usr/bin/env bash
# Installs what is needed (Debian 12), builds everything and runs every test.
#   scripts/test.sh [ctest arguments, for example -R store]
source "$(dirname "$0")/lib/common.sh"

install_packages "${build_packages[@]}" "${test_packages[@]}"
build dev
temporary_files_in_memory
say "Testing"
# Three tests for each core: they wait more than they compute.
ctest --preset dev -j "$((3 * $(nproc)))" "$@"
