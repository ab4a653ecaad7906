"""Mirrors that misbehave: the next one is used, one line says what happened, nothing is left."""

from __future__ import annotations

import hashlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.ingest import download
from pipeline.ingest.download import checksum_check, fetch
from pipeline.stage.errors import UserError

Reply = Callable[[socket.socket], None]

CONTENT = b"the file that was wanted"
CHECK = checksum_check(f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MAX_BYTES = 10**6


def once(reply: bytes) -> Reply:
    return lambda client: client.sendall(reply)


def length(stated: bytes, body: bytes = CONTENT) -> Reply:
    return once(OK + b"Content-Length: " + stated + b"\r\n\r\n" + body)


def encoded(coding: bytes) -> Reply:
    return once(OK + b"Content-Encoding: " + coding + b"\r\nContent-Length: 24\r\n\r\n" + CONTENT)


def to(location: bytes) -> Reply:
    # It closes, and says so: a client that asks once more over the same connection may be too late.
    head = b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: "
    return once(head + location + b"\r\n\r\n")


def slowly(head: bytes, body: bytes = b"x" * 60) -> Reply:
    """Send a byte in less than the timeout of a read."""

    def reply(client: socket.socket) -> None:
        client.sendall(head)
        for byte in body:
            client.sendall(bytes([byte]))
            time.sleep(0.05)

    return reply


def without_end(head: bytes, piece: bytes) -> Reply:
    def reply(client: socket.socket) -> None:
        client.sendall(head)
        while True:
            client.sendall(piece)

    return reply


FAULTS: dict[str, tuple[Reply, str]] = {
    "nothing": (lambda _: None, "ConnectionError"),
    "no HTTP": (once(b"\x00\xff" * 99), "ConnectionError"),
    "unknown version": (once(b"HTTP/9.9 200 OK\r\n\r\n" + CONTENT), "ConnectionError"),
    "200 headers": (once(OK + b"A: b\r\n" * 200 + b"\r\n"), "ConnectionError"),
    "endless header": (without_end(OK, b"A" * 9999), "ConnectionError"),
    "404": (once(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), "HTTP status 404"),
    "204": (once(b"HTTP/1.1 204 Empty\r\n\r\n"), "0 bytes with sha256"),
    "redirect to FTP": (to(b"ftp://127.0.0.1/x"), "InvalidSchema"),
    "redirect to a file": (to(b"file:///etc/passwd"), "InvalidSchema"),
    "redirect to no host": (to(b"http://["), "Invalid IPv6 URL"),
    "redirect to no port": (to(b"http://127.0.0.1:99999/"), "InvalidURL"),
    "redirect to no text": (to(b"http://\xff"), "'utf-8' codec can't decode byte 0xff"),
    "another data set's file": (length(b"9", b"other set"), "9 bytes with sha256"),
    "half a page": (length(b"14", b"<!doctype html"), "a web page with sha256"),
    "length too large": (length(b"100"), "ChunkedEncodingError"),
    "length too small": (length(b"10"), "10 bytes with sha256"),
    "length negative": (length(b"-5", CONTENT * 2), "48 bytes with sha256"),
    "length no number": (length(b"many"), "invalid literal for int() with base 10: 'many'"),
    "length of 5000 digits": (length(b"9" * 5000), "Exceeds the limit"),
    "two lengths": (length(b"24, 25"), "InvalidHeader"),
    "chunk of no length": (once(CHUNKED + b"zz\r\nabc"), "ChunkedEncodingError"),
    "chunk of negative length": (once(CHUNKED + b"-5\r\nabc\r\n0\r\n\r\n"), "read length must be"),
    "half a chunk": (once(CHUNKED + b"ff\r\nabc"), "ChunkedEncodingError"),
    "not packed as stated": (encoded(b"gzip"), "ContentDecodingError"),
    "packed 51 times": (encoded(b"gzip, " * 50 + b"gzip"), "ContentDecodingError"),
    "body without end": (without_end(OK + b"\r\n", b"x" * 9999), f"more than {MAX_BYTES} bytes"),
}
SLOW: dict[str, Reply] = {
    "a byte now and then": slowly(OK + b"Content-Length: 60\r\n\r\n"),
    "a chunk now and then": slowly(CHUNKED, b"1\r\na\r\n" * 10),
    "a header's byte now and then": slowly(OK + b"A: "),
    "headers without end": without_end(b"", b"HTTP/1.1 100 Go on\r\n\r\n"),
}

HOSTS = {
    "http://[": "InvalidURL",
    "http://": "InvalidURL",
    "http://.x/": "InvalidURL",
    "http://☃.invalid/": "InvalidURL",
    "http://127.0.0.1:x/": "InvalidURL",
    "http://127.0.0.1:99999/": "InvalidURL",
    "http://127.0.0.1:9/": "ConnectionError",
    "http://müller.localhost:9/": "ConnectionError",
    f"http://{'a' * 70}.invalid/": "label empty or too long",
}


@pytest.fixture(autouse=True)
def _without_proxy(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the limits that some tests wait for; a busy machine is too slow for the others."""
    monkeypatch.setattr(download, "_TIMEOUT", 0.4)
    monkeypatch.setattr(download, "_PATIENCE", 0.6)


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], str]]:
    """Start servers that answer every request in the given way, and return their addresses."""
    sockets: list[socket.socket] = []

    def answer(listening: socket.socket, reply: Reply) -> None:
        with suppress(OSError):  # the test is over
            while True:
                client, _ = listening.accept()
                with client, suppress(OSError):  # the reader has gone
                    client.settimeout(5)
                    client.recv(2**16)
                    reply(client)

    def start(reply: Reply) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)
        threading.Thread(target=answer, args=(listening, reply), daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/file"

    yield start
    for listening in sockets:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def fetched(urls: list[str]) -> Path:
    return fetch("set", "file", urls, CHECK, MAX_BYTES)


@pytest.fixture
def passed_over(
    serve: Callable[[Reply], str], cache: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Reply], str]:
    """Fetch from a bad mirror and a good one; return the line about the bad one."""

    def fetch_from_both(reply: Reply) -> str:
        bad, good = serve(reply), serve(length(b"24"))
        assert fetched([bad, good]).read_bytes() == CONTENT
        assert list((cache / "set").iterdir()) == [cache / "set" / "file"]
        line = capsys.readouterr().err
        assert line.startswith(f"{bad}: ")
        assert line.count("\n") == 1
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
        return line.removeprefix(f"{bad}: ")

    return fetch_from_both


@pytest.mark.parametrize(("reply", "fault"), FAULTS.values(), ids=FAULTS)
def test_the_next_mirror_is_used(passed_over: Callable[[Reply], str], reply: Reply, fault: str):
    assert fault in passed_over(reply)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
def test_a_mirror_that_is_too_slow_is_given_up(passed_over: Callable[[Reply], str], reply: Reply):
    assert "bytes in 0.6 s" in passed_over(reply)


@pytest.mark.parametrize(("url", "fault"), HOSTS.items())
def test_addresses_of_no_server(url: str, fault: str, cache: Path):
    with pytest.raises(UserError) as caught:
        fetched([url])
    assert f"{url}: " in str(caught.value)
    assert fault in str(caught.value)
    assert list((cache / "set").iterdir()) == []


def test_redirects_in_a_circle(passed_over: Callable[[Reply], str]):
    assert passed_over(to(b"/again")) == "TooManyRedirects\n"


def test_redirect_to_the_file(serve: Callable[[Reply], str]):
    good = serve(length(b"24"))
    assert fetched([serve(to(good.encode()))]).read_bytes() == CONTENT


@pytest.mark.usefixtures("impatient")
def test_slow_but_steady_mirror_is_not_given_up(
    serve: Callable[[Reply], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr(download, "_CHUNK", 2)
    url = serve(slowly(OK + b"Content-Length: 24\r\n\r\n", CONTENT))
    started = time.monotonic()
    assert fetched([url]).read_bytes() == CONTENT
    assert time.monotonic() - started > 1  # more than one look at how far it has come
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("variable", ["HINDSIGHT_CACHE", "HINDSIGHT_MIRROR"])
def test_home_of_nobody(variable: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable, "~nobody-of-this-name/x")
    with pytest.raises(UserError, match=f"^{variable} '~nobody-of-this-name/x': Could not determ"):
        fetched([])
