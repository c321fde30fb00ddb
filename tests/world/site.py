"""The deployed site: a page that shows which image runs, which is what an AWX has deployed last."""

from __future__ import annotations

from world.awx import AwxServer
from world.faults import Reply
from world.loopback import LoopbackServer, Request


class Site(LoopbackServer):
    """Shows the tag that the last successful job of `awx` was given; `page` in its place where that is set.

    `once` are pages that are shown before, each to one request: what another pod says, or a cache.
    """

    def __init__(self, awx: AwxServer) -> None:
        super().__init__()
        self._awx = awx
        self.page = ""
        self.once: list[str] = []

    def clear(self) -> None:
        """Back to the true page."""
        super().clear()
        self.page = ""
        self.once = []

    @property
    def shown(self) -> str:
        """The tag of the image that runs."""
        done = [job for job in self._awx.jobs if job.look.status == "successful"]
        return str(done[-1].variables.get("stack_image_tag", "")) if done else "2023.01.1"

    def answer(self, request: Request) -> Reply:
        """The page, whatever the path."""
        page = self.once.pop(0) if self.once else self.page
        page = page or f"<html><head><title>Fragalysis</title></head><body>Stack {self.shown}</body></html>"
        return Reply(200, (("Content-Type", "text/html; charset=utf-8"),), page.encode())
