"""The errors that are expected: each ends the run with words for a person and its own exit status."""

from __future__ import annotations

FAULT = 3
"""Exit status of a fault of ours, or of the machine."""


class ExpectedError(Exception):
    """The base of all of them. `message` says what and where, `remedy` what to do about it."""

    exit_status = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class EvidenceError(ExpectedError):
    """Something without which there is nothing to judge could not be found out."""


class RefusedError(ExpectedError):
    """What was asked for is refused before there is a plan. `file` and `line` are where to look, if known."""

    def __init__(self, message: str, remedy: str = "", file: str = "", line: int | None = None) -> None:
        super().__init__(message, remedy)
        self.file = file
        self.line = line


class UsageError(ExpectedError):
    """An input, or the place that the action is run in, is wrong."""

    exit_status = 2


class UnconfiguredError(UsageError):
    """An input is wrong as far as it is known: the stack's configuration file may set that right."""


class ConfigurationError(UsageError):
    """The stack's configuration file is wrong, in `file` at `line`."""

    def __init__(self, message: str, remedy: str, file: str, line: int) -> None:
        super().__init__(message, remedy)
        self.file = file
        self.line = line


class Cancelled(BaseException):
    """The run was cancelled from outside. Where it is known what that leaves behind, `message` and `remedy` say it."""

    def __init__(self, message: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
