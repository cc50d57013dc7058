# Round trips of every kind of file, a watched folder, and large files: what they cost in memory and
# CPU time, and that LDAP searches answer meanwhile.

suite 'import-files'
needs import-files curl python3 ldapsearch || return 0

ringbook() { # ringbook COMMAND…: a command of the program, for the server of this suite
    "$RINGBOOK" "$@" --data "$data"
}

cards() { # cards BOOK: names, numbers and e-mails of a book, one contact a line, in order
    curl -sS -H "Authorization: Bearer $token" \
        "http://$http/api/v1/groups/$1/export?profile=xivo" | python3 -c 'import csv, sys
rows = csv.DictReader(sys.stdin)
print("\n".join(sorted("|".join(row.get(c) or "" for c in ("firstname", "lastname", "number", "mobile")) for row in rows)))'
}

start_server --demo
cat >"$scratch/awkward.csv" <<'CSV'
firstname,lastname,number,mobile,email,company
Jörg,"Müller, Dr.",+49305551234,+491515550001,joerg@example.org,"Müller; Söhne"
"Anna ""Ann""",O'Neil,+49305551235,+491515550002,ann@example.org,Acme
Łukasz,Żółć,+49305551236,+491515550003,lukasz@example.org,=Sum
CSV
profiles=$(curl -sS -H "Authorization: Bearer $token" "http://$http/api/v1/import/profiles" |
    python3 -c 'import json, sys
print(*(p["name"] for p in json.load(sys.stdin)["items"] if p["holds"] != "users"))')
for profile in $profiles; do
    start_server --demo
    ringbook import "$scratch/awkward.csv" --into personal:201 --profile xivo >/dev/null
    file=$scratch/export.$profile
    curl -sS -u 201:demo-201 -o "$file" "http://$http/api/v1/groups/personal/export?profile=$profile"
    as_user() { # as_user MODE: the report of the file's import by user 202
        curl -sS -u 202:demo-202 --data-binary "@$file" -w '\n%{http_code}\n' \
            "http://$http/api/v1/import?into=personal&profile=$profile&mode=$1"
    }
    held=$(curl -sS -u 201:demo-201 "http://$http/api/v1/groups/personal/contacts?limit=1000" | member items.length)
    report=$(as_user add)
    same "$profile: what is exported is imported" "$held" \
        "$(($(member created <<<"$report") + $(member skipped_rows <<<"$report")))"
    report=$(as_user update)
    same "$profile: and changes nothing the second time" 0 \
        "$(($(member created <<<"$report") + $(member updated <<<"$report")))"
done

# A folder that is watched, with a watch and a server that are killed while files come.
start_server --demo
drop=$scratch/drop
mkdir "$drop"
watch() {
    "$RINGBOOK" import --watch "$drop" --into shared --every 0.1 --data "$data" >>"$scratch/watch.log" 2>&1 &
    watching=$!
}
wait_until() { # wait_until COMMAND…: for a minute
    for _ in $(seq 600); do "$@" && return; sleep 0.1; done
    return 1
}
all_done() { [ "$(find "$drop/done" -name 'n*.csv' 2>/dev/null | wc -l)" -eq "$1" ]; }
watch
for number in $(seq 12); do
    printf 'firstname,lastname,number\nDrop,Number%d,0305557%03d\n' "$number" "$number" >"$drop/n$number.csv.part"
    mv "$drop/n$number.csv.part" "$drop/n$number.csv"
    if [ $((number % 3)) -eq 0 ]; then
        sleep 0.4
        kill -9 "$watching"
        wait "$watching" 2>/dev/null
        watch
    fi
done
wait_until all_done 12
same 'a watch that is killed again and again imports each file' 12 "$(find "$drop/done" -name 'n*.csv' | wc -l)"
same 'once' 12 "$(cards shared | grep -c '^Drop|Number')"
same 'with its report' 12 "$(find "$drop/done" -name 'n*.csv.report.txt' | wc -l)"
same 'none of them fails' 0 "$(find "$drop/failed" -type f | wc -l)"
kill -TERM "$watching"
wait "$watching"
same 'SIGTERM ends it well' 0 $?

# Large files. CPU seconds and peak memory (KiB) of the server, from the kernel.
cpu() { awk '{ print ($14 + $15) / 100 }' "/proc/$server/stat"; }
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$server/status"; }
reset_peak() { echo 5 >"/proc/$server/clear_refs" 2>/dev/null; }
rows() { # rows COUNT [FIRST]: contacts with three numbers' worth of text
    python3 -c 'import sys
count, first = int(sys.argv[1]), int(sys.argv[2])
print("firstname,lastname,number,email,company")
for at in range(first, first + count):
    print(f"Given{at % 977},Family{at},+4930{at:08d},p{at}@example.org,Company {at % 313}")' "$1" "${2:-0}"
}
# cost NAME CPU_SECONDS_MAX COMMAND…: prints what a command costs the server; fails beyond the CPU time.
cost() {
    local name=$1 most=$2 before memory used
    shift 2
    reset_peak
    before=$(cpu) memory=$(peak)
    "$@" >"$scratch/cost.out" 2>&1
    used=$(python3 -c "print(round($(cpu) - $before, 2))")
    above=$((($(peak) - memory) / 1024))
    printf '      %s: %s s of CPU, %d MiB above the base\n' "$name" "$used" "$above"
    expect 0 yes "$name stays within $most s of CPU" python3 -c "print('yes' if $used <= $most else 'no')"
}
within() { # within NAME: the last cost was at most 64 MiB of memory
    expect 0 yes "$1 stays within 64 MiB above the base" python3 -c "print('yes' if $above <= 64 else 'no: $above')"
}
start_server
curl -sS -H "Authorization: Bearer $token" "http://$http/api/v1/organizations" >/dev/null
rows 100000 >"$scratch/100k.csv"
answers=0
searching() {
    while [ ! -e "$scratch/enough" ]; do
        limited ldapsearch -x -LLL -H "$ldap_url" -b '' -s base >/dev/null 2>&1 && echo answer
    done
}
searching >"$scratch/answers" &
searcher=$!
# The aim is 5 s; a slow machine has room.
cost '100 000 new rows' 15 ringbook import "$scratch/100k.csv" --into shared --profile xivo
expect 0 '100000 created' 'all are there' cat "$scratch/cost.out"
touch "$scratch/enough"
wait "$searcher"
answers=$(wc -l <"$scratch/answers")
printf '      %d LDAP answers meanwhile\n' "$answers"
expect 0 yes 'LDAP answers while rows are imported' python3 -c "print('yes' if $answers >= 10 else 'no: $answers')"
cost '100 000 rows again' 15 ringbook import "$scratch/100k.csv" --into shared --profile xivo --mode update
expect 0 '100000 unchanged' 'nothing changes' cat "$scratch/cost.out"
within '100 000 rows again'
rows 200000 >"$scratch/other.csv"
cost 'a dry run of 200 000 rows' 30 ringbook import "$scratch/other.csv" --into shared --profile xivo --dry-run
within 'a dry run of 200 000 rows'
python3 -c 'import sys
row = "x" * 4000 + "," + "y" * 1000 + "\n"
sys.stdout.write("no,such\n" + row * (64 * 1024 * 1024 // len(row) - 1))' >"$scratch/64mib.csv"
cost 'a file of 64 MiB that nobody knows' 15 ringbook import "$scratch/64mib.csv" --into shared
within 'a file of 64 MiB that nobody knows'
python3 -c 'import sys
sys.stdout.write("firstname,lastname,number\n" + "Given5,Family5,+493000000005\n" * 1000000)' >"$scratch/million.csv"
cost 'a million rows' 120 ringbook import "$scratch/million.csv" --into shared --profile xivo
expect 0 'skipped' 'are all reported' cat "$scratch/cost.out"
within 'a million rows'
