"""What GitHub's expressions (`${{ … }}`) read, as far as that can be told without evaluating them.

Docs: "Evaluate expressions in workflows and actions". Names are compared without regard to case, `a.b` and
`a['b']` are the same, and texts stand in single quotes, which are doubled within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

COMPUTED = "*"
"""Stands in a path for what only an evaluation would tell: `inputs[format(…)]`, `inputs.*`."""

_OPEN = "${{"
_TOKEN = re.compile(r"\s+|(?P<text>'(?:[^']|'')*')|(?P<end>\}\})|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>.)", re.S)


@dataclass(frozen=True)
class Reference:
    """A value that an expression reads: `inputs.Be_Tag` has the path `("inputs", "be_tag")`.

    `written` is how it is written and `start` where, in the text that holds the expression.
    """

    path: tuple[str, ...]
    written: str
    start: int


@dataclass(frozen=True)
class Expression:
    """An expression between `start` and `end` of a text."""

    start: int
    end: int
    references: Sequence[Reference]


@dataclass(frozen=True)
class Token:
    """A part of an expression; `kind` is `text`, `name` or `sign`, of which each has one character."""

    kind: str
    text: str
    start: int
    end: int


def expressions(text: str) -> Iterator[Expression]:
    """Yield the expressions of a text, in their order, up to one without an end: to GitHub an error."""
    start = text.find(_OPEN)
    while start >= 0:
        tokens, end = _tokens(text, start + len(_OPEN))
        if end is None:
            return
        yield Expression(start, end, tuple(_references(text, tokens)))
        start = text.find(_OPEN, end)


def lex(text: str) -> list[Token] | None:
    """Return the tokens of an expression that stands without `${{ }}`; None where it ends within."""
    found, end = _tokens(f"{text}}}}}", 0)
    return found if end == len(text) + 2 else None


def _tokens(text: str, position: int) -> tuple[list[Token], int | None]:
    """Return the tokens from `position` on and where the expression ends; None where it does not."""
    found: list[Token] = []
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        if match.lastgroup == "end":
            return found, position
        if match.lastgroup:
            found.append(Token(match.lastgroup, match[0], match.start(), position))
    return found, None


def _references(text: str, tokens: Sequence[Token]) -> Iterator[Reference]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind != "name" or _is(tokens, at - 1, "."):
            at += 1
            continue
        path, at = path_at(tokens, at)
        if not _is(tokens, at, "("):  # else it is the name of a function
            yield Reference(path, text[token.start : tokens[at - 1].end], token.start)


def path_at(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """Return the path that begins at a token, and the position behind it. What is within brackets is read again."""
    path = [tokens[at].text.lower()]
    at += 1
    while True:
        if _is(tokens, at, ".") and (_is_kind(tokens, at + 1, "name") or _is(tokens, at + 1, "*")):
            path.append(tokens[at + 1].text.lower())
            at += 2
        elif _is(tokens, at, "[") and _is_kind(tokens, at + 1, "text") and _is(tokens, at + 2, "]"):
            path.append(tokens[at + 1].text[1:-1].replace("''", "'").lower())
            at += 3
        elif _is(tokens, at, "["):
            return (*path, COMPUTED), at
        else:
            return tuple(path), at


def _is(tokens: Sequence[Token], at: int, sign: str) -> bool:
    return 0 <= at < len(tokens) and tokens[at].text == sign


def _is_kind(tokens: Sequence[Token], at: int, kind: str) -> bool:
    return at < len(tokens) and tokens[at].kind == kind
