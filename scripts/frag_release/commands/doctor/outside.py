"""What enforces the gate from outside, looked up in the repositories' settings and the stack's workflow files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from ...adapters.github.settings import GithubSettings
from ...adapters.http.session import Once
from ...domain.components import Component
from ...domain.evidence import Answer, Blob, TooLong, Unknown
from ...domain.needs import outside
from ...domain.needs.need import GUARDS, Judgement, Presence, TokenFacts, unseen
from ...domain.needs.need import outside as outside_need
from ...domain.needs.protection import Environment
from ...domain.needs.writers import (
    PLACES,
    Owners,
    Writers,
    judge_filing,
    judge_forms,
    judge_keys,
    judge_moving,
    judge_owners,
    read_writers,
)
from ...inputs.settings.doctor import DoctorSettings
from .reading import Question, StackFile

_FOLDER = ".github/workflows"
_MOST_FILES = 30


@dataclass(frozen=True)
class Files:
    """Asks for the files of the stack branch, and of the default branch if that is another."""

    settings: GithubSettings
    file: StackFile
    own_action: str
    _found: Once[str, Answer[Writers]] = field(default_factory=Once, init=False)

    def default(self) -> Answer[str]:
        """The default branch, whose forms GitHub shows."""
        return self.file.stack.context.default_branch or self.file.stack.repository.default_branch()

    def ids(self, branch: str) -> Answer[tuple[Mapping[str, str], Mapping[str, str]]]:
        """The workflow files of a branch, and of the default one, with the ids of their contents."""
        default = self.default()
        if isinstance(default, Unknown):
            return default
        here, shown = self._listed(branch), self._listed(default)
        return here if isinstance(here, Unknown) else shown if isinstance(shown, Unknown) else (here, shown)

    def writers(self, branch: str) -> Answer[Writers]:
        """What the workflow files of a branch tell."""
        return self._found.get(branch, lambda: self._writers(branch))

    def owners(self, branch: str) -> Answer[Owners | None]:
        """The file CODEOWNERS of a branch; None where there is none."""
        with ThreadPoolExecutor(len(PLACES)) as pool:
            found = list(pool.map(partial(self._read, branch), PLACES))
        for path, blob in zip(PLACES, found, strict=True):
            if isinstance(blob, Unknown):
                return blob
            if blob is not None:
                return Owners(path, blob.content.decode("utf-8", "replace"))
        return None

    def _writers(self, branch: str) -> Answer[Writers]:
        listed = self._listed(branch)
        if isinstance(listed, Unknown):
            return listed
        names = [name for name in listed if name.endswith((".yml", ".yaml"))]
        if len(names) > _MOST_FILES:
            return TooLong(f"there are more than {_MOST_FILES} workflow files", "Look at them yourself.")
        with ThreadPoolExecutor(max(1, len(names))) as pool:
            read = list(pool.map(lambda name: self._read(branch, f"{_FOLDER}/{name}"), names))
        return read_writers(dict(zip(names, read, strict=True)), self.own_action)

    def _listed(self, branch: str) -> Answer[Mapping[str, str]]:
        head = self._head(branch)
        return head if isinstance(head, Unknown) else self.settings.workflow_files(head)

    def _read(self, branch: str, path: str) -> Answer[Blob | None]:
        head = self._head(branch)
        return head if isinstance(head, Unknown) else self.file.stack.repository.files(path, [head])[head]

    def _head(self, branch: str) -> Answer[str]:
        head = self.file.stack.repository.branches([branch])[branch]
        return Unknown(f"there is no branch {branch}", "Correct stack-branch.") if head is None else head


@dataclass(frozen=True)
class Outside:
    """Asks about the settings without which anybody who may push could go around the gate.

    `components` are those of the components' repositories, by name.
    """

    settings: DoctorSettings
    stack: GithubSettings
    components: Mapping[str, GithubSettings]
    file: StackFile
    files: Files

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        judges: dict[str, Callable[[], Judgement]] = {
            "tag-ruleset": self._tags,
            "environment-reviewers": self._reviewers,
            "environment-people": self._people,
            "environment-tags": self._deployers,
            **({} if self.settings.awx is None else {"environment-secrets": self._secrets}),
            "stack-branch-review": self._of_branch(self._review),
            "workflow-owners": self._of_branch(self._owners),
            "write-key": self._of_branch(self._keys),
            "moving-tag": self._of_branch(self._moving),
            "deployments-filed": self._of_branch(self._filing),
            "dispatch-forms": self._of_branch(self._forms),
            "execution-protections": self._policies,
            "run-retention": self._retention,
            "release-immutability": self._immutability,
        }
        stack = self.settings.stack_repository
        return [
            *(self._question(kind, kind, self.settings.environment, stack, judge) for kind, judge in judges.items()),
            *(question for one in self.settings.components for question in self._of_component(one)),
        ]

    def _of_component(self, one: Component) -> list[Question]:
        judges: dict[str, Callable[[], Judgement]] = {"tag-ruleset": partial(self._component_tags, one)}
        if one in self.settings.newly_tagged and "prepare" in self.settings.commands:
            judges["branch-bypass"] = partial(self._production, one)
        place = one.repository
        return [
            self._question(f"{one.name}-{kind}", f"component-{kind}", place, place, judge)
            for kind, judge in judges.items()
        ]

    def _question(self, name: str, kind: str, of: str, repository: str, judge: Callable[[], Judgement]) -> Question:
        what, page = GUARDS[kind]
        url = f"{self.file.stack.context.server_url}/{repository}/{page}" if page else ""
        return Question(outside_need(name, what.format(of=of)), partial(self._placed, judge, url))

    def _placed(self, judge: Callable[[], Judgement], page: str) -> Judgement:
        """Add where to look, if something is to be done there and nothing says a nearer place."""
        judged = judge()
        settled = judged.presence in (Presence.THERE, Presence.NOT_NEEDED)
        return judged if settled or judged.url else replace(judged, url=page)

    def _of_branch(self, judge: Callable[[str], Judgement]) -> Callable[[], Judgement]:
        def judged() -> Judgement:
            branches = self.file.stack.branches()
            return unseen(branches) if isinstance(branches, Unknown) else judge(branches[0])

        return judged

    def _environment(self) -> Answer[Environment | None]:
        return self.stack.environment(self.settings.environment)

    def _tags(self) -> Judgement:
        return outside.judge_tag_rules(self.stack.tag_rulesets(), self.settings.tag_format)

    def _reviewers(self) -> Judgement:
        token = self._token()
        is_private = isinstance(token, TokenFacts) and not token.is_public
        return outside.judge_reviewers(
            self.settings.environment, self._environment(), is_private, self.settings.tag_format
        )

    def _people(self) -> Judgement:
        return outside.judge_people(self.settings.environment, self._environment())

    def _deployers(self) -> Judgement:
        name = self.settings.environment
        return outside.judge_deployers(name, self._environment(), self.stack.tag_rulesets(), self.settings.tag_format)

    def _secrets(self) -> Judgement:
        name = self.settings.environment
        return outside.judge_secrets(name, self.stack.secrets(name))

    def _review(self, branch: str) -> Judgement:
        return outside.judge_review(branch, self.stack.guard(branch))

    def _owners(self, branch: str) -> Judgement:
        with ThreadPoolExecutor(1) as pool:
            guard = pool.submit(self.stack.guard, branch)
            owners = self.files.owners(branch)
        return judge_owners(self.settings.workflow_file, owners, branch, guard.result())

    def _keys(self, branch: str) -> Judgement:
        found, secrets = self.files.writers(branch), self.stack.secrets(self.settings.environment)
        names = set() if isinstance(found, Unknown) else {key.environment for key in found.keys if key.environment}
        return judge_keys(found, {name: self.stack.environment(name) for name in sorted(names)}, secrets, branch)

    def _moving(self, branch: str) -> Judgement:
        return judge_moving(self.files.writers(branch))

    def _filing(self, branch: str) -> Judgement:
        return judge_filing(self.files.writers(branch))

    def _forms(self, branch: str) -> Judgement:
        return judge_forms(branch, self.files.default(), self.files.writers(branch), self.files.ids(branch))

    def _policies(self) -> Judgement:
        own = self.settings.connections.own_token and "publish" in self.settings.commands
        events = ("push", "workflow_dispatch") if own else ("push",)
        return outside.judge_policies(self.settings.workflow_file, events, self.stack.execution_policies())

    def _retention(self) -> Judgement:
        named = {one.repository: self.components[one.name] for one in self.settings.components}
        places = {self.settings.stack_repository: self.stack, **named}
        with ThreadPoolExecutor(len(places)) as pool:
            days = pool.map(lambda place: place.retention(), places.values())
        return outside.judge_retention(dict(zip(places, days, strict=True)))

    def _immutability(self) -> Judgement:
        return outside.judge_immutability(self.stack.immutable_releases(), self.stack.retention())

    def _component_tags(self, one: Component) -> Judgement:
        rulesets = self.components[one.name].tag_rulesets()
        return outside.judge_component_tags(one.repository, rulesets, one.tag_format)

    def _production(self, one: Component) -> Judgement:
        place = self.components[one.name]
        token = place.token(self.settings.tags_with_own_token, at_home=False)
        may_administer = isinstance(token, TokenFacts) and token.may_administer
        with ThreadPoolExecutor(len(one.branches)) as pool:
            guards = dict(zip(one.branches, pool.map(place.guard, one.branches), strict=True))
        return outside.judge_production(one.repository, guards, may_administer)

    def _token(self) -> Answer[TokenFacts]:
        return self.stack.token(self.settings.connections.own_token, at_home=True)
