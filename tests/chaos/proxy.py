"""A bad line between two nodes: requests are lost, answers are lost, requests come twice, late or out of order.

It ends the TLS of both sides, with the link certificates of both homes (they are the test's own), so that it works on
whole requests; what is inside is sealed and signed, and it can change nothing that would be believed. With ``rate`` it
is also slow: so many bytes a second each way, and ``delay`` seconds before each request.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from mithaq.adapters.transport.certificate import client_context, server_context
from mithaq.config import Home
from mithaq.kernel.party import read_card


class Line:
    """One direction: what ``caller`` sends to ``callee``. Honest until ``chance`` is above 0."""

    def __init__(self, caller: Home, callee: Home, seed: int) -> None:
        self.chance = 0.0
        self.cut = False  # nothing comes through at all, in this direction of asking
        self.answers_lost = False  # everything arrives, and no answer comes back
        self.rate: float | None = None
        self.delay = 0.0
        self.target = ""  # where the callee listens; set when it serves
        self.did: Counter[str] = Counter()
        self._draw = random.Random(seed)
        self._late: list[bytes] = []
        self._alone = threading.Lock()
        cards = [read_card(home.card.read_bytes()) for home in (caller, callee)]
        self._outward = client_context(caller.tls, cards[1].certificate)
        inward = server_context(callee.tls, [cards[0].certificate])
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = line.carry(self.path, self.headers["content-type"], body)
                if answer is None:
                    self.close_connection = True
                    return
                status, kind, content = answer
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None: ...  # a caller that was killed

            def finish_request(self, request: Any, client_address: Any) -> None:
                request.getpeername()  # a caller that is gone already ends here, and its socket is closed
                with inward.wrap_socket(request, server_side=True) as secured:
                    Handler(secured, client_address, self)

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def carry(self, path: str, kind: str, body: bytes) -> tuple[int, str, bytes] | None:
        """The answer to one request, or None where the line loses it."""
        with self._alone:
            fate = self._draw.choice(FATES) if self._draw.random() < self.chance else "passed"
            fate = "lost" if self.cut else "answer lost" if self.answers_lost else fate
            self.did[fate] += 1
            late, self._late = (self._late, []) if fate != "late" else ([], self._late)
        self._slow(len(body))
        if fate == "late":  # it comes after the ones that follow it
            self._late.append(body)
        if fate in ("lost", "late"):
            return None
        answer = self._send(path, kind, body)
        if fate == "twice":
            answer = self._send(path, kind, body)
        for each in late:
            self._send(path, kind, each)
        if fate == "answer lost" or answer is None:
            return None
        self._slow(len(answer[2]))
        return answer

    def _send(self, path: str, kind: str, body: bytes) -> tuple[int, str, bytes] | None:
        address = urlsplit(self.target)
        with contextlib.suppress(OSError, http.client.HTTPException):
            call = http.client.HTTPSConnection(str(address.hostname), address.port, timeout=10, context=self._outward)
            with contextlib.closing(call):
                call.request("POST", path, body, {"content-type": kind})
                got = call.getresponse()
                return got.status, got.headers["content-type"], got.read()
        return None

    def _slow(self, size: int) -> None:
        if self.rate is not None:
            time.sleep(self.delay + size / self.rate)  # this is what a slow line does


FATES = ("lost", "answer lost", "twice", "late")
