#!/usr/bin/env bash
# Tests knative/kubectl-registry_backup with shims for kubectl and curl, which record how they are called. Takes no arguments.
# KubectlPluginIT runs it against the program.
# shellcheck disable=SC2016 # expands in the shims
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/tools" "$scratch/bin"
for tool in sh awk cat head kill mkfifo mktemp rm sed sleep tr; do
    ln -s "$(command -v "$tool")" "$scratch/tools/$tool"
done

# shim NAME BODY: an executable that records its call and runs BODY
shim() {
    printf '#!/usr/bin/env bash\necho "%s $*" >>"$CALLS"\n%s\n' "$1" "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}
for tool in bash env; do ln -s "$(command -v "$tool")" "$scratch/tools/$tool"; done

shim kubectl 'case " $* " in
    *" create token "*) [[ -e $HERE/no-token ]] && exit 1; echo the-token ;;
    *" get pods "*) [[ -e $HERE/no-pod ]] || echo pod/operations-1 ;;
    *" port-forward "*) echo $$ >"$HERE/forward"; echo "Forwarding from 127.0.0.1:4711 -> 8080"; exec sleep 60 ;;
esac'
# Answers what lies in the files answer and code, one line for each call; keeps what comes on the standard input.
shim curl 'cat >>"$HERE/header"
while (($#)); do [[ $1 == --output ]] && output=$2; shift; done
number=$(grep -c ^curl "$CALLS")
sed -n "${number}p" "$HERE/answer" >"$output"
sed -n "${number}p" "$HERE/code"'
ln -s "$(command -v grep)" "$scratch/tools/grep"
shim sleep '[[ $1 == 60 ]] && exec '"$(command -v sleep)"' 60; exit 0'

passed=0 failed=0
# start SENTENCE CODE ANSWER...: begins a case in which each call is answered with the code and the next answer
start() {
    sentence=$1 here=$scratch/$((passed + failed)) complaints='' settings=()
    mkdir -p "$here"
    : >"$here/calls"
    : >"$here/header"
    printf '%s\n' "${@:3}" >"$here/answer"
    for ((i = 2; i < $#; i++)); do echo "$2"; done >"$here/code"
}

with_jq=yes
ask() {
    status=0
    rm -f "$scratch/tools/jq"
    [[ $with_jq == no ]] || ln -s "$(command -v jq)" "$scratch/tools/jq"
    output=$(env -i ${settings[@]+"${settings[@]}"} CALLS="$here/calls" HERE="$here" PATH="$scratch/bin:$scratch/tools" \
        TMPDIR="$scratch" "$shell" "$project/knative/kubectl-registry_backup" "$@" 2>&1) || status=$?
    calls=$(cat "$here/calls")
}

exits_with() { [[ $status == "$1" ]] || complaints+="    exit code is $status, not $1"$'\n'; }
prints() { [[ $output == *"$1"* ]] || complaints+="    does not print: $1"$'\n'; }
prints_not() { [[ $output != *"$1"* ]] || complaints+="    prints: $1"$'\n'; }
calls() { [[ $calls == *"$1"* ]] || complaints+="    does not call: $1"$'\n'; }
calls_not() { [[ $calls != *"$1"* ]] || complaints+="    calls: $1"$'\n'; }

finish() {
    if [[ -z $complaints ]]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'FAILED with %s: %s\n%s    output: %s\n    calls: %s\n' "$shell" "$sentence" "$complaints" "$output" "$calls"
}

refuses() {
    start "refuses $*" 200 '{}'
    local message=$1
    shift
    ask "$@"
    exits_with 2; prints "$message"; calls_not kubectl
    finish
}

operation='{"id":"20261122T134500Z-1f3a9c2e","kind":"restore","state":"STATE","parameters":{},"requestedAt":"2026-11-22T13:45:00Z","phase":"blobs","objects":{"done":1,"total":2},"bytes":{"done":3,"total":4},"findings":{"counts":{"BLOB_MISSING":1},"first":[{"code":"BLOB_MISSING","subject":"demo/app","problem":"a\tb"}]}}'

for shell in sh dash; do
    ln -sf "$(command -v "$shell")" "$scratch/tools/$shell"

    start "shows its help and does nothing else" 200 '{}'
    ask --help
    exits_with 0; prints "kubectl registry-backup"; calls_not kubectl
    finish

    refuses "Unknown option: --jsn" --jsn status
    refuses "The command is missing" --json
    refuses "Unknown command: backup" backup
    refuses "restore needs a scope" restore --at 2026-11-22T13:45:00Z
    refuses "restore has no argument --depth" restore --all --depth content
    refuses "--repository needs a value" restore --repository
    refuses "has a character" restore --repository 'a","x":"b'
    refuses "has a character" watch '../catalog'\?

    start "asks with a token of the viewer for our audience, which is in no argument" 200 '{"operations":[]}'
    ask -n backup --context lab status
    exits_with 0; prints "ID  KIND"
    calls "kubectl --context lab --namespace backup create token registry-backup-viewer --audience registry-backup --duration 10m"
    calls "--selector app.kubernetes.io/name=operations"; calls "port-forward pod/operations-1 :8080"
    calls "--request GET http://127.0.0.1:4711/operations"; calls_not the-token
    [[ $(cat "$here/header") == "Authorization: Bearer the-token" ]] || complaints+="    sends no token"$'\n'
    ! kill -0 "$(cat "$here/forward")" 2>/dev/null || complaints+="    leaves its port-forward behind"$'\n'
    finish

    start "takes a given token, account and audience" 200 '{"operations":[]}'
    settings=(REGISTRY_BACKUP_TOKEN=given)
    ask status
    exits_with 0; calls_not "create token"; [[ $(cat "$here/header") == *"Bearer given" ]] || complaints+="    other token"$'\n'
    finish
    start "takes a given account and audience" 200 '{"operations":[]}'
    settings=(REGISTRY_BACKUP_AUDIENCE=ours)
    ask --account alice status
    calls "create token alice --audience ours"
    finish

    start "sends a restore to the Service restore as the operator" 202 "${operation/STATE/pending}"
    ask restore --repository team/app --at 2026-11-22T13:45:00Z --overwrite-tags --image-streams status
    exits_with 0; calls "create token registry-backup-operator"; calls "app.kubernetes.io/name=restore"
    calls '--request POST --data {"at":"2026-11-22T13:45:00Z","overwriteTags":true,"imageStreams":"status","scope":{"repository":"team/app"}} http://127.0.0.1:4711/restore'
    prints "20261122T134500Z-1f3a9c2e  restore  pending  1/2"; prints "watch 20261122T134500Z-1f3a9c2e"; prints "demo/app: a b"
    finish

    start "prints a plan" 200 '{"images":2,"toCopy":{"objects":5,"bytes":6},"alreadyPresent":{"objects":7,"bytes":8},"toVerify":0,"missing":0,"sparse":0,"findings":[]}'
    ask restore --all --dry-run
    exits_with 0; calls '{"dryRun":true,"scope":{"all":true}}'; prints "2       5        6"
    finish

    start "verifies a sample" 202 "${operation/STATE/running}"
    ask --json verify --depth content --sample 0.1 --seed 1
    exits_with 0; calls '{"depth":"content","sample":{"fraction":0.1,"seed":1}}'; prints '"state":"running"'; prints_not Follow
    finish

    start "reconciles without a body" 202 "${operation/STATE/pending}"
    ask reconcile
    exits_with 0; calls "--request POST http://127.0.0.1:4711/reconcile"
    finish

    start "starts a drill" 202 "${operation/STATE/pending}"
    ask drill --images 3
    exits_with 0; calls "create token registry-backup-operator"; calls "app.kubernetes.io/name=operations"
    calls '--request POST --data {"images":3} http://127.0.0.1:4711/drill'
    finish

    start "follows an operation to its end" 200 "${operation/STATE/running}" "${operation/STATE/running}" "${operation/STATE/incomplete}"
    ask watch 20261122T134500Z-1f3a9c2e
    exits_with 1; calls "sleep 5"; prints incomplete
    finish

    start "needs no jq for JSON, and follows an operation without" 200 "${operation/STATE/running}" "${operation/STATE/succeeded}"
    with_jq=no
    ask --json watch 20261122T134500Z-1f3a9c2e
    exits_with 0; prints '"state":"succeeded"'; prints_not '"state":"running"'
    finish
    start "says that tables take jq" 200 '{}'
    ask status
    exits_with 2; prints "install it"; calls_not kubectl
    with_jq=yes
    finish

    start "prints checks with what fixes them" 200 '{"ready":false,"checks":[{"check":"backup bucket","state":"fail","found":"403","remedy":"grant s3:ListBucket"}]}'
    ask preflight --canary
    exits_with 1; calls '{"canary":true}'; prints "fail   backup bucket  403"; prints "fix: grant s3:ListBucket"
    finish
    start "knows a preflight that is not determined" 200 '{"ready":false,"checks":[{"check":"clock","state":"unknown","found":"no answer"}]}'
    ask --json preflight
    exits_with 3
    finish
    start "asks the Service restore about a restore" 200 '{"ready":true,"checks":[]}'
    ask preflight --namespace shop --image-streams mapping
    exits_with 0; calls "app.kubernetes.io/name=restore"; calls '{"imageStreams":"mapping","scope":{"namespace":"shop"}}'
    finish

    start "prints the catalog" 200 '{"repositories":[{"repository":"a/b","tags":1,"images":2,"restorable":2,"size":10,"at":"2026-01-01T00:00:00Z"},{"repository":"c","problem":"unread"}],"next":"c"}'
    ask catalog --limit 2
    exits_with 0; calls "/catalog?limit=2"; prints "a/b         1     2       2           10"; prints "unread"; prints "more: --after c"
    finish
    start "prints a repository's tags, and which of them cannot be restored" 200 '{"repository":"a","at":"x","counts":{},"images":[{"digest":"sha256:1","restorable":false}],"tags":[{"tag":"v1","digest":"sha256:1","time":"t"}]}'
    ask catalog --repository a
    exits_with 0; prints "v1   false       sha256:1  t"
    finish

    for code in 403:2 404:1 409:3 503:3; do
        start "hands on what $code says" "${code%:*}" 'another operation runs'
        ask reconcile
        exits_with "${code#*:}"; prints "another operation runs"
        finish
    done

    start "says which right is missing where there is no token" 200 '{}'
    touch "$here/no-token"
    ask status
    exits_with 2; prints caller-roles.yaml; calls_not curl
    finish
    start "says that no pod runs" 200 '{}'
    touch "$here/no-pod"
    ask status
    exits_with 3; prints "No pod of the Service operations"; calls_not curl
    finish
done

leftover=("$scratch"/tmp.*)
[[ ! -e ${leftover[0]} ]] || { echo "FAILED: leaves ${leftover[*]}"; failed=$((failed + 1)); }
echo "kubectl-registry_backup: $passed passed, $failed failed"
((failed == 0))
