"""GitHub-Flavored Markdown in which foreign text stays text.

Special characters become HTML entities, not backslash escapes: entities also work within HTML (`<summary>`) and
table cells. GitHub looks for mentions, `#123` and `:emoji:` in the rendered HTML, where entities do not help, so a
zero-width space splits them.

If a document is too large, the least important sections are omitted, and a note counts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from ..dataclass import dataclass

MAX_SUMMARY = 1_000_000
"""Largest job summary in bytes of UTF-8. GitHub drops a summary over 1 MiB (1,048,576 bytes)."""

MAX_TEXT = 1_000
"""Longest piece of foreign text shown, in characters."""

MAX_TABLE_BYTES = 150_000
"""Largest table in bytes of UTF-8: a summary has several, and must stay within its own limit."""

_BREAK = "&#8203;"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN_CODE = re.compile(r"[A-Za-z0-9._/:@+#=,?&%()\[\]-]+(?: [A-Za-z0-9._/:@+#=,?&%()\[\]-]+)*")
_QUOTED = re.compile(r"`([^`]+)`")
_TOKENS = re.compile(
    r"(?P<url>https?://[!-~]*[A-Za-z0-9/_=-])"
    r"|(?P<notifies>@(?=\w)|\#(?=[0-9])|(?<!\w)[Gg][Hh]-(?=[0-9])|:(?=//|[\w+-]+:))"
    r"|(?P<www>[Ww]{3}(?=\.))\."
    r"|(?P<dollar>\$)"
    r"|(?P<special>[\\`*_{}\[\]<>#&\"'|~!^])"
)
_BLOCK_START = re.compile(r"(?P<number>[0-9]{0,9})(?P<mark>(?<![0-9])[-+=]|(?<=[0-9])[.)](?=\s|$))")
_URL_SAFE = ":/?#@!$&+,;=%~-._"


@dataclass(frozen=True)
class Section:
    """A part of a document. If the whole is too large, sections of the lowest `priority` are omitted first."""

    priority: int
    title: str
    body: str

    def __str__(self) -> str:
        return f"### {self.title}\n\n{self.body}" if self.title else self.body


def fit(sections: Sequence[Section], limit: int) -> str:
    """Join the sections that have a body; beyond `limit` bytes omit those of the lowest worth, with a note."""
    parts = [(section.priority, str(section)) for section in sections if section.body]
    sizes = [_size(part) for _, part in parts]
    left_out: set[int] = set()
    for at in sorted(range(len(parts)), key=lambda at: parts[at][0])[:-1]:
        if sum(sizes) + _size(_note(left_out, parts)) <= limit:
            break
        left_out.add(at)
        sizes[at] = 0
    kept = [part for at, (_, part) in enumerate(parts) if at not in left_out]
    return "\n\n".join([*kept, *filter(None, [_note(left_out, parts)])]) + "\n"


def _note(left_out: Collection[int], parts: Sequence[object]) -> str:
    if not left_out:
        return ""
    return f"Omitted to stay within GitHub's size limit: {len(left_out)} of {len(parts)} parts."


def _size(part: str) -> int:
    """Return the size in bytes of UTF-8, including the blank line after it."""
    return len(part.encode("utf-8", "backslashreplace")) + 2


def visible(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as one line of at most `limit` characters, with nothing hidden.

    Runs of white space become single spaces. Invisible and bidirectional characters (control, zero-width, surrogates)
    are spelled out, such as `\\u202e`.
    """
    # Cut first, with room for white space: a name can have any length.
    line = " ".join(foreign[: limit * 4].split())
    cut = len(line) > limit or len(foreign) > limit * 4
    shown = "".join(_spelled(char) for char in (line[: limit - 1] if cut else line))
    return f"{shown}…" if cut else shown


