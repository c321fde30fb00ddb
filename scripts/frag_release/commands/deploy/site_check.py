"""Looking at the deployed site until it shows what was deployed, or time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...clients.site import SiteClient
from ...domain.site import SiteLook
from ..clock import Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 20.0


@dataclass
class SiteCheck:
    """Looks at `url` for `text`; `tag` is the image's. `told` gets each look, and `seen` is the last one."""

    client: SiteClient
    url: str
    text: str
    tag: str
    told: Callable[[SiteLook], None]
    clock: Clock
    seen: SiteLook | None = field(default=None, init=False)

    def run(self) -> SiteLook:
        """Return the look that showed it, else the last one: at least one is taken, however little time is left."""
        pause = _FIRST_PAUSE
        while True:
            look = self.seen = self.client.look(self.url, self.text, self.tag)
            self.told(look)
            if look.passed or pause >= self.clock.remaining():
                return look
            self.clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
