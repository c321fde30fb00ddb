from __future__ import annotations

import pytest

from frag_release.domain.audit.rules import parse_since
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.versions import parse_production_tag


@pytest.mark.parametrize(
    ("since", "tag", "covered"),
    [
        ("", "0.0.1", True),
        ("2023.", "2022.12.9", False),
        ("2023.", "2023.01.1", True),
        ("2023", "2024.01.1", True),
        ("2023.06", "2023.05.9", False),
        ("2023.06", "2023.6.1", True),
        ("2023.1", "2023.10.1", True),
        ("2023.10.", "2023.09.1", False),
        ("2023.06.2", "2023.06.1", False),
        ("2023.06.2", "2023.06.2", True),
        ("2023.06.2", "2023.06.10", True),
    ],
)
def test_since_is_compared_by_numbers(since: str, tag: str, covered: bool) -> None:
    """The first numbers decide, however they are written; from there on everything is judged."""
    parsed, production = parse_since(since), parse_production_tag(tag, DEFAULT_FORMAT)
    assert parsed and production
    assert parsed.covers(production) is covered


WRONG = ("v2023", "2023..1", ".", "2023.06.1.2", "2023.06.1.", "2023-06", "2023\n", "２０２３", "1" * 10)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_start_of_a_tag_is_refused(text: str) -> None:
    """Whatever no production tag starts with means nothing, rather than something else."""
    assert parse_since(text) is None
