"""with_ldap3.py ACTION URL BASE DN PASSWORD [CA]: ldap3, with StartTLS for `ldap:` where a CA is named."""

import ssl
import sys

from ldap3 import ALL, SUBTREE, Connection, Server, Tls

action, url, base, dn, password, ca = [*sys.argv[1:], ""][:6]
tls = Tls(ca_certs_file=ca, validate=ssl.CERT_REQUIRED) if ca else None
server = Server(url, get_info=ALL, tls=tls)
connection = Connection(server, dn, password, raise_exceptions=True)
connection.open(read_server_info=False)
if ca and url.startswith("ldap:"):
    connection.start_tls()
connection.bind()


def search(ldap_filter, **options):
    connection.search(base, ldap_filter, SUBTREE, attributes=["cn", "telephoneNumber"], **options)
    return [entry for entry in connection.response if entry["type"] == "searchResEntry"]


anna = search("(&(objectClass=person)(telephoneNumber=*0001))")[0]
if action == "search":
    print(*anna["attributes"]["cn"], *anna["attributes"]["telephoneNumber"])
elif action == "all":
    print(len(search("(telephoneNumber=*)")), "found")
elif action == "whoami":
    print(connection.extend.standard.who_am_i())
elif action == "compare":
    print(connection.compare(anna["dn"], "telephoneNumber", "030 5550001"))
elif action == "paged":
    found, pages, cookie = 0, 0, None
    while cookie != b"":
        found += len(search("(telephoneNumber=*)", paged_size=7, paged_cookie=cookie))
        pages += 1
        cookie = connection.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    print(found, "found in", pages, "pages")
elif action == "schema":
    # With `check_names`, which is on, a filter or an attribute that the schema does not have is refused.
    wanted = ["cn", "CallerIDName", "ipPhone", "cell", "ringbookVoicemail", "entryUUID"]
    connection.search(base, "(|(AccountNumber=*0001)(cellphone=*0001))", attributes=wanted)
    assert connection.entries[0].CallerIDName == "Anna Adams"
    print(len(server.schema.attribute_types), "attributes;", *server.info.naming_contexts)
connection.unbind()
