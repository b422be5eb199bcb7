#!/usr/bin/env bash
# Builds the native executable and the container image around it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'HELP'
Usage: ./native-build.sh [OPTION]... [-- MAVEN_ARGUMENT...]

Compiles target/*-runner, runs the tests against it, and builds the image with podman or docker.
Compiles with the GraalVM or Mandrel 23.1 or newer of GRAALVM_HOME, JAVA_HOME or PATH.
If there is none, compiles in Quarkus' builder image.

Options:
  --executable-only   build no image
  --image NAME[:TAG]  name of the image (default: registry-backup:latest)
  --push              push the image; its name must begin with the host of a registry
  --container         compile in the builder image even if there is a GraalVM
  --skip-tests        run no tests
  -h, --help          show this help

Environment:
  CONTAINER_ENGINE    podman or docker (default: the first one that answers)
  RCLONE_DOWNLOADS    mirror of rclone's releases (default: https://downloads.rclone.org)

Exit codes: 0 success, 2 usage error, any other: a step failed.
HELP
}

fail() {
    printf 'native-build: %s\n' "$1" >&2
    exit "${2:-1}"
}

want_image=yes image=registry-backup:latest push=no container=no skip_tests=no
while (($#)); do
    case $1 in
        --executable-only) want_image=no ;;
        --image)
            [[ ${2:-} == [!-]* ]] || fail "--image needs a name. See --help." 2
            image=$2
            shift
            ;;
        --push) push=yes ;;
        --container) container=yes ;;
        --skip-tests) skip_tests=yes ;;
        -h | --help)
            usage
            exit 0
            ;;
        --)
            shift
            break
            ;;
        *) fail "Unknown option: $1. See --help." 2 ;;
    esac
    shift
done
# Without a host, engines push to a public registry, under a name that belongs to somebody else.
[[ $push == no || $image =~ ^([^/]*[.:][^/]*|localhost)/ ]] ||
    fail "--push needs an --image that begins with the host of a registry: $image does not." 2
[[ $push == no || $want_image == yes ]] || fail "--push has no image to push with --executable-only." 2

engine=''
for candidate in ${CONTAINER_ENGINE:-podman docker}; do
    if "$candidate" info >/dev/null 2>&1; then
        engine=$candidate
        break
    fi
done
if [[ -z $engine && ($want_image == yes || $container == yes) ]]; then
    fail "Neither \"podman info\" nor \"docker info\" succeeds: install one of them, or use --executable-only."
fi

arguments=(-B -ntp -Dquarkus.native.enabled=true)
if [[ $container == yes || ($want_image == yes && $(uname -s) != Linux) ]]; then
    arguments+=(-Dquarkus.native.container-build=true)
fi
[[ -z $engine ]] || arguments+=("-Dquarkus.native.container-runtime=$engine")
if [[ $skip_tests == yes ]]; then
    arguments+=(package -DskipTests)
else
    # These tests start the executable. The others would test the JVM a second time.
    arguments+=(verify "-Dit.test=EventFunctionsIT,DeadLetterIT,CaptureIT,OnDemandOperationsIT")
fi
rm -f target/*-runner # of an earlier version: Dockerfile.native copies all there are
mvn "${arguments[@]}" "$@" || fail "Maven failed; see its output above."
executables=(target/*-runner)
[[ -f ${executables[0]} ]] || fail "Maven succeeded, but left no target/*-runner."
[[ $want_image == yes ]] || exit 0

# An executable that was linked against a newer glibc than that of the image (ubi9) does not start in it.
glibc=$(grep -aoE 'GLIBC_2\.[0-9]+' "${executables[0]}" | sed 's/.*GLIBC_2\.//' | sort -n | tail -n 1) || true
((${glibc:-0} <= 34)) ||
    fail "The executable needs glibc 2.$glibc, but the image has 2.34: compile in the builder image with --container."
"$engine" build -f src/main/docker/Dockerfile.native -t "$image" \
    --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    --build-arg "RCLONE_DOWNLOADS=${RCLONE_DOWNLOADS:-https://downloads.rclone.org}" .
[[ $push == no ]] || "$engine" push "$image"
