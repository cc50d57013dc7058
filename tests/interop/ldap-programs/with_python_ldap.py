"""with_python_ldap.py ACTION URL BASE DN PASSWORD [CA]: python-ldap, with StartTLS for `ldap:` where a
CA is named."""

import sys

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.controls.sss import SSSRequestControl
from ldap.controls.vlv import VLVRequestControl

action, url, base, dn, password, ca = [*sys.argv[1:], ""][:6]
if ca:
    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, ca)
connection = ldap.initialize(url)
if ca and url.startswith("ldap:"):
    connection.start_tls_s()
connection.simple_bind_s(dn, password)


def search(ldap_filter, *controls):
    """The entries, and the controls of the answer."""
    message = connection.search_ext(base, ldap.SCOPE_SUBTREE, ldap_filter,
                                    ["cn", "sn", "telephoneNumber"], serverctrls=list(controls))
    _, entries, _, answered = connection.result3(message)
    return entries, answered


if action == "search":
    for _, anna in search("(&(objectClass=person)(telephoneNumber=*0001))")[0]:
        print(*(value.decode() for value in anna["cn"] + anna["telephoneNumber"]))
elif action == "all":
    print(len(search("(telephoneNumber=*)")[0]), "found")
elif action == "whoami":
    print(connection.whoami_s())
elif action == "compare":
    anna = search("(telephoneNumber=*0001)")[0][0][0]
    print(connection.compare_s(anna, "telephoneNumber", b"030 5550001"))
elif action == "paged":
    found, pages, control = 0, 0, SimplePagedResultsControl(True, size=7, cookie="")
    while pages == 0 or control.cookie:
        entries, answered = search("(telephoneNumber=*)", control)
        found, pages = found + len(entries), pages + 1
        control.cookie = answered[0].cookie
    print(found, "found in", pages, "pages")
elif action == "vlv":
    entries, _ = search("(telephoneNumber=*)", SSSRequestControl(ordering_rules=["sn"]),
                        VLVRequestControl(True, 0, 2, offset=3, content_count=0))
    print(len(entries), "in view from the third:", *(entry["sn"][0].decode() for _, entry in entries))
connection.unbind_s()
