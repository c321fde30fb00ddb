"""Where `announce` keeps its tickets."""

from __future__ import annotations

from dataclasses import dataclass

from ..evidence import Answer, Unknown
from .need import Judgement, missing, there, unseen
from .rights import UNARCHIVE


@dataclass(frozen=True)
class TicketPlace:
    """The repository of tickets, as its entry tells."""

    repository: str
    has_issues: bool
    archived: bool


def judge_ticket_place(place: Answer[TicketPlace]) -> Judgement:
    """Whether tickets can be kept in a repository."""
    if isinstance(place, Unknown):
        return unseen(place)
    if place.archived:
        return missing(f"{place.repository} is archived.", UNARCHIVE)
    if not place.has_issues:
        return missing(f"Issues are turned off in {place.repository}.", "Turn them on: Settings > General > Features.")
    return there(f"{place.repository} can be read, and has issues.")
