# litmus, the WebDAV test suite: its program `http`. The others need folders for files of any kind.

suite 'litmus'
needs litmus litmus || return 0

start_server --demo
work=$(mktemp -d "$scratch/litmus.XXXXXX")
home=/dav/homes/201.demo/
output=$(cd "$work" && TESTS=http timeout 60 litmus -k "$http_url$home" 201 demo-201 2>&1 | tr '\r' '\n')
for test in init begin expect100 finish; do
    expect 0 "$test\.+ pass" "litmus http: $test" printf '%s\n' "$output"
done
expect 0 '0 failed' 'litmus http: nothing failed' printf '%s\n' "$output"
