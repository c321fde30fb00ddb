"""Releases as GitHub has them: drafts nobody finds by tag, frozen ones, burned names, files on a server of their own.

The emulator's releases show drafts to all, keep no file's content, and know nothing of immutability.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from world.faults import Reply, json_reply
from world.github_server import GitHubServer
from world.loopback import LoopbackServer, Request
from world.workflow_runs import person

_PATH = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/releases(?P<rest>/.*)?")
_MOMENT = "2023-06-02T10:00:00Z"
_PER_PAGE = 30
LISTED = 1000
"""How many releases are listed. What GitHub answers behind them is not in its description, but was seen."""


@dataclass
class File:
    """A file of a release; one that broke off on its way has the state `starter`."""

    id: int
    name: str
    content: bytes
    state: str = "uploaded"


@dataclass
class Release:
    """A release or a draft."""

    repository: str
    id: int
    tag: str
    title: str
    body: str
    draft: bool
    make_latest: str = ""
    immutable: bool = False
    files: list[File] = field(default_factory=list)


class Storage(LoopbackServer):
    """Where the content of files is: another server, which must never see a token."""

    def __init__(self) -> None:
        super().__init__()
        self._contents: dict[str, bytes] = {}

    def put(self, number: int, content: bytes) -> str:
        """Keep a content, and return its address."""
        self._contents[f"/{number}"] = content
        return f"{self.url}/{number}"

    def answer(self, request: Request) -> Reply:
        """The content."""
        if "authorization" in request.headers:
            return Reply(400, body=b"Only one auth mechanism allowed")
        return Reply(200, (("Content-Type", "application/octet-stream"),), self._contents[request.path])


class GitHubReleases:
    """The part of a GitHub that keeps releases; `immutable` is the repository's setting of that name.

    `burned` are the tags whose immutable release was deleted; `storage` serves the content of files.
    """

    def __init__(self, server: GitHubServer) -> None:
        self._server = server
        self.storage = Storage()
        self.releases: list[Release] = []
        self.burned: set[str] = set()
        self.immutable = False
        self._next = 3_000_000_000

    def clear(self) -> None:
        """Forget everything."""
        self.storage.stop()
        self.releases.clear()
        self.burned.clear()
        self.immutable = False

    def add(
        self, repository: str, tag: str, *, files: Mapping[str, bytes] | None = None, draft: bool = False
    ) -> Release:
        """A release that somebody made."""
        release = Release(repository, self._number(), tag, tag, "", draft)
        release.files += [File(self._number(), name, content) for name, content in (files or {}).items()]
        self.releases.append(release)
        return release

    def reply(self, request: Request) -> Reply | None:
        """Answers everything below `/releases`."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        answer = self._answer(request, urllib.parse.unquote(match["name"]), match["rest"] or "")
        return answer or json_reply(404, {"message": "Not Found", "documentation_url": "x", "status": "404"})

    def _answer(self, request: Request, name: str, rest: str) -> Reply | None:
        own = [one for one in self.releases if one.repository.lower() == name.lower()]
        numbered = re.fullmatch(r"/(assets/)?([0-9]+)(/assets)?", rest)
        if request.method == "GET" and not rest:
            return self._list(own, request)
        if request.method == "POST" and not rest:
            return self._create(name, json.loads(request.body))
        if request.method == "GET" and rest.startswith("/tags/"):
            tag = urllib.parse.unquote(rest.removeprefix("/tags/"))
            found = next((one for one in own if one.tag == tag and not one.draft), None)
            return json_reply(200, self._as_json(found)) if found else None
        if numbered and numbered[1]:
            return self._file(own, int(numbered[2]), request)
        release = next((one for one in own if numbered and one.id == int(numbered[2])), None)
        if release is None or numbered is None:
            return None
        if request.method == "POST" and numbered[3]:
            return self._upload(release, request)
        if request.method == "PATCH":
            return self._update(release, json.loads(request.body))
        return json_reply(200, self._as_json(release))

    def _list(self, own: Sequence[Release], request: Request) -> Reply:
        size = int(request.query.get("per_page", [str(_PER_PAGE)])[0])
        page = int(request.query.get("page", ["1"])[0])
        if (page - 1) * size >= LISTED:
            message = f"Only the first {LISTED} results are available."
            return json_reply(422, {"message": message, "status": "422"}, {"X-Made-By": "releases"})
        newest = sorted(own, key=lambda one: -one.id)
        shown = [self._as_json(one) for one in newest[(page - 1) * size : page * size]]
        link = f'<{self._server.url}{request.path}?per_page={size}&page={page + 1}>; rel="next"'
        return json_reply(200, shown, {"Link": link} if page * size < len(newest) else {})

    def _create(self, name: str, body: Mapping[str, Any]) -> Reply:
        tag = body["tag_name"]
        if tag in self.burned:
            return _invalid("custom", "tag_name was used by an immutable release")
        published = any(one.tag == tag and not one.draft and one.repository == name for one in self.releases)
        if published and not body.get("draft"):
            return _invalid("already_exists")
        release = Release(
            name, self._number(), tag, body.get("name") or "", body.get("body") or "", bool(body.get("draft"))
        )
        self.releases.append(release)
        return json_reply(201, self._as_json(release))

    def _update(self, release: Release, body: Mapping[str, Any]) -> Reply:
        if body.get("draft") is False and release.draft:
            same = [one for one in self.releases if (one.repository, one.tag) == (release.repository, release.tag)]
            if any(not one.draft for one in same):
                return _invalid("already_exists")
            if not self._tag_exists(release):
                return _invalid("missing")
            release.draft, release.immutable = False, self.immutable
        release.title = body.get("name", release.title)
        release.body = body.get("body", release.body)
        release.make_latest = body.get("make_latest", release.make_latest)
        return json_reply(200, self._as_json(release))

    def _upload(self, release: Release, request: Request) -> Reply:
        name = request.query["name"][0]
        if release.immutable:
            return json_reply(422, {"message": "Cannot upload assets to an immutable release.", "status": "422"})
        if any(one.name == name for one in release.files):
            return _invalid("already_exists")
        release.files.append(File(self._number(), name, request.body))
        return json_reply(201, self._file_as_json(release, release.files[-1]))

    def _file(self, own: Sequence[Release], number: int, request: Request) -> Reply | None:
        found = next(((one, file) for one in own for file in one.files if file.id == number), None)
        if found is None:
            return None
        release, file = found
        if request.method == "DELETE":
            if release.immutable:
                return json_reply(422, {"message": "Cannot delete asset from an immutable release.", "status": "422"})
            release.files.remove(file)
            return Reply(204)
        if request.headers.get("accept") == "application/octet-stream":
            # As on github.com: the content is elsewhere, and wants no token.
            return Reply(302, (("Location", self.storage.put(file.id, file.content)),))
        return json_reply(200, self._file_as_json(release, file))

    def _tag_exists(self, release: Release) -> bool:
        path = f"/repos/{release.repository}/git/ref/tags/{urllib.parse.quote(release.tag)}"
        asked = Request("GET", path, {}, {"accept": "application/json"}, b"", path)
        return self._server.emulate.ask(asked).status == 200

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _as_json(self, release: Release) -> dict[str, Any]:
        url = f"{self._server.url}/repos/{release.repository}/releases/{release.id}"
        return {
            "url": url,
            "html_url": f"{self._server.url}/{release.repository}/releases/tag/{release.tag}",
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "tarball_url": None,
            "zipball_url": None,
            "id": release.id,
            "node_id": f"RE_{release.id}",
            "tag_name": release.tag,
            "target_commitish": "master",
            "name": release.title,
            "body": release.body,
            "draft": release.draft,
            "prerelease": False,
            "immutable": release.immutable,
            "created_at": _MOMENT,
            "published_at": None if release.draft else _MOMENT,
            "author": person("maintainer", self._server.url),
            "assets": [self._file_as_json(release, file) for file in release.files],
        }

    def _file_as_json(self, release: Release, file: File) -> dict[str, Any]:
        url = f"{self._server.url}/repos/{release.repository}/releases/assets/{file.id}"
        return {
            "url": url,
            "browser_download_url": f"{self._server.url}/{release.repository}/files/{file.name}",
            "id": file.id,
            "node_id": f"RA_{file.id}",
            "name": file.name,
            "label": "",
            "state": file.state,
            "content_type": "application/json",
            "size": len(file.content),
            "digest": f"sha256:{hashlib.sha256(file.content).hexdigest()}",
            "download_count": 0,
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
            "uploader": person("maintainer", self._server.url),
        }


def _invalid(code: str, message: str = "") -> Reply:
    error = {"resource": "Release", "code": code, "field": "tag_name", **({"message": message} if message else {})}
    body = {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest"}
    return json_reply(422, body)
