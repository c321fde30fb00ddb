"""Formats of tags: with a `v` in front or without, by month or as a version number, and what images make of them."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from domain.files import blob
from domain.worked_example import BACKEND, FILE, pins
from frag_release.domain.components import safe_image_tag
from frag_release.domain.decision import Circumstances, RefKind, Verdict, decide
from frag_release.domain.facts import ComponentFacts, Released, StackFacts
from frag_release.domain.findings import Status
from frag_release.domain.needs import Presence, TokenKind
from frag_release.domain.needs.outside import judge_component_tags, judge_deployers, judge_tag_rules
from frag_release.domain.needs.protection import Deployers, Environment, Policy, Ruleset
from frag_release.domain.needs.writing import BuildWorkflow, judge_build
from frag_release.domain.new_tags import asked_part, is_forgotten, is_new, next_tag, require_plausible, wanted_commit
from frag_release.domain.newest import doubts, unformed
from frag_release.domain.plan import ChoiceError, choose_stack_tag
from frag_release.domain.refs import DEFAULT_FORMAT, FORMATS, Ref, TagFormat, wrong_v
from frag_release.domain.release_record import ReleaseRecord
from frag_release.domain.rollback import Mark, RecordError, image_of, left_by, taken_back_event
from frag_release.domain.rules.pins import pin_grade, pin_order
from frag_release.domain.rules.stack import tag_style, tag_unique
from frag_release.domain.tickets import read_versions
from frag_release.domain.versions import next_iteration, parse_production_tag, production_tags
from frag_release.domain.workflow_jobs import read_triggers

TODAY = datetime.date(2026, 8, 20)
MONTHS, V_MONTHS, NUMBERS, V_NUMBERS = map(TagFormat, FORMATS)
BARE = TagFormat("vN.N.N", bare_images=True)


@pytest.mark.parametrize("form", [V_MONTHS, V_NUMBERS, BARE])
def test_a_production_tag_has_the_letter_of_its_format_and_nothing_else_around(form: TagFormat) -> None:
    """Under a format with `v` only `vN.N.N` in ASCII is of production."""
    assert str(parse_production_tag("v1.4.2", form)) == "v1.4.2"
    wrong = ["1.4.2", "V1.4.2", "vv1.4.2", "v.1.4.2", " v1.4.2", "v1.4.2\n", "v1.4", "v1.4.2-rc.1", "v１.4.2", "v", ""]
    assert [text for text in wrong if parse_production_tag(text, form)] == []


@pytest.mark.parametrize("form", [MONTHS, NUMBERS])
def test_without_the_letter_in_the_format_none_is_of_production(form: TagFormat) -> None:
    """Three numbers are one, in either scheme, and a `v` in front of them is not."""
    assert str(parse_production_tag("1.4.2", form)) == "1.4.2"
    assert parse_production_tag("v1.4.2", form) is None


def test_tags_with_the_letter_are_ordered_by_number() -> None:
    """The tenth comes after the ninth, and tags of the other format are left out."""
    found = production_tags(["v1.10.0", "v1.9.0", "2.0.0", "v1.9"], form=V_NUMBERS)
    assert [tag.text for tag in found] == ["v1.9.0", "v1.10.0"]
    assert next_iteration(TODAY, ["v2026.08.3", "2026.08.9"], V_MONTHS) == "v2026.08.4"


@pytest.mark.parametrize(
    ("text", "form", "proposed"),
    [
        ("v1.4.2", MONTHS, "set tag-format to vN.N.N"),
        ("v2023.06.1", MONTHS, "set tag-format to vYEAR.MONTH.ITERATION"),
        ("1.4.2", V_NUMBERS, "set tag-format to N.N.N"),
        ("2023.06.1", V_MONTHS, "set tag-format to YEAR.MONTH.ITERATION"),
        ("V1.4.2", V_NUMBERS, "capital V"),
    ],
)
def test_a_tag_that_only_the_letter_keeps_out_is_told_as_that(text: str, form: TagFormat, proposed: str) -> None:
    """It names the format that would take it; for what is wrong otherwise, or right, nothing is said."""
    assert proposed in wrong_v(text, form, "tag-format")
    assert (wrong_v("v1.4.2-rc.1", form, "tag-format"), wrong_v(form.like(), form, "tag-format")) == ("", "")
    decision = decide(Circumstances(Ref(f"refs/tags/{text}"), "push", ["main"], tag_format=form), [])
    assert proposed in decision.reason


def test_the_gate_takes_the_tag_of_the_format_and_builds_its_image() -> None:
    """`v1.4.2` is deployed as `v1.4.2`, or as `1.4.2` where images lack the letter; `1.4.2` is then no release."""
    for form, image in ((V_NUMBERS, "v1.4.2"), (BARE, "1.4.2")):
        asked = Circumstances(Ref("refs/tags/v1.4.2"), "push", ["main"], tag_format=form)
        decision = decide(asked, [])
        assert (asked.kind, decision.verdict, decision.image_tag) == (
            RefKind.PRODUCTION_TAG, Verdict.DEPLOY, image
        )  # fmt: skip
        other = decide(replace(asked, ref=Ref("refs/tags/1.4.2")), [])
        assert (other.kind, other.deploy_production) == (RefKind.OTHER_TAG, False)
        assert other.image_tag not in ("1.4.2", "v1.4.2")


def test_no_branch_is_built_under_the_image_tag_of_a_release() -> None:
    """A branch called `v1.4.2` gets another tag where releases are tagged so, and keeps it where they are not."""
    assert safe_image_tag("v1.4.2", "v").startswith("v1.4.2-")
    assert safe_image_tag("1.4.2", "v").startswith("1.4.2-")
    assert safe_image_tag("v1.4.2", "") == "v1.4.2"


def test_the_format_of_a_component_decides_on_its_pin() -> None:
    """pin-grade and pin-order go by the component's own format, and the remedy names the component's input."""
    component = replace(BACKEND, tag_format=V_NUMBERS)
    file = FILE.replace("2023.05.1", "v1.10.0")
    pin, old = pins(file, component)[0], pins(FILE.replace("2023.05.1", "v1.9.0"), component)[0]
    facts = ComponentFacts(pin, previous=old)
    assert (pin_grade.judge(facts).status, pin_order.judge(facts).status) == (Status.PASS, Status.PASS)
    assert pin_order.judge(ComponentFacts(old, previous=pin)).status is Status.WARN
    refused = pin_grade.judge(ComponentFacts(pins(file)[0]))
    assert refused.status is Status.FAIL
    assert "set backend-tag-format to vN.N.N" in refused.remedy


def test_the_image_of_a_pin_has_the_tag_of_its_format() -> None:
    """Without-v takes the letter from production tags alone."""
    for tag, image in (("v1.4.2", "1.4.2"), ("v1.4.2-rc.1", "v1.4.2-rc.1"), ("vienna", "vienna")):
        assert pins(FILE.replace("2023.05.1", tag), replace(BACKEND, tag_format=BARE))[0].image_tag == image
        assert pins(FILE.replace("2023.05.1", tag), replace(BACKEND, tag_format=V_NUMBERS))[0].image_tag == tag


def test_rules_on_the_stack_go_by_its_format() -> None:
    """The style matters by month alone, and twins are those of the format."""

    def facts(text: str, form: TagFormat) -> StackFacts:
        tag = parse_production_tag(text, form)
        assert tag
        return StackFacts("acme/shop", ["main"], tag, None, siblings=["v1.4.2", "v1.04.2", "1.4.2", text])

    assert tag_style.judge(facts("v1.4.2", V_NUMBERS)).status is Status.SKIPPED
    assert tag_style.judge(facts("v2026.08.1", V_MONTHS)).status is Status.PASS
    assert tag_style.judge(facts("v2026.8.1", V_MONTHS)).status is Status.WARN
    twin = tag_unique.judge(facts("v1.4.2", V_NUMBERS))
    assert (twin.status, "v1.04.2" in twin.message, ", 1.4.2" in twin.message) == (Status.FAIL, True, False)


TAGS = ["v1.4.2", "v1.4.1", "1.9.0", "v1.4.3-rc.1"]


@pytest.mark.parametrize(("part", "tag"), [("patch", "v1.4.3"), ("minor", "v1.5.0"), ("major", "v2.0.0")])
def test_the_next_number_is_asked_for_by_its_part(part: str, tag: str) -> None:
    """Above the newest of the stack branch; a number that is taken anywhere is passed over one by one."""
    assert choose_stack_tag(part, TODAY, TAGS, [], form=V_NUMBERS, newest="v1.4.2").text == tag
    assert next_tag(TODAY, TAGS, V_NUMBERS, (), part, "v1.4.2") == tag
    taken = choose_stack_tag("patch", TODAY, [*TAGS, "v1.4.900"], ["release/v1.4.3"], form=V_NUMBERS, newest="v1.4.2")
    assert taken.text == "v1.4.4"
    own = choose_stack_tag("patch", TODAY, TAGS, ["release/v1.4.3"], own="v1.4.3", form=V_NUMBERS, newest="v1.4.2")
    assert own.text == "v1.4.3"
    assert choose_stack_tag(part, TODAY, [], [], form=NUMBERS).text == {
        "patch": "0.0.1", "minor": "0.1.0", "major": "1.0.0",
    }[part]  # fmt: skip


def test_left_empty_a_version_number_is_refused_with_the_candidates() -> None:
    """Nobody but people can say what a change is worth: for the stack, and for `new` of a component."""
    said = "patch (v1.4.3), minor (v1.5.0) or major (v2.0.0)"
    with pytest.raises(ChoiceError) as refused:
        choose_stack_tag("", TODAY, TAGS, [], form=V_NUMBERS, newest="v1.4.2")
    assert refused.value.remedy == f"Set stack-tag to {said}."
    with pytest.raises(ChoiceError) as refused:
        next_tag(TODAY, TAGS, V_NUMBERS, (), "", "v1.4.2", "web")
    assert refused.value.remedy == f"In component-tags, give {said} instead of new."


@pytest.mark.parametrize(
    ("wanted", "form", "newest"),
    [
        ("patch", NUMBERS, "2026.08.1"),
        ("major", V_NUMBERS, "v2023.06.1"),
        ("patch", MONTHS, ""),
        ("minor", V_MONTHS, ""),
    ],
)
def test_a_jump_of_scheme_is_refused(wanted: str, form: TagFormat, newest: str) -> None:
    """No version number follows a month, and no part is asked for of tags by month."""
    with pytest.raises(ChoiceError, match=r"tag-format|scheme") as refused:
        choose_stack_tag(wanted, TODAY, [newest] if newest else [], [], form=form, newest=newest)
    assert "tag-format" in refused.value.remedy


@pytest.mark.parametrize(
    ("names", "form"),
    [(["v1.4.2"], MONTHS), (["1.4.2", "v1.4.3"], NUMBERS), (["1.5.0", "v1.4.2"], V_NUMBERS), (["1.4.2"], MONTHS)],
)
def test_a_component_of_another_scheme_gets_no_new_tag(names: list[str], form: TagFormat) -> None:
    """The newest of its tags is of another format than the one that is set, which the remedy names."""
    with pytest.raises(ChoiceError) as refused:
        require_plausible("acme/shop-web", names, TODAY, form, "web-tag-format")
    assert "web-tag-format" in refused.value.remedy
    require_plausible("acme/shop-web", ["v1.4.2", "v1.5.0"], TODAY, V_NUMBERS, format_input="tag-format")


def test_a_planted_version_number_cannot_be_right() -> None:
    """A leap of more than 20 of the first number is doubted, so that it chooses no number above it."""
    assert list(doubts(production_tags(["v1.0.0", "v2.90.7", "v2023.06.1"], form=V_NUMBERS), TODAY)) == ["v2023.06.1"]
    with pytest.raises(ChoiceError, match=r"v999\.0\.0 cannot be right"):
        require_plausible("acme/shop-web", ["v1.4.2", "v999.0.0"], TODAY, V_NUMBERS, format_input="tag-format")
    assert unformed(["v1.4.2", "2.0.0"], form=V_NUMBERS) == "2.0.0"


def test_a_version_number_says_nothing_of_the_month_it_was_made_in() -> None:
    """1.4.2 is not of April of the year 1, so that CI without runs is not forgotten."""
    assert is_forgotten("1.4.2", "a" * 40, [], TODAY, NUMBERS) is False
    assert is_forgotten("v2023.06.1", "a" * 40, [], TODAY, V_MONTHS) is True


def test_parts_are_asked_for_as_new_is() -> None:
    """Alone or at a commit, in any case."""
    asked = ["new", "patch", "Minor", "major@ABCDEF1", "major@x", "patchy", "newest"]
    assert [is_new(one) for one in asked] == [True, True, True, True, True, False, False]
    assert [asked_part(one) for one in asked] == ["", "patch", "minor", "major", "", "", ""]
    assert [wanted_commit(one) for one in asked] == ["", "", "", "abcdef1", None, None, None]


def test_a_ticket_names_a_version_with_the_letter_or_without() -> None:
    """People write `web 1.4.2` and `web v1.4.2`: both are the tag of the component's format."""
    for text in ("backend v1.4.2 and frontend 2023.05.4", "backend 1.4.2 and frontend v2023.05.4"):
        found = read_versions(text, {"backend": V_NUMBERS, "frontend": DEFAULT_FORMAT})
        assert found == {"backend": "v1.4.2", "frontend": "2023.05.4"}


