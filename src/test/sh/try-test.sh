#!/usr/bin/env bash
# Tests knative/overlays/kind/try with shims for all that it calls, which record how they are called. Takes no arguments.
# It has never run with a real kind.
# shellcheck disable=SC2016 # expands in the shims
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/tools" "$scratch/bin"
for tool in sh bash env awk cat dirname grep head jq kill mkfifo mktemp rm sed tr; do
    ln -s "$(command -v "$tool")" "$scratch/tools/$tool"
done

# shim NAME BODY: an executable that records its call and runs BODY; it fails if it is called with what is in FAIL
shim() {
    printf '#!/usr/bin/env bash\necho "%s $*" >>"$CALLS"\n[[ -z $FAIL || "%s $*" != *"$FAIL"* ]] || exit 1\n%s\n' \
        "$1" "$1" "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}
for tool in kind docker mvn skopeo; do shim "$tool" ''; done
shim kubectl 'case " $* " in
    *" create token "*) echo token ;;
    *" get pods "*) echo pod/one ;;
    *" port-forward "*) echo $$ >>"$CALLS.forwards"; echo "Forwarding from 127.0.0.1:4711 -> 8080"; exec '"$(command -v sleep)"' 60 ;;
esac'
shim curl 'cat >/dev/null
url=${!#}
while (($#)); do [[ $1 == --output ]] && output=$2; shift; done
case $url in
    */preflight) answer="{\"ready\":true,\"checks\":[]}" ;;
    */catalog*) answer="{\"images\":[{\"digest\":\"sha256:1\",\"restorable\":true}],\"tags\":[{\"tag\":\"1\",\"digest\":\"sha256:1\"}]}" ;;
    */v2/) exit 0 ;;
    *) answer="{\"id\":\"a\",\"kind\":\"k\",\"state\":\"$STATE\",\"objects\":{},\"bytes\":{},\"findings\":{\"counts\":{},\"first\":[]}}" ;;
esac
echo "$answer" >"$output"
echo 200'

failed=0
check() {
    if ! "${@:2}"; then
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n%s\n' "$1" "$output" "$(cat "$scratch/calls")"
    fi
}
# runs COMMAND [STATE [FAIL]]: how operations end, and which call fails
runs() {
    : >"$scratch/calls"
    : >"$scratch/calls.forwards"
    status=0
    output=$(env -i CALLS="$scratch/calls" STATE="${2:-succeeded}" FAIL="${3:-}" TMPDIR="$scratch" \
        PATH="$scratch/bin:$scratch/tools" sh "$project/knative/overlays/kind/try" ${1:+"$1"} 2>&1 </dev/null) || status=$?
}
ends_with() { [[ $status == "$1" ]]; }
# calls TEXT...: in this order
calls() {
    local text all
    all=$(cat "$scratch/calls")
    for text in "$@"; do
        [[ $all == *"$text"* ]] || return 1
        all=${all#*"$text"}
    done
}
calls_not() { ! grep -qF -- "$1" "$scratch/calls"; }
never_calls_another_cluster() { ! grep ^kubectl "$scratch/calls" | grep -qvF -- '--context kind-registry-backup'; }
leaves_no_port_forward() {
    local pid
    while read -r pid; do
        ! kill -0 "$pid" 2>/dev/null || return 1
    done <"$scratch/calls.forwards"
}

runs ''
check "without a command it shows its help" ends_with 2
check "without a command it does nothing" calls_not ' '

runs up
check "up succeeds" ends_with 0
check "up makes the cluster, Knative, the image and all of the overlay, and checks it" calls \
    'kind create cluster --name registry-backup' serving-crds.yaml serving-core.yaml kourier.yaml \
    'mvn ' 'docker build ' 'kind load docker-image' 'apply -k knative/overlays/kind' 'job/buckets' 'ksvc' /preflight
check "up calls no other cluster" never_calls_another_cluster

runs up succeeded 'docker build'
check "up ends where something fails" ends_with 1
check "up applies nothing without an image" calls_not 'apply -k'

for command in push restore; do
    runs "$command"
    check "$command succeeds" ends_with 0
    check "$command calls no other cluster" never_calls_another_cluster
    check "$command leaves no port-forward behind" leaves_no_port_forward
    runs "$command" incomplete
    check "$command fails if the backup is not whole" ends_with 1
done

runs push
check "push verifies and shows what it pushed" calls 'skopeo copy' ':5000/demo/busybox:1' /verify '/catalog?repository=demo/busybox'
runs wipe
check "wipe deletes what the registry has, and what it remembers" calls \
    'exec deployment/store -- rm -rf /data/image-registry/docker' 'rollout restart deployment/registry'
check "wipe leaves the backup" calls_not image-registry-backup
check "wipe calls no other cluster" never_calls_another_cluster
runs restore
check "restore restores and then pulls" calls /restore 'skopeo copy --src-tls-verify=false docker://localhost:5000/demo/busybox:1'
runs down
check "down deletes this cluster only" calls 'kind delete cluster --name registry-backup'

echo "try: $failed failed"
((failed == 0))
