"""The stack's configuration file: which one rules this run, and the session by what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.evidence import OBJECT_ID, Answer, Blob, Unknown
from ..domain.refs import Ref
from ..errors import EvidenceError, UnconfiguredError
from ..inputs.configuration import FILE, Configuration, read_configuration
from ..inputs.settings import read_settings
from .session import Session

if TYPE_CHECKING:
    from ..domain.release_record import ReleaseRecord
    from ..inputs.context import Context
    from ..inputs.values import Values
    from .journal import Journal

_LOOKING = ("doctor",)
"""The commands that go on without the file, and say so: they look for what is in the way."""


def configured(command: Any, values: Values, context: Context, journal: Journal) -> Session[Any]:
    """Return the session of a command by its inputs and the configuration file that rules.

    A command that has `ask_ahead` asks at the same time what it begins with, and does what `get_ready` does. Raises
    UsageError, and EvidenceError if the file could not be looked up: without it nobody knows which components there
    are, and which tags are releases.
    """
    wrong = None
    try:
        settings = command.read_settings(values, context)
    except UnconfiguredError as error:
        wrong, settings = error, read_settings(values.unconfigured(), context)
    session = Session(settings, values, context, journal)
    found = _asked(command, session, ahead=wrong is None)
    if isinstance(found, Unknown):
        _go_on_without(found, session, wrong)
        return session
    if found is None:
        if wrong:
            raise wrong
        return session
    values = values.configured(found)
    settings = command.read_settings(values, context)
    if wrong:  # its time and its logins are other ones
        return Session(settings, values, context, journal)
    session.configure(settings, values)
    return session


def _go_on_without(lost: Unknown, session: Session[Any], wrong: UnconfiguredError | None) -> None:
    """Say that the file could not be looked up; raises EvidenceError if the command cannot do without it."""
    message = f"{FILE} of {session.settings.stack_repository} could not be read: {lost.reason}."
    if wrong or session.values.command not in _LOOKING:
        raise EvidenceError(f"{message} {wrong.message if wrong else ''}".rstrip(), lost.remedy)
    session.journal.note(f"{message} So this goes by the inputs and the defaults.")


def _asked(command: Any, session: Session[Any], *, ahead: bool) -> Answer[Configuration | None]:
    """Ask for the file, with what the command begins with on its way."""
    ahead = ahead and hasattr(command, "ask_ahead")
    if ahead:
        command.ask_ahead(session)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_ruling, session)
        if ahead:
            command.get_ready()
    return asking.result()


def _ruling(session: Session[Any]) -> Answer[Configuration | None]:
    """The file that rules: of a rollback what was recorded, of a pull request its base's, else the default branch's."""
    values, context, settings = session.values, session.context, session.settings
    if values.command == "deploy" and values.flag("rollback"):
        tag = Ref(values.text("ref") or context.ref).name
        record = session.forge.release_record(settings.stack_repository, tag)
        if record is not None:
            return _recorded(record)
        # Refused by the command itself, in the words of today's file.
    if (context.clone and not settings.connections.local) or values.command == "adopt":
        return _in_clone()
    stack = session.forge.repository(settings.stack_repository)
    base, is_own = context.pull_request_base, context.repository.lower() == settings.stack_repository.lower()
    if is_own and OBJECT_ID.fullmatch(base):
        return as_configuration(stack.files(FILE, [base])[base])
    return as_configuration(stack.current_file(FILE))


def _recorded(record: Answer[ReleaseRecord]) -> Answer[Configuration | None]:
    if isinstance(record, Unknown):
        return None  # the rollback itself says what is wrong with it
    return as_configuration(Blob(len(record.configuration), record.configuration) if record.configuration else None)


def _in_clone() -> Configuration | None:
    from ..adapters.git.writer import WorkingTree

    content = WorkingTree.around(Path.cwd()).read(FILE)
    return None if content is None else read_configuration(Blob(len(content), content))


def as_configuration(content: Answer[Blob | None]) -> Answer[Configuration | None]:
    """Read a file as it was fetched; raises ConfigurationError."""
    return content if content is None or isinstance(content, Unknown) else read_configuration(content)
