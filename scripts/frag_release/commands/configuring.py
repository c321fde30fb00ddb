"""The stack's configuration file: which one applies to this run, and the session with its settings."""

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
"""The commands that continue without the file, with a note: they look for what is wrong."""


def configured(command: Any, values: Values, context: Context, journal: Journal) -> Session[Any]:
    """Return the session of a command, from its inputs and the configuration file in force.

    If the command has `ask_ahead`, that and `get_ready` run while the file is fetched. Raises UsageError, and
    EvidenceError if the file could not be looked up: without it, components and tag formats are unknown.
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
    if wrong:  # the first session was made without some inputs, so its timeout and logins may differ
        return Session(settings, values, context, journal)
    session.configure(settings, values)
    return session


def _go_on_without(lost: Unknown, session: Session[Any], wrong: UnconfiguredError | None) -> None:
    """Note that the file could not be looked up; raises EvidenceError if the command cannot continue without it."""
    message = f"{FILE} of {session.settings.stack_repository} could not be read: {lost.reason}."
    if wrong or session.values.command not in _LOOKING:
        raise EvidenceError(f"{message} {wrong.message if wrong else ''}".rstrip(), lost.remedy)
    session.journal.note(f"{message} So the inputs and the defaults are used.")


def _asked(command: Any, session: Session[Any], *, ahead: bool) -> Answer[Configuration | None]:
    """Fetch the file, while the command's first requests are in progress."""
    ahead = ahead and hasattr(command, "ask_ahead")
    if ahead:
        command.ask_ahead(session)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_ruling, session)
        if ahead:
            command.get_ready()
    return asking.result()


def _ruling(session: Session[Any]) -> Answer[Configuration | None]:
    """The file in force: for a rollback the recorded one, for a pull request its base's, else the default branch's."""
    values, context, settings = session.values, session.context, session.settings
    if values.command == "deploy" and values.flag("rollback"):
        tag = Ref(values.text("ref") or context.ref).name
        record = session.forge.release_record(settings.stack_repository, tag)
        if record is not None:
            return _recorded(record)
        # Without a release, the command itself refuses, according to today's file.
    if (context.clone and not settings.connections.local) or values.command == "adopt":
        return _in_clone()
    stack = session.forge.repository(settings.stack_repository)
    base, is_own = context.pull_request_base, context.repository.lower() == settings.stack_repository.lower()
    if is_own and OBJECT_ID.fullmatch(base):
        return as_configuration(stack.files(FILE, [base])[base])
    return as_configuration(stack.current_file(FILE))


def _recorded(record: Answer[ReleaseRecord]) -> Answer[Configuration | None]:
    if isinstance(record, Unknown):
        return None  # the rollback itself reports what is wrong with it
    return as_configuration(Blob(len(record.configuration), record.configuration) if record.configuration else None)


def _in_clone() -> Configuration | None:
    from ..adapters.git.writer import WorkingTree

    content = WorkingTree.around(Path.cwd()).read(FILE)
    return None if content is None else read_configuration(Blob(len(content), content))


def as_configuration(content: Answer[Blob | None]) -> Answer[Configuration | None]:
    """Read the fetched content of the file; raises ConfigurationError."""
    return content if content is None or isinstance(content, Unknown) else read_configuration(content)
