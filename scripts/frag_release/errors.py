"""The expected errors: each ends the run with a message, a remedy and an exit status."""

from __future__ import annotations

FAULT = 3
"""Exit status of an internal error, or of a fault of the machine."""


class ExpectedError(Exception):
    """The base class. `message` is what is wrong and where, `remedy` what to do about it."""

    exit_status = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class EvidenceError(ExpectedError):
    """Something that the judgement needs could not be determined."""


class RefusedError(ExpectedError):
    """The request is refused before there is a plan. `file` and `line` are the place of the cause, if known."""

    def __init__(self, message: str, remedy: str = "", file: str = "", line: int | None = None) -> None:
        super().__init__(message, remedy)
        self.file = file
        self.line = line


class UsageError(ExpectedError):
    """An input, or the environment of the run, is wrong."""

    exit_status = 2


class UnconfiguredError(UsageError):
    """An input is wrong unless the stack's configuration file, which is not read yet, makes it valid."""


class ConfigurationError(UsageError):
    """The stack's configuration file is wrong, in `file` at `line`."""

    def __init__(self, message: str, remedy: str, file: str, line: int) -> None:
        super().__init__(message, remedy)
        self.file = file
        self.line = line


class Cancelled(BaseException):
    """The run was cancelled. `message` and `remedy` describe what is left behind, if that is known."""

    def __init__(self, message: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
