#!/usr/bin/env bash
# Fetches the rclone for this processor that rclone.sha256, beside this script, names, and no other:
# what has another checksum is never unpacked. Run by the Dockerfiles, in a stage of its own.
#
#   fetch-rclone.sh FOLDER [URL]
#
# FOLDER gets the program. URL is where the releases are, each in a folder named after its version:
# https://downloads.rclone.org (default), https://github.com/rclone/rclone/releases/download, or a
# mirror of yours. Takes curl, sha256sum and unzip. Exits with 1 where it leaves no program.
set -euo pipefail

readonly folder=${1:?the folder that gets the program is missing}
readonly url=${2:-https://downloads.rclone.org}
checksums=$(dirname "${BASH_SOURCE[0]}")/rclone.sha256
readonly checksums

fail() {
    printf 'fetch-rclone: %s\n' "$@" >&2
    exit 1
}

# Asked of the machine, since not every engine sets TARGETARCH. Under emulation it is the image's too.
case $(uname -m) in
    x86_64) processor=amd64 ;;
    aarch64) processor=arm64 ;;
    *) fail "No rclone is named for the processor $(uname -m): add its line to $checksums, and its name here." ;;
esac

checksum='' archive=''
while read -r sum name || [[ -n $sum ]]; do
    [[ $name == rclone-v*-linux-$processor.zip && $sum =~ ^[0-9a-f]{64}$ ]] || continue
    [[ -z $archive ]] || fail "$checksums names two for linux-$processor. Leave the one that the images are to have."
    checksum=$sum archive=$name
done <"$checksums"
[[ -n $archive ]] || fail "$checksums has no SHA-256 for linux-$processor. Add the line from the release's SHA256SUMS."

version=${archive#rclone-}
version=${version%-linux-*}
from=${url%/}/$version/$archive
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

curl --fail --silent --show-error --location --retry 3 --output "$scratch/$archive" "$from" ||
    fail "Failed to download $from: curl ended with $?." \
        "Name a proxy by HTTPS_PROXY, or another place: in a build of an image, by RCLONE_DOWNLOADS."
actual=$(sha256sum "$scratch/$archive")
actual=${actual%% *}
[[ $actual == "$checksum" ]] ||
    fail "Failed to verify $from: its SHA-256 is $actual, and $checksums has $checksum." \
        "Take neither before you know which one is wrong: compare with the release's signed SHA256SUMS."

unzip -j -q "$scratch/$archive" '*/rclone' -d "$scratch" || fail "Failed to unpack $from: unzip ended with $?."
chmod 755 "$scratch/rclone"
told=$("$scratch/rclone" version) || fail "The rclone of $from does not start on this machine."
[[ ${told%%$'\n'*} == "rclone $version" ]] || fail "The rclone of $from says that it is ${told%%$'\n'*}."
mkdir -p "$folder"
mv "$scratch/rclone" "$folder/rclone"
printf 'fetch-rclone: %s is in %s\n' "${archive%.zip}" "$folder"
