"""A server that speaks drand's API with recorded rounds, and can be told to misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server.gamification.beacons.port import RECORDED
from server.gamification.beacons.rules import QUICKNET

Answer = Callable[[BaseHTTPRequestHandler, int], None]


def good(request: BaseHTTPRequestHandler, number: int) -> None:
    """Answer with the recorded round."""
    say(request, RECORDED[number].signature, RECORDED[number].randomness, number)


def say(request: BaseHTTPRequestHandler, signature: str, randomness: str, number: int) -> None:
    body = {"round": number, "randomness": randomness, "signature": signature}
    send(request, 200, json.dumps(body).encode())


def with_status(status: int, **headers: str) -> Answer:
    """Answer with a status and no round."""
    return lambda request, _: send(request, status, b"not here", **headers)


def with_body(body: bytes) -> Answer:
    """Answer with these bytes."""
    return lambda request, _: send(request, 200, body)


def with_fields(**changes: object) -> Answer:
    """Answer with the recorded round, changed."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        given = RECORDED[number]
        fields = {"round": number, "randomness": given.randomness, "signature": given.signature}
        send(request, 200, json.dumps(fields | changes).encode())

    return answer


def dripping(request: BaseHTTPRequestHandler, number: int) -> None:
    """Answer byte by byte, for ever."""
    request.send_response(200)
    request.end_headers()
    for _ in range(200):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


def silent(request: BaseHTTPRequestHandler, number: int) -> None:
    """Say nothing for longer than anybody waits."""
    time.sleep(1.5)


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, text in headers.items():
        request.send_header(name, text)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def mirror(answer: Answer) -> Iterator[str]:
    """Yield the address of a mirror that answers so."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("/")
        if path[1:3] != [QUICKNET.hash, "public"]:
            send(request, 400, b"another chain")
            return
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has gone
            answer(request, int(path[3]))

    methods = {"do_GET": respond, "log_message": lambda *_: None}
    requests = type("Requests", (BaseHTTPRequestHandler,), methods)
    server = ThreadingHTTPServer(("127.0.0.1", 0), requests)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
