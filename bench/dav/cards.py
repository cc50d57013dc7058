"""Cards of a company's contacts: vCard 3.0 of about a kilobyte, one in ten with a photo; the same bytes
on every machine."""

import base64
import binascii
import os
import random
import struct
import sys
import uuid
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import pbxgen  # noqa: E402

SEED = 7
PHOTO_SIDE = 44
DEPARTMENTS = "Sales Support Engineering Finance Legal Marketing Operations Logistics Procurement Production".split()
WORDS = "prefers calls before noon backup for reception speaks Polish and German key account site manager".split()
TYPES = [("WORK,VOICE", 1.0), ("CELL", 0.7), ("HOME", 0.25), ("FAX,WORK", 0.2)]


class Card:
    """One card: `name` is its file, `full` its FN, `numbers` the values of its TEL."""

    def __init__(self, number):
        pick = random.Random(SEED << 32 | number)
        locale = pick.choice(list(pbxgen.NAMES))
        _, given, family = pbxgen.NAMES[locale]
        self.given, self.family = pick.choice(given.split()), pick.choice(family.split())
        self.uid = str(uuid.UUID(int=pick.getrandbits(128), version=4))
        self.name = f"{self.uid}.vcf"
        self.full = f"{self.given} {self.family}"
        self.number = number
        self.numbers = [(kind, f"+4930{pick.randrange(10**7):07}") for kind, share in TYPES if pick.random() < share]
        self.pick = pick

    def text(self, title=""):
        """The card as bytes; another title makes another card of it."""
        pick = random.Random(self.number)
        department = pick.choice(DEPARTMENTS)
        lines = [
            "BEGIN:VCARD", "VERSION:3.0", "PRODID:-//bench//cards//EN", f"UID:{self.uid}", f"FN:{self.full}",
            f"N:{self.family};{self.given};;;",
            *(f"TEL;TYPE={kind}:{number}" for kind, number in self.numbers),
            f"EMAIL;TYPE=INTERNET,WORK:contact{self.number}@example.com",
            f"ORG:Example GmbH;{department};Berlin", f"TITLE:{title or pick.choice(DEPARTMENTS)}",
            f"ADR;TYPE=WORK:;;Hauptstraße {pick.randrange(1, 200)};Berlin;;{pick.randrange(10**5):05};",
            f"CATEGORIES:{department},Berlin", f"NOTE:{' '.join(pick.choices(WORDS, k=pick.randrange(5, 40)))}",
        ]
        if pick.random() < 0.1:
            lines.append("PHOTO;ENCODING=b;TYPE=PNG:" + base64.b64encode(photo(pick)).decode())
        return b"\r\n".join(folded(line) for line in [*lines, "END:VCARD"]) + b"\r\n"


def photo(pick):
    """A picture of noise, which no program can make smaller: about 6 KB."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", binascii.crc32(kind + data))

    rows = b"".join(b"\0" + pick.randbytes(3 * PHOTO_SIDE) for _ in range(PHOTO_SIDE))
    head = struct.pack(">IIBBBBB", PHOTO_SIDE, PHOTO_SIDE, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def folded(line):
    """A line as octets, folded at 75 and never inside a character."""
    rest, parts = line.encode(), []
    while len(rest) > 75 - bool(parts):
        cut = 75 - bool(parts)
        while rest[cut] & 0xC0 == 0x80:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return b"\r\n ".join([*parts, rest])
