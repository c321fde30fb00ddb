"""The command `audit`: judge every past release as the gate would. Fetches facts; the domain judges."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from ... import __version__
from ...adapters.http.retry import RateLimiter
from ...adapters.ports import Forge, Repository
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.audit import PastRelease, gaps, judge_history, recorded_pins
from ...domain.audit.rules import Records, StackHistory, StackTag
from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Blob, NotOffered, Placement, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts, Images
from ...domain.findings import Allowance
from ...domain.newest import unformed
from ...domain.refs import TagFormat, wrong_v
from ...domain.release_record import ASSET, ReleaseRecord
from ...domain.reports.audit import AuditReport, WatchReport
from ...domain.versions import ProductionTag, parse_production_tag, production_tags
from ...errors import EvidenceError, ExpectedError
from ...inputs.settings.looking import AuditSettings
from ...inputs.settings.looking import read_audit_settings as read_settings
from ...inputs.values import Values
from ...render.wording import rollbacks_unknown
from ..evidence.components import ComponentEvidence
from ..session import require
from ..stack import Stack

if TYPE_CHECKING:
    from ...domain.watch import Watch
    from ..session import Session

__all__ = ["read_settings", "run"]

Place = tuple[str, str]
"""The name of an image with its registry, and its tag."""
_ORIGINS_OF = 10
"""Number of newest releases whose image origins are read: Docker Hub counts each image as two pulls of a hundred."""
_BELOW = 10
"""Number of production tags read below the first judged one, to find the release before it."""

Under = Callable[[bytes], AuditSettings]
"""Returns the settings under a recorded configuration; raises ExpectedError if it cannot be used."""

_SECONDS = 60.0
"""Time limit of the look at production."""


def stale_clones(forge: Forge, history: StackHistory) -> list[str]:
    """Return a sentence about each component whose clone is older than its newest pins."""
    found = []
    for component in history.components:
        pinned = [facts for (one, *_), facts in history.pinned.items() if one == component]
        why = next(_reasons(forge.repository(component.repository), component, pinned), "")
        found += [f"The clone of {component.repository} is older than the pins: {why}."] if why else []
    return found


def _reasons(repository: Repository, component: Component, pinned: Sequence[ComponentFacts]) -> Iterator[str]:
    missing = _newest([facts for facts in pinned if facts.commit is None])
    # Read only if there is something to explain: each question is a git process.
    names = repository.tags_starting([""]) if missing else ()
    if missing and not isinstance(names, Unknown):
        form = component.tag_format
        newest = next(reversed(production_tags(names, form=form)), None)
        if newest is None and not unformed(names, form):
            yield f"{missing} is pinned, and it has no production tag"
        elif newest and newest.version < missing.version and not unformed(names, form, newest):
            yield f"{missing} is pinned, and its newest production tag is {newest}"
    off = [facts for facts in pinned if isinstance(facts.placement, Placement) and not facts.placement.branches]
    ahead = _newest(off)
    if ahead and _is_nowhere(repository, component, next(one for one in off if one.pin.tag == ahead.text)):
        yield f"{ahead} was committed after the end of its {' and '.join(component.branches)}, and no branch has it"


def _newest(pinned: Sequence[ComponentFacts]) -> ProductionTag | None:
    tags = [tag for facts in pinned if (tag := parse_production_tag(facts.pin.tag, facts.pin.component.tag_format))]
    return max(tags, key=lambda tag: tag.version, default=None)


def _is_nowhere(repository: Repository, component: Component, facts: ComponentFacts) -> bool:
    """Whether a tag is younger than its production branches and on no branch: it was fetched without its branch."""
    names = repository.branches_starting("")
    if isinstance(names, Unknown) or not isinstance(facts.commit, str):
        return False
    own = repository.placements([facts.commit], names)[facts.commit]
    if not isinstance(own, Placement) or own.branches or own.committed is None:
        return False
    heads = [head for head in repository.branches(component.branches).values() if isinstance(head, str)]
    places = repository.placements(heads, component.branches).values() if heads else ()
    return all(own.committed >= each.committed for each in places if isinstance(each, Placement) and each.committed)


@dataclass(frozen=True)
class Audit:
    """Reads every release from the forge and the registry; `now` is in UTC, `log` receives lines of progress.

    `under` returns the settings of a release from the configuration in its record.
    """

    settings: AuditSettings
    stack: Stack[Forge]
    registry: RegistryClient
    now: datetime.datetime
    log: Callable[[str], None]
    under: Under

    def run(self) -> AuditReport:
        """Judge. Raises EvidenceError if the tags or the stack branches cannot be read."""
        settings, name = self.settings, self.settings.stack_repository
        names = require(self.stack.repository.tags_starting([""]), f"The list of tags of {name}")
        ordered = production_tags(names, form=settings.tag_format)
        if not ordered:
            raise nothing_to_judge(name, names, bool(settings.connections.local), settings.tag_format)
        branches = self.stack.required_branches()
        history = self._gather(names, branches)
        releases = judge_history(history, settings.allow)
        return AuditReport(
            version=__version__,
            time=self.now,
            repository=name,
            branches=branches,
            components=list(dict.fromkeys(component.name for component in history.all_components)),
            since=settings.since.text,
            releases=releases,
            newest=ordered[-1].text,
            records=None
            if settings.connections.local or not isinstance(history.records, dict)
            else len(history.records),
            gaps=gaps(history),
            stale=stale_clones(self.stack.forge, history) if settings.connections.local else (),
            unused_allowances=_unused(settings.allow, releases),
            switched_off=self._switched_off(),
            notes=_notes(history),
        )

    def _switched_off(self) -> list[str]:
        checks = {"check-ci": self.settings.check_ci, "check-images": self.settings.check_images}
        return [name for name, on in checks.items() if not on]

    def _gather(self, names: Sequence[str], branches: Sequence[str]) -> StackHistory:
        """Return the facts on the tags `names` of the stack, which is released from `branches`."""
        settings, repository = self.settings, self.settings.stack_repository
        self.log(f"Checking {len(names):,} tags of {repository}.")
        ordered = production_tags(names, form=settings.tag_format)
        judged = [tag.text for tag in ordered if settings.since.covers(tag)]
        records = self.stack.forge.release_records(repository, judged)
        back = self._taken_back(records) if isinstance(records, Mapping) and records else {}
        records, recorded = self._by_record(_marked(records, back))
        lower = [tag.text for tag in ordered if not settings.since.covers(tag)]
        history = StackHistory(
            repository=repository,
            branches=branches,
            components=settings.components,
            since=settings.since,
            names=names,
            tags=self._tags([*lower[-_BELOW:], *judged], names, branches, recorded),
            below=_before_oldest(lower),
            recorded=self._recorded(records, lower),
            records=records,
            stack_image=settings.stack_image,
            origin_required=settings.origin_required,
            tag_format=settings.tag_format,
            recorded_components={tag: one.components for tag, one in recorded.items()},
            unread_rollbacks=back.reason if isinstance(back, Unknown) and not isinstance(back, NotOffered) else "",
        )
        return self._with_components(history)

    def _by_record(self, records: Records) -> tuple[Records, dict[str, AuditSettings]]:
        """Return the usable records, and the settings of each release that was made under another configuration.

        A record from before the configuration file is judged by the inputs alone if it has the same components.
        """
        found: dict[str, AuditSettings] = {}
        if isinstance(records, Unknown):
            return records, found
        usable: dict[str, Answer[ReleaseRecord]] = dict(records)
        for tag, record in records.items():
            if isinstance(record, Unknown):
                continue
            try:
                settings = self.under(record.configuration)
            except ExpectedError as error:
                usable[tag] = Unknown(f"the configuration in {ASSET} of {tag} cannot be used: {error.message}")
                continue
            if _reads(settings) != _reads(self.settings) and _names_them(record, settings):
                found[tag] = settings
        return usable, found

    def _taken_back(self, releases: Mapping[str, Answer[ReleaseRecord]]) -> Answer[Mapping[str, str]]:
        filed = self.stack.records()
        standing = [tag for tag, one in releases.items() if not isinstance(one, Unknown) and not one.taken_back]
        return filed if isinstance(filed, Unknown) else filed.taken_back(standing)

    def _tags(
        self,
        production: Sequence[str],
        names: Sequence[str],
        branches: Sequence[str],
        recorded: Mapping[str, AuditSettings],
    ) -> list[StackTag]:
        form = self.settings.tag_format
        others = [name for name in names if parse_production_tag(name, form) is None]
        stack = self.stack.repository
        commits = stack.tags([*production, *others])
        known = _known(commits[name] for name in production)
        placements = stack.placements(known, branches) if known else {}
        dates = stack.tag_dates([*production, *others])
        found = []
        for name in production:
            commit = commits[name]
            place = placements[commit] if isinstance(commit, str) else NOT_ASKED
            found.append(StackTag(name, commit, dates[name], place, form=form))
        rest = [StackTag(name, commits[name], dates[name], form=form) for name in others]
        return self._with_pins([*found, *self._not_before(found, rest)], recorded)

    def _not_before(self, production: Iterable[StackTag], others: Sequence[StackTag]) -> Sequence[StackTag]:
        """Keep those of `others` that are not older than the first judged release."""
        since = self.settings.since
        if not since.numbers:
            return others
        judged = [facts.date for facts in production if facts.production and since.covers(facts.production)]
        first = min((date for date in judged if isinstance(date, datetime.datetime)), default=None)
        return [
            facts
            for facts in others
            if isinstance(facts.date, Unknown) or (first and facts.date and facts.date >= first)
        ]

    def _with_pins(self, tags: Sequence[StackTag], recorded: Mapping[str, AuditSettings]) -> list[StackTag]:
        commits = _known(facts.commit for facts in tags)
        self.log(f"Reading {self.settings.workflow_file} at {len(commits):,} commits.")
        pinned: dict[str, Sequence[Pin]] = {}
        for settings in {id(one): one for one in (self.settings, *recorded.values())}.values():
            stack = replace(self.stack, settings=settings)
            own = [each for each in tags if recorded.get(each.name, self.settings) is settings]
            pins = stack.pins(_known(each.commit for each in own))
            pinned |= {
                each.name: pins[each.commit] if isinstance(each.commit, str) else stack.pins_in(each.commit)
                for each in own
            }
        return [replace(each, pins=pinned[each.name]) for each in tags]

    def _recorded(self, records: Records, lower: Sequence[str]) -> dict[str, StackTag]:
        """Return the older tags that have a `release.json`, with their commits."""
        if isinstance(records, Unknown):
            return {}
        older = set(lower)
        names = [name for name, record in records.items() if name in older and isinstance(record, ReleaseRecord)]
        if not names:
            return {}
        commits, dates = self.stack.repository.tags(names), self.stack.repository.tag_dates(names)
        form = self.settings.tag_format
        return {name: StackTag(name, commits[name], dates[name], form=form) for name in names}

    def _with_components(self, history: StackHistory) -> StackHistory:
        judged = [each for each in history.tags if each.production and history.since.covers(each.production)]
        pins = [pin for each in judged for pin in each.pins] + recorded_pins(history)
        evidence = ComponentEvidence(self.stack.forge, self.registry, self.settings, log=self.log)
        found = evidence.of_tags(list({pin.key: pin for pin in pins}.values()))
        images = self._images(history, pins) if self.settings.check_images else None
        found = evidence.with_images(found, images)
        return replace(history, images=images, pinned={facts.pin.key: facts for facts in found})

    def _images(self, history: StackHistory, pins: Sequence[Pin]) -> Images:
        wanted = {pin.place for pin in pins if pin.place and pin.tag}
        if history.checks_stack_images and isinstance(history.records, Mapping):
            released = [one for one in history.records.values() if isinstance(one, ReleaseRecord)]
            wanted |= {history.stack_image_of(one) for one in released if one.image and one.digest}
        self.log(f"Looking for {len(wanted):,} images.")
        origins, contents = self._with_origin(history) if self.settings.reads_origin else ((), ())
        return self.registry.images(wanted, origins, contents) if wanted else {}

    def _with_origin(self, history: StackHistory) -> tuple[set[Place], set[Place]]:
        """Return the images of the newest releases: reading an origin counts as a pull, of which there are few."""
        judged = [one for one in history.tags if one.production and history.since.covers(one.production)]
        newest = judged[-_ORIGINS_OF:]
        pins = [pin for one in newest for pin in one.pins]
        records = [found for one in newest if isinstance(found := history.record(one.name), ReleaseRecord)]
        named = [one.image.rpartition(":") for record in records for one in record.components if one.image]
        places = {pin.place for pin in pins if pin.place}
        places |= {(name, tag) for name, _, tag in named}
        stacks = [one for one in records if history.checks_stack_images and one.image and one.digest]
        return places, {history.stack_image_of(one) for one in stacks}


def _reads(settings: AuditSettings) -> object:
    return settings.workflow_file, settings.components


def _names_them(record: ReleaseRecord, settings: AuditSettings) -> bool:
    """Whether a record has the components of these settings."""
    named = [(one.name, one.repository.lower()) for one in record.components]
    return named == [(one.name, one.repository.lower()) for one in settings.components]


def _known(commits: Iterable[Answer[str | None]]) -> list[str]:
    return list(dict.fromkeys(commit for commit in commits if isinstance(commit, str)))


def _before_oldest(lower: Sequence[str]) -> Unknown | None:
    """Return why the release before the oldest one read is unknown; None if there are no more tags."""
    if len(lower) <= _BELOW:
        return None
    return Unknown(
        f"none of the {_BELOW} tags next below is on a stack branch", "Set since to an earlier release to look further."
    )


def _marked(records: Records, back: Answer[Mapping[str, str]]) -> Records:
    """Mark what trusted deployment records show as taken back; releases whose text states it are marked already."""
    if isinstance(records, Unknown) or isinstance(back, Unknown):
        return records
    return {
        tag: replace(one, taken_back=back[tag]) if tag in back and not isinstance(one, Unknown) else one
        for tag, one in records.items()
    }


def _notes(history: StackHistory) -> list[str]:
    """Note that more releases may have been taken back than are marked, if deployment records could not be read."""
    why = history.unread_rollbacks
    return [f"{rollbacks_unknown(why)} Only its text was read."] if why else []


def values_under(values: Values, recorded: bytes) -> Values:
    """Return the inputs under a recorded configuration (empty if there was none), without today's components."""
    from ...inputs.configuration import read_configuration  # late, as it reads YAML

    return values.unconfigured().configured(read_configuration(Blob(len(recorded), recorded)) if recorded else None)


