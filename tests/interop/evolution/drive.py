"""Drives Evolution's address-book server over D-Bus: LDAP, and CardDAV from discovery to delete.

drive.py --ldap URL --security plain|starttls|tls --base DN --entries N --http URL [--ca FILE]

Signs in as user 201 of the demo. `--entries` is how many contacts that user finds below the base.
Runs in a D-Bus session and a home of its own."""

import argparse
import os
import sys

import gi

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
for library in ["EDataServer", "EBook", "EBookContacts"]:
    gi.require_version(library, "1.2")

from gi.repository import EBook, EBookContacts, EDataServer, GLib  # noqa: E402

import checks  # noqa: E402
import sources  # noqa: E402
from checks import Server, check, finish  # noqa: E402

USER, PASSWORD, HOME = "201", "demo-201", "/dav/homes/201.demo"
OWN, PEOPLE = f"{HOME}/personal/", f"{HOME}/people/"
PHONE = "+420555777"


def until(condition):
    """As checks.until, with Evolution's signals delivered meanwhile; an error means not yet."""
    def again():
        while GLib.MainContext.default().iteration(False):
            pass
        try:
            return condition()
        except GLib.Error:
            return False
    return checks.until(again)


def open_book(registry, uid):
    # It would wait for a signal that nobody delivers here; `until` waits in its place.
    return EBook.BookClient.connect_sync(registry.ref_source(uid), 1, None)


def names(book, query):
    contacts = book.get_contacts_sync(query, None)[1]
    return sorted(contact.get_property("full-name") for contact in contacts)


def containing(field, words):
    return f'(contains "{field}" "{words}")'


def completion(words):
    """What Evolution asks for what is typed into the field for recipients."""
    return (f'(or (beginswith "nickname" "{words}") (beginswith "email" "{words}")'
            f' {containing("full_name", words)} (beginswith "file_as" "{words}"))')


def ldap_checks(registry, options):
    book = open_book(registry, "ldap")
    check("the LDAP book opens", until(lambda: names(book, containing("full_name", "adams"))))
    for what, query, wanted in [
        ("a name", containing("full_name", "adams"), ["Anna Adams", "Paula Adams"]),
        ("a name that only the server folds", containing("full_name", "mueller"), ["Jörg Müller"]),
        ("an e-mail", containing("email", "paula@"), ["Paula Adams"]),
        ("a number however written", containing("business_phone", "+49305550001"), ["Anna Adams"]),
        ("something in any field", containing("x-evolution-any-field", "head of sales"), ["Anna Adams"]),
        ("what is typed", completion("adams"), ["Anna Adams", "Paula Adams"]),
        ("nobody", containing("full_name", "nobody-of-this-name"), []),
    ]:
        found = names(book, query)
        check(f"an LDAP search finds {what}", found == wanted, found)
    browsed = names(book, containing("x-evolution-any-field", ""))
    check("browsing shows every contact and no container",
          len(browsed) == options.entries and all(browsed), f"{len(browsed)} of {options.entries}")


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""])


def contact(text):
    return EBookContacts.Contact.new_from_vcard(text)


def text_of(contact_read):
    return contact_read.to_string(EBookContacts.VCardFormat(1))


def own_changes(book, server):
    """What is made, edited and deleted here arrives on the server."""
    before = set(server.cards(OWN))
    none = EBookContacts.BookOperationFlags.NONE
    new = contact(card("FN:Žofie Created", "N:Created;Žofie;;;", f"TEL;TYPE=WORK:{PHONE}", "ORG:Acme;Support"))
    uid = book.add_contact_sync(new, none, None)[1]
    made = [path for path in server.cards(OWN) if path not in before]
    check("a new contact is on the server", uid and len(made) == 1, made)
    path = made[0]
    body = server.request("GET", path)[1]
    check("as it was written", "FN:Žofie Created" in body and PHONE in body, body)

    stale = text_of(book.get_contact_sync(uid, None)[1])
    book.modify_contact_sync(contact(stale.replace(PHONE, "+420555666")), none, None)
    body = server.request("GET", path)[1]
    check("an edit is on the server", "+420555666" in body and "ORG:Acme;Support" in body, body)
    server.request("PUT", path, body.replace("+420555666", "+420555000").encode(), Content_Type="text/vcard")
    book.modify_contact_sync(contact(stale.replace(PHONE, "+420555111")), none, None)
    body = server.request("GET", path)[1]
    check("of two edits at once the later one stays: Evolution sends no If-Match", "+420555111" in body, body)

    book.refresh_sync(None)
    book.remove_contact_by_uid_sync(uid, none, None)
    status = server.request("GET", path)[0]
    check("a contact deleted here is gone on the server", status == 404, status)


