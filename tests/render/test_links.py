from __future__ import annotations

from frag_release.render.wording import Links

LINKS = Links("https://github.com")
REPOSITORY = "xchem/fragalysis-stack"
BASE = "https://github.com/xchem/fragalysis-stack"


def test_addresses_of_a_repository() -> None:
    """Each thing of a repository has the address at which GitHub shows it."""
    assert LINKS.repository(REPOSITORY) == BASE
    assert LINKS.commit(REPOSITORY, "abc") == f"{BASE}/commit/abc"
    assert LINKS.tag(REPOSITORY, "2023.06.2") == f"{BASE}/releases/tag/2023.06.2"
    assert LINKS.branch(REPOSITORY, "m2ms/1517") == f"{BASE}/tree/m2ms/1517"
    assert LINKS.line(REPOSITORY, "abc", ".github/w.yaml", 91) == f"{BASE}/blob/abc/.github/w.yaml#L91"
    assert LINKS.line(REPOSITORY, "abc", ".github/w.yaml", None) == f"{BASE}/blob/abc/.github/w.yaml"
    assert LINKS.comparison(REPOSITORY, "1.0.0", "1.1.0") == f"{BASE}/compare/1.0.0...1.1.0"


def test_names_are_encoded() -> None:
    """A name adds no query, no fragment, no markup and no space to an address."""
    assert LINKS.tag(REPOSITORY, "a?b#c d)<é\"'`|%") == (
        f"{BASE}/releases/tag/a%3Fb%23c%20d%29%3C%C3%A9%22%27%60%7C%25"
    )


def test_names_that_are_not_utf8_make_an_address_all_the_same() -> None:
    """A name of broken bytes is no reason to fail."""
    assert LINKS.tag(REPOSITORY, "\udcff") == f"{BASE}/releases/tag/%3F"


def test_an_enterprise_server_has_its_own_addresses() -> None:
    """Links lead to the server that the run belongs to, with or without a final slash."""
    assert Links("https://git.example.org/").repository(REPOSITORY) == f"https://git.example.org/{REPOSITORY}"


def test_no_server_no_links() -> None:
    """Clones on a disk, odd servers and missing names give no address."""
    assert Links("").commit(REPOSITORY, "abc") == ""
    assert Links("javascript:").commit(REPOSITORY, "abc") == ""
    assert LINKS.commit(REPOSITORY, "") == ""
    assert LINKS.comparison(REPOSITORY, "", "1.1.0") == ""
