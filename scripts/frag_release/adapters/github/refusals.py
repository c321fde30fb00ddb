"""What GitHub's own words for a refusal mean, and what helps: the same for what is read and what is written.

Only such refusals are here for which no other permission of the token helps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...domain.evidence import Denied, Hidden, NotOffered, Unknown
from ..http.messages import Response

_EXPIRED = (
    "The token in {given_as} is wrong or has expired: set it again. One that an app makes lives for an hour: then just "
    "run this again."
)


@dataclass(frozen=True)
class KnownRefusal:
    """A refusal whose words or status say what it is; `kind` is what it makes of evidence that was asked for."""

    words: re.Pattern[str]
    kind: type[Unknown]
    remedy: str

    def remedy_for(self, given_as: str) -> str:
        """What helps; `given_as` is the input that the token is from."""
        return self.remedy.format(given_as=given_as)


_UNAUTHORIZED = KnownRefusal(re.compile(""), Denied, _EXPIRED)
_KNOWN = (
    KnownRefusal(re.compile(r"(was|is) archived"), Denied, "Take the repository out of the archive."),
    KnownRefusal(
        re.compile(r"SAML|single sign-on", re.I),
        Hidden,
        "Authorise the token in {given_as} for the organisation's single sign-on: Configure SSO beside it in the list "
        "of your tokens. An app's token needs none.",
    ),
    KnownRefusal(
        re.compile(r"IP allow list", re.I),
        Denied,
        "No other token helps: the organisation lets in listed addresses alone. Have its owners put this runner's "
        "address on the IP allow list, or run this on a runner that is on it.",
    ),
    KnownRefusal(
        re.compile(r"forbids access via", re.I),
        Hidden,
        "No permission helps: the organisation or its enterprise does not take a token of this kind, or not one that "
        "lives so long; GitHub's words say which. Give the token of an app in {given_as}, or a personal one as they "
        "ask for.",
    ),
    KnownRefusal(
        re.compile(r"Upgrade to GitHub|make this repository public", re.I),
        NotOffered,
        "No token helps: GitHub has this for a private repository on a paid plan alone. Until the plan is changed "
        "(GitHub Pro, Team or Enterprise) or the repository is public, no ruleset and no protection guards its tags "
        "and branches.",
    ),
)


def known_refusal(status: int, words: str) -> KnownRefusal | None:
    """Return what is known of a refusal with such words; None where a permission may be what is missing."""
    if status == 401:
        return _UNAUTHORIZED
    return next((one for one in _KNOWN if one.words.search(words)), None)


def accepted_permissions(response: Response) -> str:
    """Put the permissions that GitHub names with a refusal into words; empty where it names none.

    It is such as `contents=read,issues=write; metadata=read` (docs: "Troubleshooting the REST API").
    """
    header = response.header("x-accepted-github-permissions")
    if not re.fullmatch(r"[a-z_=,; ]{1,200}", header):
        return ""
    choices = [[one.strip().replace("=", ": ") for one in choice.split(",")] for choice in header.split(";")]
    return " or ".join(", ".join(choice) for choice in choices).replace("_", "-")
