"""A public repository over HTTP: a bare one behind a web server that knows nothing of git."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.answering import POLL_SECONDS
from support.git_project import commit_all, git


@dataclass
class PublicRepository:
    """A repository at ``address``; ``work`` is where it is written, ``asked`` what was asked of the server.

    One that ``wants_login`` gives nothing to who names no user.
    """

    address: str
    work: Path
    bare: Path
    asked: list[str] = field(default_factory=list)
    wants_login: bool = False

    def commit(self, files: dict[str, bytes]) -> str:
        """Publish a commit with ``files`` changed; its id."""
        for path, content in files.items():
            place = self.work / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return self.publish()

    def publish(self) -> str:
        """Publish all there is; the commit's id."""
        commit = commit_all(self.work)
        git(self.work, "push", "--quiet", str(self.bare), "HEAD:main")
        # What a plain web server needs to have (https://git-scm.com/docs/git-update-server-info).
        git(self.bare, "update-server-info")
        return commit


@contextmanager
def public_repository(folder: Path) -> Iterator[PublicRepository]:
    """The repository in ``folder``, begun unless it is there already, served on this machine."""
    work, bare = folder / "work", folder / "served" / "skills.git"
    if not folder.exists():
        for place in (work, bare):
            place.mkdir(parents=True)
        git(work, "init", "--quiet", "--template=", "--initial-branch=main")
        git(bare, "init", "--quiet", "--template=", "--bare", "--initial-branch=main")
    there = PublicRepository("", work, bare)

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, _format: str, *_args: object) -> None:
            there.asked.append(self.path)

        def do_GET(self) -> None:
            if not there.wants_login or self.headers["Authorization"]:
                super().do_GET()
                return
            self.send_response(HTTPStatus.UNAUTHORIZED)
            self.send_header("WWW-Authenticate", "Basic realm=skills")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(bare.parent)))
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        there.address = f"http://127.0.0.1:{server.server_port}/skills.git"
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
