"""Which environment is production: whatever is not clearly another one."""

from __future__ import annotations

import re

_OTHERS = frozenset(
    {"staging", "stage", "developer", "developers", "development", "dev", "test", "testing", "qa", "sandbox", "preview"}
)
_PRODUCTION = re.compile(r".*(prod|prd)|live|main\Z")


def is_production(environment: str) -> bool:
    """Whether deploying to `environment` must obey the rules of production; fails closed.

    Another one is named by a word for it, such as `staging`, `awx/fragalysis-developer` or `test2`, in any letter
    case. A name that also speaks of production (`pre-production`, `staging-prod`, `qa-nonprod`), and one that says
    nothing (`alice`, `awx`), is production.
    """
    words = re.findall(r"[^\W\d_]+", environment.casefold())
    return any(map(_PRODUCTION.match, words)) or not _OTHERS.intersection(words)
