# Two users of different role keep a copy of the same book with vdirsyncer; the company hides mobile
# numbers from colleagues, and only the copy of the one who saw them changes.

suite 'renditions'
PATH=$clients/bin:$PATH
needs renditions vdirsyncer curl || return 0

start_server --demo
work=$(mktemp -d "$scratch/renditions.XXXXXX")
export VDIRSYNCER_CONFIG=$work/config
{
    printf '[general]\nstatus_path = "%s/status/"\n' "$work"
    for user in 200 201; do
        cat <<X
[pair people$user]
a = "copy$user"
b = "company$user"
collections = ["people"]
[storage copy$user]
type = "filesystem"
path = "$work/$user/"
fileext = ".vcf"
[storage company$user]
type = "carddav"
url = "http://$http/"
username = "$user"
password = "demo-$user"
read_only = true
X
    done
} >"$VDIRSYNCER_CONFIG"

# organization BODY: changes the settings; only the status is printed.
organization() {
    curl -sS -o /dev/null -w '%{http_code}\n' -X PATCH -H "Authorization: Bearer $token" \
        -H 'Content-Type: application/json' --data "$1" "http://$http/api/v1/organizations/demo"
}
token_of() { # token_of USER
    dav "$1:demo-$1" PROPFIND "/dav/homes/$1.demo/people/" -H 'Depth: 0' --data-binary \
        '<propfind xmlns="DAV:"><prop><sync-token/></prop></propfind>' |
        sed -nE 's/.*<sync-token>([^<]*).*/\1/p'
}
# copy USER: a line with the checksum of each card.
copy() { (cd "$work/$1/people" && sha256sum ./*.vcf); }
# with_mobile USER: how many cards of the copy have a mobile number.
with_mobile() { grep -liE '^TEL[^:]*CELL' "$work/$1"/people/*.vcf | wc -l; }
# quietly COMMAND…: whether vdirsyncer copies, updates and deletes nothing.
quietly() { ! "$@" 2>&1 | grep -iE 'copying|deleting|updating|error'; }

same 'all numbers are shown at first' 200 "$(organization '{"hidden_numbers": []}')"
expect 0 '' 'discovery' bash -c 'yes | vdirsyncer discover'
expect 0 '' 'first sync' vdirsyncer sync
mobiles=$(with_mobile 201)
expect 0 '^[1-9]' 'the colleague sees mobile numbers' echo "$mobiles"
same 'both have the same cards' "$(copy 200)" "$(copy 201)"
admin=$(copy 200) user=$(copy 201) admin_token=$(token_of 200) user_token=$(token_of 201)
expect 0 '' 'nothing changed: sync is quiet' quietly vdirsyncer sync

same 'mobile numbers are hidden' 200 "$(organization '{"hidden_numbers": ["mobile"]}')"
same "the administrator's token is the same" "$admin_token" "$(token_of 200)"
expect 0 '^$|.' "the colleague's token moves" test "$user_token" != "$(token_of 201)"
expect 0 '' "the administrator's sync is quiet" quietly vdirsyncer sync people200
same "the administrator's copy is the same" "$admin" "$(copy 200)"
expect 0 'Copying \(updating\)' "the colleague's sync updates" vdirsyncer sync people201
left=$(with_mobile 201)
expect 0 '^[01]$' 'no colleague has a mobile number in it, but oneself' echo "$left"
changed=$(diff <(printf '%s\n' "$user") <(copy 201) | grep -c '^>')
same 'only cards with a mobile number were updated' "$((mobiles - left))" "$changed"
expect 0 '' 'and the next sync is quiet' quietly vdirsyncer sync

same 'they are shown again' 200 "$(organization '{"hidden_numbers": []}')"
same "the administrator's token is still the same" "$admin_token" "$(token_of 200)"
expect 0 '' 'sync brings them back' vdirsyncer sync
same 'both have the same cards again' "$(copy 200)" "$(copy 201)"
same 'and those they had at first' "$admin" "$(copy 200)"
