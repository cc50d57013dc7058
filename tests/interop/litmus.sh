# litmus, the WebDAV test suite: its program `http`. The others need folders for files of any kind.

suite 'litmus'
litmus=/usr/libexec/litmus/http
[ -x "$litmus" ] || litmus=$(command -v litmus-http || true)
if [ -z "$litmus" ]; then
    missing litmus 'its program http'
    return 0
fi

start_server --demo
work=$(mktemp -d "$scratch/litmus.XXXXXX")
home=/dav/homes/201.demo/
output=$(cd "$work" && timeout 60 "$litmus" "$http_url$home" 201 demo-201 2>&1 | tr '\r' '\n')
for test in init begin expect100 finish; do
    expect 0 "$test\.+ (pass|SKIPPED)" "litmus http: $test" printf '%s\n' "$output"
done
expect 0 '0 failed' 'litmus http: nothing failed' printf '%s\n' "$output"
