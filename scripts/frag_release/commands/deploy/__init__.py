"""The command `deploy`: judge again, deploy by AWX or by a step of the workflow, and check the site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ...adapters.github.deployments import NewRecord
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, field, replace
from ...domain.components import NO_IMAGE, default_stack_image
from ...domain.deployment_records import DEPLOY, Deployed, Staging
from ...domain.evidence import Answer, Image, Unknown
from ...domain.facts import NOT_ASKED, PublicRelease, Released, StackImageFacts
from ...domain.origin import judged_pair
from ...domain.release_record import ASSET, ReleaseRecord, still_mutable
from ...domain.reports.deploy import DeployReport, Stage, Target, refusal
from ...domain.reports.gate import GateReport
from ...domain.rollback import ROLLBACK, RecordError, as_rollback, check_pins, expected_of, image_of, left_by
from ...domain.rules import Occasion, judge
from ...domain.rules.deployment import Expected, differences, with_differences
from ...domain.site import SiteLook, Values, missing_values
from ...errors import Cancelled, ExpectedError, RefusedError, UsageError
from ...inputs.settings.awx import DIGEST_PLACEHOLDER, has_placeholder
from ...inputs.settings.deploy import DeploySettings, check_ref
from ...inputs.settings.deploy import read_deploy_settings as read_settings
from ...render.deploy import text
from ...render.next_steps import CHECK_FIRST
from ...render.wording import rollbacks_unknown
from ..gate.gate import Gate, with_image
from ..session import Session, StepwiseCommand, require, utc_now
from ..waiting import Clock
from .deployer import Connected, Deployer, SiteCheck, pair_of, site_values
from .recording import Recording

Place = tuple[str, str]
"""The name of an image with its registry, and its tag."""

_MIGRATIONS = (
    "Database migrations are not undone: the older release runs on the database as the newer one left it. If that "
    "does not work, restore the database too."
)
_BASELINE = (
    f"{ASSET} of this release is a baseline: pair and digest were recorded on request, as found then, and no build "
    "has named that image. Make sure that it is the image that ran."
)
_SHOWN_BEFORE = (
    "The site showed this release before anything was launched. Seeing it there afterwards proves nothing about this "
    "run's own job: check the job."
)
_SHOWN_BEFORE_OWN = (
    "The site showed this release before it was deployed. Seeing it there afterwards proves nothing about the step "
    "that deploys: check its log."
)
_UNGATED = "Nothing was judged: deployments to this environment bypass the gate (ungated: true)."
__all__ = ["read_settings", "run"]


@dataclass(frozen=True)
class DeployEvidence:
    """Compares what was judged and built with what exists now.

    `registry` makes a client with its own time budget: one that hangs while the components are looked up must not
    use up the time for the image that counts. `staging` takes a digest, its tag and a number of minutes.
    """

    settings: DeploySettings
    registry: Callable[[], RegistryClient]
    expected: Expected
    staging: Callable[[str, str, int], Answer[Staging]]

    def hold(self, judged: GateReport, name: str, tag: str) -> tuple[GateReport, Image]:
        """Return the gate's report with these findings added, and the image `name:tag` that is deployed."""
        components = self._unseen(judged)
        unasked = self._unasked(name, tag)
        seen = self._look(components.values(), set() if unasked else {(name, tag)})
        image = None if unasked else seen[name, tag]
        images = {facts.pin.component.name: facts.image for facts in judged.facts.components if facts.image}
        images |= {component: seen[place] for component, place in components.items()}
        stack = StackImageFacts(
            name,
            tag,
            self.expected.stack_digest,
            image,
            unasked,
            self._public(judged, tag),
            pair=judged_pair(judged.facts.components, images, self.expected.digests),
            origin_required=self.settings.origin_required,
            rollback=self.settings.rollback,
            staging=self._staging(seen.get((name, tag)), tag),
        )
        found = stack.image if isinstance(stack.image, Image) else Image(name, tag, None)
        return self._with(judged, stack, images), found

    def _staging(self, image: Answer[Image] | None, tag: str) -> Answer[Staging] | None:
        minutes = self.settings.staging_minutes
        if minutes is None:
            return None
        digest = image.digest if isinstance(image, Image) else None
        if not digest:
            return Unknown("the digest of the stack's image is unknown")
        return self.staging(digest, tag, minutes)

    def _look(self, components: Collection[Place], stack: Collection[Place]) -> Mapping[Place, Answer[Image]]:
        """Return the images as they are now, with their origin if it is to be read."""
        wanted = {*components, *stack}
        if not wanted or not self.settings.reads_origin:
            return self.registry().images(wanted) if wanted else {}
        return self.registry().images(wanted, origins=components, contents=stack)

    def _public(self, judged: GateReport, tag: str) -> Answer[PublicRelease | None]:
        """The release that exists for this very tag. A rollback is checked with its record; some tags have none."""
        facts, is_its_own = judged.facts.stack, tag == judged.tag_format.image_tag(judged.tag)
        return facts.public if facts and is_its_own and not self.settings.rollback else None

    def _unasked(self, name: str, tag: str) -> str:
        if not tag:
            return "No image is built for this ref."
        if name == NO_IMAGE:
            return "The input stack-image is none."
        if not self.settings.gated and not self.expected.stack_digest:
            return "Switched off by ungated, and no digest was expected."
        return ""

    def _unseen(self, judged: GateReport) -> dict[str, Place]:
        """Return the images that have an expected digest but that an ungated run has not looked up."""
        found = {}
        for facts in judged.facts.components:
            name, place = facts.pin.component.name, facts.pin.place
            if self.expected.digests.get(name) and facts.image is NOT_ASKED and place:
                found[name] = place
        return found

    def _with(self, judged: GateReport, stack: StackImageFacts, images: Mapping[str, Answer[Image]]) -> GateReport:
        settings = self.settings
        tags = {"stack": judged.tag, **{facts.pin.component.name: facts.pin.tag for facts in judged.facts.components}}
        differing = differences(self.expected, judged.commit, images, tags)
        image = judge(Occasion.DEPLOYMENT, stack)
        if settings.rollback:
            differing = as_rollback(differing)
        return with_image(judged, with_differences(judged.decision.findings, differing), image, settings.allow)


