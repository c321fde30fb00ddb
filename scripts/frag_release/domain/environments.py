"""Which environments are production: all that are not clearly named as another one.

Other environments may launch an AWX template whose name contains a word for production only if it is allowed by name.
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
# Matches prod, nonprod, production, Produktion, productive; not product, produce, reproduce.
_SAYS_PRODUCTION = re.compile(r"(?!reprod).*prod(?!uct(?!i)|uce)|.*prd|live\Z")


def is_production(environment: str) -> bool:
    """Whether deploying to `environment` must obey the rules of production; fails closed.

    Treated as production unless its name contains a word for another one, such as `staging`,
    `awx/fragalysis-developer` or `test2`, in any case, and none for production (`staging-prod`, `qa-nonprod`).
    """
    words = _WORD.findall(environment.casefold())
    return any(map(_PRODUCTION.match, words)) or not _OTHERS.intersection(words)


def is_staging(environment: str) -> bool:
    """Whether releases are tried in `environment` before production: its name contains a word for staging."""
    return not is_production(environment) and not _STAGING.isdisjoint(_WORD.findall(environment.casefold()))


def names_production(name: str) -> bool:
    """Whether a name in AWX contains a word for production, such as `prod`, `non-production` or `live`.

    Unlike the name of an environment, one without such a word is not production: `Product demo`, `Deploy main`. A
    negated word counts as well.
    """
    whole = unicodedata.normalize("NFKC", name)
    # A small letter before a capital ends a word, except in a spelling such as PrOd: so both forms are searched.
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", whole)
    return any(map(_SAYS_PRODUCTION.match, _WORD.findall(f"{whole} {apart}".casefold())))


def names_of_production(names: Mapping[str, str]) -> str:
    """Return which names of a template contain a word for production, as a sentence part; empty if none does."""
    found = [f"its {what} is {name!r}" for what, name in names.items() if names_production(name)]
    return f"{' and '.join(found)}, which names production" if found else ""


def names_of(template: Template) -> dict[str, str]:
    """Return the names of a template that may contain a word for production, without a limit's excluded hosts."""
    parts = [part.strip() for part in re.split(r"[,:]", template.limit)]
    return {
        "name": template.name,
        "organisation": template.organization,
        "inventory": template.inventory,
        "limit": ",".join(part for part in parts if not part.startswith("!")),
    }


def note_of_variables(variables: Variables, environment: str) -> str:
    """Return a warning if a value of extra-vars has a word for production, which may also be a program's mode.

    It does not quote the values, which may be secrets.
    """
    names = sorted(name for name, value in variables.items() if _names_production(value))
    if not names:
        return ""
    return (
        f"extra-vars sets {', '.join(names[:10])} to a value that names production, but {environment} is another "
        "environment: check that the template does not deploy to production with it."
    )


def _names_production(value: object) -> bool:
    if isinstance(value, str):
        return names_production(value)
    if isinstance(value, dict):
        return any(map(_names_production, value.values()))
    return isinstance(value, list) and any(map(_names_production, value))
