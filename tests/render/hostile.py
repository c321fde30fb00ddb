"""Names and messages that try to be more than text, and what a reader's parser makes of a document."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.token import Token

HOSTILE = [
    "[a](https://evil.example)",
    "![a](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</details></summary><h1>x",
    "<!-- hidden",
    "<div open",
    "&lt;b&gt; &#42;&#42;",
    "**bold** _it_ ~~no~~",
    "# heading",
    "- item",
    "+ item",
    "12) item",
    "1. item",
    "===",
    "---",
    "> quote",
    "> [!WARNING]",
    "`code` ``more``",
    "``` fence",
    "a | b | c",
    "\\| a \\` b \\",
    "'single' \"double\"",
    "$(rm -rf /) $x$ `id`",
    "##[error]x",
    "::set-output name=verdict::deploy",
    "]-->|x| evil",
    '"]:::bad\nclick x href "javascript:alert(1)"',
    "[ref]: https://evil.example",
    "[^1]",
    "a\n\n# b\r\n```\n",
    "https://evil.example/`a`|b|(c)",
    "www.evil.example",
    "@octocat #12 GH-3 :tada:",
    "\u202egnp.exe \u200b\ufeff\x1b[31m\x00",
    "\udcff",
    "x" * 10_000,
]

_HARMLESS = {"text", "code_inline", "html_inline", "softbreak"}
_OURS = {"<code>", "</code>", "<span>", "</span>", "<br>"}


def tokens(markdown: str) -> list[Token]:
    """Every token of a document in GitHub's dialect as far as the parser has it, inline ones in place."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return [inner for token in parser.parse(markdown) for inner in (token.children or [token])]


def markup(inline: str) -> list[str]:
    """What in a paragraph is more than text and code; tags that we write ourselves do not count."""
    found = []
    for token in tokens(f"start {inline}\n\n{inline}"):
        is_ours = token.type == "html_inline" and token.content in _OURS
        if token.type not in {*_HARMLESS, "paragraph_open", "paragraph_close"} or (
            token.type == "html_inline" and not is_ours
        ):
            found.append(token.type)
    return found


def read(inline: str) -> str:
    """What a person reads, without the zero-width spaces that keep GitHub from finding names in it."""
    shown = (token.content for token in tokens(inline) if token.type in ("text", "code_inline"))
    return "".join(shown).replace("\u200b", "")
