#!/usr/bin/env bash
# Tests native-build.sh with shims for mvn, podman and docker, which record how they are called. Takes no arguments.
# shellcheck disable=SC2016 # expands in the shims
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The script finds these ordinary commands and the shims, whatever is installed here.
mkdir "$scratch/tools"
for tool in bash cat dirname grep mkdir rm sed sort tail uname; do
    ln -s "$(command -v "$tool")" "$scratch/tools/$tool"
done

# shim NAME BODY: an executable that records its call and runs BODY
shim() {
    printf '#!/usr/bin/env bash\necho "%s $*" >>"$CALLS"\n%s\n' "$1" "$2" >"$here/bin/$1"
    chmod +x "$here/bin/$1"
}

# maven [CONTENT OF THE EXECUTABLE]
maven() { shim mvn "mkdir -p target; echo '${1:-GLIBC_2.2.5 GLIBC_2.34}' >target/app-1.0-runner"; }

passed=0 failed=0
# start SENTENCE: begins a case in a directory of its own
start() {
    sentence=$1 here=$scratch/$((passed + failed)) complaints=''
    mkdir -p "$here/bin" "$here/target"
    cp "$project/native-build.sh" "$here"
    : >"$here/calls"
}

build() {
    status=0
    output=$(env -i ${settings[@]+"${settings[@]}"} CALLS="$here/calls" PATH="$here/bin:$scratch/tools" \
        "$here/native-build.sh" "$@" 2>&1) || status=$?
    calls=$(cat "$here/calls")
}
settings=()

exits_with() { [[ $status == "$1" ]] || complaints+="    exit code is $status, not $1"$'\n'; }
prints() { [[ $output == *"$1"* ]] || complaints+="    does not print: $1"$'\n'; }
calls() { [[ $calls == *"$1"* ]] || complaints+="    does not call: $1"$'\n'; }
calls_not() { [[ $calls != *"$1"* ]] || complaints+="    calls: $1"$'\n'; }

finish() {
    settings=()
    if [[ -z $complaints ]]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'FAILED: %s\n%s    output: %s\n    calls: %s\n' "$sentence" "$complaints" "$output" "$calls"
}

start "shows its help and does nothing else"
maven; build --help
exits_with 0; prints --executable-only; prints CONTAINER_ENGINE; calls_not mvn
finish

refuses() {
    start "refuses $*"
    local message=$1
    shift
    maven; shim podman :; build "$@"
    exits_with 2; prints "$message"; calls_not mvn
    finish
}
refuses "Unknown option: --imgae" --imgae x
refuses "--image needs a name" --image
refuses "--image needs a name" --image --push
refuses "begins with the host of a registry" --push
refuses "begins with the host of a registry" --push --image team/registry-backup:1
refuses "no image to push" --push --image localhost/x --executable-only

start "compiles, tests and builds the image with podman"
maven; shim podman :; shim docker :; build
exits_with 0; calls "-Dquarkus.native.enabled=true"; calls " verify -Dit.test="; calls_not container-build
calls "podman build -f src/main/docker/Dockerfile.native -t registry-backup:latest"; calls_not "docker "; calls_not "podman push"
finish

start "takes docker if podman does not answer"
maven; shim podman '[[ $1 != info ]]'; shim docker :; build
exits_with 0; calls "-Dquarkus.native.container-runtime=docker"; calls "docker build"; calls_not "podman build"
finish

start "takes the engine that is set"
maven; shim podman :; shim docker :; settings=(CONTAINER_ENGINE=docker); build
exits_with 0; calls "docker build"; calls_not podman
finish

start "fails before Maven starts if no engine answers"
maven; shim docker 'exit 1'; build
exits_with 1; prints "use --executable-only"; calls_not mvn
finish

start "needs no engine for the executable alone"
maven; build --executable-only
exits_with 0; calls "mvn "; calls_not container-runtime
finish

start "compiles in the builder image on request"
maven; shim podman :; build --container
exits_with 0; calls "-Dquarkus.native.container-build=true -Dquarkus.native.container-runtime=podman"
finish

start "compiles in the builder image for an image on another system than Linux"
maven; shim podman :; shim uname 'echo Darwin'; build
exits_with 0; calls "-Dquarkus.native.container-build=true"
finish

start "skips the tests, and passes arguments to Maven"
maven; shim podman :; build --skip-tests -- -o --fail-fast
exits_with 0; calls "package -DskipTests -o --fail-fast"
finish

start "names and pushes the image, with rclone from a mirror"
maven; shim podman :; settings=(RCLONE_DOWNLOADS=https://mirror.example); build --push --image registry.example:5000/backup:7
exits_with 0; calls "-t registry.example:5000/backup:7 --build-arg REVISION=unknown --build-arg RCLONE_DOWNLOADS=https://mirror.example ."
calls "podman push registry.example:5000/backup:7"
finish

start "builds no image of an executable that needs a newer glibc"
maven 'GLIBC_2.4 GLIBC_2.38 GLIBC_2.34'; shim podman :; build
exits_with 1; prints "needs glibc 2.38"; prints --container; calls_not "podman build"
finish

start "removes the executable of an earlier version"
maven; shim podman :; : >"$here/target/app-0.9-runner"; build
exits_with 0; [[ ! -e $here/target/app-0.9-runner ]] || complaints+="    it is still there"$'\n'
finish

start "fails if Maven fails"
shim mvn 'exit 3'; shim podman :; build
exits_with 1; prints "Maven failed"; calls_not "podman build"
finish

start "fails if Maven leaves no executable"
shim mvn :; shim podman :; build
exits_with 1; prints "left no target/*-runner"; calls_not "podman build"
finish

start "fails if the image cannot be built"
maven; shim podman '[[ $1 != build ]]'; build --push --image localhost/x
exits_with 1; calls_not "podman push"
finish

echo "native-build: $passed passed, $failed failed"
((failed == 0))
