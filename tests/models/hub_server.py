"""A hub on the loopback address: it answers what huggingface_hub asks, as huggingface.co does.

A file is looked at with HEAD and fetched with GET, both of /ID/resolve/REVISION/FILE. What is
wrong stands in X-Error-Code, because a HEAD has no body.
"""

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = re.compile(r"/(?P<model>[^/]+(?:/[^/]+)?)/resolve/[^/]+/(?P<file>[^?]+)")
HARNESSES = "/api/agent-harnesses"  # the client asks who runs it, once a day and home
ANONYMOUS = "anonymous; You are sending unauthenticated requests to the HF Hub. Set a HF_TOKEN."


@dataclass(frozen=True)
class Request:
    """One that was made. `model` and `file` are empty where it was for no file."""

    method: str
    path: str
    model: str
    file: str
    authorization: str | None


@dataclass
class Hub:
    """What it holds, how it misbehaves, and what it was asked."""

    url: str
    models: dict = field(default_factory=dict)  # id → file name → bytes
    private: dict = field(default_factory=dict)  # id → the token that opens it
    faults: dict = field(default_factory=dict)  # id, or (id, file) → what answers in its place
    log: list = field(default_factory=list)
    connections: int = 0
    stopped: Event = field(default_factory=Event)

    def add(self, name, folder):
        """The files of a folder as a model."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self.models[name] = {str(p.relative_to(folder)): p.read_bytes() for p in files}

    @property
    def fetched(self):
        """The files whose contents were asked for, in that order."""
        return [request.file for request in self.log if request.method == "GET" and request.file]

    def forget(self):
        """What was asked so far."""
        self.log.clear()
        self.connections = 0

    @property
    def looked_at(self):
        """The files that were asked about at all."""
        return {request.file for request in self.log if request.file}


@contextmanager
def serve():
    """A hub that runs until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def process_request(self, *connection):
        self.hub.connections += 1
        super().process_request(*connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self._answer()

    def do_HEAD(self):
        self._answer()

    def _answer(self):
        hub = self.server.hub
        found = FILE.fullmatch(unquote(self.path))
        model, file = (found["model"], found["file"]) if found else ("", "")
        token = self.headers.get("Authorization")
        hub.log.append(Request(self.command, self.path, model, file, token))
        fault = hub.faults.get((model, file)) or hub.faults.get(model)
        opens = hub.private.get(model)
        if self.path == HARNESSES:
            self.send(200, b'{"standardEnvVars": [], "harnesses": {}}')
        elif fault is not None:
            fault(self, hub.models.get(model, {}).get(file, b""))
        elif model not in hub.models or (opens and token != f"Bearer {opens}"):
            unknown(self)  # the hub does not tell what is private from what is not there
        elif file not in hub.models[model]:
            error(404, "EntryNotFound", "Entry not found")(self)
        else:
            self.send_file(hub.models[model][file])

    def send_file(self, data, *, size=None, stop=None):
        """A file, or what is left of it. size: what is promised; stop: bytes that are sent."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start, whole = int(asked[1]) if asked else 0, len(data) if size is None else size
        of_part = {"Content-Range": f"bytes {start}-{whole - 1}/{whole}"} if asked else {}
        headers = {
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "Content-Length": whole - start,
            "Accept-Ranges": "bytes",
        }
        if self.headers.get("Authorization") is None:
            headers["X-HF-Warning"] = ANONYMOUS
        self.send(206 if asked else 200, data[start:stop], **headers | of_part)
        self.close_connection = stop is not None

    def send(self, status, body=b"", **headers):
        """An answer, of which a HEAD gets the headers."""
        self.send_response(status)
        for name, value in (
            {"Content-Length": len(body), "X-Repo-Commit": COMMIT} | headers
        ).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


# Faults: answer(request, data) speaks in place of the hub.


def error(status, code="", says=""):
    """An error as the hub words it: its code, and what it says to people."""

    def answer(request, _data=b""):
        headers = {"X-Error-Code": code, "X-Error-Message": says}
        request.send(
            status, says.encode(), **{name: text for name, text in headers.items() if text}
        )

    return answer


def unknown(request, _data=b""):
    """No model of that id: to those who are not logged in, the hub says that they are not."""
    if request.headers.get("Authorization") is None:
        error(401, "RepoNotFound", "Invalid username or password.")(request)
    else:
        error(404, "RepoNotFound", "Repository not found")(request)


def cut(size, times=None):
    """The connection ends after so many bytes of the file, always or so many times."""
    left = [times]

    def answer(request, data):
        if request.command == "HEAD" or left[0] == 0:
            request.send_file(data)
        else:
            left[0] = None if left[0] is None else left[0] - 1
            request.send_file(data, stop=size)

    return answer


def other_size(size):
    """What is looked at promises another size than what is fetched."""

    def answer(request, data):
        request.send_file(data, size=size if request.command == "HEAD" else None)

    return answer


def web_page(request, _data):
    """Something that is no hub: the page that a hotel shows before it lets one in."""
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.send_header("Content-Length", "2")
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(b"hi")


def silent(request, _data):
    """No answer while the hub runs."""
    request.close_connection = True
    request.server.hub.stopped.wait()


def stuck(request, data):
    """Half of a file, and then nothing."""
    if request.command == "HEAD":
        request.send_file(data)
        return
    request.send_file(data, stop=len(data) // 2)
    request.wfile.flush()
    request.server.hub.stopped.wait()