def changes_of_others(book, server):
    path = OWN + "other.vcf"

    def arrives(what, wanted):
        book.refresh_sync(None)
        check(what, until(lambda: names(book, containing("full_name", "other")) == wanted))
    server.put(path, "UID:other", "FN:Otto Other", "N:Other;Otto;;;", "TEL:+493012345")
    arrives("a contact made elsewhere arrives", ["Otto Other"])
    server.put(path, "UID:other", "FN:Odette Other", "N:Other;Odette;;;", "TEL:+493012345")
    arrives("an edit made elsewhere arrives", ["Odette Other"])
    server.request("DELETE", path)
    arrives("a deletion made elsewhere arrives", [])


def filled(book, server, path):
    """Whether the book has all cards that the server lists."""
    everybody = containing("full_name", "")
    return until(lambda: len(names(book, everybody)) == len(server.cards(path)))


def carddav_checks(registry, options):
    server = Server(options.http, USER, PASSWORD, options.ca)
    book = open_book(registry, "personal")
    check("every own contact arrives", filled(book, server, OWN))
    check("the own book is writable", until(lambda: not book.is_readonly()))
    own_changes(book, server)
    changes_of_others(book, server)
    people = open_book(registry, "people")
    check("every coworker arrives", filled(people, server, PEOPLE))
    check("the book of coworkers is read-only", people.is_readonly())


def discovery_checks(_registry, options):
    """What "New Address Book, CardDAV, Find Address Books" shows."""
    for path in ["/", "/.well-known/carddav", OWN]:
        source = EDataServer.Source.new_with_uid("found", None)
        source.get_extension("Authentication").set_user(USER)
        source.get_extension("WebDAV Backend").set_resource_path(path)
        secret = EDataServer.NamedParameters.new()
        secret.set("username", USER)
        secret.set("password", PASSWORD)
        contacts = EDataServer.WebDAVDiscoverSupports.CONTACTS
        answer = EDataServer.webdav_discover_sources_sync(source, options.http + path, contacts, secret, None)
        found = sorted(each.display_name for each in answer.out_discovered_sources)
        wanted = ["Coworkers", "Favorites", "Personal contacts", "Shared contacts"]
        check(f"{path} leads to every book", found == wanted, found)


def main():
    parser = argparse.ArgumentParser()
    for name in ["--ldap", "--security", "--base", "--http"]:
        parser.add_argument(name, required=True)
    parser.add_argument("--entries", type=int, required=True)
    parser.add_argument("--ca", default="")
    options = parser.parse_args()
    sources.write_ldap("ldap", options.ldap, options.security, options.base,
                       f"uid={USER},ou=people,{options.base}")
    sources.write_carddav("personal", options.http, OWN, USER)
    sources.write_carddav("people", options.http, PEOPLE, USER)
    registry = EDataServer.SourceRegistry.new_sync(None)
    for uid in ["ldap", "personal", "people"]:
        registry.ref_source(uid).store_password_sync(PASSWORD, True, None)
    for each in [ldap_checks, carddav_checks, discovery_checks]:
        try:
            each(registry, options)
        except (GLib.Error, OSError) as error:
            check(f"{each.__name__} run to their end", False, error)
    finish()


main()