def test_a_release_with_the_letter_is_taken_back_as_any_other() -> None:
    """Order, the way back and our own words in the release's text know it."""
    released = Released(["v1.9.0", "v1.10.0", "1.11.0"], True, tag_format=V_NUMBERS)
    assert (released.running, left_by(released, "v1.9.0")) == ("v1.10.0", "v1.10.0")
    mark = Mark("acme/shop", "v1.10.0")
    text = mark.with_event("", taken_back_event("v1.9.0", datetime.datetime(2026, 8, 20), "ann"))
    assert text and mark.gone_back_to(text) == "v1.9.0"


@pytest.mark.parametrize("image", ["ghcr.io/acme/shop:v1.4.2", "ghcr.io/acme/shop:1.4.2"])
def test_a_rollback_takes_the_image_as_it_was_recorded(image: str) -> None:
    """With the letter or without, whatever is set now; another number is no image of that release."""
    record = ReleaseRecord("acme/shop", "v1.4.2", "a" * 40, image, "sha256:" + "0" * 64, ())
    assert image_of(record) == ("ghcr.io/acme/shop", image.rpartition(":")[2])
    for other in ("ghcr.io/acme/shop:1.4.3", "ghcr.io/acme/shop:vv1.4.2"):
        with pytest.raises(RecordError):
            image_of(replace(record, image=other))


