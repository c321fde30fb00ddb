"""What must be true whenever the `if` of a job or step is, read from the expression without evaluating it.

Docs: "Evaluate expressions in workflows and actions", and for text around `${{ }}` "Workflow syntax", `jobs.<id>.if`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ..dataclass import dataclass
from .workflow_tree import Token, lex, path_at

_LONGEST = 5_000
_DEEPEST = 50
_STATUS = frozenset({"always", "cancelled", "failure"})
_CALLS_STATUS = re.compile(rf"\b({'|'.join(sorted(_STATUS))})\s*\(", re.I)
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True)
class Term:
    """A part of an expression.

    `kind` is `and`, `or`, `not`, `call`, `path`, `part`, `text`, `word`, or a comparison operator. `name` is a
    function's name, a text or a word; `path` is as in `Reference`.
    """

    kind: str
    parts: Sequence[Term] = ()
    name: str = ""
    path: tuple[str, ...] = ()

    def all_terms(self) -> Iterator[Term]:
        """Yield this term and all terms in it."""
        yield self
        for part in self.parts:
            yield from part.all_terms()


Meets = Callable[[Term], bool]
"""Whether a term is one that is searched for."""


@dataclass(frozen=True)
class Condition:
    """A condition as it was read; `term` is None if it is empty, is a text, or could not be read.

    With `is_text` GitHub evaluates it as a text, which is always true: it has characters outside its `${{ }}`.
    """

    term: Term | None = None
    is_readable: bool = True
    is_text: bool = False

    def requires(self, meets: Meets) -> bool:
        """Whether it is true only if a term is that `meets`."""
        return self.term is not None and _requires(self.term, meets)

    def any(self, meets: Meets) -> bool:
        """Whether any of its terms `meets`."""
        return self.term is not None and any(map(meets, self.term.all_terms()))

    @property
    def ignores_failures(self) -> bool:
        """Whether it may be true although a needed job failed: GitHub adds `success() &&` to all others."""
        if not self.is_readable:
            return True
        return self.any(lambda term: term.kind == "call" and term.name in _STATUS)


def read_condition(text: str) -> Condition:
    """Read the text of an `if`. Never raises: if it cannot be read, `is_readable` is False."""
    if not text.strip():
        return Condition()
    if "${{" not in text:
        return _read(text)
    inner = sole_expression(text)
    if inner is not None:
        return _read(inner)
    return Condition(is_text=True, is_readable=not _CALLS_STATUS.search(text))


def sole_expression(text: str) -> str | None:
    """Return the content of `${{ }}` if the text is only that, without even a line break; else None."""
    is_one = text.startswith("${{") and text.endswith("}}") and text.count("${{") == 1
    return text[3:-2] if is_one else None


def sole_path(text: str) -> tuple[str, ...]:
    """Return the path of the value that a text in `${{ }}` consists of; empty if it has anything else."""
    inner = sole_expression(text.strip())
    term = _read(inner).term if inner is not None else None
    return term.path if term and term.kind == "path" else ()


def _read(text: str) -> Condition:
    tokens = lex(text) if len(text) <= _LONGEST else None
    if tokens is None:
        return Condition(is_readable=False)
    try:
        return Condition(_Parser(tokens).whole())
    except _UnreadableError:
        return Condition(is_readable=False)


def _requires(term: Term, meets: Meets) -> bool:
    if meets(term):
        return True
    if term.kind == "and":
        return any(_requires(part, meets) for part in term.parts)
    if term.kind == "or":
        return all(_requires(part, meets) for part in term.parts)
    return term.kind == "word" and term.name == "false"


class _UnreadableError(Exception):
    """The expression is not valid, or not supported."""


class _Parser:
    """Parses by GitHub's operator precedence: `!`, comparisons, `&&`, `||`."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def whole(self) -> Term:
        """Return the term of all tokens; raises _UnreadableError."""
        term = self._either()
        if self._at != len(self._tokens):
            raise _UnreadableError
        return term

    def _either(self) -> Term:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _UnreadableError
        term = self._joined("or", "||", lambda: self._joined("and", "&&", self._compared))
        self._depth -= 1
        return term

    def _joined(self, kind: str, operator: str, read: Callable[[], Term]) -> Term:
        parts = [read()]
        while self._take(operator):
            parts.append(read())
        return Term(kind, tuple(parts)) if len(parts) > 1 else parts[0]

    def _compared(self) -> Term:
        left = self._single()
        operator = next((each for each in _COMPARISONS if self._take(each)), "")
        return Term(operator, (left, self._single())) if operator else left

    def _single(self) -> Term:
        turns = 0
        while self._take("!"):
            turns += 1
        term = self._primary()
        return Term("not", (term,)) if turns % 2 else term

    def _primary(self) -> Term:
        if self._take("("):
            term = self._either()
            self._must(")")
            return term
        token = self._next()
        if token.kind == "text":
            return Term("text", name=token.text[1:-1].replace("''", "'"))
        if token.kind == "name":
            return self._named(token)
        while self._at < len(self._tokens) and _is_of_number(self._tokens[self._at]):
            self._at += 1
        if _is_of_number(token):
            return Term("word", name="a number")
        raise _UnreadableError

    def _named(self, token: Token) -> Term:
        name = token.text.lower()
        if self._take("("):
            return self._part_of(Term("call", tuple(self._arguments()), name))
        if name in ("true", "false", "null"):
            return Term("word", name=name)
        path, self._at = path_at(self._tokens, self._at - 1)
        return self._part_of(Term("path", path=path))

    def _part_of(self, whole: Term) -> Term:
        """Return the term with any index or property that follows it: of a computed name, or of a function's result."""
        while True:
            if self._take("["):
                index = self._either()
                self._must("]")
                whole = Term("part", (whole, index))
            elif self._take("."):
                whole = Term("part", (whole,), self._next().text)
            else:
                return whole

    def _arguments(self) -> Iterator[Term]:
        while not self._take(")"):
            yield self._either()
            self._take(",")

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise _UnreadableError
        self._at += 1
        return self._tokens[self._at - 1]

    def _must(self, symbol: str) -> None:
        if not self._take(symbol):
            raise _UnreadableError

    def _take(self, symbol: str) -> bool:
        """Skip an operator or bracket if it is next, and return whether it was; each of its characters is a token."""
        following = [token.text for token in self._tokens[self._at : self._at + len(symbol) + 1]]
        # The `!` of `!=` is not an operator of its own.
        is_next = following[: len(symbol)] == list(symbol) and not (symbol == "!" and following[1:] == ["="])
        self._at += len(symbol) if is_next else 0
        return is_next


def _is_of_number(token: Token) -> bool:
    return token.kind == "symbol" and token.text in "0123456789.+-"
