# phpLDAPadmin: a web page that reads the schema before it shows anything.

suite 'phpldapadmin'
needs phpldapadmin php curl python3 || return 0
if [ ! -s "$clients/phpldapadmin/htdocs/index.php" ]; then
    missing phpldapadmin phpLDAPadmin
    return 0
fi

start_server --demo
work=$(mktemp -d "$scratch/phpldapadmin.XXXXXX")
cp -r "$clients/phpldapadmin/." "$work"
cat >"$work/config/config.php" <<X
<?php
\$config->custom->session['blowfish'] = '$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')';
\$servers = new Datastore();
\$servers->newServer('ldap_pla');
\$servers->setValue('server', 'name', 'Ringbook');
\$servers->setValue('server', 'host', '${ldap%:*}');
\$servers->setValue('server', 'port', ${ldap#*:});
\$servers->setValue('login', 'attr', 'dn');
\$servers->setValue('server', 'read_only', true);
X
page_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
page=http://127.0.0.1:$page_port
# What it warns of is its own age.
php -d error_reporting=0 -S "127.0.0.1:$page_port" -t "$work/htdocs" >"$work/log" 2>&1 </dev/null &
php_server=$!
for _ in $(seq 100); do
    curl -sS -o /dev/null "$page/index.php" 2>/dev/null && break
    sleep 0.1
done

# shown QUERY [CURL ARGUMENT…]: the page of a query, without its tags.
shown() {
    curl -sS -L -b "$work/jar" -c "$work/jar" "$page/cmd.php?server_id=1&$1" "${@:2}" |
        sed -E 's/<script.*<\/script>//g; s/value="([^"]*)"/>\1</g; s/<[^>]*>/ /g' | tr -s ' \n'
}
curl -sS -o /dev/null -b "$work/jar" -c "$work/jar" "$page/index.php"
admin=uid=200,ou=people,dc=pbx,dc=example
expect 0 'Successfully logged into server' 'phpLDAPadmin: signs in' \
    shown cmd=login -d cmd=login -d server_id=1 -d 'nodecode[login_pass]=1' \
    --data-urlencode "login=$admin" --data-urlencode login_pass=demo-200
expect 0 'ringbookpresence' 'phpLDAPadmin: reads the attribute types' shown 'cmd=schema&view=attributes'
expect 0 'ringbookContact OID: 2\.25\.' 'phpLDAPadmin: reads the object classes' \
    shown 'cmd=schema&view=objectclasses'
expect 0 'subschemaSubentry.*cn=subschema' 'phpLDAPadmin: describes the server' shown cmd=server_info
expect 0 'Anna Adams' 'phpLDAPadmin: shows an entry' \
    shown 'cmd=template_engine&dn=uid%3D201%2Cou%3Dpeople%2Cdc%3Dpbx%2Cdc%3Dexample'
search='query=none&format=list&showresults=na&scope=sub&orderby=cn&size_limit=50&search=Search'
expect 0 'Anna Adams.*\+49 30 555 0001' 'phpLDAPadmin: searches' shown \
    "cmd=query_engine&$search&base=dc%3Dpbx%2Cdc%3Dexample&filter=%28cn%3Danna*%29&display_attrs=cn%2CtelephoneNumber"
kill "$php_server" && wait "$php_server" 2>/dev/null
