"""Which image a build says that it pushed: the name of an artifact, which nobody but the run itself can upload."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .builds import Artifact, Build
from .evidence import Answer, Unknown

FORM = "stack-image-sha256-…"
"""The artifact's name, for people: the digest with a dash for its colon."""

_NAME = re.compile(r"stack-image-(sha256)-([0-9a-f]{64})")
_AGAIN = "Re-run all jobs of the build, which then pushes and names one image; when it has passed, run this again."


def pushed_digest(build: Build, artifacts: Sequence[Artifact]) -> Answer[str | None]:
    """Return the digest that the newest attempt of `build` names, None where no attempt names any.

    An attempt that re-ran only later jobs has pushed nothing: then the earlier ones count. Several digests are
    an `Unknown`: nobody can say which of them was pushed last.
    """
    own = [one for one in artifacts if (one.run, one.head_sha) == (build.id, build.head_sha)]
    named = [(one, match) for one in own if (match := _NAME.fullmatch(one.name))]
    newest = [(one, match) for one, match in named if _may_be_of_newest(build, one)]
    digests = sorted({":".join(match.groups()) for _, match in newest or named})
    if len(digests) > 1:
        attempts = "its newest attempt" if newest else "its attempts"
        return Unknown(f"{attempts} named {' and '.join(digests[:3])}", _AGAIN)
    return digests[0] if digests else None


def _may_be_of_newest(build: Build, artifact: Artifact) -> bool:
    """Whether it is not known to be older than the newest attempt; both times are of the same server."""
    return build.started is None or artifact.created is None or artifact.created >= build.started
