# Files through the import, as an administrator posts them with curl.

suite 'import'
needs import curl python3 || return 0

for file in users users_voicemail users_incall; do
    start_server
    want=$(($(wc -l <"$here/fixtures/$file.csv") - 1))
    report=$(import_file "$here/fixtures/$file.csv" into=people profile=xivo-users)
    same "$file.csv into an empty store answers 201" 201 "$(tail -n 1 <<<"$report")"
    same "$file.csv creates $want" "$want" "$(member created <<<"$report")"
done

start_server
for file in users users_voicemail; do
    report=$(import_file "$here/fixtures/$file.csv" into=people)
done
same 'the extension of a second file is already there: nothing is created' 0 "$(member created <<<"$report")"
expect 0 'extension|1000|already|there' 'the report says so' echo "$report"
report=$(import_file "$here/fixtures/users.csv" into=people)
same 'the same file twice creates nothing' 0 "$(member created <<<"$report")"

start_server --demo
report=$(import_file "$here/fixtures/personal_two_broken.csv" into=personal:201)
same 'a file with two broken lines: the others are there' 3 "$(member created <<<"$report")"
same 'the report names two lines' 2 "$(member failed.length <<<"$report")"
same 'the first broken line' 3 "$(member failed.0.line <<<"$report")"
same 'the second broken line' 5 "$(member failed.1.line <<<"$report")"
expect 0 '^4[0-9][0-9]$' 'an empty file is refused' import_file /dev/null into=shared
head -c 3000 /dev/urandom >"$scratch/noise"
expect 0 '^4[0-9][0-9]$' 'a file that is no text is refused' import_file "$scratch/noise" into=shared
expect 0 '^401$' 'nobody imports without a sign-in' \
    curl -sS -o /dev/null -w '%{http_code}' --data-binary @"$here/fixtures/users.csv" "http://$http/api/v1/import?into=people"
expect 0 '^403$' 'a user does not import people' \
    curl -sS -o /dev/null -w '%{http_code}' -u 201:demo-201 --data-binary @"$here/fixtures/users.csv" \
    "http://$http/api/v1/import?into=people"
export_as() { # export_as USER BOOK
    curl -sS -u "$1" "http://$http/api/v1/groups/$2/export?profile=xivo"
}
expect 0 'Aldertion' 'the owner exports the contacts' export_as 201:demo-201 personal
export_as 201:demo-201 personal >"$scratch/personal.csv"
columns=$(head -n 1 "$scratch/personal.csv" | tr -d '\r' | tr ',' '\n')
same 'the columns of the export are sorted' "$(sort <<<"$columns")" "$columns"
expect 0 '^id$' 'the export has the id' echo "$columns"
report=$(import_file "$scratch/personal.csv" into=personal:202)
same 'what was exported imports again' "$(($(wc -l <"$scratch/personal.csv") - 1))" "$(member created <<<"$report")"
