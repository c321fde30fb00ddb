"""A light GitHub that answers what an audit asks, straight from clones: the emulator is too slow for long histories.

Tests hold its replies to GitHub's OpenAPI description (`checked`); the benchmark leaves that out.
"""

from __future__ import annotations

import base64
import functools
import re
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from world.faults import Reply, json_reply
from world.git import Repo, git_environment
from world.loopback import LoopbackServer, Request
from world.openapi import github_description
from world.workflow_runs import person

_EMPTY_URL = "http://127.0.0.1/nowhere"


class Clone:
    """One repository, read once: refs, tag objects, commits; files through one `git cat-file`."""

    def __init__(self, repo: Repo) -> None:
        rows = repo.git("for-each-ref", "--format=%(refname) %(objecttype) %(objectname)").splitlines()
        self.refs = {row.split()[0]: (row.split()[1], row.split()[2]) for row in rows}
        log = repo.git("rev-list", "--all", "--parents", "--timestamp").splitlines()
        self.commits = {row.split()[1]: (int(row.split()[0]), row.split()[2:]) for row in log}
        self._path = repo.path
        self._lock = threading.Lock()
        self._files = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=repo.path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=git_environment(),
        )

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Id, type and content of an object."""
        with self._lock:
            stdin, stdout = self._files.stdin, self._files.stdout
            assert stdin and stdout
            stdin.write(f"{name}\n".encode())
            stdin.flush()
            words = stdout.readline().decode().split()
            if len(words) != 3:
                return None
            content = stdout.read(int(words[2]) + 1)[:-1]
            return words[0], words[1], content

    @functools.lru_cache(maxsize=64)  # noqa: B019 - a few heads of a clone that lives as long as its server
    def listed(self, head: str) -> list[str]:
        """All that a head reaches, children before parents."""
        arguments = ["git", "rev-list", "--topo-order", head]
        done = subprocess.run(arguments, cwd=self._path, env=git_environment(), capture_output=True, check=True)
        return done.stdout.decode().split()

    @functools.lru_cache(maxsize=64)  # noqa: B019 - as above
    def reached(self, head: str) -> frozenset[str]:
        """The same as a set."""
        return frozenset(self.listed(head))

    def close(self) -> None:
        """End the process."""
        self._files.communicate()


class ClonesOnGithub(LoopbackServer):
    """Serves repositories (by full name) that must not change while they are served."""

    def __init__(self, repos: Mapping[str, Repo], checked: bool = False) -> None:
        super().__init__()
        self._clones = {name: Clone(repo) for name, repo in repos.items()}
        self._checked = checked
        self.faults_of_replies: list[str] = []

    def stop(self) -> None:
        """Close the port and the clones."""
        super().stop()
        for clone in self._clones.values():
            clone.close()

    def answer(self, request: Request) -> Reply:
        """The reply to one question about a repository."""
        reply = self._answer(request)
        if self._checked:
            description = github_description()
            self.faults_of_replies += description.request_faults(request)
            # Of a file's contents the description tells the kinds apart by a discriminator, unknown to the judge.
            # A repository's own entry has a hundred fields, of which one is read.
            if "/contents/" not in request.path and request.path.count("/") > 3:
                self.faults_of_replies += description.reply_faults(request, reply)
        return reply

    def _answer(self, request: Request) -> Reply:
        if request.path.removeprefix("/repos/") in self._clones:
            return json_reply(200, {"default_branch": "master"})
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)/(.+)", urllib.parse.unquote(request.path))
        clone = self._clones.get(match[1]) if match else None
        for pattern, answer in _ROUTES.items():
            found = re.fullmatch(pattern, match[2]) if match else None
            if clone and found:
                return answer(self, clone, request, *found.groups())
        return _missing()

    def _matching_refs(self, clone: Clone, request: Request, start: str) -> Reply:
        rows = [_ref(name, *held) for name, held in clone.refs.items() if name.startswith(f"refs/{start}")]
        return json_reply(200, rows)

    def _ref(self, clone: Clone, request: Request, name: str) -> Reply:
        held = clone.refs.get(f"refs/{name}")
        return json_reply(200, _ref(f"refs/{name}", *held)) if held else _missing()

    def _tag(self, clone: Clone, request: Request, sha: str) -> Reply:
        found = clone.read(sha)
        if found is None or found[1] != "tag":
            return _missing()
        header = dict(line.split(" ", 1) for line in found[2].decode().partition("\n\n")[0].splitlines())
        held = {"sha": header["object"], "type": header["type"], "url": _EMPTY_URL}
        tagger = {"name": "x", "email": "x", "date": _date(int(header["tagger"].split()[-2]))}
        body = {"node_id": "x", "tag": header["tag"], "sha": sha, "url": _EMPTY_URL, "message": "x"}
        return json_reply(200, {**body, "tagger": tagger, "object": held})

    def _git_commit(self, clone: Clone, request: Request, sha: str) -> Reply:
        if sha not in clone.commits:
            return _missing()
        who = {"name": "x", "email": "x", "date": _date(clone.commits[sha][0])}
        tree = {"sha": sha, "url": _EMPTY_URL}
        body = {"sha": sha, "node_id": "x", "url": _EMPTY_URL, "html_url": _EMPTY_URL, "message": "x", "tree": tree}
        verification = {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        }
        return json_reply(200, {**body, "author": who, "committer": who, "parents": [], "verification": verification})

    def _commits(self, clone: Clone, request: Request) -> Reply:
        head, size = request.query["sha"][0], int(request.query["per_page"][0])
        page = int(request.query.get("page", ["1"])[0])
        listed = clone.listed(head)
        last = -(-len(listed) // size)
        url = f"{self.url}{request.path}?sha={head}&per_page={size}&page="
        link = {"Link": f'<{url}{page + 1}>; rel="next", <{url}{last}>; rel="last"'} if page < last else {}
        shown = listed[(page - 1) * size : page * size]
        return json_reply(200, [self._commit(clone, each) for each in shown], link)

    def _compare(self, clone: Clone, request: Request, base: str, head: str) -> Reply:
        if base not in clone.commits or head not in clone.commits:
            return _missing()
        ours, theirs = clone.reached(base), clone.reached(head)
        common = next((each for each in clone.listed(head) if each in ours), None)
        if common is None:
            return _missing(f"No common ancestor between {base} and {head}.")
        ahead, behind = len(theirs - ours), len(ours - theirs)
        status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
        urls = ("url", "html_url", "permalink_url", "diff_url", "patch_url")
        numbers = {"ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "status": status}
        commits = {"base_commit": self._commit(clone, base), "merge_base_commit": self._commit(clone, common)}
        return json_reply(200, {**dict.fromkeys(urls, _EMPTY_URL), **numbers, **commits, "commits": [], "files": []})

    def _contents(self, clone: Clone, request: Request, path: str) -> Reply:
        (commit,) = request.query.get("ref", [clone.refs["refs/heads/master"][0]])
        found = clone.read(f"{commit}:{path}")
        if found is None or found[1] != "blob":
            return _missing()
        sha, _, content = found
        names = {"name": path.rpartition("/")[2], "path": path, "sha": sha, "size": len(content), "type": "file"}
        urls = dict.fromkeys(("url", "html_url", "git_url", "download_url"), _EMPTY_URL)
        links = {"_links": {"self": _EMPTY_URL, "git": _EMPTY_URL, "html": _EMPTY_URL}}
        text = {"encoding": "base64", "content": base64.encodebytes(content).decode()}
        return json_reply(200, {**names, **urls, **links, **text})

    def _releases(self, clone: Clone, request: Request) -> Reply:
        return json_reply(200, [])

    def _commit(self, clone: Clone, sha: str) -> dict[str, Any]:
        seconds, parents = clone.commits[sha]
        who = {"name": "x", "email": "x", "date": _date(seconds)}
        inner = {"message": "x", "author": who, "committer": who, "url": _EMPTY_URL, "comment_count": 0}
        account = person("maintainer", self.url)
        rows = [{"sha": each, "url": _EMPTY_URL} for each in parents]
        return {
            "sha": sha,
            "node_id": "x",
            "url": _EMPTY_URL,
            "html_url": _EMPTY_URL,
            "comments_url": _EMPTY_URL,
            "commit": {**inner, "tree": {"sha": sha, "url": _EMPTY_URL}},
            "author": account,
            "committer": account,
            "parents": rows,
        }


_ROUTES: dict[str, Callable[..., Reply]] = {
    r"git/matching-refs/(.+)": ClonesOnGithub._matching_refs,
    r"git/ref/(.+)": ClonesOnGithub._ref,
    r"git/tags/([0-9a-f]{40})": ClonesOnGithub._tag,
    r"git/commits/([0-9a-f]{40})": ClonesOnGithub._git_commit,
    r"commits": ClonesOnGithub._commits,
    r"compare/([0-9a-f]{40})\.\.\.([0-9a-f]{40})": ClonesOnGithub._compare,
    r"contents/(.+)": ClonesOnGithub._contents,
    r"releases": ClonesOnGithub._releases,
}


def _ref(name: str, kind: str, sha: str) -> dict[str, Any]:
    return {"ref": name, "node_id": "x", "url": _EMPTY_URL, "object": {"type": kind, "sha": sha, "url": _EMPTY_URL}}


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _missing(message: str = "Not Found") -> Reply:
    return json_reply(404, {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "404"})
