"""Which environment is production: whatever is not clearly another one.

A template of AWX whose name says production is launched by no other environment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from .awx_jobs import Template, Variables

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


def signs_of(told: Mapping[str, str]) -> str:
    """Say which of the names that are told of a template say production; empty where none does."""
    signs = [f"its {what} is {text!r}" for what, text in told.items() if says_production(text)]
    return f"{' and '.join(signs)}, which says production" if signs else ""


def names_of(template: Template) -> dict[str, str]:
    """Return what AWX tells of a template that may say production. A part of a limit that excludes hosts does not."""
    parts = [part.strip() for part in re.split(r"[,:]", template.limit)]
    return {
        "name": template.name,
        "organisation": template.organization,
        "inventory": template.inventory,
        "limit": ",".join(part for part in parts if not part.startswith("!")),
    }


def note_of_variables(variables: Variables, environment: str) -> str:
    """Return a warning where a value of extra-vars says production, which may as well be the mode of a program.

    The values themselves are not quoted: people put secrets there.
    """
    names = sorted(name for name, value in variables.items() if _says(value))
    if not names:
        return ""
    return (
        f"extra-vars gives {', '.join(names[:10])} a value that says production, and {environment} is another "
        "environment: see that the template does not deploy to production with it."
    )


def _says(value: object) -> bool:
    if isinstance(value, str):
        return says_production(value)
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    return isinstance(value, list) and any(map(_says, value))
