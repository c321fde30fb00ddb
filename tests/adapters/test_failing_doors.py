"""The doors of git, the registry and AWX where any one of their questions fails: they answer, and nothing is raised."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.clones import NAME, Desk, unknown
from adapters.trees import PATH, add_files
from frag_release.adapters.awx import Awx
from frag_release.adapters.git import LocalRepository
from frag_release.adapters.git.process import Git
from frag_release.adapters.git.writer import LocalWriter, uncommitted
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Request, Response, bearer
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import WriteFailedError
from frag_release.adapters.registry import RegistryClient
from frag_release.domain.awx_jobs import Job, Template
from frag_release.domain.evidence import Answer, Blob, Unknown
from frag_release.domain.origin import Origin, Origins
from world import awx_jobs
from world.awx import ROBOT, AwxServer
from world.awx_jobs import Question
from world.git import Repo
from world.provenance import Built
from world.registry import TokenRegistry

LOST = Unknown("the answer was lost")
TAG = "2023.06.1"
COMMIT, OTHER = "4be1c0a97d" * 4, "90d3f72b1e" * 4
_T = TypeVar("_T")


class Losing(Http):
    """Asks a real server; the answer to the question with the number `lost` (from 1) does not come."""

    def __init__(self, lost: int = 0) -> None:
        super().__init__(Deadline(20), sleep=lambda _: None)
        self._lost, self._numbers = lost, itertools.count(1)

    def send(self, request: Request) -> Answer[Response]:
        """The response, unless it is the one that is lost."""
        return LOST if next(self._numbers) == self._lost else super().send(request)

    @property
    def asked(self) -> int:
        """How many questions there were."""
        return next(self._numbers) - 1


def methods(kind: type) -> set[str]:
    """The public methods of a class."""
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


AWX_DOORS: Mapping[str, Callable[[Awx, Template, Job], object]] = {
    "template": lambda awx, template, job: awx.template(template.name),
    "launch_data": lambda awx, template, job: awx.launch_data(template),
    "job": lambda awx, template, job: awx.job(job),
    "recent_jobs": lambda awx, template, job: awx.recent_jobs(template),
    "running_jobs": lambda awx, template, job: awx.running_jobs(template),
    "prompts": lambda awx, template, job: awx.prompts(job),
    "me": lambda awx, template, job: awx.me(),
    "cancel": lambda awx, template, job: awx.cancel(job),
    "output": lambda awx, template, job: awx.output(job, 0),
    "end_of_output": lambda awx, template, job: awx.end_of_output(job, 0),
}


def test_every_door_of_awx_answers_if_a_question_fails(awx: AwxServer) -> None:
    """Each method but those that ask nothing, and the launch that raises, answers what was lost at each question."""
    made = awx.add_template("Deploy", survey=[Question("key")])
    awx.add_job(made, {}, script=awx_jobs.ENDLESS)

    def client(http: Http) -> Awx:
        return Awx(http, awx.url, awx.prefix, bearer(ROBOT.token, awx.url, "awx-token"))

    template = client(Losing()).template("Deploy")
    assert isinstance(template, Template)
    (job,) = client(Losing()).recent_jobs(template)  # type: ignore[misc]
    assert set(AWX_DOORS) == methods(Awx) - {"with_deadline", "jobs_url", "launch"}
    for name, door in AWX_DOORS.items():
        whole = Losing()
        assert not isinstance(door(client(whole), template, job), Unknown), name
        found = [door(client(Losing(lost)), template, job) for lost in range(1, whole.asked + 1)]
        assert found and found == [LOST] * len(found), name


@pytest.mark.parametrize(
    ("built", "steps"),
    [([Built(COMMIT), Built(OTHER)], 2), ([None, None], 2), ([Built(""), Built("")], 4)],
    ids=["provenance", "labels", "both"],
)
def test_a_question_that_fails_leaves_the_others_of_an_image(
    token_registry: TokenRegistry, built: Sequence[Built | None], steps: int
) -> None:
    """Of an image for two platforms only what hangs on the lost answer is unknown: never more, and nothing is raised.

    The questions: how to log in, token, HEAD, index, and so many steps for each of the platforms.
    """
    pair = (f"{token_registry.host}/one/built", TAG)
    token_registry.push_built("one/built", TAG, *built, revision=COMMIT)

    def known(lost: int) -> Sequence[bool] | str:
        """Which platforms spoke, or what is unknown as a whole."""
        image = RegistryClient(Losing(lost)).images([pair], [pair])[pair]
        if isinstance(image, Unknown):
            return "no image"
        if not isinstance(image.origins, Origins):
            return "no word"
        return [isinstance(one, Origin) for one in image.origins.platforms]

    assert methods(RegistryClient) == {"images"}
    assert [known(lost) for lost in range(5)] == [[True, True], *["no image"] * 3, "no word"]
    one_silent = [[False, True]] * 2 * steps
    assert [sorted(known(lost)) for lost in range(5, 6 + 2 * steps)] == [*one_silent, [True, True]]


def git(desk: Desk, place: Path, lost: int, also: int = 0) -> Git:
    """Git, each of whose processes leaves a line in the diary; those with the numbers `lost` and `also` fail.

    They are numbered from 1, and end with their number as their status.
    """
    note = f'echo git >> {desk.diary}; number="$(wc -l < {desk.diary})"'
    fail = f'case "$number" in {lost}|{also}) exit "$number";; esac'
    path = desk.path_with(f'{note}\n{fail}\nexec "$REAL" "$@"')
    return Git(place, Deadline(60), {"PATH": path, "HOME": str(desk.root)})


def clone(desk: Desk, lost: int) -> LocalRepository:
    """The clone of the tests, as such a git reads it."""
    desk.processes()
    return LocalRepository(NAME, git(desk, desk.folder / "stack.git", lost))


def with_each_process_lost(desk: Desk, ask: Callable[[int], _T]) -> Sequence[_T]:
    """What is answered if the first git process fails, and if the second does, and so on for as many as there are."""
    desk.processes()
    ask(0)
    found = []
    for lost in range(1, desk.processes() + 1):
        found.append(ask(lost))
        desk.processes()
    return found


@pytest.fixture
def repo(desk: Desk) -> Repo:
    """A bare clone with two commits, the newer of which has an annotated tag."""
    repo = desk.create("stack.git", bare=True)
    add_files(repo)
    repo.tag(TAG, add_files(repo), message="Release")
    return repo


REPOSITORY_DOORS: Mapping[str, Callable[[LocalRepository, str, str], object]] = {
    "default_branch": lambda clone, head, parent: clone.default_branch(),
    "tags": lambda clone, head, parent: clone.tags([TAG])[TAG],
    "tag_dates": lambda clone, head, parent: clone.tag_dates([TAG])[TAG],
    "tags_starting": lambda clone, head, parent: clone.tags_starting([""]),
    "branches": lambda clone, head, parent: clone.branches(["master"])["master"],
    "placements": lambda clone, head, parent: clone.placements([head], ["master"])[head],
    "files": lambda clone, head, parent: clone.files(PATH, [head])[head],
    "log": lambda clone, head, parent: clone.log("master", 5),
    "branches_starting": lambda clone, head, parent: clone.branches_starting(""),
    "history": lambda clone, head, parent: clone.history(parent, head),
}


def test_every_door_of_a_clone_answers_if_git_fails(desk: Desk, repo: Repo) -> None:
    """Each question of a repository is unknown, and nothing is raised, whichever of its git processes fails."""
    head, parent = repo.head(), repo.git("rev-parse", "master^")

    def answers(name: str) -> Sequence[object]:
        return with_each_process_lost(desk, lambda lost: REPOSITORY_DOORS[name](clone(desk, lost), head, parent))

    assert set(REPOSITORY_DOORS) == methods(LocalRepository) - {"tag_objects", "current_file", "is_private"}
    for name, door in REPOSITORY_DOORS.items():
        assert not isinstance(door(clone(desk, 0), head, parent), Unknown), name
        assert (found := answers(name)) and all(map(unknown, found)), name
    # If it is not seen whether the tag's object is a commit, it is not known whether that is a tag's own.
    assert [isinstance(clone(desk, lost).tag_objects([TAG])[TAG], Unknown) for lost in (1, 2)] == [True, True]


def test_the_current_file_is_that_of_what_is_checked_out_if_the_default_branch_is_unknown(
    desk: Desk, repo: Repo
) -> None:
    """Its first question may fail, as the clone has a HEAD; of the six others none."""
    found = with_each_process_lost(desk, lambda lost: clone(desk, lost).current_file(PATH))
    assert found[0] == Blob(3, b"old")
    assert len(found[1:]) == 6 and all(map(unknown, found[1:]))


def test_no_write_to_a_clone_goes_on_if_git_fails(desk: Desk, repo: Repo) -> None:
    """Whichever process fails, the write fails in words; only who the committer is need not be known (`var`)."""
    head, names = repo.head(), map("branch-{}".format, itertools.count())

    def outcome(write: Callable[[LocalWriter, str], object], lost: int) -> str:
        name = next(names)
        repo.branch(f"{name}-seen", head)
        try:
            write(LocalWriter(NAME, git(desk, repo.path, lost)), name)
        except WriteFailedError as error:
            assert error.message.startswith("Nothing was moved: ")
            return "failed"
        return "done"

    def outcomes(write: Callable[[LocalWriter, str], object]) -> Sequence[str]:
        return with_each_process_lost(desk, lambda lost: outcome(write, lost))

    # hash-object, read-tree, ls-files, update-index, write-tree, var, commit-tree
    committing = outcomes(lambda writer, name: writer.create_commit(head, PATH, b"new", "message"))
    assert committing == [*["failed"] * 5, "done", "failed"]
    # for-each-ref, worktree, var, update-ref
    moving = ["failed", "failed", "done", "failed"]
    assert outcomes(lambda writer, name: writer.create_branch(name, head)) == moving
    assert outcomes(lambda writer, name: writer.move_branch(f"{name}-seen", head, head)) == moving
    assert outcomes(lambda writer, name: writer.rebuild_branch(f"{name}-seen", head, head)) == moving
    desk.processes()
    with pytest.raises(WriteFailedError, match="status 4"):
        # Nor can it be seen then where the branch is: what is said is why it was not made.
        LocalWriter(NAME, git(desk, repo.path, 4, 5)).create_branch("other", head)


def test_what_a_writer_reads_is_unknown_if_git_fails(desk: Desk, repo: Repo) -> None:
    """A commit's message and files, and what is not committed, are unknown; a missing right is then not known of."""
    head = repo.head()

    def writer(lost: int) -> LocalWriter:
        return LocalWriter(NAME, git(desk, repo.path, lost))

    found: Sequence[object] = with_each_process_lost(desk, lambda lost: writer(lost).message_of(head))
    assert len(found) == 1 and all(map(unknown, found))
    found = with_each_process_lost(desk, lambda lost: writer(lost).changed_files(head))
    assert len(found) == 1 and all(map(unknown, found))
    assert writer(1).missing_right(PATH) == ""
    work = desk.create("work")
    work.commit({"file": "text"}, "work")
    work.git("read-tree", "HEAD")
    assert uncommitted(git(desk, work.path, 0), "file", b"text") == ""
    found = with_each_process_lost(desk, lambda lost: uncommitted(git(desk, work.path, lost), "file", b"text"))
    assert len(found) == 3 and all(map(unknown, found))
