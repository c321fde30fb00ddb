"""All workflow files of the stack, and who owns them: listed at the head of a branch, and read once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from ...adapters.github.settings import GithubSettings
from ...adapters.http.once import Once
from ...domain.evidence import Answer, Blob, TooLong, Unknown
from ...domain.needs.owners import PLACES, Owners
from ...domain.needs.writers import Writers, read_writers
from .reading import StackFile

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
