"""The address books of Evolution: what its dialogues write below `evolution/sources`."""

import os
import urllib.parse

LDAP = """[Data Source]
DisplayName=Company
Enabled=true
Parent=ldap-stub

[Authentication]
Host={host}
Method=ldap/simple-binddn
Port={port}
ProxyUid=system-proxy
RememberPassword=true
User={dn}

[Address Book]
BackendName=ldap

[LDAP Backend]
CanBrowse=true
Filter=
Limit=100
RootDn={base}
Scope=subtree

[Security]
Method={security}

[Offline]
StaySynchronized=false
"""

CARDDAV = """[Data Source]
DisplayName={path}
Enabled=true
Parent=carddav-stub

[Authentication]
Host={host}
Method=plain/password
Port={port}
ProxyUid=system-proxy
RememberPassword=true
User={user}

[Address Book]
BackendName=carddav

[Security]
Method={security}

[WebDAV Backend]
AvoidIfmatch=false
ResourcePath={path}

[Offline]
StaySynchronized=true

[Refresh]
Enabled=false
IntervalMinutes=60
"""


def write(uid, text):
    folder = os.path.join(os.environ["XDG_CONFIG_HOME"], "evolution", "sources")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, uid + ".source"), "w", encoding="utf-8") as file:
        file.write(text)


def write_ldap(uid, url, security, base, dn):
    parts = urllib.parse.urlsplit(url)
    names = {"plain": "none", "starttls": "starttls", "tls": "ldaps"}
    write(uid, LDAP.format(host=parts.hostname, port=parts.port, base=base, dn=dn,
                           security=names[security]))


def write_carddav(uid, url, path, user):
    parts = urllib.parse.urlsplit(url)
    write(uid, CARDDAV.format(host=parts.hostname, port=parts.port, path=path, user=user,
                              security="tls" if parts.scheme == "https" else "none"))