@dataclass
class Deploy(StepwiseCommand[DeploySettings, DeployReport]):
    """The command with all that it needs. `report` is its progress so far."""

    session: Session[DeploySettings]
    to: Connected
    report: DeployReport | None = field(default=None, init=False)

    def run(self) -> DeployReport:
        """Deploy. Raises ExpectedError; session and journal then contain what was done before."""
        record = self._record() if self.settings.rollback else None
        nothing = self.settings.expected, self.settings.stack_image, ""
        expected, name, recorded = self._recorded(record) if record else nothing
        judged = self._judged(record)
        tag = recorded or self.settings.image_tag or judged.decision.image_tag or judged.tag
        evidence = DeployEvidence(self.settings, self.to.image_registry, expected, self.session.stack.staging)
        judged, image = evidence.hold(judged, name, tag)
        form = self.settings.awx.form if self.settings.awx else None
        judged = replace(judged, image_name=name, released=self._released(judged), awx=form)
        target, outcome = self._target, self.settings.outcome
        refused = "" if outcome else refusal(target, judged.decision, tag)
        report = self.report = DeployReport(judged, target, image, refused, self.journal.dry_run, outcome=outcome)
        self.journal.note(*(self._of_rollback(record, name) if record else []))
        self.journal.note(*([] if self.settings.gated else [_UNGATED]), *_unknown_rollbacks(judged.released))
        if report.stage is Stage.REFUSED:
            return report
        self.session.keep(report)
        self._note(approvals=self.to.approvals())
        self._carry_out(image, record, moves_on=not expected.stack_digest)
        if record and self.settings.is_production and self._now().stage in (Stage.DEPLOYED, Stage.PLANNED):
            self.to.taking_back().after(judged.released, record.tag)
        return self._now()

    @property
    def _target(self) -> Target:
        settings = self.settings
        return Target(settings.environment, settings.is_production, settings.gated, settings.rollback)

    def _released(self, judged: GateReport) -> Answer[Released]:
        """The releases to go back to, looked up only if the report shows them. `Unknown` does not stop the run."""
        if not self.settings.is_production or (judged.failed_rules and not self.settings.rollback):
            return NOT_ASKED
        return self.session.stack.released()

    def _of_rollback(self, record: ReleaseRecord, name: str) -> list[str]:
        """Return notes on what is not verified: the database, a mutable record, and the image that AWX pulls.

        A workflow's own step receives the image's name, too.
        """
        left = "" if record.taken_back is None else f"{record.tag} was taken back before: its release text shows when."
        notes = [_MIGRATIONS, *filter(None, [_BASELINE if record.is_baseline else "", left, still_mutable(record)])]
        default = default_stack_image(self.settings.stack_repository)
        awx = self.settings.awx
        passes_name = awx is None or has_placeholder(dict(awx.variables), DIGEST_PLACEHOLDER)
        if name == default or self.settings.stack_image or passes_name:
            return notes
        return [
            *notes,
            f"{ASSET} names the image {name}, but AWX receives only the tag: its template must pull from that name, "
            f"not from {default}, or it deploys a different image from the one that was verified.",
        ]

    def _record(self) -> ReleaseRecord:
        stack, tag = self.session.stack, self.settings.ref.tag
        record = require(stack.forge.release_record(stack.name, tag), f"{ASSET} of the release {tag} of {stack.name}")
        if record is None:
            raise RefusedError(
                f"{stack.name} has no release {tag} with a {ASSET}, which a rollback requires.",
                "Choose the newest older release that has one: a tag that was blocked or never released has none, and "
                "neither has a release that this action did not publish. For that, publish with baseline: true, which "
                "records its image as it is now, or deploy it by hand once you are sure that the image is still the "
                "same.",
            )
        return record

    def _recorded(self, record: ReleaseRecord) -> tuple[Expected, str, str]:
        """Return what must be unchanged, and the image's name and tag; raises RefusedError and UsageError."""
        try:
            expected = expected_of(record, self.settings.expected)
            name, tag = image_of(record)
            given = self.settings.stack_image
            if given not in ("", name):
                raise RecordError(f"it names the image {name}, but the input stack-image is {given}")
        except RecordError as error:
            raise _unfit(record, error) from error
        # A record must not choose the host that receives a login: refuse logins that no longer have one clear host.
        self.settings.connections.registry.logins_for((*self.settings.images, name))
        # Without check-images, the components' images are not looked up.
        return (expected if self.settings.check_images else replace(expected, digests={})), name, tag

    def _judged(self, record: ReleaseRecord | None) -> GateReport:
        settings = self.settings
        if not settings.gated or (settings.outcome and not record):
            # The deployed image must match what was verified; a newer tag that appeared meanwhile is irrelevant.
            settings = replace(settings, production=False)
        judged = Gate(settings, self.session.stack, self.to.registry, utc_now(), record).run()
        if record:
            try:
                check_pins(record, [facts.pin for facts in judged.facts.components])
            except RecordError as error:
                raise _unfit(record, error) from error
        return judged

    def _carry_out(self, image: Image, record: ReleaseRecord | None, *, moves_on: bool) -> None:
        clock = self.to.clock()
        check = self._site_check(site_values(self._now().judged, image, record), clock)
        deployer = self.to.deployer(image, clock, moves_on, self._note)
        recording = self._recording(image, record)
        outcome = self.settings.outcome
        if self.journal.dry_run:
            self.journal.planned.append(deployer.plan())
            if not outcome:
                recording.file()
        elif outcome is None:
            self.journal.log(text(replace(self._now(), notes=tuple(self.journal.notes))))
        if check and not outcome:
            self._look_before(check)
        if self.journal.dry_run:
            return
        with recording.closing(self._now):
            deployer.deploy(recording)
            if check and self._now().stage is Stage.DEPLOYED:
                self._verify(check, deployer)

    def _recording(self, image: Image, record: ReleaseRecord | None) -> Recording:
        target, judged = self._target, self._now().judged
        tag = record.tag if record else self._now().name
        left = left_by(judged.released, tag) if record and isinstance(judged.released, Released) else ""
        context, now = self.session.context, utc_now().isoformat(timespec="microseconds")
        job = 0 if self.settings.outcome is None else None
        deployed = Deployed(
            tag, image.digest or "", pair_of(judged, record), judged.decision.verdict.value,
            left if target.is_production else "", job, context.run_id, context.run_attempt, context.job, now,
        )  # fmt: skip
        what = f"{'Rollback to' if record else 'Deployment of'} {tag}"
        task = ROLLBACK if record else DEPLOY
        new = NewRecord(judged.commit, target.environment, target.is_production, task, what, {})
        return self.to.recording(new, deployed, lambda own: self._note(record=own))

    def _site_check(self, values: Values, clock: Clock) -> SiteCheck | None:
        site = self.settings.site
        if not site.urls:
            return None
        missing = missing_values(site.lines, values)
        if missing:
            raise UsageError(
                f"The input verify-text contains {{{missing[0]}}}, which has no value for this deployment.",
                "Remove that placeholder from the verify-text of this environment, or set the input of that name.",
            )
        return SiteCheck(
            self.to.site(),
            site.urls,
            site.lines,
            values,
            self.settings.verify_looks,
            self.journal.progress(_site_line),
            clock,
        )

    def _look_before(self, check: SiteCheck) -> None:
        look = check.before()
        is_own = self.settings.outcome is not None
        self.journal.log(f"The site before the {'deployment' if is_own else 'launch'}: {look.seen}.")
        self._note(site_before=look)
        self.journal.note(*([_SHOWN_BEFORE_OWN if is_own else _SHOWN_BEFORE] if look.passed else []))

    def _verify(self, check: SiteCheck, deployer: Deployer) -> None:
        try:
            look = check.run()
        except Cancelled as stop:
            raise self._interrupted(check.seen, deployer) from stop
        finally:
            self._note(site=check.seen, seen_at=utc_now() if check.seen and check.seen.is_over else None)
        if not look.is_over:
            raise _not_shown(look, deployer)

    def _interrupted(self, look: SiteLook | None, deployer: Deployer) -> Cancelled:
        seen = f" Last seen: {look.seen}." if look else ""
        return Cancelled(
            f"The run was cancelled while it waited for the site, after {deployer.was}.{seen}",
            f"Check {self.settings.site.urls[0]} yourself. {deployer.again}",
        )


