#!/usr/bin/env bash
# Tests native-build.sh's decisions, with shims for native-image, podman, docker, gcc and mvn on a
# PATH of their own: whatever of these is installed here is out of sight. Takes no arguments.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
readonly project
scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf "$scratch"' EXIT

# The only ordinary commands that the script under test and the shims may find. timeout is not
# everywhere, and the script does without; the system is Linux unless a case says otherwise.
mkdir "$scratch/tools"
for tool in bash cat dirname grep mkdir rm sort tail timeout; do
    path=$(command -v "$tool") || continue
    ln -s "$path" "$scratch/tools/$tool"
done
printf '#!/usr/bin/env bash\necho Linux\n' >"$scratch/tools/uname"
chmod +x "$scratch/tools/uname"

readonly mandrel_23_1='native-image 21.0.1 2023-10-17
OpenJDK Runtime Environment Mandrel-23.1.1.0-Final (build 21.0.1+12-LTS)
OpenJDK 64-Bit Server VM Mandrel-23.1.1.0-Final (build 21.0.1+12-LTS, mixed mode)'
readonly graalvm_25='native-image 25 2025-09-16
GraalVM Runtime Environment GraalVM CE 25+37.1 (build 25+37-jvmci-b01)
Substrate VM GraalVM CE 25+37.1 (build 25+37, serial gc, compressed references)'
readonly graalvm_23_0='native-image 17.0.7 2023-04-18
GraalVM Runtime Environment GraalVM CE 17.0.7+7.1 (build 17.0.7+7-jvmci-23.0-b12)
Substrate VM GraalVM CE 17.0.7+7.1 (build 17.0.7+7, serial gc)'
readonly graalvm_22_3='GraalVM 22.3.0 Java 17 CE (Java Version 17.0.5+8-jvmci-22.3-b08)'
readonly mandrel_22_3='native-image 22.3.0.1-Final Mandrel Distribution (Java Version 17.0.5+8)'

#--- givens: each puts something into the case's own folder -------------------------------------

# shim FILE: an executable from standard input; it writes down how it was called
shim() {
    mkdir -p "$(dirname "$1")"
    {
        echo '#!/usr/bin/env bash'
        # shellcheck disable=SC2016 # expands in the shim
        echo 'echo "${0##*/} $*" >>"$CALLS"'
        cat
    } >"$1"
    chmod +x "$1"
}

# a_native_image FOLDER VERSION-OUTPUT
a_native_image() { shim "$here/$1/native-image" <<<"cat <<'OUT'"$'\n'"$2"$'\n'"OUT"; }

# an_engine NAME [FAILING-SUBCOMMAND]
an_engine() { shim "$here/bin/$1" <<<"[[ \$1 != '${2:-}' ]]"; }

a_gcc() { shim "$here/bin/gcc" <<<:; }

# a_maven [VERSION [EXECUTABLE'S-CONTENT]]: a build makes target/app-1.0-runner
a_maven() {
    shim "$here/bin/mvn" <<SHIM
if [[ \$1 == --version ]]; then
    # coloured, as Maven is on a terminal
    printf '\033[1mApache Maven %s\033[m\nMaven home: /usr/share/maven\n' '${1:-3.8.7}'
else
    echo "GRAALVM_HOME=\${GRAALVM_HOME:-}" >>"\$CALLS"
    mkdir -p target
    echo '${2:-GLIBC_2.2.5 GLIBC_2.34}' >target/app-1.0-runner
fi
SHIM
}

# a_maven_that COMMAND: what it does when it is to build
a_maven_that() { shim "$here/bin/mvn" <<<"[[ \$1 != --version ]] || { echo Apache Maven 3.9.9; exit; }; $1"; }

a_system() { shim "$here/bin/uname" <<<"echo $1"; }

#--- when ---------------------------------------------------------------------------------------

