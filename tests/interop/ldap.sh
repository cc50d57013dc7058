# OpenLDAP's own tools: what they find, compare and are refused.

suite "ldap ($security)"
needs ldap ldapsearch ldapcompare ldapwhoami ldapmodify ldapadd ldapdelete python3 || return 0

start_server --demo
suffix=dc=pbx,dc=example
phones=cn=phones,ou=services,$suffix
url=(-x -H "$ldap_url" "${start_tls[@]}")
phone=("${url[@]}" -D "$phones" -w phones)
ask() { ldapsearch "${phone[@]}" -LLL -o ldif_wrap=no -b "ou=people,$suffix" "$@"; }

expect 0 'namingContexts: dc=pbx,dc=example' 'the root DSE is there before a sign-in' \
    ldapsearch "${url[@]}" -LLL -s base -b '' namingContexts
expect 0 'supportedLDAPVersion: 3' 'it names the version' ldapsearch "${url[@]}" -LLL -s base -b '' '*' +
distrusts() { ! LDAPTLS_CACERT=/dev/null ldapwhoami "${url[@]}"; }
[ "$security" = plain ] || expect 0 '' 'without the CA file there is no connection' distrusts
expect 0 '^dn:cn=phones,' 'ldapwhoami as a phone account' ldapwhoami "${phone[@]}"
for login in 201 201@pbx.example "uid=201,ou=people,$suffix"; do
    expect 0 '^dn:uid=201,' "ldapwhoami as $login" ldapwhoami "${url[@]}" -D "$login" -w demo-201
done
expect 0 '^anonymous' 'ldapwhoami as nobody' ldapwhoami "${url[@]}"
expect 49 'Invalid credentials' 'a wrong password' ldapwhoami "${url[@]}" -D 201 -w wrong
expect 49 'Invalid credentials' 'an unknown account' ldapwhoami "${url[@]}" -D "cn=nobody,ou=services,$suffix" -w phones
expect 49 'Invalid credentials' "another organization's suffix" ldapwhoami "${url[@]}" -D 'uid=201,ou=people,dc=other' -w demo-201

expect 0 '^cn: Anna Adams$' 'a person by name' ask '(cn=anna adams)' cn
for number in '+49305550001' '0049 30 555 0001' '030/5550001' '030 555-0001'; do
    expect 0 '^cn: Anna Adams$' "a person by $number" ask "(telephoneNumber=$number)" cn
done
expect 0 '^cn: Anna Adams$' 'a person by the end of a number' ask '(telephoneNumber=*0001)' cn
expect 0 '^cn: Anna Adams$' 'a person by extension' ask '(ipPhone=201)' cn
expect 0 '^cn: Anna Adams$' 'and, or, not, approximate' ask '(&(cn~=Anna Adams)(|(sn=adams)(sn=x))(!(sn=zzz)))' cn
nothing 'an unknown attribute finds nobody' ask '(nosuchattribute=x)' cn
nothing 'nor does its negation: it is undefined' ask '(!(nosuchattribute=x))' cn
nothing 'a text without digits is no number' ask '(telephoneNumber=*anna*)' cn
expect 0 '^dn: uid=201,' 'without attributes there are only names' ask '(cn=anna adams)' 1.1
same 'attributes that were not asked for stay away' '' "$(ask '(cn=anna adams)' cn | sed -n 's/^\(sn\|mail\):.*/\1/p')"
expect 0 '^cn:$' 'types only' ask -A '(cn=anna adams)' cn
expect 4 'Size limit exceeded' 'a size limit' ldapsearch "${phone[@]}" -z 2 -b "ou=people,$suffix" '(objectClass=*)' cn
full=$(ask '(sn=*)' cn | sed -n 's/^dn: //p' | head -n 5)
limited=$(ldapsearch "${phone[@]}" -LLL -o ldif_wrap=no -z 5 -b "ou=people,$suffix" '(sn=*)' cn 2>/dev/null | sed -n 's/^dn: //p')
same 'a limit returns the first names of the order' "$full" "$limited"
expect 0 '^dn: ou=people,' 'one level below the suffix are the books' \
    ldapsearch "${phone[@]}" -LLL -s one -b "$suffix" '(objectClass=*)' ou
expect 0 '^cn: Anna Adams$' 'a person by DN' ldapsearch "${phone[@]}" -LLL -s base -b "uid=201,ou=people,$suffix" cn
expect 32 'No such object' 'a base that is not there' ldapsearch "${phone[@]}" -b "ou=nowhere,$suffix"
expect 12 'Critical extension' 'an unknown critical control' ask -e '!1.2.3.4' '(sn=adams)'
nothing 'anonymous sees nobody' ldapsearch "${url[@]}" -LLL -b "$suffix" '(sn=adams)'

anna=uid=201,ou=people,$suffix
expect 6 'TRUE' 'ldapcompare, equal' ldapcompare "${phone[@]}" "$anna" 'cn:anna ADAMS'
expect 6 'TRUE' 'ldapcompare, a number by its meaning' ldapcompare "${phone[@]}" "$anna" 'telephoneNumber:030 5550001'
expect 5 'FALSE' 'ldapcompare, different' ldapcompare "${phone[@]}" "$anna" 'cn:Bert'

refused() { # refused NAME LDIF COMMAND…
    local name=$1 ldif=$2
    shift 2
    expect 53 'unwilling' "$name" "$@" -f <(printf '%b' "$ldif")
}
refused 'ldapmodify is refused' "dn: $anna\nchangetype: modify\nreplace: sn\nsn: x\n" ldapmodify "${phone[@]}"
refused 'ldapadd is refused' "dn: uid=999,ou=people,$suffix\nobjectClass: person\ncn: x\nsn: x\n" ldapadd "${phone[@]}"
expect 53 'unwilling' 'ldapdelete is refused' ldapdelete "${phone[@]}" "$anna"
expect 0 '^cn: Anna Adams$' 'after all that she is still there' ask '(cn=anna adams)' cn
