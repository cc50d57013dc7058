"""The CardDAV servers that are measured: each starts on loopback with the same cards in one book."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from servers import Ringbook, Server, basic, cpu_seconds, wait_until  # noqa: E402

USER, PASSWORD = "100", "bench-password"
WRITERS = 8


class DavServer:
    """What the measurements need: `http` as HOST:PORT, the path of the book, and where clients begin."""

    start_path = "/.well-known/carddav"

    def connect(self):
        return http.client.HTTPConnection(self.http, timeout=600)

    def headers(self, more=()):
        return {**basic(USER, PASSWORD), **dict(more)}


class RingbookDav(Ringbook, DavServer):
    book = None

    def __init__(self, program, folder):
        super().__init__(program, folder)
        self.bind_password = PASSWORD

    def fill(self, cards):
        """PUTs every card over a few connections; returns the server's CPU milliseconds for one."""
        self.start()
        self.admin("user", "add", USER, "--given-name", "Bea", "--family-name", "Bench", "--password-file", "-", secret=PASSWORD)
        self.book = f"/dav/homes/{USER}.main/personal/"
        before = cpu_seconds(self.pid)
        rest = iter(cards)
        lock, refused = threading.Lock(), []

        def write():
            connection = self.connect()
            while True:
                with lock:
                    card = next(rest, None)
                if card is None:
                    return
                headers = self.headers({"Content-Type": "text/vcard", "If-None-Match": "*"})
                connection.request("PUT", self.book + card.name, card.text(), headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 201:
                    refused.append(answer.status)
                    return

        threads = [threading.Thread(target=write) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused:
            raise SystemExit(f"Ringbook: PUT of a card: status {refused[0]}")
        return (cpu_seconds(self.pid) - before) * 1000 / len(cards)


class Peer(Server, DavServer):
    """A server of somebody else, from PyPI. Its files are written as it writes them itself."""

    def __init__(self, program, folder):
        super().__init__()
        self.program, self.folder = program, os.path.join(folder, self.name.lower())
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, arguments):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.http = f"127.0.0.1:{port}"
        with open(self.folder + ".log", "ab") as log:
            command = [self.program, *(word.replace("PORT", str(port)) for word in arguments)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(answers, self.process, self.name)

    @staticmethod
    def write_cards(folder, cards):
        for card in cards:
            with open(os.path.join(folder, card.name), "wb") as file:
                file.write(card.text())


class Radicale(Peer):
    name = "Radicale"
    book = f"/{USER}/contacts/"

    def fill(self, cards):
        folder = os.path.join(self.folder, "collection-root", USER, "contacts")
        os.makedirs(folder)
        with open(os.path.join(folder, ".Radicale.props"), "w", encoding="utf-8") as file:
            file.write('{"tag": "VADDRESSBOOK"}')
        self.write_cards(folder, cards)
        users = self.folder + ".users"
        with open(users, "w", encoding="utf-8") as file:
            file.write(f"{USER}:{PASSWORD}\n")
        self.run(["--server-hosts", "127.0.0.1:PORT", "--storage-filesystem-folder", self.folder,
                  "--auth-type", "htpasswd", "--auth-htpasswd-filename", users,
                  "--auth-htpasswd-encryption", "plain", "--auth-delay", "0",
                  "--server-max-content-length", "100000000", "--server-timeout", "0", "--logging-level", "error"])


class Xandikos(Peer):
    """Has no accounts of its own: whoever comes is let in."""

    name = "Xandikos"
    book = f"/{USER}/contacts/addressbook/"

    def fill(self, cards):
        arguments = ["-d", self.folder, "-l", "127.0.0.1", "-p", "PORT", "--defaults",
                     "--current-user-principal", f"/{USER}/"]
        folder = os.path.join(self.folder, USER, "contacts", "addressbook")
        os.makedirs(self.folder)
        self.run(arguments)
        deadline = time.monotonic() + 60
        while not os.path.isdir(os.path.join(folder, ".git")) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.stop()
        self.write_cards(folder, cards)
        git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"]
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "cards"], check=True)
        self.run(arguments)


PEERS = [Radicale, Xandikos]


def found(folder):
    """The peers that are installed, with their programs: in the folder, or on the path."""
    search = os.pathsep.join([folder, os.environ.get("PATH", "")]) if folder else None
    programs = [(peer, shutil.which(peer.name.lower(), path=search)) for peer in PEERS]
    return [(peer, program) for peer, program in programs if program]
