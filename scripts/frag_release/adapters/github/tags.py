"""Tags of releases on GitHub, and the pull requests that commits came with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...domain.evidence import Answer, Unknown
from ...domain.refs import TAGS
from ...domain.review import MergedRequest
from ..ports.writer import (
    BurnedNameError,
    LostRaceError,
    RuledNameError,
    UnconfirmedError,
    WriteFailedError,
    WriteRefusedError,
)
from .api import RepositoryApi
from .orders import Advice, Order, RaceError, Refusal, Step, carry_out
from .payloads import Ref
from .pulls import Pull, is_from_here
from .refs import GithubRefs

WORKFLOW_RULE = (
    "Where a workflow file differs between the tagged commit and the default branch, GitHub asks for the right to "
    "change workflow files even to make a tag or a release, and a workflow's own token can never have it. Give the "
    "input token one of an app or a person with Contents: write and Workflows: write, or bring the default branch and "
    "the commit together."
)
_READ = "pull-requests: read"
ANOTHER_TAG = (
    "Run publish by hand with another tag in stack-tag, the next that no release ever had: it releases the same pair."
)
_MOST_PAGES = 10
# GitHub refuses a burned name in the words of a ruleset, even if there is none.
RULESET = Refusal(
    re.compile(r"rule violation|creations being restricted|pre_receive|GH013", re.I),
    "There are two possible causes. A tag ruleset guards such tags, as it should. Let the app or the person whose "
    "token is given bypass it (Settings > Rules > Rulesets > Bypass list), or push the tag by hand with a right to do "
    "so and run this again: it goes on from there. Or, if no ruleset does, the name is burned for ever: an immutable "
    f"release had it and was deleted. {ANOTHER_TAG}",
)
BURNED = Refusal(
    re.compile(r"tag_name was used by an immutable release", re.I),
    f"The name is burned for ever: an immutable release had it, and deleting that does not give it back. {ANOTHER_TAG}",
    right=False,
)
RIGHTS = (
    "An app or a fine-grained token needs Contents: write, a classic one the scope repo, and the workflow's own token "
    f"contents: write under permissions of its job. {WORKFLOW_RULE}"
)
_ADVICE = Advice((RULESET, BURNED), RIGHTS)


def _of_name(error: WriteFailedError | WriteRefusedError) -> WriteFailedError | WriteRefusedError:
    """Return the error as one about the tag's name, where its words say so."""
    if error.remedy == BURNED.remedy:
        return BurnedNameError(error.message, error.remedy)
    return RuledNameError(error.message, error.remedy) if error.remedy == RULESET.remedy else error


class MergedPull(Pull):
    """One item of `repos/list-pull-requests-associated-with-commit`."""

    merged_at: str | None
    merge_commit_sha: str | None


class GithubTags:
    """Tags and merges of one repository; never from a memory."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def tag(self, name: str) -> Answer[str | None]:
        """The commit of a tag as it is now, or None."""
        return GithubRefs(self._api).tag(name)

    def create_tag(self, name: str, commit: str) -> bool:
        """Make a lightweight tag, as a push of it would, or find it made already; returns whether it is ours.

        Somebody may have made it a moment before, or an answer may have been lost.
        """
        body = {"ref": TAGS + name, "sha": commit}
        order = Order(Step.TAG, "POST", "/git/refs", f"the tag {name}", body, _ADVICE)
        try:
            ref = carry_out(self._api, order, Ref, self._own_token)
        except (RaceError, WriteFailedError, WriteRefusedError) as error:
            found = self.tag(name)
            if found == commit and isinstance(error, (RaceError, UnconfirmedError)):
                return False
            if isinstance(found, str) and found != commit:
                raise LostRaceError(name, found) from error
            if isinstance(error, RaceError):
                raise WriteFailedError(f"GitHub refused the tag {name}: {error}", "Run this again.") from error
            raise _of_name(error) from error
        if ref["object"]["sha"] != commit:
            raise LostRaceError(name, ref["object"]["sha"])
        return True

    def merged_requests(self, commit: str, named: int | None) -> Answer[Sequence[MergedRequest]]:
        """The merged pull requests, from branches of this repository, that a commit came with.

        GitHub lists those of the default branch, a moment after the merge; so the one that the commit itself
        names is looked at where that list is empty.
        """
        what = f"the pull requests of {commit[:12]}"
        pulls = self._of_commit(commit, what)
        if not pulls and named is not None:
            pulls = self._named(named)
        if isinstance(pulls, Unknown):
            return pulls
        return [_merged(each) for each in pulls if each["merged_at"] and is_from_here(each)]

    def _of_commit(self, commit: str, what: str) -> Answer[list[MergedPull]]:
        first = self._api.get(f"/commits/{commit}/pulls", what, {"per_page": 100}, permission=_READ)
        pages = first if isinstance(first, Unknown) else self._api.pages(first, what, _MOST_PAGES, _READ)
        return pages if isinstance(pages, Unknown) else self._api.items(pages, MergedPull, what)

    def _named(self, number: int) -> Answer[list[MergedPull]]:
        what = f"pull request #{number}"
        response = self._api.get(f"/pulls/{number}", what, permission=_READ)
        if isinstance(response, Unknown):
            return response
        if response.status == 404:
            return self._api.absence() or []
        pull = self._api.read(response, MergedPull, what)
        return pull if isinstance(pull, Unknown) else [pull]


def _merged(pull: MergedPull) -> MergedRequest:
    return MergedRequest(
        number=pull["number"],
        url=pull["html_url"],
        branch=pull["head"]["ref"],
        base=pull["base"]["ref"],
        body=pull["body"] or "",
        merge_commit=pull["merge_commit_sha"] or "",
    )
