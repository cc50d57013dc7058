# Thunderbird, without a window: its address books by LDAP and by CardDAV.

suite "thunderbird ($security)"
needs thunderbird thunderbird certutil ldapsearch python3 || return 0

start_server --demo
suffix=dc=pbx,dc=example
entries=$(search "uid=201,ou=people,$suffix" demo-201 "$suffix" '(objectClass=*)' 1.1 | grep -c '^dn:')
binary=/usr/lib/thunderbird/thunderbird # Debian's /usr/bin/thunderbird is a script around it
[ -x "$binary" ] || binary=$(command -v thunderbird)
driver thunderbird 240 python3 "$here/thunderbird/drive.py" --binary "$binary" \
    --profile "$(mktemp -d "$scratch/thunderbird.XXXXXX")" --ldap "$ldap_url" --base "$suffix" \
    --entries "$entries" --http "$http_url" ${ca:+--ca "$ca"}
