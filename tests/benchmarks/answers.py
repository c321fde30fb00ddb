"""A light GitHub: answers a gate's questions from git repositories, and remembers what it has answered.

The emulator takes minutes to hold ten thousand commits. This one says the same of them, in the few replies
that a gate reads; and as it computes each only once, what is measured is the gate and not the server.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from world.faults import Reply, json_reply
from world.git import Repo
from world.loopback import LoopbackServer, Request
from world.workflow_runs import Run


class AnswerServer(LoopbackServer):
    """The API's address is `url`. Each tag that has a commit has a successful push run, too."""

    def __init__(self, repositories: Mapping[str, Repo]) -> None:
        super().__init__()
        self._repositories = repositories
        self._known: dict[str, Reply] = {}

    def answer(self, request: Request) -> Reply:
        """The reply, from memory where the same was asked before."""
        reply = self._known.get(request.target)
        if reply is None:
            reply = self._known[request.target] = self._look_up(request)
        return reply

    def _look_up(self, request: Request) -> Reply:
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)/(.+)", request.path)
        if match is None or match[1] not in self._repositories:
            raise LookupError(request.target)
        repo = self._repositories[match[1]]
        kinds = {
            r"git/ref/(?P<ref>.+)": _ref,
            r"git/matching-refs/(?P<ref>.+)": _refs,
            r"git/tags/(?P<ref>.+)": _tag,
            r"compare/(?P<ref>.+)": _compare,
            r"contents/(?P<ref>.+)": _content,
        }
        for pattern, answer in kinds.items():
            found = re.fullmatch(pattern, match[2])
            if found:
                document = answer(repo, found["ref"], request)
                return json_reply(200, document) if document is not None else json_reply(404, {"message": "Not Found"})
        if match[2] != "actions/runs":
            raise LookupError(request.target)
        return json_reply(200, self._runs(match[1], repo, request.query["branch"][0]))

    def _runs(self, name: str, repo: Repo, tag: str) -> dict[str, Any]:
        commit = repo.resolve(f"refs/tags/{tag}^{{commit}}")
        runs = [Run(name, 1, tag, commit).as_json(self.url, False)] if commit else []
        return {"total_count": len(runs), "workflow_runs": runs}


def _refs(repo: Repo, start: str, request: Request) -> list[dict[str, Any]]:
    lines = repo.git("for-each-ref", "--format=%(refname) %(objecttype) %(objectname)", f"refs/{start}*").splitlines()
    return [
        {"ref": name, "object": {"type": kind, "sha": sha}} for name, kind, sha in (line.split(" ") for line in lines)
    ]


def _ref(repo: Repo, name: str, request: Request) -> dict[str, Any] | None:
    return next((one for one in _refs(repo, name, request) if one["ref"] == f"refs/{name}"), None)


def _tag(repo: Repo, sha: str, request: Request) -> dict[str, Any]:
    return {"sha": sha, "object": {"type": "commit", "sha": repo.resolve(f"{sha}^{{commit}}")}}


def _compare(repo: Repo, pair: str, request: Request) -> dict[str, Any]:
    base, head = pair.split("...")
    common = repo.git("merge-base", base, head)
    status = {(True, True): "identical", (True, False): "ahead", (False, True): "behind"}
    date = repo.git("show", "--no-patch", "--format=%cI", common)
    return {
        "status": status.get((common == base, common == head), "diverged"),
        "base_commit": {"sha": base},
        "merge_base_commit": {"sha": common, "commit": {"committer": {"date": date}}},
        "commits": [],
    }


def _content(repo: Repo, path: str, request: Request) -> dict[str, Any]:
    commit = request.query["ref"][0]
    content = repo.read(commit, path)
    sha = repo.resolve(f"{commit}:{path}")
    encoded = base64.b64encode(content).decode()
    return {"type": "file", "encoding": "base64", "size": len(content), "sha": sha, "content": encoded}
