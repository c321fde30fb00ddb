"""The two standard streams. In a terminal, text is wrapped to its width, and coloured if `rich` is installed.

On a pipe, in a file and on a runner, text is unchanged. A reader that has gone (`| head -1`) is not an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from ..dataclass import dataclass
from ..domain.findings import Status

_NARROWEST = 20
_UNKNOWN = 80
_SHORT_HANG = 4
_STYLES = {
    Status.FAIL.value: "bold red",
    Status.UNKNOWN.value: "bold red",
    Status.WARN.value: "yellow",
    "allowed": "yellow",
    Status.PASS.value: "green",
    Status.SKIPPED.value: "dim",
    "error:": "bold red",
    "warning:": "yellow",
}
_QUIET = (Status.PASS.value, Status.SKIPPED.value)
_ROW = re.compile(r"( *)(FAIL|UNKNOWN|WARN|ALLOWED|PASS|SKIPPED) +\S+  +\S+  +")
_LABEL = re.compile(r"(error:|warning:) ")
_BULLET = re.compile(r" *(?:-> |- |[0-9]+\. )?")

Paint = Callable[[str, str], str]
"""Returns a text in a style, both as plain text."""


class Console:
    """One of the two standard streams; `stream` is None if the process was started without it."""

    def __init__(self, stream: TextIO | None, environ: Mapping[str, str], on_runner: bool) -> None:
        self._stream = stream
        self.width = None if on_runner else _width(stream, environ)
        self._environ = environ
        self._paint: Paint | None = None
        self._lost: OSError | None = None

    def write(self, text: str, *, as_is: bool = False) -> None:
        """Write lines of text without control characters; in a terminal they are wrapped unless `as_is`."""
        if self.width and not as_is:
            self._paint = self._paint or _painter(self._environ)
            text = laid_out(text, self.width, self._paint)
        with self.writing() as stream:
            if stream is not None:
                stream.write(f"{text}\n")

    @contextmanager
    def writing(self) -> Iterator[TextIO | None]:
        """Yield the stream for writing, and flush it afterwards; a reader that has gone is not an error.

        Raises OSError if this text, or an earlier one, was lost for another reason, such as a full disk.
        """
        if self._lost:
            raise self._lost
        try:
            yield self._stream
            if self._stream is not None:
                self._stream.flush()
        except OSError as error:
            # Buffered text would fail again at the end of the process, with a traceback.
            _discard(self._stream)
            if not isinstance(error, BrokenPipeError):
                self._lost = error
                raise


def _discard(stream: TextIO | None) -> None:
    """Redirect the stream to the null device."""
    if stream is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _width(stream: TextIO | None, environ: Mapping[str, str]) -> int | None:
    """Return the columns of a terminal, None for anything else; `COLUMNS` overrides the terminal's own width."""
    if stream is None or stream.closed or not stream.isatty():
        return None
    given = environ.get("COLUMNS", "")
    try:
        columns = int(given) if given.isascii() and given.isdigit() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(columns or _UNKNOWN, _NARROWEST)


def _plain(text: str, style: str) -> str:
    return text


def _painter(environ: Mapping[str, str]) -> Paint:
    """Return a painter that uses `rich` if it is installed and colour is allowed (see no-color.org), else `_plain`."""
    if environ.get("NO_COLOR") or environ.get("TERM", "").lower() in ("dumb", "unknown") or not _has_rich():
        return _plain
    try:
        from rich.color import ColorSystem
        from rich.style import Style
    except Exception:  # a broken installation must not cost the results
        return _plain
    # Only its styles are used: its console would interpret markup and wrap in its own way.
    return lambda text, style: str(Style.parse(style).render(text, color_system=ColorSystem.STANDARD))


def _has_rich() -> bool:
    """Whether Python's own site-packages has `rich`; other places (`PYTHONPATH`, a user's folder) are not trusted."""
    import importlib.util
    import site

    found = importlib.util.find_spec("rich")
    origin = found.origin if found else None
    return origin is not None and any(origin.startswith(f"{folder}{os.sep}") for folder in site.getsitepackages())


def laid_out(text: str, width: int, paint: Paint = _plain) -> str:
    """Return the text wrapped to `width` columns with a hanging indent; a longer word, such as a URL, is not broken."""
    lines = text.split("\n")
    forms = [_form(line, is_heading=at == 0 and len(lines) > 1) for at, line in enumerate(lines)]
    return "\n".join(_drawn(line, form, width, paint) for line, form in zip(lines, forms, strict=True))


@dataclass(frozen=True)
class _Form:
    """The look of a line: styles of its lead (from `start` to `lead`) and of the rest, and the hanging indent."""

    hang: int
    start: int = 0
    lead: int = 0
    lead_style: str = ""
    style: str = ""


def _form(line: str, is_heading: bool) -> _Form:
    if row := _ROW.match(line):
        status = row[2].lower()
        return _Form(row.end(), row.end(1), row.end(2), _STYLES[status], "dim" if status in _QUIET else "")
    if label := _LABEL.match(line):
        return _Form(label.end(), 0, label.end(1), _STYLES[label[1]])
    bullet = _BULLET.match(line)
    indent = bullet.end() if bullet else 0
    return _Form(indent or 2, style="bold" if is_heading else "cyan" if line.lstrip().startswith("-> ") else "")


def _drawn(line: str, form: _Form, width: int, paint: Paint) -> str:
    first, *others = _wrapped(line, width, form.hang)
    lead = _painted(first[form.start : form.lead], form.lead_style, paint)
    start = f"{first[: form.start]}{lead}{_painted(first[form.lead :], form.style, paint)}"
    return "\n".join([start, *(_painted(other, form.style, paint) for other in others)])


def _painted(text: str, style: str, paint: Paint) -> str:
    bare = text.strip()
    return text.replace(bare, paint(bare, style), 1) if bare and style else text


def _wrapped(line: str, width: int, hang: int) -> list[str]:
    import textwrap
    import unicodedata

    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
    if len(line) + wide <= width:
        return [line]
    # Wide characters take two columns. Which line they end up on is unknown here, so each line reserves room for all.
    columns = max(width - wide, width // 2)
    longest = max(map(len, line.split()), default=0)
    if hang > width // 2 or hang + longest > columns:
        hang = _SHORT_HANG
    found = textwrap.wrap(
        line, columns, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False,
        expand_tabs=False, replace_whitespace=False,
    )  # fmt: skip
    return found or [line]
