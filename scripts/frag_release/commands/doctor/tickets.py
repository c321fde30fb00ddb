"""What announce needs: a repository of tickets, and a board with its lane."""

from __future__ import annotations

from functools import partial

from ...adapters.github.forge import GithubForge
from ...domain.evidence import Answer, Unknown
from ...domain.needs.catalogue import Selection
from ...domain.needs.need import Judgement, there, unseen
from ...domain.needs.rights import Right, TokenFacts
from ...domain.needs.tickets import judge_ticket_place
from ...inputs.settings.doctor import DoctorSettings
from .questions import Question, is_same, judge_right_of


class Tickets:
    """Asks about the tickets' repository and the board, with the token that writes to them."""

    def __init__(self, settings: DoctorSettings, selection: Selection, forge: GithubForge) -> None:
        self._settings = settings
        self._selection = selection
        self._forge = forge
        self._tickets = forge.ticket_settings(settings.ticket_repository)

    def questions(self) -> list[Question]:
        """Everything that is asked; nothing about a board where none is named."""
        tickets, need = self._settings.ticket_repository, self._selection.need
        writes = need("issues-write", f"Open tickets in {tickets}: `issues: write`")
        asked = [
            Question(need("ticket-repository", f"Tickets in {tickets}"), self._place),
            Question(writes, partial(judge_right_of, self._token, Right.ISSUES, writes)),
        ]
        return [*asked, *self._of_board()] if self._settings.project else asked

    def _of_board(self) -> list[Question]:
        board, need = self._settings.project, self._selection.need
        lane = f"The board {board} with the lane {self._settings.project_status}"
        moves = need("board-write", f"Put tickets on {board}: `projects: write`")
        return [
            Question(need("board-lane", lane), self._lane),
            Question(moves, partial(judge_right_of, self._token, Right.PROJECTS, moves)),
        ]

    def _place(self) -> Judgement:
        return judge_ticket_place(self._tickets.ticket_place())

    def _token(self) -> Answer[TokenFacts]:
        at_home = is_same(self._settings.ticket_repository, self._settings.home)
        return self._tickets.token(self._settings.own_ticket_token, at_home)

    def _lane(self) -> Judgement:
        wanted = self._settings.project_field, self._settings.project_status
        lane = self._forge.board(self._settings.project).lane(*wanted)
        if isinstance(lane, Unknown):
            return unseen(lane)
        return there(f"{self._settings.project} has the lane {lane.option} in its field {lane.field}.")
