"""Time as the commands see it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """The moment (UTC), the seconds that are left, and how to wait."""

    now: Callable[[], datetime.datetime]
    remaining: Callable[[], float]
    sleep: Callable[[float], None]
