#!/usr/bin/env bash
# Writes what an image has beside the program: the packages of its operating system, rclone and the JVM, as CycloneDX.
# The program's own bill of materials is bom.json, which Maven writes. Run by the Dockerfiles, in a stage that has the same
# base as the image.
#
#   sbom.sh FILE [RCLONE [JAVA_HOME]]
#
# Reads the database of rpm or dpkg. Exits with 1 where there is neither, or a program does not start.
set -euo pipefail

readonly file=${1:?the file that gets the bill of materials is missing} rclone=${2:-} java_home=${3:-}

fail() {
    printf 'sbom: %s\n' "$1" >&2
    exit 1
}

# component TYPE NAME VERSION PURL [SHA256]
component() {
    printf ',\n    {"type": "%s", "name": "%s", "version": "%s", "purl": "%s"' "$1" "$2" "$3" "$4"
    [[ -z ${5:-} ]] || printf ', "hashes": [{"alg": "SHA-256", "content": "%s"}]' "$5"
    printf '}'
}

# shellcheck source=/dev/null
system=$(. /etc/os-release && printf '%s %s' "$ID" "$VERSION_ID")
if command -v rpm >/dev/null; then
    packages=$(rpm -qa --queryformat '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH}\n' | sed 's/ 0:/ /')
    purl=rpm
elif command -v dpkg-query >/dev/null; then
    packages=$(dpkg-query --show --showformat '${Package} ${Version} ${Architecture}\n')
    purl=deb
else
    fail "There is neither rpm nor dpkg-query to ask for the packages."
fi

{
    printf '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.5",\n  "version": 1,\n  "components": [\n'
    printf '    {"type": "operating-system", "name": "%s", "version": "%s"}' "${system% *}" "${system#* }"
    while read -r name version architecture; do
        # A key of the vendor's is a package to rpm, of no architecture.
        [[ $name == gpg-pubkey ]] ||
            component library "$name" "$version" "pkg:$purl/${system% *}/$name@${version//+/%2B}?arch=$architecture"
    done < <(sort <<<"$packages")
    if [[ -n $rclone ]]; then
        version=$("$rclone" version) || fail "$rclone does not start."
        version=${version%%$'\n'*}
        hash=$(sha256sum "$rclone")
        component application rclone "${version#rclone }" "pkg:golang/github.com/rclone/rclone@${version#rclone }" "${hash%% *}"
    fi
    if [[ -n $java_home ]]; then
        version=$("$java_home/bin/java" -XshowSettings:properties -version 2>&1) || fail "$java_home/bin/java does not start."
        version=$(sed -n 's/^ *java.runtime.version = //p' <<<"$version")
        hash=$(sha256sum "$java_home/lib/server/libjvm.so")
        component platform openjdk "$version" "pkg:generic/openjdk@${version//+/%2B}" "${hash%% *}"
    fi
    printf '\n  ]\n}\n'
} >"$file"
