"""Drives a real Thunderbird: LDAP search, completion and offline copy; CardDAV from discovery to delete.

drive.py --ldap URL --base DN --entries N --http URL --profile DIR [--ca FILE]

Signs in as user 201 of the demo. `--entries` is how many contacts that user finds below the base."""

import argparse
import os
import subprocess
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from checks import Server, check, finish, until  # noqa: E402
from marionette import Thunderbird  # noqa: E402

USER, PASSWORD, HOME = "201", "demo-201", "/dav/homes/201.demo"
BOOK = f"{HOME}/personal/"
# Name, path segment, whether it is read-only.
BOOKS = {
    "Personal contacts": ("personal", False),
    "Shared contacts": ("shared", True),
    "Coworkers": ("people", True),
    "Favorites": ("favorites", True),
}

# Nothing but the test speaks to the network, and no dialogue waits for an answer.
QUIET = {
    "app.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.auto_config.fetchFromISP.enabled": False,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


def preferences(options):
    """What the dialogues "LDAP Directory" and "CardDAV Address Book" write."""
    ldap, dav = "ldap_2.servers.ldap.", "ldap_2.servers.dav."
    return {
        **QUIET,
        ldap + "description": "Ringbook",
        ldap + "dirType": 0,
        ldap + "filename": "ldap.sqlite",
        ldap + "uri": directory_uri(options),
        ldap + "auth.dn": f"uid={USER},ou=people,{options.base}",
        ldap + "maxHits": 100,
        "ldap_2.autoComplete.useDirectory": True,
        "ldap_2.autoComplete.directoryServer": "ldap_2.servers.ldap",
        dav + "description": "Personal",
        dav + "dirType": 102,
        dav + "filename": "abook-1.sqlite",
        dav + "uid": "5a6f1f4c-0d53-4f6b-9a3e-000000000201",
        dav + "carddav.url": options.http + BOOK,
        dav + "carddav.username": USER,
        dav + "carddav.syncinterval": 0,
    }


def directory_uri(options):
    return f"{options.ldap}/{options.base}??sub?(objectclass=*)"


def trust(profile, authority):
    """What "Authorities, Import" in the certificate manager does."""
    store = ["-d", f"sql:{profile}"]
    subprocess.run(["certutil", "-N", "--empty-password", *store], check=True, timeout=60)
    subprocess.run(["certutil", "-A", "-n", "Ringbook", "-t", "C,,", "-i", authority, *store],
                   check=True, timeout=60)


def ldap_checks(thunderbird, options):
    uri = directory_uri(options)
    thunderbird.run("await rememberPassword(Services.io.newURI(A[0]).prePath, A[0], '', A[1])",
                    uri, PASSWORD)
    # Anna Adams, the user's own contact Paula Adams, and spellings that only the server folds.
    for words, wanted in [
        ("adams", ["Anna Adams", "Paula Adams"]),
        ("anna adams", ["Anna Adams"]),
        ("mueller", ["Jörg Müller"]),
        ("paula@", ["Paula Adams"]),
        ("nobody-of-this-name", []),
    ]:
        found = thunderbird.run("return await searchLdap(A[0])", words)
        check(f"an LDAP search for '{words}' finds {len(wanted)}",
              found["status"] == 0 and found["names"] == wanted, found)
    offered = thunderbird.run("return await complete(A[0])", "adams")
    check("recipients are completed from LDAP", sorted(offered) == [
        "Anna Adams <anna.adams@pbx.example>", "Paula Adams <paula@mail.example>"], offered)
    copied = thunderbird.run("return await replicate()")
    check("the offline copy has every contact and no container",
          len(copied) == options.entries and all(copied), f"{len(copied)} instead of {options.entries}")


def sync(thunderbird):
    thunderbird.run("await davBook().syncWithServer(false)")


def name_of(thunderbird, uid):
    return thunderbird.run("return davBook().childCards.find(c => c.UID == A[0])?.displayName", uid)


def own_changes(thunderbird, server):
    """What is made and edited here arrives on the server; returns how to delete it again."""
    made = thunderbird.run("return await create(A[0])", [
        "FN:Žofie Created", "N:Created;Žofie;;;", "EMAIL;PREF=1:zofie@mail.example",
        "TEL;TYPE=work;VALUE=TEXT:+420555999", "ORG:Acme;Support", "NOTE:line1\\nline2\\, comma"])
    check("a new contact gets its ETag and address", made["etag"] and made["href"], made)
    card = server.request("GET", made["href"])
    check("it is on the server",
          card[0] == 200 and "FN:Žofie Created" in card[1] and "+420555999" in card[1], card)
    edited = thunderbird.run("return await changeNumber(A[0], A[1])", made["uid"], "+420555888")
    check("an edit gets another ETag", edited["etag"] not in ("", made["etag"]), edited)
    card = server.request("GET", made["href"])
    check("the server has the edit and the rest",
          "+420555888" in card[1] and "line1\\nline2\\, comma" in card[1], card)

    def delete():
        thunderbird.run("davBook().deleteCards([davBook().getCard(A[0])])", made["uid"])
        status = until(lambda: server.request("GET", made["href"])[0] == 404)
        check("a contact deleted here is gone on the server", status)
    return delete


def changes_of_others(thunderbird, server):
    path = BOOK + "other.vcf"
    token = thunderbird.run("return davBook()._syncToken")
    check("the server gives a sync token", token, token)
    server.put(path, "UID:other", "FN:Otto Other", "N:Other;Otto;;;", "TEL:+493012345")
    sync(thunderbird)
    check("a contact made elsewhere arrives", name_of(thunderbird, "other") == "Otto Other")
    server.put(path, "UID:other", "FN:Odette Other", "N:Other;Odette;;;", "TEL:+493012345")
    sync(thunderbird)
    check("an edit made elsewhere arrives", name_of(thunderbird, "other") == "Odette Other")
    server.request("DELETE", path)
    sync(thunderbird)
    check("a deletion made elsewhere arrives", name_of(thunderbird, "other") is None)


def bad_token(thunderbird, server):
    """Thunderbird starts afresh on 400 and stays stuck on any other refusal."""
    server.put(BOOK + "late.vcf", "UID:late", "FN:Lara Late", "N:Late;Lara;;;", "TEL:+493054321")
    thunderbird.run("davBook()._syncToken = 'http://invalid.example/ns/sync/bogus'")
    sync(thunderbird)
    token = thunderbird.run("return davBook()._syncToken")
    check("after a token of another server there is a good one", token and "bogus" not in token, token)
    check("and what changed meanwhile arrives", name_of(thunderbird, "late") == "Lara Late")
    server.request("DELETE", BOOK + "late.vcf")
    sync(thunderbird)
    check("and the next sync goes on from there", name_of(thunderbird, "late") is None)


def carddav_checks(thunderbird, options):
    server = Server(options.http, USER, PASSWORD, options.ca)
    own = len(server.cards(BOOK))
    thunderbird.run("await rememberPassword(A[0], 'Ringbook', A[1], A[2])", options.http, USER, PASSWORD)
    thunderbird.run("await davBook().fetchAllFromServer()")
    cards = thunderbird.run("return davBook().childCards.map(show)")
    check("the first sync brings every contact",
          len(cards) == own and all(card["name"] and card["etag"] for card in cards), cards)
    delete = own_changes(thunderbird, server)
    changes_of_others(thunderbird, server)
    bad_token(thunderbird, server)
    delete()
    sync(thunderbird)
    check("nothing else changed", thunderbird.run("return davBook().childCardCount") == own)
    for path in ["", "/.well-known/carddav", "/dav/"]:
        discovery(thunderbird, server, path, BOOKS)
    discovery(thunderbird, server, BOOK, {"Personal contacts": BOOKS["Personal contacts"]})


def discovery(thunderbird, server, path, wanted):
    where = path or "the server's address"
    found = thunderbird.run("return await addBooks(...A)", USER, PASSWORD, server.url + path)
    check(f"{where} leads to the books", {book["name"] for book in found} == set(wanted), found)
    for book in found:
        segment, read_only = wanted.get(book["name"], ("", None))
        check(f"{book['name']} are {'read-only' if read_only else 'writable'} and complete",
              book["readOnly"] == read_only
              and book["cards"] == len(server.cards(f"{HOME}/{segment}/")), book)


def main():
    parser = argparse.ArgumentParser()
    for name in ["--ldap", "--base", "--http", "--profile", "--binary"]:
        parser.add_argument(name, required=True)
    parser.add_argument("--entries", type=int, required=True)
    parser.add_argument("--ca", default="")
    options = parser.parse_args()
    if options.ca:
        trust(options.profile, options.ca)
    with open(os.path.join(HERE, "helpers.js"), encoding="utf-8") as file:
        helpers = file.read()
    with Thunderbird(options.binary, options.profile, preferences(options), helpers) as thunderbird:
        version = thunderbird.run("return Services.appinfo.version")
        print(f"Thunderbird {version}", flush=True)
        for checks in [ldap_checks, carddav_checks]:
            try:
                checks(thunderbird, options)
            except (OSError, RuntimeError):
                check(f"{checks.__name__} run to their end", False, traceback.format_exc(limit=-2))
    finish()


main()
