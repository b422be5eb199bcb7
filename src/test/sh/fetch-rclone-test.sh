#!/usr/bin/env bash
# Tests what the images' build stage does, with shims for uname and curl: no network is asked. The
# archives are real ones, so it takes zip and unzip. Takes no arguments.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
readonly project
readonly docker=$project/src/main/docker
scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf "$scratch"' EXIT

# The only ordinary commands that the script under test and the shims may find.
mkdir "$scratch/tools"
for tool in bash cat chmod cp dirname mkdir mktemp mv rm sha256sum unzip; do
    ln -s "$(command -v "$tool" || { echo "fetch-rclone: $tool is not on the PATH" >&2; exit 1; })" "$scratch/tools/$tool"
done

#--- givens: each puts something into the case's own folder -------------------------------------

# shim NAME: an executable from standard input
shim() {
    { echo '#!/usr/bin/env bash'; cat; } >"$here/bin/$1"
    chmod +x "$here/bin/$1"
}

a_processor() { shim uname <<<"echo $1"; }

# an_archive PROCESSOR [VERSION-THAT-IT-TELLS]: a release's, to be downloaded; its sum goes to standard output
an_archive() {
    local name=rclone-v1.75.1-linux-$1
    mkdir -p "$here/$name" "$here/served"
    printf '#!/usr/bin/env bash\necho "rclone %s"\necho "- os/arch: linux/%s"\n' "${2:-v1.75.1}" "$1" >"$here/$name/rclone"
    echo 'manual' >"$here/$name/rclone.1"
    (cd "$here" && zip -q -r "served/$name.zip" "$name")
    (cd "$here/served" && sha256sum "$name.zip")
}