RULESET = Ruleset(1, "tags", [], [], frozenset({"creation", "update", "deletion"}), bypassers=())


@pytest.mark.parametrize("form", [MONTHS, V_MONTHS, NUMBERS, V_NUMBERS])
def test_what_guards_production_has_to_cover_the_tags_of_the_format(form: TagFormat) -> None:
    """What is told to be set up is enough, and says tags such as the stack's; of the other kind of `v` it is not."""
    other = TagFormat(form.name[1:] if form.prefix else f"v{form.name}")
    tag = f"{form.prefix}{'2023.06.1' if form.by_month else '1.4.2'}"

    def stands(pattern: TagFormat) -> list[Presence]:
        rulesets = [replace(RULESET, includes=[f"refs/tags/{pattern.ruleset_pattern.replace('*', '[0-9]*', 1)}"])]
        policies = [Policy("tag", one) for one in pattern.environment_patterns]
        tags = blob(f"on:\n  push:\n    tags: ['{pattern.trigger_pattern}']\n")
        judged = [
            judge_tag_rules(rulesets, form),
            judge_component_tags("acme/api", rulesets, form),
            judge_deployers("production", Environment("production", 1, Deployers.CHOSEN, policies), rulesets, form),
            judge_build(BuildWorkflow("a.yml", "active", read_triggers(tags), tag_format=form), TokenKind.APP),
        ]
        assert all(tag in f"{one.message} {one.remedy}" for one in judged if "acme/api" not in one.message), judged
        return [one.presence for one in judged]

    assert stands(form) == [Presence.THERE] * 4
    assert stands(other) == [Presence.MISSING] * 4


def test_what_lets_in_some_production_tags_alone_is_not_enough() -> None:
    """Of version numbers there are v10.0.0 and v1.12.0, too: a pattern of one digit each leaves them out."""
    short = [replace(RULESET, includes=["refs/tags/v[0-9].[0-9].[0-9]"])]
    assert judge_tag_rules(short, V_NUMBERS).message.startswith("Under the ruleset 'tags', v12.34.56 can be created")
    tags = read_triggers(blob("on:\n  push:\n    tags: ['v[0-9].[0-9].[0-9]']\n"))
    judged = judge_build(BuildWorkflow("a.yml", "active", tags, tag_format=V_NUMBERS), TokenKind.APP)
    assert (judged.presence, "not for v12.34.56" in judged.message) == (Presence.UNVERIFIABLE, True)
