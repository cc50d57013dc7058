"""The servers that the benchmark measures: each starts on loopback, with the same people in it."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

import pbxgen

START_SECONDS_MAX = 120
# Clock ticks a second in /proc/PID/stat (proc(5), USER_HZ).
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU time of a process, in user and kernel mode."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def wait_until(done, process, what):
    """Waits for a server to come up, and says so where it does not."""
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        if process.poll() is not None:
            raise SystemExit(f"{what} ended with status {process.returncode}")
        time.sleep(0.01)
    raise SystemExit(f"{what} did not come up within {START_SECONDS_MAX} s")


class Server:
    """A process with an LDAP port, and the account that phones use there."""

    bind_dn = pbxgen.PHONES
    bind_password = pbxgen.SECRET

    def __init__(self):
        self.process = None
        self.ldap = None

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Ringbook(Server):
    name = "Ringbook"

    def __init__(self, program, folder):
        super().__init__()
        self.program = program
        self.data = os.path.join(folder, "ringbook")
        self.http = None
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self):
        """Starts the server; returns the CPU seconds until it listens."""
        listening = os.path.join(self.data, "listening.json")
        if os.path.exists(listening):
            os.remove(listening)
        settings = [
            "ldap.listen=127.0.0.1:0", "http.listen=127.0.0.1:0",
            "ldap.tls_listen=127.0.0.1:0", "http.tls_listen=127.0.0.1:0", "organization.suffix=" + pbxgen.SUFFIX,
            "organization.domain=pbx.example", "organization.region=DE",
        ]
        command = [self.program, "serve", "--data", self.data]
        command += [word for setting in settings for word in ("--set", setting)]
        with open(os.path.join(os.path.dirname(self.data), "ringbook.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ports():
            try:
                with open(listening, encoding="utf-8") as file:
                    return json.load(file)
            except (FileNotFoundError, ValueError):
                return None

        found = wait_until(ports, self.process, "ringbook serve")
        spent = cpu_seconds(self.pid)
        self.ldap, self.http = found["ldap"], found["http"]
        return spent

    def admin(self, *words, secret=None):
        """Runs an administrator's command against the server; the secret goes to its input."""
        with open(os.path.join(self.data, "operator-token"), encoding="utf-8") as file:
            token = file.read().strip()
        environment = {**os.environ, "RINGBOOK_URL": f"http://{self.http}", "RINGBOOK_TOKEN": token}
        done = subprocess.run(
            [self.program, *words], env=environment, input=secret, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"ringbook {words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def load(self, people):
        """Imports the people; returns the server's CPU seconds and the seconds on the clock."""
        with open(f"{people}/columns.json", encoding="utf-8") as file:
            columns = file.read()
        before, start = cpu_seconds(self.pid), time.monotonic()
        self.admin("import", f"{people}/people.csv", "--into", "people", "--profile", "custom",
                   "--columns", columns)
        return cpu_seconds(self.pid) - before, time.monotonic() - start

    def add_accounts(self, login):
        """The account of the phones, and a user who writes cards."""
        name = self.bind_dn.split(",")[0].removeprefix("cn=")
        self.admin("phone", "add", name, "--secret-file", "-", secret=self.bind_password)
        self.admin("user", "set", login, "--password-file", "-", secret=self.bind_password)

    def commit_cpu_ms(self, login, cards):
        """The server's CPU milliseconds for one durable new card, PUT one after the other."""
        connection = http.client.HTTPConnection(self.http, timeout=60)
        home = find_personal_book(connection, login, self.bind_password)
        headers = {**basic(login, self.bind_password), "Content-Type": "text/vcard"}
        spent = 0.0
        for number in range(-10, cards):
            if number == 0:
                spent = cpu_seconds(self.pid)
            card = (f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bench-{number}\r\nFN:Bench {number}\r\n"
                    f"N:{number};Bench;;;\r\nTEL;TYPE=WORK:+4930555{number + 100000}\r\nEND:VCARD\r\n")
            connection.request("PUT", f"{home}bench-{number}.vcf", card.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise SystemExit(f"PUT of a card: status {answer.status}")
        return (cpu_seconds(self.pid) - spent) * 1000 / cards


def basic(login, password):
    import base64
    text = base64.b64encode(f"{login}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def find_personal_book(connection, login, password):
    """Follows the redirect and the properties as a client does (RFC 6764, RFC 6352 section 7.1)."""
    def ask(path, prop, depth="0"):
        body = ('<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop>'
                f"<{prop}/></prop></propfind>")
        headers = {**basic(login, password), "Depth": depth, "Content-Type": "application/xml"}
        connection.request("PROPFIND", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 207:
            raise SystemExit(f"PROPFIND {path}: status {answer.status}")
        return [urllib.parse.urlsplit(part.split("<", 1)[0]).path
                for piece in text.split("href") for part in [piece.split(">", 1)[-1]] if part.startswith("/")]

    principal = ask("/dav/", "current-user-principal")[-1]
    home = ask(principal, "C:addressbook-home-set")[-1]
    return next(href for href in ask(home, "resourcetype", "1") if href.endswith("/personal/"))


class Slapd(Server):
    name = "slapd"
    program = "/usr/sbin/slapd"

    @classmethod
    def installed(cls):
        return os.path.exists(cls.program) and os.path.exists("/usr/sbin/slapadd")

    def __init__(self, folder):
        super().__init__()
        self.folder = os.path.join(folder, "slapd")

    def load(self, people):
        """Fills the database; returns the CPU seconds that it took."""
        configuration = os.path.join(self.folder, "slapd.conf")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(os.path.join(self.folder, "db"))
        template = os.path.join(os.path.dirname(os.path.abspath(__file__)), "slapd.conf.in")
        with open(template, encoding="utf-8") as source, open(configuration, "w", encoding="utf-8") as file:
            file.write(source.read().replace("@FOLDER@", self.folder))
        before = os.times()
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", configuration, "-l", f"{people}/people.ldif"], check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    def start(self):
        """Starts the server; returns the CPU seconds until it listens."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [self.program, "-d", "0", "-h", f"ldap://127.0.0.1:{port}",
                   "-f", os.path.join(self.folder, "slapd.conf")]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(answers, self.process, "slapd")
        self.ldap = f"127.0.0.1:{port}"
        return cpu_seconds(self.pid)
