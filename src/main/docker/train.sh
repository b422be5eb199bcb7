#!/usr/bin/env bash
# Records which classes the program loads, and how, so that a JVM starts with them at hand: starts it, has it take
# a few events, and stops it. Run by Dockerfile.jvm with the image's own JDK, since a cache serves no
# other build of a JVM, and by the build's integration tests, which then start faster.
#
#   train.sh CACHE PROGRAM.jar [JAVA]
#
# CACHE is the file that gets the cache: for -XX:AOTCache from JDK 25 on (JEP 514), for -XX:SharedArchiveFile
# before. The JAR has to stay where it is, as it is: a JVM compares its path, size and time. JAVA is the java to run,
# otherwise the one on the PATH. There is no store: the program finds nobody where it looks for one, at a closed port
# of loopback, and answers so. Exits with 1 where it leaves no cache.
set -euo pipefail

readonly cache=${1:?the file that gets the cache is missing} jar=${2:?the program is missing} java=${3:-java}
scratch=$(mktemp -d)
service=''
finish() {
    [[ -z $service ]] || kill -KILL "$service" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    printf 'train: %s\n' "$@" >&2
    [[ ! -s $scratch/log ]] || { echo 'train: the program said:' && tail -n 40 "$scratch/log"; } >&2
    exit 1
}

# Any free port will do. Nothing listens on 9, discard, of a machine that builds images.
port=0
for candidate in 18080 28080 38080 48080 58080; do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then
        port=$candidate
        break
    fi
done
((port > 0)) || fail "Found no free port of loopback among 18080 to 58080."

export REGISTRY_ENDPOINT=http://127.0.0.1:9 REGISTRY_REGION=us-east-1 REGISTRY_BUCKET=registry
export REGISTRY_ACCESS_KEY=training REGISTRY_SECRET_KEY=training
export BACKUP_ENDPOINT=http://127.0.0.1:9 BACKUP_REGION=us-east-1 BACKUP_BUCKET=backup
export BACKUP_ACCESS_KEY=training BACKUP_SECRET_KEY=training
export QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=$port SERVICE_ROLE=replicate EVENTS_ANSWER_WITHIN=3s
# A cluster's or a proxy's settings would lead it somewhere.
unset KUBERNETES_SERVICE_HOST K_SERVICE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY JAVA_TOOL_OPTIONS

version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')
option=-XX:ArchiveClassesAtExit=$cache
((version < 25)) || option=-XX:AOTCacheOutput=$cache

# ask METHOD PATH BODY [HEADER...]: prints the answer's status, or nothing where there is none
ask() {
    local method=$1 path=$2 body=$3 header status=''
    shift 3
    (
        exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 0
        printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n' "$method" "$path" >&3
        for header in "$@"; do printf '%s\r\n' "$header" >&3; done
        printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
        read -r _ status _ <&3 || true
        cat <&3 >/dev/null || true
        printf '%s' "$status"
    ) 2>/dev/null
}

"$java" "$option" -Djava.util.logging.manager=org.jboss.logmanager.LogManager -jar "$jar" >"$scratch/log" 2>&1 &
service=$!

for ((tenths = 0; ; tenths++)); do
    [[ $(ask GET /q/health/ready '') != 200 ]] || break
    kill -0 "$service" 2>/dev/null || fail "The program ended before it was ready."
    ((tenths < 600)) || fail "The program was not ready within a minute."
    sleep 0.1
done

readonly key='docker/registry/v2/blobs/sha256/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/data'
readonly notification='{"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","eventTime":"2026-01-01T00:00:00.000Z","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"registry"},"object":{"key":"'$key'","size":0}}}]}'
for event in 1 2 3; do
    # Neither store answers, so that neither a copy nor a record can be made of it: to be sent again.
    for path in / /notification; do
        status=$(ask POST "$path" "$notification" 'Content-Type: application/json' "ce-id: $event" 'ce-specversion: 1.0' \
            'ce-type: com.amazonaws.ObjectCreated:Put' 'ce-source: training')
        [[ $status == 503 ]] || fail "An event at $path was answered '$status' where it can be neither copied nor recorded: expected 503."
    done
done
ask GET /q/metrics '' >/dev/null

kill -TERM "$service"
wait "$service" || (($? == 143)) || fail "The program ended with $? when it was told to stop."
service=''
[[ -s $cache ]] || fail "The program stopped, but left no $cache."
printf 'train: %s is there, for Java %s\n' "$cache" "$version"