def _site_line(look: SiteLook) -> str:
    return f"The site: {look.seen}."


def _not_shown(look: SiteLook, deployer: Deployer) -> ExpectedError:
    wanted, was = " and ".join(repr(line.text) for line in look.lines), deployer.was
    return ExpectedError(
        f"{was[0].upper()}{was[1:]}, but the site did not show it in time. Looked for {wanted} at {look.url}: "
        f"{look.seen}.",
        "Check the site, its pods, and any proxy before it: an old pod or a cache may still answer. If it shows the "
        f"release by now, nothing is left to do. {deployer.again} If the site needs longer, raise wait-minutes; if it "
        "shows its version in another place, correct verify-text: the command doctor proposes lines.",
    )


def _unknown_rollbacks(released: Answer[Released]) -> list[str]:
    """Note that rollbacks are unknown, if releases or deployment records could not be read."""
    why = released.reason if isinstance(released, Unknown) else released.unread
    if not why or released is NOT_ASKED:
        return []
    return [f"{rollbacks_unknown(why)} {CHECK_FIRST}"]


def _unfit(record: ReleaseRecord, why: RecordError) -> RefusedError:
    return RefusedError(
        f"{ASSET} of the release {record.tag} of {record.repository} cannot be used for a rollback: {why}.",
        "Nothing was deployed. Roll back to another release, or deploy the image by hand once you are sure that it is "
        "still the same.",
    )


def run(session: Session[DeploySettings]) -> DeployReport:
    """Judge again and deploy."""
    session.settings = session.settings.with_full_ref(lambda name: session.stack.full_ref(name), session.context)
    check_ref(session.settings)
    session.settings = _with_an_environment(session)
    return Deploy(session, Connected(session)).run()


def _with_an_environment(session: Session[DeploySettings]) -> DeploySettings:
    """Refuse a missing environment in a terminal: a deployment record would create it, unprotected.

    On a runner the job's own `environment:` names it. If the environment cannot be read, no record is filed.
    """
    settings, name = session.settings, session.settings.environment
    if session.context.on_runner or not settings.deployment_record:
        return settings
    found = session.services.github().deployments(settings.stack_repository).has_environment(name)
    if isinstance(found, Unknown):
        session.journal.note(f"No deployment record is filed: the environment could not be read ({found.reason}).")
        return replace(settings, deployment_record=False)
    if not found:
        raise UsageError(
            f"{settings.stack_repository} has no environment {name}, or the token cannot see it. A deployment record "
            "would create it, and anyone with push access could deploy there.",
            "Correct the input environment, or create it under Settings > Environments with its reviewers. To deploy "
            "without a record, set deployment-record to false.",
        )
    return settings
