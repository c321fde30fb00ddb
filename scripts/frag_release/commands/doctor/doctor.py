"""`doctor`: says what is missing before anything is written. It only reads, and asks each question once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ... import __version__
from ...adapters.github.forge import GithubForge
from ...adapters.github.settings import GithubSettings
from ...adapters.registry.client import RegistryClient
from ...adapters.site import SiteClient
from ...domain.needs.catalogue import Selection
from ...domain.needs.rights import TokenFacts, TokenKind
from ...domain.reports.doctor import DoctorReport
from ...errors import UsageError
from ...inputs.settings.doctor import DoctorSettings
from ..stack import Stack
from .deployment import Deployment, questions_of_deployment
from .files import Files
from .outside import Outside
from .questions import answered
from .reading import Reading, StackFile
from .site import SitePage
from .tickets import Tickets
from .workflow import InFile
from .writing import Writing


@dataclass(frozen=True)
class Doctor:
    """The command with all that it needs. `now` is in UTC.

    `deployment` is what is wrong with the inputs for AWX where it cannot be asked, None if AWX does not deploy.
    """

    settings: DoctorSettings
    stack: Stack[GithubForge]
    registry: RegistryClient
    deployment: Deployment | UsageError | None
    site: SiteClient
    now: datetime.datetime

    def run(self) -> DoctorReport:
        """Look for everything that the chosen commands need."""
        settings, forge, selection = self.settings, self.stack.forge, Selection(self.settings.commands)
        stack, file = forge.settings(self.stack.name), StackFile(self.stack)
        components = {one.name: forge.settings(one.repository) for one in settings.components}
        rows = answered(
            [
                *Reading(settings, selection, self.registry, file).questions(),
                *Writing(settings, selection, stack, components, file).questions(),
                *Tickets(settings, selection, forge).questions(),
                *questions_of_deployment(selection, self.deployment),
                *SitePage(settings, selection, self.site, file).questions(),
                *InFile(settings, stack, file).questions(),
                *Outside(settings, stack, components, file, Files(stack, file, settings.own_action)).questions(),
            ]
        )
        kind = self._token_kind(stack)
        return DoctorReport(__version__, self.now, settings.stack_repository, settings.commands, kind, rows)

    def _token_kind(self, stack: GithubSettings) -> TokenKind | None:
        """What is examined, as far as it is known for sure: what is told by exclusion alone is not."""
        connections = self.settings.connections
        if not connections.token:
            return TokenKind.NONE
        if connections.own_token:
            return TokenKind.OWN
        facts = stack.token(own_token=False, at_home=True)
        kind = facts.kind if isinstance(facts, TokenFacts) else None
        sure = kind is not TokenKind.FINE_GRAINED or connections.token.startswith("github_pat_")
        return kind if sure else None
