# What Contacts on iPhone and Mac sends, as reported, with curl over TLS; and the profile that sets it up.

suite "apple ($security)"
needs apple curl python3 || return 0

start_server --demo
agent='iOS/18.5 (22F76) dataaccessd/1.0'
apple() { # apple METHOD PATH [CURL ARGUMENT…]: the answer with its status line
    local method=$1 path=$2 type=text/xml
    shift 2
    [ "$method" != PUT ] || type=text/vcard
    # curl 7.88 loses answers over HTTP/2 that come before its own body has gone.
    curl -sS -i --http1.1 ${ca:+--cacert "$ca"} -A "$agent" -X "$method" -H 'Brief: t' -H "Content-Type: $type" "$@" "$http_url$path"
}
signed() { apple "$@" -u 201:demo-201; }
props() { printf '<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/" xmlns:ME="http://me.com/_namespace/"><prop>%s</prop></propfind>' "$1"; }
href() { # href ELEMENT: the first that is in it
    python3 -c 'import re, sys
found = re.search(rf"<(?:\w+:)?{sys.argv[1]}\b[^>]*>\s*<(?:\w+:)?href>([^<]+)<", sys.stdin.read())
print(found.group(1) if found else "")' "$1"
}

principal_of() { signed PROPFIND "$1" -H 'Depth: 0' --data-binary "$(props '<current-user-principal/><principal-URL/><resourcetype/>')" | href current-user-principal; }
expect 0 ' 301|location: /dav/' 'the well-known path leads on, before anybody signs in' \
    apple PROPFIND /.well-known/carddav -H 'Depth: 0' --data-binary "$(props '<current-user-principal/>')"
expect 0 ' 401' 'without a sign-in it is asked for one' apple PROPFIND / -H 'Depth: 0' --data-binary "$(props '<current-user-principal/>')"
principal=$(principal_of /)
expect 0 '^/dav/principals/' 'the host alone leads to the principal' echo "$principal"
expect 0 'addressbook' 'the principal speaks CardDAV' signed OPTIONS "$principal"
described=$(signed PROPFIND "$principal" -H 'Depth: 0' --data-binary \
    "$(props '<C:addressbook-home-set/><C:directory-gateway/><displayname/><CS:email-address-set/><principal-collection-set/><principal-URL/><resource-id/><supported-report-set/>')")
home=$(href addressbook-home-set <<<"$described")
expect 0 '^/dav/homes/201\.demo\.merged/$' 'its home is that of all contacts in one book' echo "$home"
expect 0 '/dav/directory/' 'it is told of the directory' href directory-gateway <<<"$described"
books=$(signed PROPFIND "$home" -H 'Depth: 1' --data-binary \
    "$(props '<add-member/><ME:bulk-requests/><current-user-privilege-set/><displayname/><C:max-image-size/><C:max-resource-size/><CS:me-card/><owner/><CS:push-transports/><CS:pushkey/><quota-available-bytes/><quota-used-bytes/><resource-id/><resourcetype/><supported-report-set/><sync-token/>')")
same 'there is one book' 1 "$(grep -oE '<([A-Za-z]+:)?addressbook ?/>' <<<"$books" | wc -l)"
book=${home}contacts/

sync_report() { # sync_report [TOKEN]
    signed REPORT "$book" -H 'Depth: 1' --data-binary \
        "<sync-collection xmlns=\"DAV:\"><sync-token>$1</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
}
token_in() { grep -oE '<([A-Za-z]+:)?sync-token>[^<]*' | sed 's/.*>//'; }
first=$(sync_report '')
hrefs() { grep -oE '<([A-Za-z]+:)?href>[^<]*\.vcf' | sed 's/.*>//'; }
token=$(token_in <<<"$first")
same 'every card has an address of its own' "$(hrefs <<<"$first" | wc -l)" "$(hrefs <<<"$first" | sort -u | wc -l)"
multiget() { # multiget HREF…: the cards
    signed REPORT "$book" -H 'Depth: 1' --data-binary \
        "<C:addressbook-multiget xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><prop><getetag/><C:address-data/></prop>$(printf '<href>%s</href>' "$@")</C:addressbook-multiget>"
}
mapfile -t all < <(hrefs <<<"$first")
cards=$(multiget "${all[@]}")
same 'every card is read' "${#all[@]}" "$(grep -c 'BEGIN:VCARD' <<<"$cards")"
same 'all of them are vCard 3.0, which a Mac can read' "${#all[@]}" "$(grep -c '^VERSION:3.0' <<<"$cards")"
same 'no UID comes twice' '' "$(grep -E '^UID:' <<<"$cards" | sort | uniq -d)"
expect 0 'X-ADDRESSBOOKSERVER-KIND:group' 'departments and favorites are groups' grep -m 1 KIND:group <<<"$cards"

printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iOS 18.5//EN\r\nN:Phone;Iris;;;\r\nFN:Iris Phone\r\nTEL;type=CELL;type=VOICE;type=pref:+49 171 5550009\r\nREV:2026-11-22T10:00:00Z\r\nUID:4B6D0DAB-35A3-4F1C-9E0C-0E7D0C5B7D11\r\nEND:VCARD\r\n' >"$scratch/iris.vcf"
put() { signed PUT "$book$1" --data-binary "@$scratch/$1" "${@:2}"; }
expect 0 ' 201' 'a contact made on the phone is stored' put iris.vcf -H 'If-None-Match: *'
changed=$(sync_report "$token")
same 'the next sync has this card' "${book}iris.vcf" "$(hrefs <<<"$changed" | grep iris)"
expect 0 'Iris Phone' 'its owner has it at the LDAP door' ldapsearch -x -LLL -H "$ldap_url" -D 201 -w demo-201 -b dc=pbx,dc=example '(sn=phone)' cn
# card NAME [uid]: where the card of a name is, or its UID.
card() {
    python3 -c 'import re, sys
row = next(row for row in re.split(r"<(?:\w+:)?response>", sys.stdin.read()) if f"\nFN:{sys.argv[1]}" in row)
print(re.search(r"\nUID:([^&\r\n]+)" if sys.argv[2:] else r"href>([^<]+)<", row).group(1))' "$@" <<<"$cards"
}
same 'a colleague is there once' 1 "$(grep -c '^FN:Jörg Müller' <<<"$cards")"
expect 0 'need-privileges' 'and is not deleted by a phone' signed DELETE "$(card 'Jörg Müller')"
favorites=$(card Favorites)
stars() { search 201 demo-201 ou=favorites,dc=pbx,dc=example '(objectClass=person)' cn | grep -c '^cn: Jörg Müller'; }
same 'nobody has starred this colleague' 0 "$(stars)"
signed GET "$favorites" | sed '1,/^\r$/d' | sed "s|^END:VCARD|X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:$(card 'Jörg Müller' uid)\r\nEND:VCARD|" >"$scratch/favorites.vcf"
expect 0 ' 204' 'put into Favorites on the phone' signed PUT "$favorites" --data-binary "@$scratch/favorites.vcf"
same 'the colleague is a favorite at the LDAP door' 1 "$(stars)"
expect 0 ' 204' 'what the phone made it removes' signed DELETE "${book}iris.vcf"
expect 0 ' 404' 'and it is gone' signed GET "${book}iris.vcf"

profile=$scratch/ringbook.mobileconfig
curl -sS ${ca:+--cacert "$ca"} -u 201:demo-201 -X POST -o "$profile" "$http_url/api/v1/setup/apple.mobileconfig"
account() { # account KEY: a value of the account in the profile
    python3 -c 'import plistlib, sys
payloads = plistlib.load(open(sys.argv[1], "rb"))["PayloadContent"]
print(next(p for p in payloads if p["PayloadType"] == "com.apple.carddav.account").get(sys.argv[2]))' "$profile" "$1"
}
same 'the profile names the port' "${http_url##*:}" "$(account CardDAVPort)"
same 'and TLS' True "$(account CardDAVUseSSL)"
expect 0 'current-user-principal' 'its password opens CardDAV' apple PROPFIND / -H 'Depth: 0' \
    -u "$(account CardDAVUsername):$(account CardDAVPassword)" --data-binary "$(props '<current-user-principal/>')"
expect 0 ' 401' 'and not the HTTP API' apple GET /api/v1/me -u "$(account CardDAVUsername):$(account CardDAVPassword)"
openssl x509 -in "$ca" -outform DER >"$scratch/ca.der"
python3 -c 'import plistlib, sys
payloads = plistlib.load(open(sys.argv[1], "rb"))["PayloadContent"]
open(sys.argv[2], "wb").write(next(p for p in payloads if p["PayloadType"] == "com.apple.security.root")["PayloadContent"])' \
    "$profile" "$scratch/root.der"
expect 0 '' "the authority in it is the server's" cmp "$scratch/ca.der" "$scratch/root.der"
