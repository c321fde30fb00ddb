"""`doctor` for a private repository on a plan without rulesets: nothing guards its tags, and no token changes that."""

from __future__ import annotations

from commands.test_doctor import Practice, of, practice
from world.faults import Reply, json_reply
from world.github_settings import CLASSIC
from world.loopback import Request

__all__ = ["practice"]
UPGRADE = {
    "message": "Upgrade to GitHub Pro or make this repository public to enable this feature.",
    "documentation_url": "https://docs.github.com/rest",
    "status": "403",
}


def test_a_plan_without_rulesets_guards_nothing_and_forbids_nothing(practice: Practice) -> None:
    """Guards are missing, what a rule could forbid is allowed, and no permission of a token is asked for."""
    practice.guard()
    practice.stack.protections["master"] = {"enforce_admins": {"url": "https://x", "enabled": True}}
    settings = practice.settings.reply

    def reply(request: Request) -> Reply | None:
        if "/rulesets" in request.path or "/rules/" in request.path or request.path.endswith("/protection"):
            return json_reply(403, UPGRADE, {"X-Made-By": "refusal"})
        return settings(request)

    practice.settings.reply = reply  # type: ignore[method-assign]
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC), chosen="prepare,publish")

    for guard in ("tag-ruleset", "stack-branch-review"):
        assert of(outcome, guard)["presence"] == "missing"
        assert "No token helps" in of(outcome, guard)["remedy"]
        assert "Give the token" not in of(outcome, guard)["remedy"]
    for need in ("tag-rules", "release-branch-rules"):
        assert of(outcome, need)["presence"] == "there"
    assert outcome.status == 0, outcome.log
