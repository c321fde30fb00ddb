from __future__ import annotations

from adapters.asking import SECRET
from frag_release.adapters.http.messages import basic, bearer, quoted


def test_secrets_do_not_show() -> None:
    """Printing credentials shows to whom they belong, not what they are."""
    shown = f"{bearer(SECRET, 'https://a.org', 'it')} {basic('me', SECRET, 'https://a.org')}"

    assert SECRET not in shown
    assert "Basic" not in shown


def test_foreign_text_is_one_short_printable_line() -> None:
    """Control characters, line breaks and length of foreign text do not reach a message."""
    assert quoted("a\r\n::error::b\x1b[31m\u2028c") == '"a ::error::b [31m c"'
    assert len(quoted("x" * 1000)) == 202