def verbatim(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return one line for a fenced block: like `visible`, but white space is kept."""
    cut = len(foreign) > limit
    shown = "".join(char if char == "\t" else _spelled(char) for char in foreign[: limit - 1 if cut else limit])
    return f"{shown}…" if cut else shown


def text(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as one line of prose, without markup, links, mentions or emoji."""
    return _prose(visible(foreign, limit))


def words(message: str, limit: int = MAX_TEXT, url: str = "") -> str:
    """Return a message of ours, which may quote foreign text: like `text`, but `quoted` parts become code.

    Only `url` becomes a link: other URLs in the message may be foreign.
    """
    parts = _QUOTED.split(visible(message, limit))
    return "".join(_code(part) if at % 2 else _prose(part, url) for at, part in enumerate(parts))


def code(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as inline code that is safe in tables; `""` if it is empty."""
    return _code(visible(foreign, limit) or '""')


def link(label: str, url: str) -> str:
    """Return a link with the foreign `label` as prose; the label alone if `url` is not http or https."""
    return _link(text(label), url)


def code_link(label: str, url: str) -> str:
    """Return a link as `link` does, with the foreign `label` as inline code."""
    return _link(code(label), url)


def safe_url(url: str) -> str:
    """Return `url` with characters that are special in Markdown or HTML percent-encoded; empty if not http(s)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    # A user name in front of the host can make one host look like another.
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return ""
    return quote(url, safe=_URL_SAFE, errors="replace").replace("&", "&amp;")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], cap: int = 100) -> str:
    """Return a table of cells that are Markdown already, with a note if rows are omitted."""
    lines = [_row(header), _row(["---"] * len(header))]
    size = 0
    for cells in rows[:cap]:
        line = _row(cells)
        size += len(line.encode("utf-8", "replace"))
        if size > MAX_TABLE_BYTES:
            break
        lines.append(line)
    shown = len(lines) - 2
    note = "" if shown == len(rows) else f"\n\nShowing {shown} of {len(rows)}."
    return "\n".join(lines) + note


def details(summary: str, body: str) -> str:
    """Return `body` (Markdown) folded under the foreign `summary`."""
    return f"<details>\n<summary>{text(summary)}</summary>\n\n{body}\n\n</details>"


def fence(content: str, language: str = "") -> str:
    """Return a fenced block that `content` cannot close."""
    longest = max((len(ticks) for ticks in re.findall("`+", content)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{content}\n{ticks}"


def bullets(items: Sequence[str], cap: int = 50) -> str:
    """Return a list of items that are Markdown already, with a note if some are omitted."""
    return _list([f"- {item}" for item in items], cap)


def numbered(items: Sequence[str], cap: int = 20) -> str:
    """Return a numbered list of items that are Markdown already, with a note if some are omitted."""
    return _list([f"{number}. {item}" for number, item in enumerate(items, 1)], cap)


def _list(lines: Sequence[str], cap: int) -> str:
    note = f"\n\nShowing {cap} of {len(lines)}." if len(lines) > cap else ""
    return "\n".join(lines[:cap]) + note


def _spelled(char: str) -> str:
    if unicodedata.category(char) not in _UNSEEN:
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _prose(line: str, url: str = "") -> str:
    escaped = partial(_escaped, url=url)
    start = _BLOCK_START.match(line)
    if start is None:
        return _TOKENS.sub(escaped, line)
    # `- `, `1. ` or `===` would start a list, or turn the previous line into a heading.
    return f"{start['number']}{_entity(start['mark'])}{_TOKENS.sub(escaped, line[start.end() :])}"


def _escaped(found: re.Match[str], url: str) -> str:
    if found["url"]:
        return code_link(found["url"], url) if found["url"] == url else _code(found["url"])
    if found["notifies"]:
        return found["notifies"].replace("#", _entity("#")) + _BREAK
    if found["www"]:
        return f"{found['www']}{_entity('.')}"
    # From GitHub's documentation on mathematical expressions: a dollar sign that does not start a formula.
    return "<span>$</span>" if found["dollar"] else _entity(found["special"])


def _entity(char: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}.get(char, f"&#{ord(char)};")


def _code(line: str) -> str:
    if _PLAIN_CODE.fullmatch(line):
        return f"`{line}`"
    # Within backticks, bars and backslashes mean different things inside and outside tables.
    inside = "".join(char if char.isalnum() or char == " " else _entity(char) for char in line)
    return f"<code>{inside}</code>"


def _link(label: str, url: str) -> str:
    target = safe_url(url)
    return f"[{label}]({target})" if target else label


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace(chr(10), '<br>') for cell in cells)} |"
