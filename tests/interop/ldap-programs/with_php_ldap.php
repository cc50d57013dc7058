<?php
// with_php_ldap.php ACTION URL BASE DN PASSWORD [CA]: PHP's LDAP extension, with StartTLS for `ldap:`
// where a CA is named.

[, $action, $url, $base, $dn, $password, $ca] = array_pad($argv, 7, '');
if ($ca) {
    putenv("LDAPTLS_CACERT=$ca");
}
$ldap = ldap_connect($url);
ldap_set_option($ldap, LDAP_OPT_PROTOCOL_VERSION, 3);
if ($ca && str_starts_with($url, 'ldap:') && !ldap_start_tls($ldap)) {
    exit(1);
}
if (!ldap_bind($ldap, $dn, $password)) {
    exit(1);
}

function found(string $filter, array $controls = []): array
{
    global $ldap, $base;
    $result = ldap_search($ldap, $base, $filter, ['cn', 'telephoneNumber'], 0, -1, -1, LDAP_DEREF_NEVER, $controls);
    if (!$result) {
        exit(1);
    }
    ldap_parse_result($ldap, $result, $code, $matched, $text, $referrals, $answered);
    return [ldap_get_entries($ldap, $result), $answered];
}

switch ($action) {
    case 'search':
        $anna = found('(&(objectClass=person)(telephoneNumber=*0001))')[0][0];
        echo $anna['cn'][0], ' ', $anna['telephonenumber'][0], ' ', $anna['telephonenumber'][1], "\n";
        break;
    case 'all':
        echo found('(telephoneNumber=*)')[0]['count'], " found\n";
        break;
    case 'whoami':
        echo ldap_exop_whoami($ldap), "\n";
        break;
    case 'compare':
        $anna = found('(telephoneNumber=*0001)')[0][0]['dn'];
        echo var_export(ldap_compare($ldap, $anna, 'telephoneNumber', '030 5550001')), "\n";
        break;
    case 'paged':
        [$count, $pages, $cookie] = [0, 0, ''];
        do {
            $control = ['oid' => LDAP_CONTROL_PAGEDRESULTS, 'value' => ['size' => 7, 'cookie' => $cookie]];
            [$entries, $answered] = found('(telephoneNumber=*)', [$control]);
            $count += $entries['count'];
            $pages++;
            $cookie = $answered[LDAP_CONTROL_PAGEDRESULTS]['value']['cookie'] ?? '';
        } while ($cookie);
        echo "$count found in $pages pages\n";
        break;
}
