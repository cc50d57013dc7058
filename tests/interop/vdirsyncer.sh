# vdirsyncer and khard: discovery, two-way sync, conflicts, and a book that is read-only.

suite "vdirsyncer ($security)"
PATH=$clients/bin:$PATH
needs vdirsyncer vdirsyncer khard curl || return 0

start_server --demo
work=$(mktemp -d "$scratch/vdirsyncer.XXXXXX")
export XDG_CONFIG_HOME=$work/config VDIRSYNCER_CONFIG=$work/config/vdirsyncer
mkdir -p "$work/config/khard"
verify=${ca:+"verify = \"$ca\""}
cat >"$VDIRSYNCER_CONFIG" <<X
[general]
status_path = "$work/status/"
[pair own]
a = "local"
b = "remote"
collections = ["personal"]
conflict_resolution = "b wins"
metadata = ["displayname", "description"]
[pair coworkers]
a = "copies"
b = "company"
collections = ["people"]
partial_sync = "revert"
[storage local]
type = "filesystem"
path = "$work/local/"
fileext = ".vcf"
[storage remote]
type = "carddav"
url = "$http_url/"
$verify
username = "201"
password = "demo-201"
[storage copies]
type = "filesystem"
path = "$work/copies/"
fileext = ".vcf"
[storage company]
type = "carddav"
url = "$http_url/"
$verify
username = "201"
password = "demo-201"
read_only = true
X
cat >"$work/config/khard/khard.conf" <<X
[addressbooks]
[[own]]
path = $work/local/personal
[general]
default_action = list
[vcard]
preferred_version = 3.0
X
own=$work/local/personal
url=$http_url/dav/homes/201.demo/personal
get() { curl -sS ${ca:+--cacert "$ca"} -u 201:demo-201 "$@"; }
put() { get -o /dev/null -X PUT -H 'Content-Type: text/vcard' --data-binary "@$1" "$2"; }
count() { find "$1" -name '*.vcf' | wc -l; }

expect 0 '' 'discovery' bash -c 'yes | vdirsyncer discover'
expect 0 '' 'first sync' vdirsyncer sync
before=$(count "$own")
expect 0 '^[1-9]' 'own contacts arrive' count "$own"
expect 0 '^[1-9][0-9]' 'coworkers arrive' count "$work/copies/people"
# Name and description of the book, both ways; vdirsyncer's CardDAV storage has no colour.
property() { # property NAMESPACE NAME: its value on the server
    get -X PROPFIND -H 'Depth: 0' --data-binary "<propfind xmlns=\"DAV:\"><prop><x xmlns=\"\"/><$2 xmlns=\"$1\"/></prop></propfind>" "$url/" |
        sed -nE "s/.*$2[^>]*>([^<]+)<.*/\\1/p"
}
carddav=urn:ietf:params:xml:ns:carddav
expect 0 '' 'sync of name and description' vdirsyncer metasync
same 'the name of the book arrives' "$(property DAV: displayname)" "$(cat "$own/displayname")"
same 'its description too' "$(property $carddav addressbook-description)" "$(cat "$own/description")"
printf 'Meine Kontakte & mehr' >"$own/displayname"
printf 'von unterwegs' >"$own/description"
expect 0 '' 'sync after edits of both here' vdirsyncer metasync
same 'the server has the name' 'Meine Kontakte &amp; mehr' "$(property DAV: displayname)"
same 'and the description' 'von unterwegs' "$(property $carddav addressbook-description)"
expect 0 '200 OK' 'somebody changes the name there' get -X PROPPATCH --data-binary \
    '<propertyupdate xmlns="DAV:"><set><prop><displayname>Dort</displayname><calendar-color xmlns="http://apple.com/ns/ical/">#AA0000FF</calendar-color></prop></set></propertyupdate>' "$url/"
expect 0 '' 'sync after an edit there' vdirsyncer metasync
same 'the name arrives' 'Dort' "$(cat "$own/displayname")"
same 'the colour is kept' '#AA0000FF' "$(property http://apple.com/ns/ical/ calendar-color)"
same 'khard reads every card' "$before" "$(khard list --parsable | wc -l)"
expect 0 '' 'khard makes a contact' khard new -a own -i <(printf '%s\n' 'First name : Kara' \
    'Last name : Žluťoučká' 'Phone :' '    work : +420 555 123' 'Email :' '    work : kara@example.com')
expect 0 '' 'sync sends it' vdirsyncer sync own
file=$(grep -rlF '420 555 123' "$own" | head -n 1)
card=$url/$(basename "${file:-missing}")
expect 0 '420 555 123' 'it is on the server' get "$card"

sed -i 's/420 555 123/420 555 321/' "$file"
expect 0 '' 'sync after an edit here' vdirsyncer sync own
expect 0 '420 555 321' 'the server has the edit' get "$card"
get "$card" | sed 's/420 555 321/420 555 999/' >"$work/theirs.vcf"
put "$work/theirs.vcf" "$card"
expect 0 '' 'sync after an edit there' vdirsyncer sync own
expect 0 '420 555 999' 'the edit arrives' cat "$file"
sed 's/420 555 999/420 555 000/' "$work/theirs.vcf" >"$work/conflict.vcf"
put "$work/conflict.vcf" "$card"
sed -i 's/420 555 999/420 555 111/' "$file"
expect 0 '' 'sync after edits on both sides' vdirsyncer sync own
expect 0 '420 555 000' "the server's edit wins, as configured" cat "$file"
rm "$file"
expect 0 '' 'sync after a removal here' vdirsyncer sync own
expect 0 '^404$' 'the card is gone there' get -o /dev/null -w '%{http_code}' "$card"

gone=$(find "$own" -name '*.vcf' | head -n 1)
get -o /dev/null -X DELETE "$url/$(basename "$gone")"
expect 0 '' 'sync after a removal there' vdirsyncer sync own
same 'the card is gone here' "$((before - 1))" "$(count "$own")"
quiet() { ! vdirsyncer sync 2>&1 | grep -iE 'copying|deleting|updating|error'; }
expect 0 '' 'nothing changed: sync is quiet' quiet
