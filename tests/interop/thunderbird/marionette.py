"""Starts Thunderbird without a window and runs JavaScript in it, over Mozilla's Marionette protocol."""

import json
import os
import socket
import subprocess

from checks import until

# A page load never takes longer; a driver that hangs ends with lib.sh's own limit.
ANSWER_S = 60


class Thunderbird:
    """One running Thunderbird with a profile of its own."""

    def __init__(self, binary, profile, preferences, helpers):
        self.profile, self.helpers = profile, helpers
        # Port 0: Marionette takes a free one and writes it into the profile.
        with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as file:
            for name, value in {**preferences, "marionette.port": 0}.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        environment = dict(os.environ, HOME=profile, XDG_CACHE_HOME=os.path.join(profile, "cache"),
                           MOZ_CRASHREPORTER_DISABLE="1")
        self.log = open(os.path.join(profile, "log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [binary, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
             "--profile", profile],
            env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.socket, self.received, self.number = None, b"", 0

    def __enter__(self):
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.socket:
                self.command("Marionette:Quit", flags=["eForceQuit"])
            self.process.wait(15)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _connect(self):
        active = os.path.join(self.profile, "MarionetteActivePort")
        if not until(lambda: os.path.exists(active) and os.path.getsize(active), 90):
            raise RuntimeError("Thunderbird did not start")
        with open(active, encoding="ascii") as file:
            self.socket = socket.create_connection(("127.0.0.1", int(file.read())), ANSWER_S)
        self._message()  # the greeting
        self.command("WebDriver:NewSession", capabilities={})
        self.command("Marionette:SetContext", value="chrome")
        self.command("WebDriver:SetTimeouts", script=ANSWER_S * 1000)

    def _message(self):
        """Messages are `LENGTH:JSON`."""
        while b":" not in self.received:
            self._receive()
        length, _, self.received = self.received.partition(b":")
        while len(self.received) < int(length):
            self._receive()
        message = self.received[:int(length)]
        self.received = self.received[int(length):]
        return json.loads(message)

    def _receive(self):
        more = self.socket.recv(65536)
        if not more:
            raise OSError("Thunderbird closed the connection")
        self.received += more

    def command(self, name, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        while True:
            kind, number, error, result = self._message()
            if (kind, number) != (1, self.number):
                continue
            if error:
                raise RuntimeError(f"{error.get('error')}: {error.get('message')}")
            return result.get("value") if isinstance(result, dict) else result

    def run(self, body, *arguments):
        """What the body of an asynchronous function returns. It sees the helpers, and `A`, its
        arguments."""
        script = (
            "const done = arguments[arguments.length - 1], A = [...arguments].slice(0, -1);"
            f"{self.helpers}\n(async () => {{ {body} }})().then("
            "value => done({value: value === undefined ? null : value}),"
            "error => done({error: `${error} ${(error && error.stack) || ''}`}));")
        answer = self.command("WebDriver:ExecuteAsyncScript", script=script, args=list(arguments),
                              newSandbox=True, sandbox="system")
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]
