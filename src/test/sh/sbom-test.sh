#!/usr/bin/env bash
# Tests sbom.sh with this machine's packages, and with shims for rpm and rclone. Takes no arguments.
# shellcheck disable=SC2016 # expands in the shims
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/src/main/docker/sbom.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# holds FILTER: whether the filter of jq is true of the bill
holds() { jq --exit-status "$1" "$scratch/bom.json" >/dev/null || fail "not true of the bill: $1"; }

mkdir "$scratch/bin" "$scratch/tools"
for tool in bash cat env sed sha256sum sort; do ln -s "$(command -v "$tool")" "$scratch/tools/$tool"; done
printf '#!/bin/sh\necho "rclone v1.2.3"\necho "- os/version: x"\n' >"$scratch/bin/rclone"
printf '#!/bin/sh\nprintf "%%s\\n" "zlib 0:1.2.11-40.el9 x86_64" "perl-libs 4:5.32+1-1 x86_64" "gpg-pubkey 0:1-1 (none)"\n' >"$scratch/bin/rpm"
chmod +x "$scratch"/bin/*

PATH="$scratch/bin:$scratch/tools" "$script" "$scratch/bom.json" "$scratch/bin/rclone"
holds '.bomFormat == "CycloneDX" and .components[0].type == "operating-system"'
holds '[.components[] | select(.type == "library") | .name] == ["perl-libs", "zlib"]'
holds '.components[2].version == "1.2.11-40.el9"'
holds '.components[1].purl | endswith("/perl-libs@4:5.32%2B1-1?arch=x86_64")'
hash=$(sha256sum "$scratch/bin/rclone")
holds ".components[3] | .name == \"rclone\" and .version == \"v1.2.3\" and .hashes[0].content == \"${hash%% *}\""

if command -v dpkg-query >/dev/null; then
    java_home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
    "$script" "$scratch/bom.json" "$scratch/bin/rclone" "$java_home"
    number=$(dpkg-query --show | wc -l)
    holds "[.components[] | select(.type == \"library\")] | length == $number"
    holds '.components[-1] | .name == "openjdk" and (.version | length > 2)'
fi

! PATH="$scratch/tools" "$script" "$scratch/bom.json" 2>"$scratch/errors" || fail "succeeds without a packages' database"
grep -q "neither rpm nor dpkg-query" "$scratch/errors" || fail "does not say what is missing"
printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/rclone"
! PATH="$scratch/bin:$scratch/tools" "$script" "$scratch/bom.json" "$scratch/bin/rclone" 2>/dev/null || fail "succeeds with a broken rclone"
echo "sbom: passed"
