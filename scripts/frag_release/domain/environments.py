"""Which environment is production: whatever is not clearly another one."""

from __future__ import annotations

import re
import unicodedata

_OTHERS = frozenset(
    {"staging", "stage", "developer", "developers", "development", "dev", "test", "testing", "qa", "sandbox", "preview"}
)
_STAGING = frozenset({"staging", "stage"})
_WORD = re.compile(r"[^\W\d_]+")
_PRODUCTION = re.compile(r".*(prod|prd)|live|main\Z")
# As in prod, nonprod, production, Produktion, productive; not as in product, produce, reproduce.
_SAYS_PRODUCTION = re.compile(r"(?!reprod).*prod(?!uct(?!i)|uce)|.*prd|live\Z")


def is_production(environment: str) -> bool:
    """Whether deploying to `environment` must obey the rules of production; fails closed.

    Another one is named by a word for it, such as `staging`, `awx/fragalysis-developer` or `test2`, in any letter
    case. A name that also speaks of production (`pre-production`, `staging-prod`, `qa-nonprod`), and one that says
    nothing (`alice`, `awx`), is production.
    """
    words = _WORD.findall(environment.casefold())
    return any(map(_PRODUCTION.match, words)) or not _OTHERS.intersection(words)


def is_staging(environment: str) -> bool:
    """Whether what is deployed to `environment` is tried for production there: its name has a word for staging."""
    return not is_production(environment) and not _STAGING.isdisjoint(_WORD.findall(environment.casefold()))


def says_production(name: str) -> bool:
    """Whether a name given to something in AWX has a word for production, such as `prod`, `non-production` or `live`.

    Unlike an environment, what says nothing is not production: `Product demo` and `Deploy main` say nothing. A name
    that says that it is not production is taken for one that says production.
    """
    whole = unicodedata.normalize("NFKC", name)
    # A small letter before a capital one ends a word, and is in the middle of it where somebody types PrOd.
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", whole)
    return any(map(_SAYS_PRODUCTION.match, _WORD.findall(f"{whole} {apart}".casefold())))
