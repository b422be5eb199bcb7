#!/usr/bin/env bash
# Builds the native executable and the container image around it. See --help, or usage() below.
set -euo pipefail

readonly oldest_graalvm=23.1                 # what Quarkus 3.34 accepts; it came with JDK 21
readonly oldest_jdk=21
readonly oldest_maven=3.8
readonly dockerfile=src/main/docker/Dockerfile.native
readonly tests_of_the_executable=FunctionsIT,DeadLetterIT,CaptureIT,OnDemandIT
readonly base_image_glibc=2.34               # of ubi9, which the Dockerfile starts from

readonly exit_usage=2 exit_no_toolchain=3 exit_maven=4 exit_no_image=5 exit_build=6 exit_image=7

usage() {
    cat <<'HELP'
Usage: ./native-build.sh [OPTION]... [-- MAVEN_ARGUMENT...]

Compiles a native executable (target/*-runner) and builds a container image with it.

It compiles with a GraalVM or Mandrel 23.1 or newer (that is JDK 21 or newer) found, in this
order, by GRAALVM_HOME, by JAVA_HOME or as native-image on the PATH. Where there is none it
compiles inside a builder image, with podman or docker, whichever answers first. The image
always takes podman or docker. Needs Maven 3.8 or newer as mvn on the PATH.

Options:
  --executable-only      compile only, build no image
  --image NAME[:TAG]     name of the image (default: registry-backup:latest)
  --push                 push the image afterwards; --image must then begin with a registry's host
  --engine NAME          take this container engine, podman or docker, and no other
  --container            compile in the builder image even where there is a local GraalVM
  --builder-image IMAGE  builder image to compile in, instead of Quarkus' own choice of Mandrel;
                         implies --container
  --skip-tests           run no tests, neither before nor against the executable
  -h, --help             print this and exit
  -- MAVEN_ARGUMENT...   hand the rest to Maven as it is

Environment:
  RCLONE_DOWNLOADS       where the image's build finds rclone's releases, for a mirror:
                         otherwise it is https://downloads.rclone.org

Exit codes:
  0  all that was asked for is there
  2  the command line is wrong
  3  there is nothing to compile with, or nothing to do with it what was asked; nothing was built
  4  Maven is missing or older than 3.8; nothing was built
  5  the executable is there, but no image could be made of it
  6  Maven failed, or left no executable
  7  building or pushing the image failed; the executable is there
HELP
}

say() { printf 'native-build: %s\n' "$*"; }

# fail CODE LINE...
fail() {
    local code=$1
    shift
    printf 'native-build: %s\n' "$@" >&2
    exit "$code"
}

wrong_usage() { fail "$exit_usage" "$1" "See ./native-build.sh --help."; }

# at_least VERSION FLOOR: both are MAJOR.MINOR
at_least() {
    local major=${1%%.*} minor=${1#*.}
    local floor_major=${2%%.*} floor_minor=${2#*.}
    ((major > floor_major || (major == floor_major && minor >= floor_minor)))
}

# An engine that hangs (a remote one that is gone) is as good as none.
answers() {
    if command -v timeout >/dev/null; then
        timeout 30 "$@" >/dev/null 2>&1
    else
        "$@" >/dev/null 2>&1
    fi
}

#--- what was asked for -----------------------------------------------------------------------

want_image=yes image=registry-backup:latest image_named=no push=no
asked_engine='' container=no builder_image='' skip_tests=no
maven_arguments=()

parse_arguments() {
    local option value
    while (($#)); do
        option=$1
        shift
        case $option in
            --image=* | --engine=* | --builder-image=*)
                value=${option#*=} option=${option%%=*}
                ;;
            --image | --engine | --builder-image)
                (($#)) || wrong_usage "$option needs a value."
                value=$1
                shift
                ;;
            *) value='' ;;
        esac
        case $option in
            --executable-only) want_image=no ;;
            --image) image=$value image_named=yes ;;
            --push) push=yes ;;
            --engine) asked_engine=$value ;;
            --container) container=yes ;;
            --builder-image) builder_image=$value container=yes ;;
            --skip-tests) skip_tests=yes ;;
            -h | --help)
                usage
                exit 0
                ;;
            --)
                maven_arguments=("$@")
                break
                ;;
            *) wrong_usage "Unknown option: $option" ;;
        esac
        case $option in
            --image | --engine | --builder-image)
                [[ -n $value && $value != -* ]] || wrong_usage "$option needs a value."
                ;;
        esac
    done

    case $asked_engine in
        '' | podman | docker) ;;
        *) wrong_usage "Unknown container engine: $asked_engine. It is podman or docker." ;;
    esac
    if [[ $want_image == no ]]; then
        [[ $push == no ]] || wrong_usage "--push has nothing to push with --executable-only."
        [[ $image_named == no ]] || wrong_usage "--image names nothing with --executable-only."
    fi
    # Without a host the engines push to a public registry, under a name that is somebody else's.
    if [[ $push == yes && ! $image =~ ^([^/]*[.:][^/]*|localhost)/ ]]; then
        wrong_usage "--push needs an --image that begins with a registry's host: $image does not."
    fi
}

#--- what there is ----------------------------------------------------------------------------

graalvm='' graalvm_version=''   # path of native-image, and the line in which it names itself
reasons=()                      # why what was looked at will not do

# Says whether a native-image is new enough, and keeps its version line or the reason against it.
# Since JDK 17.0.7 and 20.0.1 the line is "native-image JDK-VERSION DATE"; before, it held the
# version of GraalVM ("GraalVM 22.3.0 Java 17 CE ...") or Mandrel ("native-image 22.3.0.1-Final
# Mandrel Distribution ..."). So a 22 is JDK 22 with a date after it, and GraalVM 22 without.
new_enough() {
    local output line
    output=$("$1" --version 2>/dev/null) || {
        reasons+=("$1 --version fails.")
        return 1
    }
    while IFS= read -r line; do
        if [[ $line =~ ^native-image\ ([0-9]+)[^\ ]*\ [0-9]{4}-[0-9]{2}-[0-9]{2} ]]; then
            graalvm_version=$line
            ((BASH_REMATCH[1] >= oldest_jdk)) && return 0
        elif [[ $line =~ ^(GraalVM|native-image)\ (Version\ )?([0-9]+\.[0-9]+) ]]; then
            graalvm_version=$line
            at_least "${BASH_REMATCH[3]}" "$oldest_graalvm" && return 0
        else
            continue
        fi
        reasons+=("$1 is too old: \"$line\". It takes GraalVM or Mandrel $oldest_graalvm, that is JDK $oldest_jdk, or newer.")
        return 1
    done <<<"$output"
    reasons+=("$1 --version does not read like a native-image's.")
    return 1
}

find_graalvm() {
    local variable home candidate looked_at=''
    for variable in GRAALVM_HOME JAVA_HOME PATH; do
        if [[ $variable == PATH ]]; then
            candidate=$(command -v native-image) || continue
        else
            home=${!variable:-}
            [[ -n $home ]] || continue
            candidate=$home/bin/native-image
            if [[ ! -x $candidate ]]; then
                # A JAVA_HOME without native-image is any JDK; a GRAALVM_HOME without it is a mistake.
                [[ $variable == JAVA_HOME ]] || reasons+=("GRAALVM_HOME is set, but $candidate is not there.")
                continue
            fi
        fi
        [[ :$looked_at: != *":$candidate:"* ]] || continue
        looked_at+=:$candidate
        if new_enough "$candidate"; then
            if [[ $(uname -s) == Linux ]] && ! command -v gcc >/dev/null; then
                reasons+=("$candidate cannot link: it takes gcc, and the headers of glibc and zlib.")
                continue
            fi
            graalvm=$candidate
            say "found $graalvm_version at $graalvm (by $variable)"
            return 0
        fi
    done
    return 1
}

engine=''

find_engine() {
    local candidate
    for candidate in ${asked_engine:-podman docker}; do
        if ! command -v "$candidate" >/dev/null; then
            [[ -z $asked_engine ]] || reasons+=("$candidate is not on the PATH.")
        elif answers "$candidate" info; then
            engine=$candidate
            say "found $engine, and it answers"
            return 0
        else
            reasons+=("$candidate is installed, but \"$candidate info\" fails: is its service running?")
        fi
    done
    return 1
}

# Decides where to compile, or ends here, before Maven has done anything.
choose_toolchain() {
    local need_engine=no
    if [[ $container == yes || $push == yes || ($want_image == yes && -n $asked_engine) ]]; then
        need_engine=yes
    fi

    [[ $container == yes ]] || find_graalvm || true
    if [[ $want_image == yes || -z $graalvm || $need_engine == yes ]]; then
        find_engine || true
    fi
    local reason
    for reason in ${reasons[@]+"${reasons[@]}"}; do
        printf 'native-build: %s\n' "$reason" >&2
    done

    if [[ -z $graalvm && -z $engine && $container == no ]]; then
        fail "$exit_no_toolchain" \
            "There is nothing to compile a native executable with. Install one of these:" \
            "  - GraalVM or Mandrel $oldest_graalvm or newer (JDK $oldest_jdk or newer), and set GRAALVM_HOME to it, or" \
            "  - podman or docker, such that \"podman info\" or \"docker info\" succeeds."
    fi
    if [[ $need_engine == yes && -z $engine ]]; then
        fail "$exit_no_toolchain" \
            "What was asked for takes a container engine, and there is none that answers." \
            "Install podman or docker, such that \"podman info\" or \"docker info\" succeeds."
    fi
    # A local GraalVM compiles for the system it runs on, and an image holds Linux programs.
    if [[ $want_image == yes && -n $graalvm && -n $engine && $(uname -s) != Linux ]]; then
        say "an image needs a Linux executable: compiling in the builder image"
        graalvm=''
    fi
}

check_maven() {
    local output
    command -v mvn >/dev/null ||
        fail "$exit_maven" "mvn is not on the PATH. Install Maven $oldest_maven or newer."
    output=$(mvn --version 2>&1) || fail "$exit_maven" "mvn --version fails:" "$output"
    [[ $output =~ Apache\ Maven\ ([0-9]+\.[0-9]+) ]] ||
        fail "$exit_maven" "mvn --version does not read like Maven's:" "$output"
    at_least "${BASH_REMATCH[1]}" "$oldest_maven" ||
        fail "$exit_maven" "Maven ${BASH_REMATCH[1]} is too old. Install Maven $oldest_maven or newer."
}

#--- the work ---------------------------------------------------------------------------------

executable=''

compile() {
    local arguments=(-B -ntp -Dquarkus.native.enabled=true)
    if [[ $skip_tests == yes ]]; then
        arguments+=(package -DskipTests)
    elif [[ $(uname -s) == Linux ]]; then
        # The unit tests on the JVM, and then what asks over HTTP and on the command line, of the executable.
        arguments+=(verify "-Dit.test=$tests_of_the_executable")
    else
        arguments+=(package)   # the executable is Linux', and does not run here
    fi
    if [[ -n $graalvm ]]; then
        say "compiling with the local GraalVM"
        # Quarkus looks for itself, in the same order but without judging what it finds.
        case $graalvm in
            */bin/native-image) export GRAALVM_HOME=${graalvm%/bin/native-image} ;;
            *) unset GRAALVM_HOME ;;
        esac
        arguments+=(-Dquarkus.native.container-build=false)
    else
        say "compiling in the builder image ${builder_image:-that Quarkus chooses}, with $engine"
        arguments+=(-Dquarkus.native.container-build=true "-Dquarkus.native.container-runtime=$engine")
        [[ -z $builder_image ]] || arguments+=("-Dquarkus.native.builder-image=$builder_image")
    fi

    rm -f target/*-runner   # of an earlier version: the Dockerfile takes just one
    mvn "${arguments[@]}" ${maven_arguments[@]+"${maven_arguments[@]}"} ||
        fail "$exit_build" "Maven failed: what it says is above."

    local found=(target/*-runner)
    [[ -f ${found[0]} ]] || fail "$exit_build" "Maven ended well, but left no target/*-runner."
    executable=${found[0]}
    say "built $executable"
}

# An executable linked against a newer glibc than the image has would not start in it.
check_glibc() {
    local needed
    [[ -n $graalvm ]] || return 0
    needed=$(grep -aoE 'GLIBC_2\.[0-9]+' "$executable" | sort -u -t. -k2,2n | tail -n 1) || true
    needed=${needed#GLIBC_}
    if [[ -n $needed ]] && ! at_least "$base_image_glibc" "$needed"; then
        fail "$exit_no_image" \
            "No image was made: $executable takes glibc $needed, and the image has $base_image_glibc." \
            "Compile in the builder image instead: ./native-build.sh --container"
    fi
}

build_image() {
    if [[ -z $engine ]]; then
        fail "$exit_no_image" \
            "No image was made of $executable: that takes podman or docker, and neither answers." \
            "With --executable-only this is no failure."
    fi
    check_glibc
    local arguments=()
    [[ -z ${RCLONE_DOWNLOADS:-} ]] || arguments+=(--build-arg "RCLONE_DOWNLOADS=$RCLONE_DOWNLOADS")
    "$engine" build -f "$dockerfile" -t "$image" ${arguments[@]+"${arguments[@]}"} . ||
        fail "$exit_image" "$engine could not build $image: what it says is above."
    say "built the image $image"
    if [[ $push == yes ]]; then
        "$engine" push "$image" || fail "$exit_image" "$engine could not push $image: what it says is above."
        say "pushed $image"
    fi
}

main() {
    parse_arguments "$@"
    cd "$(dirname "${BASH_SOURCE[0]}")"
    choose_toolchain
    check_maven
    if [[ $want_image == yes && -z $engine ]]; then
        say "no container engine answers: there will be an executable, but no image"
    fi
    compile
    [[ $want_image == no ]] || build_image
}

main "$@"
