"""What the Python drivers share: checks that print a line, waiting, and a plain HTTP client."""

import base64
import ssl
import sys
import time
import urllib.error
import urllib.request

_failed = 0


def check(name, good, info=""):
    """Prints `ok` or `FAIL`; lib.sh counts the lines."""
    global _failed
    if good:
        print(f"ok    {name}", flush=True)
    else:
        _failed += 1
        print(f"FAIL  {name}: " + str(info).replace("\n", "|")[:600], flush=True)


def finish():
    """Ends the driver with the status that lib.sh expects."""
    sys.exit(1 if _failed else 0)


def until(condition, seconds=20):
    """What `condition` returns last: as soon as it is true, or when the time is over."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


class Server:
    """The CardDAV door as a user reaches it without the client under test."""

    def __init__(self, url, user, password, ca=""):
        self.url, self.user, self.password = url, user, password
        self.context = ssl.create_default_context(cafile=ca) if ca else None
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.authorization = f"Basic {pair}"

    def request(self, method, path, body=None, **headers):
        """The status and the text of the answer."""
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Authorization", self.authorization)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def put(self, path, *lines):
        """Writes a card of these lines; the status."""
        card = ["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", ""]
        return self.request("PUT", path, "\r\n".join(card).encode(), Content_Type="text/vcard")[0]

    def cards(self, book):
        """The paths of the cards in a book, from a PROPFIND."""
        body = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        answer = self.request("PROPFIND", book, body, Depth="1", Content_Type="application/xml")[1]
        parts = answer.replace("</", "<").split("href>")[1::2]
        return [part.split("<")[0] for part in parts if ".vcf" in part]