# build [VARIABLE=VALUE]... [ARGUMENT]...: runs the script and nothing else, with these settings
build() {
    local settings=()
    while (($#)) && [[ $1 =~ ^[A-Z_]+= ]]; do
        settings+=("$1")
        shift
    done
    status=0
    said=$(cd "${from:-$here/project}" && env -i ${settings[@]+"${settings[@]}"} CALLS="$here/calls" \
        PATH="$here/bin:$scratch/tools" "$here/project/native-build.sh" "$@" 2>&1) || status=$?
    called=$(cat "$here/calls")
}

#--- thens --------------------------------------------------------------------------------------

complaints=''
complain() { complaints+="    $1"$'\n'; }

exits_with() { [[ $status == "$1" ]] || complain "exit code is $status, not $1"; }
says() { [[ $said == *"$1"* ]] || complain "does not say: $1"; }
says_not() { [[ $said != *"$1"* ]] || complain "says: $1"; }
calls() { [[ $'\n'$called$'\n' == *$'\n'"$1"* ]] || complain "does not call: $1"; }
calls_not() { [[ $'\n'$called$'\n' != *$'\n'"$1"* ]] || complain "calls: $1"; }
hands_to_maven() { [[ $(maven_call) == *" $1 "* ]] || complain "does not hand to Maven: $1"; }
hands_not_to_maven() { [[ $(maven_call) != *" $1 "* ]] || complain "hands to Maven: $1"; }
maven_call() { grep -E '^mvn .* (package|verify)( |$)' <<<"$called" | sed 's/$/ /' || true; }
leaves_an_executable() { [[ -f $here/project/target/app-1.0-runner ]] || complain "leaves no executable"; }

#--- cases --------------------------------------------------------------------------------------

passed=0 failed=0

# it SENTENCE CASE: runs the case in a folder of its own
it() {
    here=$scratch/case-$((passed + failed)) complaints='' from=''
    mkdir -p "$here/bin" "$here/project"
    : >"$here/calls"
    cp "$project/native-build.sh" "$here/project"
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
        echo '    called:'
        printf '%s\n' "$called" | sed 's/^/      /'
    fi
}

help_tells_options_and_exit_codes() {
    build --help
    exits_with 0
    local word
    for word in --executable-only --image --push --engine --container --builder-image --skip-tests \
        'Exit codes:' GRAALVM_HOME RCLONE_DOWNLOADS; do
        says "$word"
    done
    calls_not mvn
}
it "prints its options and exit codes on --help, and does nothing" help_tells_options_and_exit_codes

refuses() {
    local message=$1
    shift
    a_maven; an_engine podman
    build "$@"
    exits_with 2
    says "$message"
    calls_not mvn
    calls_not podman
}
unknown_option() { refuses 'Unknown option: --imgae' --imgae x; }
it "refuses an unknown option" unknown_option

missing_value() { refuses '--image needs a value' --image; }
it "refuses an option without its value" missing_value

option_as_value() { refuses '--image needs a value' --image --push; }
it "refuses an option in the place of a value" option_as_value

empty_value() { refuses '--builder-image needs a value' --builder-image=; }
it "refuses an empty value" empty_value

unknown_engine() { refuses 'Unknown container engine: nerdctl' --engine nerdctl; }
it "refuses an engine that it does not know" unknown_engine

push_without_image() { refuses 'nothing to push' --push --executable-only; }
it "refuses to push where no image is wanted" push_without_image

name_without_image() { refuses 'names nothing' --image a:b --executable-only; }
it "refuses an image's name where no image is wanted" name_without_image

push_without_host() { refuses 'begins with a registry' --push --image team/registry-backup:1; }
it "refuses to push a name without a registry's host" push_without_host

nothing_there() {
    a_maven
    build
    exits_with 3
    says 'Install one of these'
    says 'GraalVM or Mandrel 23.1 or newer'
    says 'podman or docker'
    calls_not mvn
}
it "fails before Maven starts where there is neither GraalVM nor engine" nothing_there

client_without_service() {
    a_maven; an_engine docker info
    build
    exits_with 3
    says '"docker info" fails'
    calls_not mvn
}
it "takes a docker client whose service does not answer for no engine" client_without_service

too_old() {
    a_maven; a_gcc; a_native_image jdk/bin "$1"
    build GRAALVM_HOME="$here/jdk"
    exits_with 3
    says 'is too old'
    says 'It takes GraalVM or Mandrel 23.1, that is JDK 21, or newer'
    calls_not mvn
}
old_graalvm() { too_old "$graalvm_22_3"; }
it "refuses GraalVM 22.3" old_graalvm

old_mandrel() { too_old "$mandrel_22_3"; }
it "refuses Mandrel 22.3, whose version is not that of a JDK 22" old_mandrel

old_jdk() { too_old "$graalvm_23_0"; }
it "refuses GraalVM 23.0, which names its JDK 17" old_jdk

no_version() {
    a_maven; a_gcc; a_native_image jdk/bin 'hello'
    build GRAALVM_HOME="$here/jdk"
    exits_with 3
    says "does not read like a native-image's"
    calls_not mvn
}
it "refuses a native-image that does not tell its version" no_version

broken() {
    a_maven; a_gcc; shim "$here/jdk/bin/native-image" <<<'exit 1'
    build GRAALVM_HOME="$here/jdk"
    exits_with 3
    says 'native-image --version fails'
    calls_not mvn
}
it "refuses a native-image that fails" broken

local_compile() {
    exits_with 0
    says "found ${1%%$'\n'*}"
    calls "GRAALVM_HOME=$2"
    hands_to_maven -Dquarkus.native.enabled=true
    hands_to_maven -Dquarkus.native.container-build=false
    calls 'podman build -f src/main/docker/Dockerfile.native -t registry-backup:latest .'
    calls_not 'podman push'
    leaves_an_executable
}
by_graalvm_home() {
    a_maven; a_gcc; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk"
    local_compile "$mandrel_23_1" "$here/jdk"
    says 'by GRAALVM_HOME'
}
it "compiles with the Mandrel 23.1 of GRAALVM_HOME, and builds the image" by_graalvm_home

by_java_home() {
    a_maven; a_gcc; an_engine podman; a_native_image jdk/bin "$graalvm_25"
    build JAVA_HOME="$here/jdk"
    local_compile "$graalvm_25" "$here/jdk"
    says 'by JAVA_HOME'
}
it "compiles with the GraalVM 25 of JAVA_HOME, and builds the image" by_java_home

by_path() {
    a_maven; a_gcc; an_engine podman; a_native_image bin "$graalvm_25"
    build
    local_compile "$graalvm_25" "$here"
    says 'by PATH'
}
it "compiles with the native-image of the PATH, and builds the image" by_path

next_best() {
    a_maven; a_gcc; an_engine podman
    a_native_image old/bin "$graalvm_22_3"; a_native_image bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/old" JAVA_HOME="$here/a-plain-jdk"
    local_compile "$mandrel_23_1" "$here"
    says 'is too old'
}
it "passes over a GRAALVM_HOME that is too old, and hands Quarkus the newer one" next_best

empty_home() {
    a_maven; an_engine podman
    build GRAALVM_HOME="$here/none"
    exits_with 0
    says "GRAALVM_HOME is set, but $here/none/bin/native-image is not there"
    hands_to_maven -Dquarkus.native.container-build=true
}
it "says so where GRAALVM_HOME holds no native-image" empty_home

no_linker() {
    a_maven; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk"
    exits_with 0
    says 'it takes gcc'
    hands_to_maven -Dquarkus.native.container-build=true
}
it "compiles in the builder image where the local GraalVM has no gcc" no_linker

no_engine() {
    a_maven; a_gcc; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk"
    exits_with 5
    says 'there will be an executable, but no image'
    says 'No image was made of target/app-1.0-runner'
    leaves_an_executable
}
it "leaves an executable and exits with 5 where no engine can make the image" no_engine

executable_only() {
    a_maven; a_gcc; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --executable-only
    exits_with 0
    leaves_an_executable
    says_not 'no image'
    calls_not podman
}
it "asks no engine for --executable-only with a local GraalVM" executable_only

newer_glibc() {
    a_maven 3.8.7 'GLIBC_2.4 GLIBC_2.38 GLIBC_2.34'; a_gcc; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk"
    exits_with 5
    says 'takes glibc 2.38, and the image has 2.34'
    says --container
    calls_not 'podman build'
}
it "makes no image of an executable that needs a newer glibc than the image has" newer_glibc

builder_image_build() {
    exits_with 0
    hands_to_maven -Dquarkus.native.enabled=true
    hands_to_maven -Dquarkus.native.container-build=true
    hands_to_maven "-Dquarkus.native.container-runtime=$1"
    calls "$1 build -f src/main/docker/Dockerfile.native -t registry-backup:latest ."
}
podman_alone() {
    a_maven; an_engine podman
    build
    builder_image_build podman
    says 'found podman'
    [[ $(maven_call) != *builder-image* ]] || complain 'chooses a builder image itself'
}
it "compiles in Quarkus' builder image with podman where there is no GraalVM" podman_alone

docker_alone() {
    a_maven; an_engine docker
    build
    builder_image_build docker
}
it "compiles in the builder image with docker where there is no podman" docker_alone

podman_silent() {
    a_maven; an_engine podman info; an_engine docker
    build
    builder_image_build docker
    says '"podman info" fails'
}
it "takes docker where podman does not answer" podman_silent

engine_chosen() {
    a_maven; an_engine podman; an_engine docker
    build --engine=docker
    builder_image_build docker
    calls_not podman
}
it "takes the engine it is told to" engine_chosen

engine_chosen_silent() {
    a_maven; a_gcc; an_engine podman info; an_engine docker; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --engine podman
    exits_with 3
    says '"podman info" fails'
    calls_not mvn
    calls_not docker
}
it "fails where the engine it is told to take does not answer, whatever else does" engine_chosen_silent

engine_chosen_missing() {
    a_maven; an_engine docker
    build --engine podman
    exits_with 3
    says 'podman is not on the PATH'
    calls_not mvn
}
it "fails where the engine it is told to take is not there" engine_chosen_missing

builder_chosen() {
    a_maven; a_gcc; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --builder-image registry.example/mandrel:jdk-25
    builder_image_build podman
    hands_to_maven -Dquarkus.native.builder-image=registry.example/mandrel:jdk-25
    calls_not native-image
}
it "compiles in the builder image it is told to, past a local GraalVM" builder_chosen

container_chosen() {
    a_maven; a_gcc; an_engine podman; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --container
    builder_image_build podman
    calls_not native-image
}
it "compiles in the builder image for --container, past a local GraalVM" container_chosen

container_impossible() {
    a_maven; a_gcc; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --container --executable-only
    exits_with 3
    says 'takes a container engine'
    calls_not mvn
}
it "fails before Maven starts for --container without an engine" container_impossible

other_system() {
    a_maven; a_gcc; an_engine docker; a_native_image jdk/bin "$mandrel_23_1"; a_system Darwin
    build GRAALVM_HOME="$here/jdk"
    builder_image_build docker
    says 'an image needs a Linux executable'
}
it "compiles in the builder image on another system than Linux, for the image" other_system

other_system_only() {
    a_maven; an_engine docker; a_native_image jdk/bin "$mandrel_23_1"; a_system Darwin
    build GRAALVM_HOME="$here/jdk" --executable-only
    exits_with 0
    hands_to_maven -Dquarkus.native.container-build=false
}
it "compiles with the local GraalVM on another system, for the executable only" other_system_only

runs_tests() {
    a_maven; an_engine podman
    build
    exits_with 0
    hands_not_to_maven -DskipTests
    hands_to_maven verify
}
it "runs the tests, and those over HTTP against the executable" runs_tests

runs_no_foreign_executable() {
    a_maven; an_engine podman; a_system Darwin
    build
    exits_with 0
    hands_not_to_maven -DskipTests
    hands_to_maven package
}
it "does not run a Linux executable elsewhere" runs_no_foreign_executable

skips_tests() {
    a_maven; an_engine podman
    build --skip-tests
    exits_with 0
    hands_to_maven -DskipTests
}
it "skips the tests for --skip-tests" skips_tests

more_arguments() {
    a_maven; an_engine podman
    build --skip-tests -- -o --fail-fast
    exits_with 0
    hands_to_maven '-o --fail-fast'
}
it "hands what follows -- to Maven" more_arguments

image_named() {
    a_maven; an_engine podman
    build --image team/backup:7
    exits_with 0
    calls 'podman build -f src/main/docker/Dockerfile.native -t team/backup:7 .'
    calls_not 'podman push'
}
it "names the image as it is told to" image_named

downloads_from_a_mirror() {
    a_maven; an_engine podman
    build RCLONE_DOWNLOADS=https://mirror.example/rclone
    exits_with 0
    calls 'podman build -f src/main/docker/Dockerfile.native -t registry-backup:latest --build-arg RCLONE_DOWNLOADS=https://mirror.example/rclone .'
}
it "has the image's build fetch rclone from the mirror that it is told" downloads_from_a_mirror

pushes() {
    a_maven; an_engine podman
    build --push --image registry.example:5000/backup:7
    exits_with 0
    calls 'podman push registry.example:5000/backup:7'
    says 'pushed registry.example:5000/backup:7'
}
it "pushes the image for --push" pushes

cannot_push() {
    a_maven; a_gcc; a_native_image jdk/bin "$mandrel_23_1"
    build GRAALVM_HOME="$here/jdk" --push --image localhost/backup
    exits_with 3
    calls_not mvn
}
it "fails before Maven starts for --push without an engine" cannot_push

from_elsewhere() {
    a_maven; an_engine podman; from=$scratch
    build
    exits_with 0
    leaves_an_executable
}
it "works from any folder" from_elsewhere

leftover() {
    a_maven; an_engine podman; mkdir "$here/project/target"; : >"$here/project/target/app-0.9-runner"
    build
    exits_with 0
    [[ ! -e $here/project/target/app-0.9-runner ]] || complain 'leaves the runner of an earlier version'
}
it "removes the executable of an earlier version" leftover

no_maven() {
    an_engine podman
    build
    exits_with 4
    says 'mvn is not on the PATH'
}
it "fails without Maven" no_maven

old_maven() {
    a_maven 3.6.3; an_engine podman
    build
    exits_with 4
    says 'Maven 3.6 is too old'
    [[ -z $(maven_call) ]] || complain 'builds'
}
it "fails with Maven 3.6" old_maven

ten_is_more() {
    a_maven 3.10.0; an_engine podman
    build
    exits_with 0
}
it "takes 3.10 for newer than 3.8" ten_is_more

next_maven() {
    a_maven 4.0.0-rc-5; an_engine podman
    build
    exits_with 0
}
it "takes Maven 4" next_maven

maven_without_java() {
    shim "$here/bin/mvn" <<<'echo JAVA_HOME is not defined correctly; exit 1'; an_engine podman
    build
    exits_with 4
    says 'JAVA_HOME is not defined correctly'
}
it "shows why Maven cannot start" maven_without_java

maven_fails() {
    a_maven_that 'exit 1'; an_engine podman
    build
    exits_with 6
    says 'Maven failed'
    calls_not 'podman build'
}
it "exits with 6 where Maven fails" maven_fails

maven_leaves_nothing() {
    a_maven_that 'exit 0'; an_engine podman
    build
    exits_with 6
    says 'left no target/*-runner'
    calls_not 'podman build'
}
it "exits with 6 where Maven leaves no executable" maven_leaves_nothing

image_fails() {
    a_maven; an_engine podman build
    build
    exits_with 7
    says 'podman could not build registry-backup:latest'
    leaves_an_executable
}
it "exits with 7 where the image cannot be built" image_fails

push_fails() {
    a_maven; an_engine podman push
    build --push --image localhost/backup
    exits_with 7
    says 'podman could not push localhost/backup'
}
it "exits with 7 where the image cannot be pushed" push_fails

echo "native-build: $passed passed, $failed failed"
((failed == 0))