def nothing_to_judge(repository: str, names: Sequence[str], cloned: bool, form: TagFormat) -> EvidenceError:
    """Return the error for a repository without a production tag."""
    other = unformed(names, form)
    if other:
        what = f"{repository} has no production tag: {other} is not {form.shape}, and neither is any other tag."
        remedy = wrong_v(other, form, "tag-format") or f"Tag releases with {form.numbers}: only those are judged."
        return EvidenceError(what, remedy)
    clone = " The clone may lack the tags: run git fetch --tags in it." if cloned else ""
    return EvidenceError(
        f"{repository} has no production tag, so there is nothing to judge.",
        f"Check the input stack-repository.{clone}",
    )


def _unused(allow: Sequence[Allowance], releases: Sequence[PastRelease]) -> list[Allowance]:
    used = [finding for one in releases for finding in one.findings if finding.allowed]
    return [each for each in allow if not any(each.covers(finding) for finding in used)]


def run(session: Session[AuditSettings]) -> AuditReport | WatchReport:
    """Check what runs and judge the past; writes nothing."""
    watch = _watch(session) if session.settings.site.urls else None
    if watch and session.settings.site_only:
        return WatchReport(__version__, session.now, session.settings.stack_repository, watch)
    log = session.journal.log
    services = session.services_for(session.settings.seconds, RateLimiter(log))
    stack = session.stack_on(services.forge())
    under = cache(partial(_under, session))
    report = Audit(session.settings, stack, services.registry(), session.now, log, under).run()
    return replace(report, watch=watch)


def _under(session: Session[AuditSettings], recorded: bytes) -> AuditSettings:
    """Return the settings under a recorded configuration; `allow` refers to today's components."""
    return read_settings(values_under(session.values, recorded), session.context)


def _watch(session: Session[AuditSettings]) -> Watch:
    """Look at production, with its own time limit."""
    from ..evidence.deployment_records import Watching  # late: an audit without a site does not need it

    services = session.services_for(min(session.settings.seconds, _SECONDS))
    stack = session.stack_on(services.github())
    return Watching(session.settings, stack, services.site(), session.now).run()
