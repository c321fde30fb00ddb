"""Making new tags of components, and following their CI: rights are checked first, and no tag is ever forced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...adapters.github import GithubForge
from ...adapters.ports import BurnedNameError, LostRaceError, RuledNameError, WriteRefusedError
from ...adapters.registry import RegistryClient
from ...dataclass import replace
from ...domain.builds import Progress
from ...domain.evidence import KEPT_DAYS, Answer, Denied, Unknown
from ...domain.needs import Judgement, Presence, Right, how_to_get, judge_right
from ...domain.needs.protection import judge_tag_rulesets
from ...domain.needs.writing import judge_tag_creation
from ...domain.new_tags import NewTag, in_order
from ...domain.newest import Newest
from ...domain.plan import Change, Plan
from ...domain.reports import Action
from ...domain.reports.prepare import PrepareReport
from ...errors import EvidenceError, ExpectedError
from ...inputs.settings.release import PrepareSettings
from ...render.plan import progress_line
from ..building import Building, Waits, Words, a_few_looks, together
from ..session import Session, require
from ..waiting import Clock
from .new_tags import NewTags, followed

_RESUME = "The tag stays. Nothing is lost: run this again, and it continues to follow that build."
OF_COMPONENT = Words(
    "wait-minutes",
    _RESUME,
    "The tag stays. If the commit is at fault, fix the branch: the next `new` is another tag.",
    "Check that the workflow starts on a push of such tags, is not disabled, and may be started by the account that "
    "made the tag (a workflow execution protection: Settings > Actions > Policies); GitHub starts nothing for a tag "
    f"that a workflow's own token made. GitHub keeps runs for {KEPT_DAYS} days by default: if they are gone, keep "
    "today's tag, or give the commit another tag by hand, and name that one. The tag stays: when it has a run, run "
    "this again. To make it again, delete it first.",
    "The tag stays.",
    "Nothing was written to the stack.",
    "Delete that branch, then give the commit another tag: by hand, or with `new` after the next commit.",
)
_WORKFLOWS = (
    "GitHub also requires Workflows: write if a workflow file differs between that commit and the default branch."
)


class Tagging:
    """Makes the new tags of a plan, follows them, and makes their releases. Raises ExpectedError."""

    def __init__(
        self,
        session: Session[PrepareSettings],
        new_forge: Callable[[], GithubForge],
        registry: RegistryClient,
        known: NewTags,
    ) -> None:
        self._session = session
        self._new_forge = new_forge
        self._registry = registry
        self.known = known
        self._forge = new_forge()

    def find(self, newest: Mapping[str, Answer[Newest]]) -> Sequence[NewTag]:
        """Return the tags in their current state."""
        self._forge = self._new_forge()
        return self.known.find(self._forge, newest)

    def look(self, tags: Sequence[NewTag]) -> None:
        """Check that the token may make all of the tags; raises WriteRefusedError if it may not.

        In a dry run this is only noted: its token need not be the one that will tag.
        """
        for tag in tags:
            for judged in self._rights(tag):
                if judged.presence is Presence.MISSING and not self._session.journal.dry_run:
                    raise WriteRefusedError(f"{judged.message} Nothing was written.", judged.remedy)
                if judged.presence in (Presence.MISSING, Presence.UNVERIFIABLE):
                    self._note(f"{tag.action}: {judged.message} {judged.remedy}")

    def make(self, tags: Sequence[NewTag]) -> None:
        """Make the tags; raises LostRaceError if a branch has moved, or a name is now taken or burned."""
        forge = self._new_forge()
        for tag in tags:
            branches = forge.repository(tag.component.repository).branches([tag.branch, tag.tag])
            head = require(branches[tag.branch], f"The branch {tag.branch} of {tag.component.repository}")
            shadow = require(branches[tag.tag], f"The branch {tag.tag} of {tag.component.repository}")
            if shadow or (tag.is_head and head != tag.head):
                raise LostRaceError(tag.branch, head, tag.component.repository)
        for tag in in_order(tags):
            self._make(tag)

    def follow(self, tags: Sequence[NewTag], plan: Plan) -> None:
        """Follow the CI of all the tags at the same time until it has passed, then look for the images."""
        start, clock, limit = self._session.clock.now(), self._session.clock, self._session.settings.wait_minutes * 60

        def remaining() -> float:
            return min(clock.remaining(), limit - (clock.now() - start).total_seconds())

        bounded = replace(clock, remaining=remaining)
        works = [_chain(self._building(tag, file, bounded)) for tag in tags for file in followed(self._forge, tag)]
        together(works, bounded)
        for tag in tags:
            self._look_for_image(plan, tag, bounded)
            # From now on the tag's own run is the evidence, as it is for a second run.
            self.known.settled[tag.name] = replace(tag, is_there=True, is_settled=True, branch_runs=None)

    def release(self, report: PrepareReport) -> None:
        """Make a release for each new tag that has passed and has none; a failure is only noted.

        A tag that the stack already pins gets none.
        """
        if not self._session.settings.component_releases:
            return
        changed = {one.name for one in report.plan.changes if one.changed}
        for tag in report.plan.new_tags:
            if tag.name in changed:
                self._release(tag)

    def _release(self, tag: NewTag) -> None:
        repository, journal = tag.component.repository, self._session.journal
        releases = self._forge.releases(repository)
        try:
            if require(releases.public(tag.tag), f"The release {tag.tag} of {repository}") is not None:
                return
            journal.do(
                f"Release {tag.tag} of {repository}",
                lambda: releases.create_with_notes(tag.tag),
                lambda made: Action(f"Released {tag.tag} of {repository}", made.url),
            )
        except ExpectedError as error:
            self._note(f"The release {tag.tag} of {repository} was not made: {error.message} {error.remedy}")

    def _rights(self, tag: NewTag) -> list[Judgement]:
        settings = self._forge.settings(tag.component.repository)
        token = require(settings.token(self._own(), at_home=False), f"The token's rights in {tag.component.repository}")
        judged = [judge_right(Right.CONTENTS, token, ["prepare"]), judge_right(Right.WORKFLOWS, token, ["prepare"])]
        # A permission that cannot be read is not reported: GitHub checks it at the write.
        missing = [one for one in judged if one.presence is Presence.MISSING]
        rulesets = settings.tag_rulesets()
        if isinstance(rulesets, Unknown) and not isinstance(rulesets, Denied):
            what = f"The tag rulesets of {tag.component.repository} could not be read: {rulesets.reason}."
            raise EvidenceError(what, rulesets.remedy)
        return [*missing, judge_tag_creation(rulesets, tag.tag)]

    def _own(self) -> bool:
        return self._session.settings.tags_with_own_token

    def _make(self, tag: NewTag) -> None:
        repository, journal = tag.component.repository, self._session.journal
        outputs = {f"{tag.name}-tag": tag.tag, f"{tag.name}-commit": tag.commit}
        url = self._session.links.tag(repository, tag.tag)

        def made(is_ours: bool) -> Action:
            did = "Tagged" if is_ours else "Found the tag of"
            return Action(f"{did} {tag.commit[:12]} of {repository} as {tag.tag}", url, outputs, is_new=is_ours)

        try:
            publisher = self._forge.publisher(repository)
            journal.write(tag.action, lambda: publisher.create_tag(tag.tag, tag.commit), made)
        except LostRaceError as race:
            raise LostRaceError(f"The tag {tag.tag}", race.found, repository) from race
        except BurnedNameError as error:
            raise self._burned(tag) from error
        except RuledNameError as error:
            if self._is_ruled(tag):
                raise WriteRefusedError(error.message, self._bypass(tag)) from error
            raise self._burned(tag) from error
        except WriteRefusedError as error:
            raise WriteRefusedError(error.message, f"{self._how_to_get(tag)} {_WORKFLOWS}") from error
        self.known.made.add(tag.name)
        self.known.settled[tag.name] = replace(tag, is_there=True, runs=())

    def _burned(self, tag: NewTag) -> LostRaceError:
        self.known.burned.setdefault(tag.component.repository, set()).add(tag.tag)
        return LostRaceError(f"The tag {tag.tag}", None, tag.component.repository)

    def _is_ruled(self, tag: NewTag) -> bool:
        """Whether a ruleset may have refused the name; if not, it is burned: GitHub's message is the same for both."""
        rulesets = self._forge.settings(tag.component.repository).tag_rulesets()
        return isinstance(rulesets, Unknown) or judge_tag_rulesets(tag.tag, rulesets).presence is not Presence.THERE

    def _bypass(self, tag: NewTag) -> str:
        return (
            f"A tag ruleset of {tag.component.repository} protects such tags. Add the token's app or person to its "
            "bypass list (Settings > Rules > Rulesets), and run this again; or tag by hand, and name that tag. If no "
            "ruleset does, a deleted immutable release had that name: then tag by hand, too."
        )

    def _how_to_get(self, tag: NewTag) -> str:
        token = self._forge.settings(tag.component.repository).token(self._own(), at_home=False)
        return "" if isinstance(token, Unknown) else how_to_get(Right.CONTENTS, token)

    def _building(self, tag: NewTag, file: str, clock: Clock) -> Building:
        def line(look: Progress) -> str:
            return f"{tag.name}: {progress_line(look)}"

        return Building(
            self._forge.builds(tag.component.repository),
            file,
            tag.tag,
            tag.commit,
            False,
            self._session.journal.progress(line),
            clock,
            words=OF_COMPONENT,
        )

    def _look_for_image(self, plan: Plan, tag: NewTag, clock: Clock) -> None:
        change: Change = next(one for one in plan.changes if one.name == tag.name)
        name = tag.component.image_name(change.after.namespace)
        if name and self._session.settings.check_images:
            # The rules judge the image later: this only gives it time to appear.
            place = (name, tag.component.tag_format.image_tag(tag.tag))
            a_few_looks(lambda: self._registry.images({place})[place], clock)

    def _note(self, note: str) -> None:
        self._session.journal.note(note.rstrip())


def _chain(building: Building) -> Waits[None]:
    yield from building.starting(tag_is_new=True)
    yield from building.following()
    building.require_over()
    building.require_passed()
