"""`prepare` after people did what people do with a pull request: wrote into it, retitled it, updated its branch."""

from __future__ import annotations

from typing import Any

import pytest

from commands.conftest import World
from commands.stack import Stack
from commands.test_prepare import ask, head, prepare, send, writes
from world.example import WORKFLOW_FILE, workflow_text

BRANCH = "release/2023.06.2"
END = "<!-- frag-release-action: end of the part that is kept up to date -->"
NEW_FILE = workflow_text("2023.05.1", "2023.05.4")
MESSAGE = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2"


def pull(world: World, state: str = "open") -> Any:
    """The one pull request of the stack that there is."""
    (found,) = ask(world, f"/pulls?state={state}")
    return ask(world, f"/pulls/{found['number']}")


def edit(world: World, **changes: str) -> None:
    """Change the pull request as people do."""
    send(world, "PATCH", f"/pulls/{pull(world)['number']}", changes)


def push(world: World, branch: str, message: str, base: str, files: dict[str, str], *parents: str) -> str:
    """Put a commit on a branch: the tree of the commit `base` with these files."""
    tree = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
    base_tree = ask(world, f"/git/commits/{base}")["tree"]["sha"]
    made = send(world, "POST", "/git/trees", {"base_tree": base_tree, "tree": tree})["sha"]
    commit = send(world, "POST", "/git/commits", {"message": message, "tree": made, "parents": list(parents)})["sha"]
    send(world, "PATCH", f"/git/refs/heads/{branch}", {"sha": commit, "force": True})
    return str(commit)


def update(world: World, branch: str = BRANCH, **files: str) -> str:
    """Press "Update branch": merge master into the release branch, with our file unless another is given."""
    ours, master = head(world, branch), head(world)
    content = {WORKFLOW_FILE: NEW_FILE} | {name.replace("__", "."): text for name, text in files.items()}
    return push(world, branch, f"Merge branch 'master' into {branch}", master, content, ours, master)


def moved(stack: Stack) -> str:
    """Let master go on by a commit that has nothing to do with the release."""
    return stack.commit("docs: Say more", {"README.md": "More\n"})


class TestText:
    """What people write."""

    def test_it_stays_around_ours_with_title_and_boxes(self, stack: Stack) -> None:
        """Notes above and below, boxes ticked in ours and in theirs, and the title outlive the next run."""
        world = stack.world
        assert prepare(world).status == 0
        body = pull(world)["body"].replace(END, f"- [x] Seen by Tim\n{END}")
        edit(world, title="Release of June", body=f"Please review by Friday.\n\n{body}\n\n## Notes\n- [x] on staging\n")
        moved(stack)
        again = prepare(world)
        assert again.status == 0, again.log
        after = pull(world)
        assert after["title"] == "Release of June"
        assert after["body"].startswith("Please review by Friday.\n\n<!-- frag-release-action: release 2023.06.2 ")
        assert after["body"].endswith(f"{END}\n\n## Notes\n- [x] on staging\n")
        assert "\n- [x] Seen by Tim\n" in after["body"]
        assert head(world) in after["body"]  # ours is up to date: it points at the head that was checked
        world.github.requests.clear()
        third = prepare(world)
        assert (third.status, third.outputs["changed"], writes(world)) == (0, "false", [])

    def test_a_line_above_disowns_nothing(self, stack: Stack) -> None:
        """With a line above ours, and a squash in words of its own, the release is published all the same."""
        world, before = stack.world, head(stack.world)
        assert prepare(world).status == 0
        edit(world, body=f"Please review by Friday.\r\n\r\n{pull(world)['body']}")
        merged = stack.merge("squash", commit_title="Release", commit_message="of June")
        outcome = stack.publish(stack.push(before))
        assert outcome.status == 0, outcome.log
        assert stack.tags()["2023.06.2"] == merged

    @pytest.mark.parametrize("quote", ["> {}", "```\n{}\n```", "{}\n<!-- frag-release-action: release 1.1.1 a=1 -->"])
    def test_a_text_that_only_quotes_ours_is_not_ours(self, stack: Stack, quote: str) -> None:
        """A quoted marker, or two that differ, make neither a pull request of ours nor a review."""
        world, before = stack.world, head(stack.world)
        assert prepare(world).status == 0
        marker = pull(world)["body"].partition("\n")[0].strip()
        edit(world, body=f"See:\n{quote.replace('{}', marker)}\n")
        world.github.requests.clear()
        refused = prepare(world)
        assert (refused.status, writes(world)) == (1, [])
        assert "is open without the marker of this action" in refused.log
        assert marker in refused.log.partition("If prepare made it")[2]
        stack.merge("squash", commit_title="Release", commit_message="of June")
        outcome = stack.publish(stack.push(before))
        assert (outcome.status, stack.made_nothing()) == (0, True), outcome.log

    def test_without_the_line_that_ends_ours_nothing_is_overwritten(self, stack: Stack) -> None:
        """Where nobody can tell what is ours, the text stays as it is, and the run says so and succeeds."""
        world = stack.world
        assert prepare(world).status == 0
        edit(world, body=pull(world)["body"].replace(END, "Mine"))
        before = pull(world)["body"]
        moved(stack)
        outcome = prepare(world)
        assert (outcome.status, pull(world)["body"]) == (0, before), outcome.log
        assert f"The text of pull request #{pull(world)['number']} was not updated" in outcome.log
        assert "was not updated: our part of it cannot be told apart" in outcome.summary


