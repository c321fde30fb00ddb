"""Markdown as GitHub reads it (GFM), made so that foreign text stays text.

Characters are written as HTML entities rather than behind backslashes: entities also hold within
HTML (`<summary>`) and table cells. Mentions, `#123` and `:emoji:` are found by GitHub in the finished
HTML, where an entity is no help, so a zero-width space comes between.

A document has a largest size: what matters least goes first, and is told to be missing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import partial
from urllib.parse import quote, urlsplit

from ..dataclass import dataclass

MAX_SUMMARY = 1_000_000
"""Largest job summary in bytes of UTF-8. GitHub shows nothing of one over 1 MiB (1,048,576 bytes)."""

MAX_TEXT = 1_000
"""Longest piece of foreign text that is shown, in characters."""

MAX_TABLE_BYTES = 150_000
"""Largest table in bytes of UTF-8; a summary holds several and GitHub drops one over 1 MiB whole."""

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
    """A part of a document; those of the lowest `worth` go first where all would be too much."""

    worth: int
    title: str
    body: str

    def __str__(self) -> str:
        return f"### {self.title}\n\n{self.body}" if self.title else self.body


def fitted(sections: Sequence[Section], limit: int) -> str:
    """Join the sections that have a body, leaving out the least worth above `limit` bytes, and saying so."""
    parts = [(section.worth, str(section)) for section in sections if section.body]
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
    return f"Left out to keep this within GitHub's limit: {len(left_out)} of {len(parts)} parts."


def _size(part: str) -> int:
    """Return the size in bytes of UTF-8, with the blank line behind it."""
    return len(part.encode("utf-8", "backslashreplace")) + 2


def visible(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as one line that hides nothing, of at most `limit` characters.

    White space shrinks to single spaces. Characters that cannot be seen or that turn the text around
    (control, bidirectional, zero-width, surrogates) are spelled out, such as `\\u202e`.
    """
    # Cut before the work is done, with room for white space: names may have any length.
    line = " ".join(foreign[: limit * 4].split())
    cut = len(line) > limit or len(foreign) > limit * 4
    shown = "".join(_spelled(char) for char in (line[: limit - 1] if cut else line))
    return f"{shown}…" if cut else shown


def verbatim(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return one line for a fence: as `visible`, but white space stays as it is."""
    cut = len(foreign) > limit
    shown = "".join(char if char == "\t" else _spelled(char) for char in foreign[: limit - 1 if cut else limit])
    return f"{shown}…" if cut else shown


def text(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as prose: no markup, no link, no mention, no emoji, on one line."""
    return _prose(visible(foreign, limit))


def words(message: str, limit: int = MAX_TEXT, url: str = "") -> str:
    """Return a message of ours, which may quote foreign text: as `text`, but `quoted` parts become code.

    Of all addresses in it only `url` becomes a link: the others may be foreign.
    """
    parts = _QUOTED.split(visible(message, limit))
    return "".join(_code(part) if at % 2 else _prose(part, url) for at, part in enumerate(parts))


def code(foreign: str, limit: int = MAX_TEXT) -> str:
    """Return `foreign` as inline code, safe in tables; an empty one is shown as an empty quotation."""
    return _code(visible(foreign, limit) or '""')


def link(label: str, url: str) -> str:
    """Return a link, the foreign `label` being prose; only the label where `url` is not http or https."""
    return _link(text(label), url)


def code_link(label: str, url: str) -> str:
    """Return a link, the foreign `label` being inline code; else as `link`."""
    return _link(code(label), url)


def safe_url(url: str) -> str:
    """Return `url` with all that Markdown or HTML could trip over percent-encoded; empty if not http(s)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    # A name before the host is how one host is made to look like another.
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return ""
    return quote(url, safe=_URL_SAFE, errors="replace").replace("&", "&amp;")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], cap: int = 100) -> str:
    """Return a table of cells that are Markdown already, with a note where rows had to be left out."""
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
    """Return a fenced block that `content` cannot close, whatever it holds."""
    longest = max((len(ticks) for ticks in re.findall("`+", content)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{content}\n{ticks}"


def bullets(items: Sequence[str], cap: int = 50) -> str:
    """Return a list of items that are Markdown already, with a note where some had to be left out."""
    return _list([f"- {item}" for item in items], cap)


def numbered(items: Sequence[str], cap: int = 20) -> str:
    """Return a numbered list of items that are Markdown already, with a note where some are left out."""
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
    # `- `, `1. ` or `===` would start a list or make a heading of the line before.
    return f"{start['number']}{_entity(start['mark'])}{_TOKENS.sub(escaped, line[start.end() :])}"


def _escaped(found: re.Match[str], url: str) -> str:
    if found["url"]:
        return code_link(found["url"], url) if found["url"] == url else _code(found["url"])
    if found["notifies"]:
        return found["notifies"].replace("#", _entity("#")) + _BREAK
    if found["www"]:
        return f"{found['www']}{_entity('.')}"
    # GitHub's own way to write a dollar sign that starts no formula (its documentation on mathematics).
    return "<span>$</span>" if found["dollar"] else _entity(found["special"])


def _entity(char: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}.get(char, f"&#{ord(char)};")


def _code(line: str) -> str:
    if _PLAIN_CODE.fullmatch(line):
        return f"`{line}`"
    # Backticks, bars and backslashes within backticks mean different things in and outside tables.
    inside = "".join(char if char.isalnum() or char == " " else _entity(char) for char in line)
    return f"<code>{inside}</code>"


def _link(label: str, url: str) -> str:
    target = safe_url(url)
    return f"[{label}]({target})" if target else label


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace(chr(10), '<br>') for cell in cells)} |"