# Serves what is there, and answers 404 as curl --fail does.
a_curl() {
    shim curl <<'SHIM'
url=${!#}
echo "curl $url" >>"$CALLS"
while [[ $1 != --output ]]; do shift; done
[[ -f $SERVED/${url##*/} ]] || exit 22
cp "$SERVED/${url##*/}" "$2"
SHIM
}

both_archives() {
    a_curl
    { echo '# a comment'; an_archive amd64; an_archive arm64; } >"$here/docker/rclone.sha256"
}

#--- when ---------------------------------------------------------------------------------------

# fetch [ARGUMENT]...: runs the script
fetch() {
    status=0
    said=$(env -i CALLS="$here/calls" SERVED="$here/served" TMPDIR="$here/tmp" PATH="$here/bin:$scratch/tools" \
        "$here/docker/fetch-rclone.sh" "$@" 2>&1) || status=$?
    called=$(cat "$here/calls")
}

#--- thens --------------------------------------------------------------------------------------

complaints=''
complain() { complaints+="    $1"$'\n'; }

exits_with() { [[ $status == "$1" ]] || complain "exit code is $status, not $1"; }
says() { [[ $said == *"$1"* ]] || complain "does not say: $1"; }
downloads() { [[ $called == "curl $1" ]] || complain "downloads not $1 alone"; }
leaves_no_program() { [[ ! -e $here/fetched/rclone ]] || complain 'leaves a program'; }
leaves_nothing_else() {
    local found
    found=$(cd "$here" && echo fetched/* tmp/*)
    [[ $found == "fetched/rclone tmp/*" ]] || complain "leaves $found"
}

#--- cases --------------------------------------------------------------------------------------

passed=0 failed=0

# it SENTENCE CASE: runs the case in a folder of its own
it() {
    here=$scratch/case-$((passed + failed)) complaints='' status='' said='' called=''
    mkdir -p "$here/bin" "$here/docker" "$here/tmp" "$here/served"
    : >"$here/calls"
    cp "$docker/fetch-rclone.sh" "$here/docker"
    "$2"
    if [[ -z $complaints ]]; then
        passed=$((passed + 1))
        echo "ok      $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1"
        printf '%s' "$complaints"
        printf '    exit code %s, said:\n' "$status"
        printf '%s\n' "$said" | sed 's/^/      /'
    fi
}

fetched() {
    exits_with 0
    says "rclone-v1.75.1-linux-$1 is in $here/fetched"
    [[ $("$here/fetched/rclone") == *"linux/$1" ]] || complain 'leaves the program of another processor'
    leaves_nothing_else
}
amd64() {
    a_processor x86_64; both_archives
    fetch "$here/fetched"
    downloads https://downloads.rclone.org/v1.75.1/rclone-v1.75.1-linux-amd64.zip
    fetched amd64
}
it "fetches the program for x86_64" amd64

arm64() {
    a_processor aarch64; both_archives
    fetch "$here/fetched"
    downloads https://downloads.rclone.org/v1.75.1/rclone-v1.75.1-linux-arm64.zip
    fetched arm64
}
it "fetches the program for aarch64" arm64

mirror() {
    a_processor x86_64; both_archives
    fetch "$here/fetched" https://mirror.example/rclone/
    downloads https://mirror.example/rclone/v1.75.1/rclone-v1.75.1-linux-amd64.zip
    fetched amd64
}
it "fetches it from the given mirror" mirror

refuses() {
    exits_with 1
    says "$1"
    leaves_no_program
}
other_processor() {
    a_processor riscv64; both_archives
    fetch "$here/fetched"
    refuses 'No rclone is named for the processor riscv64'
    [[ -z $called ]] || complain 'downloads something'
}
it "refuses a processor that it has no name for" other_processor

not_listed() {
    a_processor aarch64; both_archives
    an_archive amd64 >"$here/docker/rclone.sha256"
    fetch "$here/fetched"
    refuses 'has no SHA-256 for linux-arm64'
    [[ -z $called ]] || complain 'downloads something'
}
it "downloads nothing whose checksum it does not know" not_listed

listed_twice() {
    a_processor x86_64; both_archives
    an_archive amd64 >>"$here/docker/rclone.sha256"
    fetch "$here/fetched"
    refuses 'names two for linux-amd64'
}
it "refuses to choose between two releases" listed_twice

no_checksum() {
    a_processor x86_64; a_curl
    an_archive amd64 >"$here/sum"
    echo "TODO  rclone-v1.75.1-linux-amd64.zip" >"$here/docker/rclone.sha256"
    fetch "$here/fetched"
    refuses 'has no SHA-256 for linux-amd64'
}
it "takes nothing but a SHA-256 for a checksum" no_checksum

changed() {
    a_processor x86_64; both_archives
    an_archive amd64 'v1.75.1 with more in it' >/dev/null
    fetch "$here/fetched"
    refuses 'Failed to verify https://downloads.rclone.org/v1.75.1/rclone-v1.75.1-linux-amd64.zip: its SHA-256 is'
    says 'Take neither before you know which one is wrong'
}
it "unpacks nothing that has another checksum" changed

not_there() {
    a_processor x86_64; both_archives
    rm "$here"/served/*amd64*
    fetch "$here/fetched"
    refuses 'Failed to download https://downloads.rclone.org/v1.75.1/rclone-v1.75.1-linux-amd64.zip: curl ended with 22'
}
it "says what it could not download" not_there

other_version() {
    a_processor x86_64; a_curl
    an_archive amd64 v1.60.1 >"$here/docker/rclone.sha256"
    fetch "$here/fetched"
    refuses 'says that it is rclone v1.60.1'
}
it "fails where the program is of another version than its archive's name" other_version

no_folder() {
    a_processor x86_64; both_archives
    fetch
    exits_with 1
    says 'the folder that gets the program is missing'
}
it "refuses to go without a folder" no_folder

both_of_one_release() {
    local releases
    releases=$(grep -oE '^[0-9a-f]{64}  rclone-v[0-9.]+-linux-(amd64|arm64)\.zip$' "$docker/rclone.sha256" |
        sed -E 's/.*rclone-(v[0-9.]+)-linux-(.*)\.zip/\1 \2/' | sort)
    [[ $releases =~ ^(v[0-9.]+)\ amd64$'\n'(v[0-9.]+)\ arm64$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]] ||
        complain "names $releases"
}
it "names one release for both processors" both_of_one_release

# stage DOCKERFILE: the stage that fetches rclone, with what is said of it
stage() { sed -n '/^# rclone, for/,/^$/p' "$docker/Dockerfile.$1"; }

same_stage() {
    [[ -n $(stage jvm) && $(stage jvm) == "$(stage native)" ]] || complain 'the Dockerfiles differ in it'
    local file
    for file in $(stage jvm | sed -n 's/^COPY \(.*\) [^ ]*$/\1/p'); do
        grep -qxF "!$file" "$project/.dockerignore" || complain ".dockerignore keeps $file out"
        [[ -f $project/$file ]] || complain "there is no $file"
    done
}
it "is run in the same stage of both Dockerfiles, which get the files it takes" same_stage

echo "fetch-rclone: $passed passed, $failed failed"
((failed == 0))