class TestBranch:
    """What people do to the branch."""

    @pytest.mark.parametrize("tag", ["2023.06.2", ""])
    def test_a_branch_that_was_updated_is_still_ours(self, stack: Stack, tag: str) -> None:
        """After "Update branch", once or twice, the branch stays, under its tag, and the reviewed pair is published."""
        world = stack.world
        branch = f"release/{prepare(world, stack_tag=tag).outputs['stack-tag']}"
        for _ in range(2):
            moved(stack)
            updated = update(world, branch)
        moved(stack)
        outcome = prepare(world, stack_tag=tag)
        assert outcome.status == 0, outcome.log
        assert (head(world, branch), outcome.outputs["commit"]) == (updated, updated)
        assert outcome.outputs["pull-request-number"] == str(pull(world)["number"])
        before = head(world)
        if tag:
            merged = stack.merge("squash", commit_title="Release", commit_message="of June")
            assert stack.publish(stack.push(before)).status == 0
            assert stack.tags()[tag] == merged

    def test_an_update_may_bring_other_lines_of_the_file(self, stack: Stack) -> None:
        """Where the stack branch changed the workflow file elsewhere, its file with our values must be there."""
        world = stack.world
        assert prepare(world).status == 0
        stack.commit("ci: Note", {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3") + "# note\n"})
        updated = update(world, **{WORKFLOW_FILE.replace(".", "__"): NEW_FILE + "# note\n"})
        outcome = prepare(world)
        assert (outcome.status, head(world, BRANCH)) == (0, updated), outcome.log

    @pytest.mark.parametrize("case", ["another line", "another branch"])
    def test_an_update_with_more_in_it_is_not_ours(self, stack: Stack, case: str) -> None:
        """A merge that touches the workflow file, or of a branch that is not the stack's, is refused and left alone."""
        world = stack.world
        assert prepare(world).status == 0
        ours, other = head(world, BRANCH), moved(stack)
        if case == "another branch":
            send(world, "POST", "/git/refs", {"ref": "refs/heads/topic", "sha": other})
            other = stack.commit("feat: Unreviewed", {"Dockerfile": "FROM evil\n"}, branch="topic")
        more = "# more\n" if case == "another line" else ""
        made = push(world, BRANCH, "Merge branch 'master'", other, {WORKFLOW_FILE: NEW_FILE + more}, ours, other)
        outcome = prepare(world)
        assert (outcome.status, head(world, BRANCH)) == (1, made)
        assert f"{made[:12]} is not the change of this plan, nor a plain merge of master into it." in outcome.log

    def test_a_branch_that_was_rebased_is_still_ours(self, stack: Stack) -> None:
        """After "Update with rebase" our commit is another one, of the same words on the newer head: it stays."""
        world = stack.world
        assert prepare(world).status == 0
        master = moved(stack)
        rebased = push(world, BRANCH, MESSAGE, master, {WORKFLOW_FILE: NEW_FILE}, master)
        outcome = prepare(world)
        assert (outcome.status, head(world, BRANCH)) == (0, rebased), outcome.log

    def test_an_updated_branch_without_a_pull_request_is_made_anew(self, stack: Stack) -> None:
        """Where the pull request was closed nothing is lost: the branch is one commit on the head again."""
        world = stack.world
        assert prepare(world).status == 0
        master = moved(stack)
        update(world)
        edit(world, state="closed")
        outcome = prepare(world)
        assert outcome.status == 0, outcome.log
        assert [one["sha"] for one in ask(world, f"/git/commits/{head(world, BRANCH)}")["parents"]] == [master]
