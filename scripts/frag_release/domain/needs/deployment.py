"""What `deploy` needs of AWX and of the site.

Of AWX: a login, a template that the account may launch, variables that it takes. Of the site: a page that shows which
release runs, and lines that tell it from the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..awx_jobs import MAY_LAUNCH, LaunchData, Template, Variables
from ..evidence import Answer, Unknown
from ..site_lines import LineError, Page, PageError, SiteLine, fits, look_at, pointer_of, read_lines
from .need import Judgement, missing, there, unseen, untold

_MOST_PROPOSED = 5
_LONGEST_POINTER = 200
_WORDS = ("Stack ", "stack ", "Stack: ", "stack: ", "stack:", "stack-")


@dataclass(frozen=True)
class Known:
    """What a page may show: `tags` of the stack, the likeliest first, in images of these `names` and `namespaces`.

    `components` are the names of what is shown beside it.
    """

    tags: Sequence[str]
    names: Sequence[str]
    namespaces: Sequence[str]
    components: Sequence[str]

    @property
    def forms(self) -> list[str]:
        """How the tag may be written. All is our own text: nothing of the page goes into a proposal but its names."""
        prefixes = ["", "v"]
        for namespace in dict.fromkeys(self.namespaces):
            prefixes.append(f"{namespace}:")
            prefixes += [f"{host}{namespace}/{name}:" for host in ("", "docker.io/") for name in self.names]
        prefixes += [f"{name}:" for name in self.names]
        return [f"{prefix}{{image-tag}}" for prefix in prefixes]


def judge_site(url: str, status: int, page: Page, lines: Sequence[SiteLine], wrong: str) -> Judgement | str:
    """Whether a page has what `lines` look for; else what is wrong, for which `proposals` may help.

    `wrong` says why there are no usable lines.
    """
    if status != 200:
        return judge_answer(url, status)
    failing = [str(number) for number, line in enumerate(lines, 1) if not fits(line, page)]
    if wrong or not lines:
        return wrong or "The input verify-text is empty, and deploy needs it beside verify-url."
    if failing:
        why = _why_not_json(page) if any(line.pointer for line in lines) else ""
        return (
            f"{url} has nothing in the form of line {', '.join(failing)} of verify-text, or several that differ.{why}"
        )
    return there(f"{url} has a place for each line of verify-text.", url)


def _why_not_json(page: Page) -> str:
    try:
        _ = page.document
    except PageError as error:
        return f" The page {error}."
    return ""


def judge_answer(url: str, status: int) -> Judgement:
    """Whether a page answers as deploy wants it."""
    if status == 200:
        return there(f"{url} answers 200.", url)
    return missing(f"{url} answered {status}, and deploy waits for 200.", "Correct verify-url, or mend the page.")


def advice(page: Page, known: Known) -> str:
    """Say which lines would do."""
    found = proposals(page, known)
    if found:
        return f"In verify-text this would do, if it is the stack's own version there: {'; or '.join(found)}"
    return (
        "Nothing on the page was recognised as the tag of a release of the stack. Have the page show it, and name the "
        "place in verify-text: POINTER = VALUE for a page of JSON, such as /version/stack = {image-tag}, or the "
        "text around it, such as Stack {image-tag}."
    )


def proposals(page: Page, known: Known) -> list[str]:
    """Return lines that hold for the likeliest tag that the page shows; empty where none was recognised."""
    try:
        places = list(_texts(page.document))
    except PageError:
        return _texts_that_do(page, known)
    forms = {form.replace("{image-tag}", tag): (rank, form) for rank, tag, form in _written(known)}
    found = [(*forms[text], pointer_of(tokens)) for tokens, text in places if text in forms]
    found = [one for one in found if _may_stand(pointer=one[2], form=one[1], known=known)]
    found = [one for one in found if "stack" in one[2].casefold()] or found
    likeliest = min((rank for rank, *_ in found), default=0)
    return [f"{pointer} = {form}" for rank, form, pointer in found if rank == likeliest][:_MOST_PROPOSED]


def _written(known: Known) -> Iterator[tuple[int, str, str]]:
    for rank, tag in enumerate(known.tags):
        for form in known.forms:
            yield rank, tag, form


def _texts_that_do(page: Page, known: Known) -> list[str]:
    prefixes = (*(f"{name}:" for name in known.names), *_WORDS)
    lines = [SiteLine(f"{prefix}{{image-tag}}") for prefix in prefixes]
    for tag in known.tags:
        found = [line.text for line in lines if look_at(line, {"image-tag": tag}, page).found]
        if found:
            return found[:1]
    return []


def _may_stand(pointer: str, form: str, known: Known) -> bool:
    """Whether a pointer reads the same in a line, and does not name a component."""
    if not pointer.isprintable() or len(pointer) > _LONGEST_POINTER:
        return False
    try:
        same = read_lines(f"{pointer} = {form}", ["image-tag"], ()) == (SiteLine(form, pointer),)
    except LineError:
        return False
    return same and not any(name in pointer.casefold() for name in known.components)


def _texts(document: object) -> Iterator[tuple[list[str], str]]:
    """Yield each text in a document with the way to it. No recursion: a page may be nested as deeply as it likes."""
    left: list[tuple[list[str], object]] = [([], document)]
    while left:
        tokens, value = left.pop()
        if isinstance(value, str) and tokens:
            yield tokens, str(value)
        elif isinstance(value, dict):
            left += [([*tokens, name], each) for name, each in reversed(value.items())]
        elif isinstance(value, list):
            left += [([*tokens, str(number)], each) for number, each in reversed(list(enumerate(value)))]


def judge_login(name: Answer[str], url: str) -> Judgement:
    """Whether AWX is reached and accepts the login; `name` is the account's as AWX tells it."""
    if isinstance(name, Unknown):
        return unseen(name)
    return there(f"{url} accepts the login of {name or 'an account'}.")


def judge_template(template: Answer[Template]) -> Judgement:
    """Whether the account sees the template, and may launch it."""
    if isinstance(template, Unknown):
        return unseen(template)
    where = f" of {template.organization}" if template.organization else ""
    found = f"The job template {template.name!r}{where} is there"
    if problem := template.problem():
        return missing(f"{found}, and {problem[0]}.", problem[1], template.url)
    if template.may_launch is None:
        return untold(f"{found}; AWX does not tell whether this account may launch it.", MAY_LAUNCH, template.url)
    return there(f"{found}, and this account may launch it.", template.url)


def judge_variables(data: Answer[LaunchData], variables: Variables) -> Judgement:
    """Whether the template takes `variables` at its launch. A survey may be for others, which only deploy is given."""
    if isinstance(data, Unknown):
        return unseen(data)
    problem = data.problem(variables)
    if problem is None:
        return there(f"The job template takes {', '.join(variables)} at its launch.")
    what, remedy = f"The job template {problem[0]}.", problem[1]
    if data.questions and (data.unpromptable(variables) or data.missing(variables)):
        asks = ", ".join(sorted(data.questions)[:10])
        return untold(f"{what} Its survey asks for {asks}: extra-vars of deploy may give that.", remedy)
    return missing(what, remedy)
