# LDAP libraries and programs of many languages, each connected in the way that its users do it.

suite "ldap-programs ($security)"
needs ldap-programs ldapsearch python3 || return 0

start_server --demo
suffix=dc=pbx,dc=example
phones=cn=phones,ou=services,$suffix
programs=$here/ldap-programs
count=$(search "$phones" phones "$suffix" '(telephoneNumber=*)' 1.1 | grep -c '^dn:')
export NODE_PATH=$clients/npm/node_modules

there() { # there CLIENT COMMAND…: whether it is installed
    local client=$1
    shift
    limited "$@" >/dev/null 2>&1 </dev/null && return
    missing ldap-programs "$client"
    return 1
}

works() { # works NAME PATTERN COMMAND…: ends well and prints the pattern
    expect 0 "$2" "$1" "${@:3}" </dev/null
}

library() { # library NAME "ACTION…" COMMAND…
    local name=$1 action wrong
    for action in $2; do
        case $action in
        search) works "$name: search" 'Anna Adams.*201.*\+49 30 555 0001' "${@:3}" search "${sign_in[@]}" ;;
        all) works "$name: all" "^$count found$" "${@:3}" all "${sign_in[@]}" ;;
        whoami) works "$name: whoami" "^dn:$phones" "${@:3}" whoami "${sign_in[@]}" ;;
        compare) works "$name: compare" '^(true|True)$' "${@:3}" compare "${sign_in[@]}" ;;
        paged) works "$name: paged" "^$count found in 1[0-9] pages$" "${@:3}" paged "${sign_in[@]}" ;;
        schema) works "$name: schema" "attributes; $suffix" "${@:3}" schema "${sign_in[@]}" ;;
        sorted) works "$name: sorted" '^sorted from A' "${@:3}" sorted "${sign_in[@]}" ;;
        vlv) works "$name: vlv" '^3 in view' "${@:3}" vlv "${sign_in[@]}" ;;
        esac
    done
    wrong=("${sign_in[@]}")
    wrong[3]=wrong
    expect "${refused:-1}" '[Ii]nvalid ?[Cc]redentials|INVALID_CREDENTIALS|error code 49' "$name: a wrong password" "${@:3}" search "${wrong[@]}"
}
sign_in=("$ldap_url" "$suffix" "$phones" phones ${ca:+"$ca"})

there ldap3 "$clients/bin/python" -c 'import ldap3' &&
    library ldap3 'search all whoami compare paged schema' "$clients/bin/python" "$programs/with_ldap3.py"
there python-ldap /usr/bin/python3 -c 'import ldap' &&
    library python-ldap 'search all whoami compare paged vlv' /usr/bin/python3 "$programs/with_python_ldap.py"
there ldapts node -e 'require("ldapts")' &&
    library ldapts 'search all whoami compare paged' node "$programs/with_ldapts.cjs"
there ldapjs node -e 'require("ldapjs")' &&
    library ldapjs 'search all whoami compare paged' node "$programs/with_ldapjs.cjs"
[ "$security" != starttls ] && there ldapjs-client node -e 'require("ldapjs-client")' &&
    library ldapjs-client 'search all' node "$programs/with_ldapjs_client.cjs"
there go-ldap test -x "$clients/with_go_ldap" &&
    library go-ldap 'search all whoami compare paged' "$clients/with_go_ldap"
there Net::LDAP perl -MNet::LDAP -MIO::Socket::SSL -e 1 &&
    refused=255 library Net::LDAP 'search all whoami compare paged' perl "$programs/with_net_ldap.pl"
there php-ldap php -r 'exit(function_exists("ldap_connect") ? 0 : 1);' &&
    library php-ldap 'search all whoami compare paged' php "$programs/with_php_ldap.php"

there JNDI javac -version &&
    library JNDI 'search all compare paged sorted schema' java "$programs/with_jndi.java"

openldap=(-x -H "$ldap_url" "${start_tls[@]}" -D "$phones" -w phones)
ask=(ldapsearch "${openldap[@]}" -b "$suffix")
works 'ldapsearch: paged' "numEntries: $count" "${ask[@]}" -E '!pr=7/noprompt' '(telephoneNumber=*)' cn
works 'ldapsearch: sorted' "numEntries: $count" "${ask[@]}" -E '!sss=sn:caseIgnoreOrderingMatch' '(telephoneNumber=*)' cn
# It scrolls on until there is no more (76).
works 'ldapsearch: virtual list view' 'vlvResult: pos=1' bash -c '"$@" || [ $? = 76 ]' - \
    "${ask[@]}" -E 'sss=sn:caseIgnoreOrderingMatch' -E '!vlv=0/2/1/0' '(telephoneNumber=*)' cn
works 'ldapsearch: schema' 'attributeTypes: ' ldapsearch "${openldap[@]}" -s base -b cn=Subschema attributeTypes

# curl's StartTLS (7.88) fails with OpenLDAP's server too.
[ "$security" != starttls ] && there curl curl --version &&
    works 'curl: an LDAP URL' 'cn: Anna Adams' curl -sS ${ca:+--cacert "$ca"} \
        -u "$phones:phones" "$ldap_url/$suffix?cn?sub?(telephoneNumber=*0001)"
there ldapvi ldapvi --version &&
    works 'ldapvi: an entry as text' '^cn: Anna Adams' ldapvi --out -h "$ldap_url" ${start_tls:+--starttls} \
        --tls strict -D "$phones" -w phones -b "$suffix" '(cn=anna adams)'

cat >"$scratch/shelldap.yaml" <<X
---
server: $ldap_url
basedn: $suffix
binddn: $phones
bindpass: phones
${start_tls:+tls: yes}
${ca:+tls_cacert: $ca}
X
there shelldap shelldap --version &&
    works 'shelldap: ls' 'd ou=people/' bash -c "printf 'ls\nexit\n' | HOME='$scratch' shelldap --configfile '$scratch/shelldap.yaml'"

cat >"$scratch/lbdb.rc" <<X
\$ldap_server = '$ldap_url';
\$ldap_tls = ${start_tls:+1}${start_tls:-0};
\$search_base = '$suffix';
\$ldap_bind_dn = '$phones';
\$ldap_bind_password = 'phones';
\$ldap_search_fields = 'givenname sn cn mail';
\$ldap_expected_answers = 'givenname sn cn mail telephonenumber';
\$ldap_result_email = '\${mail}';
\$ldap_result_realname = '\${cn}';
\$ldap_result_comment = '(\${telephonenumber})';
1;
X
there lbdb which mutt_ldap_query &&
    works 'lbdb: an address for mutt' 'anna.adams@pbx.example.*Anna Adams' mutt_ldap_query --config_file="$scratch/lbdb.rc" adams

# Its TLS needs a socket factory of the caller's own.
[ "$security" = plain ] && there 'Mozilla LDAP for Java' java -version &&
    works 'Mozilla LDAP for Java: search' 'cn: Anna Adams' \
        java -cp /usr/share/java/ldapjdk.jar:/usr/share/java/ldaptools.jar LDAPSearch \
        -h "${ldap%:*}" -p "${ldap#*:}" -D "$phones" -w phones -b "$suffix" '(cn=anna adams)'
