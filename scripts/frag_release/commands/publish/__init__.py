"""The command `publish`: from a reviewed commit to a tag, its build and a release. A second run resumes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial

from ... import __version__
from ...adapters.ports import LostRaceError
from ...adapters.ports.publishing import Publisher, PublishingForge, Releases
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, field, replace
from ...domain.components import CONFIGURATION_FILE, Pin
from ...domain.decision import Circumstances, decide
from ...domain.facts import StackImageFacts
from ...domain.findings import apply_allowances, listed, unused_allowances
from ...domain.origin import judged_pair
from ...domain.refs import Ref
from ...domain.release_record import ReleaseRecord
from ...domain.reports import Action
from ...domain.reports.gate import GateReport
from ...domain.reports.publish import NothingReport, PublishReport, Stage
from ...domain.review import Contradiction, NothingToPublish, Reviewed, same_pair
from ...domain.rules import Occasion, judge
from ...errors import ExpectedError, RefusedError
from ...inputs.settings.release import PublishSettings
from ...inputs.settings.release import read_publish_settings as read_settings
from ...render.plan import progress_line
from ...render.publish import text
from ..building import Building
from ..evidence.histories import approvals_of, own_run, ticket_to_announce
from ..gate.gate import with_image
from ..session import Session, StepwiseCommand, require
from ..stack import Stack
from ..waiting import Clock, Judged, judge_when_settled
from .releasing import (
    Baseline,
    ReleaseText,
    Releasing,
    Text,
    as_bytes,
    is_latest,
    judge_baseline,
    public_release,
    public_url,
)
from .reviewing import PublicationEvidence, PushedImage, Reviewing, taken

__all__ = ["read_settings", "run"]


@dataclass
class Publish(StepwiseCommand[PublishSettings, PublishReport]):
    """The command and its collaborators. `report` is its progress.

    `new_stack` returns an uncached view, for each look that must see the current state.
    """

    session: Session[PublishSettings]
    stack: Stack[PublishingForge]
    new_stack: Callable[[], Stack[PublishingForge]]
    registry: RegistryClient
    body: Callable[[PublishReport], Text]
    report: PublishReport | None = field(default=None, init=False)

    def run(self) -> PublishReport | NothingReport:
        """Publish what was reviewed. Raises ExpectedError; session and journal keep what was done before it."""
        branches = self.stack.required_branches()
        baseline = Baseline(self.stack, self.settings, self.registry, self.journal) if self.settings.baseline else None
        review = baseline.review() if baseline else Reviewing(self.settings, self.stack, branches).find()
        if isinstance(review, NothingToPublish):
            return NothingReport(__version__, self.session.now, review)
        if isinstance(review, Contradiction):
            raise RefusedError(review.reason, review.remedy)
        self._refuse_branch_named_like_tag(review.tag)
        self._demand_same_configuration(review.commit)
        tagged = self._is_tagged(review)
        judged = self._judged(review, branches, self.stack.required_pins([review.commit])[review.commit])
        public = public_url(self._releases, review.tag) if tagged and self.journal.dry_run else ""
        dry_run, ticket = self.journal.dry_run, self._ticket(review)
        report = self.report = PublishReport(judged, review, dry_run, tagged, release_url=public, ticket=ticket)
        if judged.failed_rules:
            return self._refused(report)
        if self.journal.dry_run:
            self.journal.planned += baseline.plan() if baseline else self._plan(report)
            return report
        self.session.keep(report)
        self.journal.log(text(report))
        self._note(judged=replace(judged, released=self.stack.released()))
        if baseline:
            return self._record_baseline(baseline)
        if self.settings.wait_minutes and not tagged:
            self._demand_still_reviewed(review, branches)
        self._carry_out(review)
        return self._now()

    def _demand_same_configuration(self, commit: str) -> None:
        """Refuse a release that changes the configuration file, or whose file differs from the one in effect."""
        if self.settings.baseline:
            return
        parents = require(self.stack.writer.message_of(commit), f"The commit {commit[:12]}").parents[:1]
        files = self.stack.repository.files(CONFIGURATION_FILE, [commit, *parents])
        there, *before = (require(files[one], f"{CONFIGURATION_FILE} at {one[:12]}") for one in (commit, *parents))
        keys = require(self.stack.other_keys(commit), f"{CONFIGURATION_FILE} at {commit[:12]}")
        if keys or any(one != there for one in before):
            what = f"its {CONFIGURATION_FILE} differs from the one in effect in {listed(keys, 5)}"
            raise RefusedError(
                f"{commit[:12]} cannot be released: {what if keys else f'it changes {CONFIGURATION_FILE}'}.",
                "Change that file in a separate change, and prepare the release again.",
            )

    def _refused(self, report: PublishReport) -> PublishReport:
        """Return the report; note how to record a release that the next one overtook before it was made."""
        tag = report.judged.tag
        if report.tagged and "tag-order:stack" in report.judged.failed_rules:
            self.journal.note(
                f"If {tag} was built and deployed before, record it as it is now: run this with {tag} in stack-tag and "
                "baseline: true."
            )
        return report

    def _record_baseline(self, baseline: Baseline) -> PublishReport:
        self._note(**baseline.seen())
        report = self._now()
        self._note(release_url=baseline.write(report.as_record(), partial(self.body, report), is_latest(report)).url)
        return self._now()

    @cached_property
    def clock(self) -> Clock:
        """The remaining time."""
        return self.session.clock

    def _ticket(self, review: Reviewed) -> str:
        """Return the ticket that `announce` will comment on; a problem with it is only a note here."""
        try:
            known = (self.settings.tickets_from,)
            ticket = ticket_to_announce(self.stack.writer, review.commit, self.stack.name, known)
        except ExpectedError as error:
            self.journal.note(f"{error.message} {error.remedy}")
            return ""
        return str(ticket) if ticket else ""

    def _plan(self, report: PublishReport) -> list[str]:
        tag = report.judged.tag
        steps = [] if report.tagged else [_tagging(report.review)]
        steps += [] if report.release_url else [f"Follow the build of {tag} to its end", f"Publish the release {tag}"]
        return steps

    @property
    def _publisher(self) -> Publisher:
        return self.stack.forge.publisher(self.stack.name)

    @property
    def _releases(self) -> Releases:
        return self.stack.forge.releases(self.stack.name)

    def _refuse_branch_named_like_tag(self, tag: str) -> None:
        """Refuse a tag with the name of a branch: in GitHub Actions the builds of the two look the same."""
        repository = self.stack.repository
        if require(repository.branches([tag])[tag], f"The branch {tag}") is not None:
            raise RefusedError(
                f"{repository.name} has a branch named {tag}, the name of the tag: the branch's builds could be "
                "mistaken for the tag's. Nothing was published.",
                f"Delete or rename the branch {tag}, then run this again.",
            )

    def _demand_still_reviewed(self, review: Reviewed, branches: Sequence[str]) -> None:
        """Look again after a wait: the change may have been reverted, or a branch of the tag's name created."""
        self.stack = self.new_stack()
        self._refuse_branch_named_like_tag(review.tag)
        again = Reviewing(self.settings, self.stack, branches).find()
        if isinstance(again, Reviewed) and again.tag == review.tag:
            pins = self.stack.required_pins([again.commit, review.commit])
            if same_pair(pins[again.commit], pins[review.commit]):
                return
        why = f"{branches[0]} has other commits now." if isinstance(again, Reviewed) else again.reason
        raise RefusedError(
            f"The change reviewed as {review.tag} was superseded while this run waited for CI. {why} Nothing was "
            "published.",
            "Run this again to publish what is on the branch now, or prepare the release again.",
        )

    def _is_tagged(self, review: Reviewed) -> bool:
        """Return whether the tag exists already; raises RefusedError if it points at another commit."""
        found = require(self._publisher.tag(review.tag), f"The tag {review.tag}")
        if found and found != review.commit:
            raise taken(self.settings.stack_repository, review, found)
        return found is not None

    def _judged(self, review: Reviewed, branches: Sequence[str], pins: Sequence[Pin]) -> GateReport:
        """Judge the commit by the gate's rules; wait for running CI for up to `wait-minutes`."""
        settings, today = self.settings, self.clock.now().date()

        def judged() -> Judged:
            view = PublicationEvidence(settings, self.new_stack(), self.registry, branches, today)
            facts = view.gather(review, pins)
            return judge_baseline(facts) if settings.baseline else (facts, judge(Occasion.PUBLICATION, facts))

        facts, findings = judge_when_settled(
            judged, settings.allow, settings.wait_minutes, self.journal.log, self.clock
        )
        # The circumstances of the gate in the tag's run.
        circumstances = Circumstances(Ref.of_tag(review.tag), "push", branches, tag_format=settings.tag_format)
        return GateReport(
            version=__version__,
            time=self.clock.now(),
            ref=circumstances.ref,
            repository=settings.stack_repository,
            commit=review.commit,
            decision=decide(circumstances, apply_allowances(findings, settings.allow)),
            facts=facts,
            unused_allowances=unused_allowances(findings, settings.allow),
            image_name=settings.stack_image,
            tag_format=settings.tag_format,
        )

    def _carry_out(self, review: Reviewed) -> None:
        is_new = self._tag(review)
        building = self._building(review)
        if not is_new and self._is_history(review.tag, building):
            return
        self._start(building, is_new)
        if self.settings.follow:
            try:
                building.follow()
            finally:
                self._note(progress=building.seen)
        if self._now().stage is Stage.WAITING:
            return
        build = building.build
        if build is None or not build.is_over:
            self.journal.note(
                "The build is not followed (follow: false), so the release was not made yet: run this again when the "
                "build has passed."
            )
            return
        building.require_passed()
        self._release(review, building)

    def _tag(self, review: Reviewed) -> bool:
        """Make the tag; return whether this run made it: if so, it cannot have a build yet."""
        if self._is_tagged(review):
            return False
        commit, tag, stack = review.commit, review.tag, self.settings.stack_repository
        made = Action(f"Tagged {commit[:12]} as {tag}", self.session.links.tag(stack, tag))
        try:
            return self.journal.write(_tagging(review), lambda: self._publisher.create_tag(tag, commit), lambda _: made)
        except LostRaceError as race:
            raise taken(stack, review, str(race.found)) from race

    def _building(self, review: Reviewed) -> Building:
        settings = self.settings
        return Building(
            self.stack.forge.builds(self.stack.name),
            settings.workflow_file,
            review.tag,
            review.commit,
            settings.connections.own_token,
            self.journal.progress(progress_line),
            self.clock,
            self.journal.writing,
        )

    def _is_history(self, tag: str, building: Building) -> bool:
        """Whether we released it and GitHub no longer has the build: another build would deploy it again."""
        before = public_release(self._releases, tag)
        if before is None or before[1] or building.is_there():
            return False
        self._note(release_url=before[0].url)
        self.journal.note(f"GitHub no longer has a run of the build of {tag}.")
        return True

    def _start(self, building: Building, is_new: bool) -> None:
        started = building.start(is_new)
        self._note(progress=building.seen, started_by=building.started_by)
        if building.note:
            self.journal.note(building.note)
        how, url = building.started_by, self._now().run_url
        if started:
            self.journal.record(Action(f"Started the build of {building.tag} {how}", url, {"run-url": url}))
        else:
            self.journal.log(f"The build was started {how}: {url}")

    def _release(self, review: Reviewed, building: Building) -> None:
        image = self._image(building, self.settings.tag_format.image_tag(review.tag))
        runs = (own_run(self.session.context, self.stack.name), building.build.id if building.build else 0)
        self._note(approvals=approvals_of(building.builds, runs, self.journal))
        if public_release(self._releases, review.tag) is None:
            self._record_image(image, building)
        else:
            self._show_recorded(image, review.tag)
        report = self._now()
        # The record leaves out what this run made: a resumed run made only the rest.
        document = report.as_record()
        record = as_bytes(document)
        still = partial(self._demand_unchanged, review, image)
        body = partial(self.body, report)
        making = Releasing(self._releases, review.tag, body, record, still, self.journal, is_latest(report))
        release, note = making.run()
        self._note(release_url=release.url)
        if note:
            self.journal.note(note)

    def _image(self, building: Building, tag: str) -> PushedImage | None:
        """Return the image to check; None if the build pushes none, or images are not checked."""
        name = self.settings.stack_image
        self._note(image=name and f"{name}:{tag}")
        wanted = name and self.settings.check_images
        return PushedImage(building.builds, self.registry, self.clock, name, tag) if wanted else None

    def _record_image(self, image: PushedImage | None, building: Building) -> None:
        """Record the image that the build reports to have pushed, before the release is made."""
        build = building.build
        if image is None or build is None:
            return
        digest = image.digest(build)
        self._note(digest=digest, is_unnamed=not digest)
        if not digest:
            self.journal.note(image.unnamed)
        if self.settings.reads_origin:
            self._demand_contents(image, digest)

    def _demand_contents(self, image: PushedImage, digest: str) -> None:
        """Refuse an image that states another pair than the one that was judged."""
        judged, settings = self._now().judged, self.settings
        images = {facts.pin.component.name: facts.image for facts in judged.facts.components}
        facts = StackImageFacts(
            image.name,
            image.tag,
            digest,
            image.with_contents(),
            pair=judged_pair(judged.facts.components, images, {}),
            origin_required=settings.origin_required,
        )
        found = judge(Occasion.BUILT, facts)
        self._note(judged=with_image(judged, judged.decision.findings, found, settings.allow))
        (finding,) = apply_allowances(found, settings.allow)
        if finding.status.blocks:
            raise RefusedError(f"{finding.message} The release was not made.", finding.remedy)

    def _show_recorded(self, image: PushedImage | None, tag: str) -> None:
        """Report the digest that a public release recorded; it stays, even if the registry has another now."""
        record = self.stack.forge.release_record(self.stack.name, tag) if image else None
        if image and isinstance(record, ReleaseRecord) and record.digest:
            self._note(digest=record.digest)
            if note := image.note_if_other(record.digest):
                self.journal.note(note)

    def _demand_unchanged(self, review: Reviewed, image: PushedImage | None) -> None:
        """Check, just before the release becomes public, that tag and image match release.json.

        Without the tag GitHub would create it again, on the default branch.
        """
        if not self._is_tagged(review):
            raise RefusedError(
                f"The tag {review.tag} was deleted while this run followed its build, so the release was not made.",
                "Run this again: it creates the tag again and builds it again.",
            )
        digest = self._now().digest
        if image and digest:
            image.demand(digest)


def _tagging(review: Reviewed) -> str:
    return f"Tag {review.commit[:12]} as {review.tag}"


def run(session: Session[PublishSettings]) -> PublishReport | NothingReport:
    """Find what was reviewed, and publish it."""
    services = session.services
    forge = session.github
    text = ReleaseText(session, forge, services.github)
    return Publish(
        session, session.stack_on(forge), lambda: session.stack_on(services.github()), services.registry(), text.body
    ).run()
