"""Which environments are production."""

from __future__ import annotations

import pytest

from frag_release.domain.environments import is_production, names_production


@pytest.mark.parametrize(
    "name",
    [
        "production", "Production", "PRODUCTION", "awx/fragalysis-production", "prod", "pre-production", "prod2",
        "staging-production", "production/staging", "non-production", "live", "main", "", " ", "alice", "awx",
        "fragalysis", "stagingproduction", "productionstaging", "devops", "latest", "ѕtaging", "stagіng", "123",
        "staging-preprod", "dev-preproduction", "test-ukprod", "staging-prd", "qa-nonprod",
    ],
)  # fmt: skip
def test_what_is_not_clearly_another_environment_is_production(name: str) -> None:
    """Production by any name, names that say nothing, and look-alikes in other alphabets are production."""
    assert is_production(name)


@pytest.mark.parametrize(
    "name",
    ["staging", "Staging", "awx/fragalysis-staging", "awx/fragalysis-developer", "developer-alice", "dev", "test2",
     "my_sandbox", "preview.7", "STAGE"],
)  # fmt: skip
def test_a_name_with_a_word_for_another_environment_is_none(name: str) -> None:
    """A whole word such as staging or developer, in any letter case, names another environment."""
    assert not is_production(name)


@pytest.mark.parametrize(
    "name",
    [
        "Production Fragalysis Stack", "PRODUCTION", "prod", "Stack (Prod)", "prod2", "my_prod", "prods", "nonprod",
        "pre-production", "preproduction", "staging (not production)", "fragalysis-prd", "ukprd", "live", "GoLive",
        "FragalysisProduction", "fragalysisproduction", "Produktion", "producción", "productive system",
        "\uff30\uff32\uff2f\uff24", "product production", "PrOd", "Stack pROD",
    ],
)  # fmt: skip
def test_a_name_that_says_production(name: str) -> None:
    """Any word for production counts, alone or in another word, and a name that denies it as well."""
    assert names_production(name)


@pytest.mark.parametrize(
    "name",
    ["", "Staging Fragalysis Stack", "Product demo", "products", "Producer", "Reproduce", "Deploy main", "Delivery",
     "liver", "alive", "Alice", "all:!x"],
)  # fmt: skip
def test_a_name_that_only_looks_like_it(name: str) -> None:
    """Unlike an environment, a name that says nothing is not production, nor is a product."""
    assert not names_production(name)
