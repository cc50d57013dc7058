# One contact through every door: a file in, an LDAP search, a card by CardDAV, and gone again.

suite 'doors'
needs doors curl ldapsearch python3 || return 0

start_server --demo
suffix=dc=pbx,dc=example
phones=cn=phones,ou=services,$suffix
columns='{"Nebenstelle":"extension","Vorname":"given_name","Nachname":"family_name","Rufnummer":"work","E-Mail":"email","Abteilung":"department"}'
report=$(import_file "$here/fixtures/people.csv" into=people profile=custom "columns=$columns")
same 'people of a file with columns of its own' 4 "$(member created <<<"$report")"

names() { # the names that a phone finds, one a line
    search "$phones" phones "ou=people,$suffix" "$1" cn | sed -n 's/^cn: //p'
}
expect 0 '^Jörg Müller$' '(|(cn=mull*)(sn=mull*)) finds Müller' names '(|(cn=mull*)(sn=mull*))'
expect 0 '^Jörg Müller$' '(sn=mueller) finds Müller' names '(sn=mueller)'
expect 0 '^Марина Соколова$' '(sn=sokolova) finds Соколова' names '(sn=sokolova)'
expect 0 '^Zoë Strauß$' '(cn=*strauss*) finds Strauß' names '(cn=*strauss*)'
for name in 'Jörg Müller' 'Günther Mulligan' 'Марина Соколова'; do
    expect 0 "^$name\$" "(telephoneNumber=*5551234) finds $name" names '(telephoneNumber=*5551234)'
done
same '(telephoneNumber=*5551234) finds nobody else' 3 "$(names '(telephoneNumber=*5551234)' | wc -l)"
for number in '+49305551234' '0049305551234' '030 5551234' '(030) 555-12-34'; do
    escaped=${number//(/\\28}
    same "(telephoneNumber=$number) finds all three" 3 "$(names "(telephoneNumber=${escaped//)/\\29})" | wc -l)"
done

# A card of user 201, by CardDAV.
home=/dav/homes/201.demo/personal
sync_report() { # sync_report [TOKEN]
    dav 201:demo-201 REPORT "$home/" -H 'Depth: 0' -H 'Content-Type: application/xml' --data-binary \
        "<sync-collection xmlns=\"DAV:\"><sync-token>$1</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
}
sync_token() { grep -oE '<([A-Za-z]+:)?sync-token>[^<]*' | sed 's/.*>//'; }
printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:interop-1\r\nFN:Quirin Geheim\r\nN:Geheim;Quirin;;;\r\nTEL;TYPE=CELL:+49 171 5550815\r\nX-KEPT:as it is\r\nEND:VCARD\r\n' \
    >"$scratch/card.vcf"
before=$(sync_report '' | sync_token)
put() { dav 201:demo-201 PUT "$home/quirin.vcf" -H 'Content-Type: text/vcard; charset=utf-8' --data-binary "@$scratch/card.vcf" "$@"; }
expect 0 '^201$' 'PUT makes a card' put -H 'If-None-Match: *'
expect 0 '^412$' 'PUT with If-None-Match finds it there' put -H 'If-None-Match: *'
curl -sS -u 201:demo-201 "http://$http$home/quirin.vcf" >"$scratch/got.vcf"
expect 0 '' 'GET returns the bytes as they were' cmp "$scratch/card.vcf" "$scratch/got.vcf"
after=$(sync_report "$before" | sync_token)
expect 0 'quirin\.vcf' 'the sync report lists it' sync_report "$before"

mine() { search 201 demo-201 "$1" "$2" cn; }
expect 0 '^cn: Quirin Geheim$' 'its owner finds it under ou=personal' mine "ou=personal,$suffix" '(sn=geheim)'
expect 0 '^cn: Quirin Geheim$' 'its owner finds it by number' mine "$suffix" '(mobile=*5550815)'
expect 0 'Geheim' 'its owner exports it' curl -sS -u 201:demo-201 "http://$http/api/v1/groups/personal/export?profile=xivo"
dn=$(mine "ou=personal,$suffix" '(sn=geheim)' | sed -n 's/^dn: //p')
for other in 202:demo-202 200:demo-200 "$phones:phones"; do
    who=${other%:*} password=${other##*:}
    nothing "$who does not find it" search "$who" "$password" "$suffix" '(sn=geheim)' cn
    nothing "$who does not find its number" search "$who" "$password" "$suffix" '(mobile=*5550815)' cn
    expect 32 '' "$who does not read it by its DN" search "$who" "$password" "$dn" '(objectClass=*)' -s base
done
for other in 202:demo-202 200:demo-200; do
    expect 0 '^(403|404)$' "$other does not read the card" dav "$other" GET "$home/quirin.vcf"
    expect 0 '^(403|404)$' "$other does not list the book" dav "$other" PROPFIND "$home/" -H 'Depth: 1'
    expect 0 '^(403|404)$' "$other does not delete the card" dav "$other" DELETE "$home/quirin.vcf"
    for book in personal people shared; do
        same "$other does not export it with $book" 0 \
            "$(curl -sS -u "$other" "http://$http/api/v1/groups/$book/export?profile=xivo" | grep -c Geheim)"
    done
done
expect 0 '^401$' 'without a sign-in there is no card' \
    curl -sS -o /dev/null -w '%{http_code}' "http://$http$home/quirin.vcf"
nothing 'anonymous search finds nothing' ldapsearch -x -LLL -H "ldap://$ldap" -b "$suffix" '(sn=geheim)'

sed -i 's/Quirin/Quentin/' "$scratch/card.vcf"
expect 0 '^20[04]$' 'PUT again changes the card' put
expect 0 '^cn: Quentin Geheim$' 'the change is at the LDAP door at once' mine "ou=personal,$suffix" '(sn=geheim)'
expect 0 '^20[04]$' 'DELETE removes the card' dav 201:demo-201 DELETE "$home/quirin.vcf"
nothing 'it is gone at the LDAP door' mine "$suffix" '(sn=geheim)'
expect 0 '^404$' 'it is gone at the CardDAV door' dav 201:demo-201 GET "$home/quirin.vcf"
expect 0 'quirin\.vcf' 'the sync report names the deleted card' sync_report "$after"
expect 0 '404 Not Found' 'the sync report says that it is gone' sync_report "$after"
expect 0 '^403$' 'people are read-only for an administrator too' \
    dav 200:demo-200 PUT /dav/homes/200.demo/people/new.vcf -H 'Content-Type: text/vcard' --data-binary "@$scratch/card.vcf"
