"""Caches of their own, a server that misbehaves, and small archives of class folders."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONTENT = b"the file that was wanted"


class _Server(BaseHTTPRequestHandler):
    """Answers as the first part of the path says."""

    release = threading.Event()

    def do_GET(self) -> None:
        behaviour = self.path.split("/")[1]
        if behaviour.isdecimal():
            self.send_error(int(behaviour))
            return
        body = b"<!DOCTYPE html><title>Sign in</title>" if behaviour == "page" else CONTENT
        if behaviour == "silent":
            self.release.wait(5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:10] if behaviour == "truncated" else body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[str]:
    _Server.release.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        _Server.release.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def write_source() -> Callable[[Path, Mapping[str, bytes]], Path]:
    """Return a writer of files into a folder, tar or zip file, whichever the path says."""

    def write(path: Path, files: Mapping[str, bytes]) -> Path:
        if path.name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
        elif ".t" in path.name:
            with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
                for name, content in files.items():
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
        else:
            for name, content in files.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(content)
        return path

    return write
