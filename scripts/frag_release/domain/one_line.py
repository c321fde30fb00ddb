"""How a run ended in one line of plain text, for people who read it elsewhere: in a messenger, or on a wall.

Such a line goes where signs have a meaning of their own (`<!channel>` is a legal name of a tag, and calls everybody).
So a foreign name stands in it only if it is plain, and what is not plain text is left out of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .facts import ComponentFacts

LONGEST = 250
"""Characters; a longer line is cut, and says so by three dots."""

_TAG = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PATH = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,127}")
_OTHER = re.compile(r"[^A-Za-z0-9 .,:;()/%'#+_-]+")
_RULES = 3


def tag_name(tag: str) -> str:
    """Return the tag, or "a tag" if there are other signs in it than those of ordinary names."""
    return tag if _TAG.fullmatch(tag) else "a tag"


def path_name(name: str, otherwise: str) -> str:
    """Return the name of a branch or an environment, which may have slashes, or what stands in its place."""
    return name if _PATH.fullmatch(name) else otherwise


def pair(components: Sequence[ComponentFacts]) -> str:
    """Return `backend 2023.05.1, frontend 2023.05.4`: each component that is known, with its tag."""
    pins = (facts.pin for facts in components)
    return ", ".join(f"{pin.component.name} {tag_name(pin.tag)}" for pin in pins if pin.tag)


def rules(failed: Sequence[str]) -> str:
    """Return the rules that block, in so many words that a line stays short."""
    others = len(failed) - _RULES
    return ", ".join([*failed[:_RULES], *([f"{others} more"] if others > 0 else [])])


def joined(what: str, detail: str) -> str:
    """Return `what: detail`, or `what` alone where there is no detail."""
    return f"{what}: {detail}" if detail else what


def plain(line: str) -> str:
    """Return the line without anything but letters, digits and the signs of ordinary sentences, and not too long."""
    text = " ".join(_OTHER.sub(" ", line).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."
