# What the suites share: checks that count, a server of their own, and short names for long commands.

passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
server='' data='' token=''
# Where the doors are, as `HOST:PORT`, and how a suite reaches them: $security is `plain`, `starttls`
# (LDAP only) or `tls`.
ldap='' http='' ldap_url='' http_url='' security=plain
# With TLS: the file of the certificate authority, and what makes OpenLDAP's tools insist on StartTLS.
ca='' start_tls=()
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
trap 'stop_server; rm -rf "$scratch"' EXIT

suite() {
    printf '\n%s\n' "$1"
}

pass() {
    passed=$((passed + 1))
    printf 'ok    %s\n' "$1"
}

fail() { # fail NAME WHAT
    failed=$((failed + 1))
    printf 'FAIL  %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' '|' | cut -c1-600)"
}

# limited COMMAND…: a program gets a minute; functions run as they are.
limited() {
    if [ "$(type -t "$1")" = function ]; then "$@"; else timeout 60 "$@"; fi
}

# expect STATUS PATTERN NAME COMMAND…: the command ends so, and its output has the pattern
# (grep -E; an empty pattern matches everything).
expect() {
    local status=$1 pattern=$2 name=$3 output got
    shift 3
    output=$(limited "$@" 2>&1)
    got=$?
    if [ "$got" -ne "$status" ]; then
        fail "$name" "status $got instead of $status: $output"
    elif ! grep -qE -- "$pattern" <<<"$output"; then
        fail "$name" "no '$pattern' in: $output"
    else
        pass "$name"
    fi
}

# nothing NAME COMMAND…: the command ends well and prints nothing.
nothing() {
    local name=$1 output status
    shift
    output=$(limited "$@" 2>&1)
    status=$?
    if [ "$status" -ne 0 ] || [ -n "$output" ]; then
        fail "$name" "status $status: $output"
    else
        pass "$name"
    fi
}

# same NAME WANTED GOT
same() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "got '$3' instead of '$2'"
    fi
}

# needs SUITE PROGRAM…: whether all are there; a missing one is a failure in CI.
needs() {
    local suite=$1 program
    shift
    for program; do
        command -v "$program" >/dev/null && continue
        missing "$suite" "$program"
        return 1
    done
}

missing() { # missing SUITE CLIENT
    if [ "${CI:-}" = true ]; then
        fail "$1" "$2 is not installed"
    else
        skipped=$((skipped + 1))
        printf 'skip  %s: %s is not installed (see tests/interop/setup)\n' "$1" "$2"
    fi
}

# driver NAME SECONDS COMMAND…: a program that prints `ok` and `FAIL` lines of its own, which count.
# Its status must say the same: 0 when all is well, 1 when something failed.
driver() {
    local name=$1 seconds=$2 passed_before=$passed failed_before=$failed status line
    shift 2
    while IFS= read -r line; do
        case $line in
        'ok    '*) pass "${line#ok    }" ;;
        'FAIL  '*) line=${line#FAIL  } && fail "${line%%: *}" "${line#*: }" ;;
        'ended '*) status=${line#ended } ;;
        *) printf '      %s\n' "$line" ;;
        esac
    done < <(
        timeout --kill-after=10 "$seconds" "$@" 2>"$scratch/$name.log" </dev/null
        printf 'ended %d\n' $?
    )
    if [ "$status" -ne $((failed > failed_before)) ] || [ "$passed" -eq "$passed_before" ]; then
        fail "$name" "ended with status $status: $(tail -n 5 "$scratch/$name.log")"
    fi
}

finish() {
    local rest=''
    [ "$skipped" -gt 0 ] && rest=", $skipped skipped"
    printf '%d passed, %d failed%s\n' "$passed" "$failed" "$rest"
    [ "$failed" -eq 0 ]
}

# start_server [ARGUMENT…]: a server with an empty data folder; sets data, token and where its doors are.
start_server() {
    # A client that does without TLS must not pass for one that uses it.
    [ "$security" = plain ] || set -- --set plain_networks= "$@"
    stop_server
    data=$(mktemp -d "$scratch/data.XXXXXX")
    "$RINGBOOK" serve --data "$data" --set ldap.listen=127.0.0.1:0 --set http.listen=127.0.0.1:0 \
        --set ldap.tls_listen=127.0.0.1:0 --set http.tls_listen=127.0.0.1:0 "$@" >"$data.log" 2>&1 </dev/null &
    server=$!
    for _ in $(seq 600); do
        [ -s "$data/listening.json" ] && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    if [ ! -s "$data/listening.json" ]; then
        fail "the server starts" "$(tail -n 5 "$data.log")"
        finish
        exit 1
    fi
    ldap=$(port ldap) http=$(port http) token=$(cat "$data/operator-token")
    reach_doors
}

# reach_doors: sets the URLs, the CA file and OpenLDAP's flag for $security.
reach_doors() {
    local ldaps https
    ldap_url=ldap://$ldap http_url=http://$http start_tls=() ca=''
    unset LDAPTLS_CACERT
    [ "$security" = plain ] && return
    ldaps=$(port ldaps) https=$(port https) ca=$data/certs/ca.crt
    if [ -z "$ldaps" ] || [ -z "$https" ] || [ ! -s "$ca" ]; then
        fail "the server offers TLS" "$(cat "$data/listening.json")"
        finish
        exit 1
    fi
    http_url=https://$https
    if [ "$security" = starttls ]; then start_tls=(-ZZ); else ldap_url=ldaps://$ldaps; fi
    export LDAPTLS_CACERT=$ca
}

port() {
    sed -nE "s/.*\"$1\" *: *\"([^\"]+)\".*/\1/p" <<<"$(tr -d '\n' <"$data/listening.json")"
}

stop_server() {
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    server=''
}

# search DN PASSWORD BASE FILTER [ATTRIBUTE…]: LDIF with long lines and plain UTF-8.
search() {
    local dn=$1 password=$2 base=$3
    shift 3
    ldapsearch -x -LLL -o ldif_wrap=no -H "$ldap_url" "${start_tls[@]}" -D "$dn" -w "$password" -b "$base" "$@" |
        python3 -c 'import base64, re, sys
for line in sys.stdin:
    name, mark, value = line.rstrip("\n").partition(":: ")
    sys.stdout.write(f"{name}: {base64.b64decode(value).decode()}\n" if mark else line)'
    return "${PIPESTATUS[0]}"
}

# dav USER METHOD PATH [CURL ARGUMENT…]: the body, and a last line with the status.
dav() {
    local user=$1 method=$2 path=$3
    shift 3
    curl -sS -u "$user" -X "$method" -w '\n%{http_code}\n' "$@" "http://$http$path"
}

# import_file FILE QUERY…: posts a file as the operator; the report, and a last line with the status.
import_file() {
    local file=$1 query=()
    shift
    for each; do query+=(--url-query "$each"); done
    curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: text/csv' -w '\n%{http_code}\n' \
        --data-binary "@$file" "${query[@]}" "http://$http/api/v1/import"
}

# member PATH: a value of the JSON on standard input, such as `failed.0.line`.
member() {
    python3 -c 'import json, sys
value = json.loads(sys.stdin.read().rsplit("\n", 2)[0])
for part in sys.argv[1].split("."):
    value = value[int(part)] if part.isdigit() else value[part] if part != "length" else len(value)
print(value)' "$1"
}
