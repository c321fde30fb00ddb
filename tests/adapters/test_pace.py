from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from frag_release.adapters.http.messages import Request, Response
from frag_release.adapters.http.retry import MAX_PER_MINUTE, RateLimited, RateLimiter

QUESTION = Request("https://api.example/repos/a/b", "the file x of a/b")
OTHER = Request("https://registry.example/v2/", "the image y")


@dataclass
class Desk:
    """A pace whose clock stands at 1,000,000 until it is moved."""

    now: float = 1_000_000.0
    told: list[str] = field(default_factory=list)
    limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(self.told.append, lambda: self.now)

    def wait(self, seconds: float = 900, request: Request = QUESTION) -> float | RateLimited:
        """What the next question is told."""
        turn = self.limiter.wait(request, seconds)
        assert isinstance(turn, (float, int, RateLimited))
        return turn

    def answer(self, remaining: int, limit: int = 1000, reset: int = 1_000_600, status: int = 200) -> None:
        """An answer comes in, with GitHub's headers."""
        headers = {"limit": limit, "remaining": remaining, "reset": reset}
        named = {f"x-ratelimit-{name}": str(value) for name, value in headers.items()}
        self.limiter.learn(QUESTION, Response(status, named, b""))


@pytest.fixture
def desk() -> Desk:
    """A pace that has seen nothing."""
    return Desk()


def test_a_server_without_limits_is_not_slowed_down(desk: Desk) -> None:
    """As long as no limit is named, thousands of questions go out at once."""
    assert {desk.wait() for _ in range(3 * MAX_PER_MINUTE)} == {0}


def test_with_plenty_left_nobody_waits(desk: Desk) -> None:
    """Above the last tenth of 1,000 requests, questions go out at once."""
    desk.answer(remaining=150)
    assert [desk.wait() for _ in range(40)] == [0] * 40


def test_the_last_tenth_is_spread_until_the_reset(desk: Desk) -> None:
    """With 60 requests left for 600 seconds, one goes out every 10 seconds or so."""
    desk.answer(remaining=60)
    turns = [desk.wait() for _ in range(4)]
    assert turns == [0, pytest.approx(10), pytest.approx(20), pytest.approx(30)]


def test_a_turn_that_comes_too_late_is_a_rate_limit(desk: Desk) -> None:
    """Where the turn is behind the end of the time there is, it is said at once, with the time to come back."""
    desk.answer(remaining=2)
    assert desk.wait(seconds=100) == 0
    late = desk.wait(seconds=100)
    assert isinstance(late, RateLimited)
    assert "of 1,000 requests only 1 are left" in late.reason and QUESTION.what in late.reason
    assert "Run this again after" in late.remedy


def test_nothing_goes_out_when_nothing_is_left(desk: Desk) -> None:
    """With none left, the next question waits for the reset and a second more; the one that cannot is told."""
    desk.answer(remaining=0)
    assert isinstance(desk.wait(seconds=300), RateLimited)
    assert desk.wait(seconds=900) == pytest.approx(601)


def test_a_refusal_holds_back_the_others(desk: Desk) -> None:
    """After one refusal that asks for 120 seconds, every question to that server waits, and to others none."""
    desk.limiter.learn(QUESTION, Response(403, {"retry-after": "120"}, b"secondary rate limit"))
    assert desk.wait() == pytest.approx(120)
    assert isinstance(desk.wait(seconds=60), RateLimited)
    assert desk.wait(request=OTHER) == 0
    desk.now += 121
    assert desk.wait() == 0


def test_no_more_than_so_many_within_a_minute(desk: Desk) -> None:
    """However much is left for the hour, question 801 waits until a minute after the first."""
    desk.answer(remaining=5000, limit=5000)
    assert {desk.wait() for _ in range(MAX_PER_MINUTE)} == {0}
    assert desk.wait() == pytest.approx(60)


def test_answers_that_overtake_each_other_count_once(desk: Desk) -> None:
    """An older answer that comes later does not give requests back; a new period does."""
    desk.answer(remaining=60)
    desk.answer(remaining=500)
    desk.wait()
    assert desk.wait() == pytest.approx(10)
    desk.answer(remaining=999, reset=1_004_200)
    desk.now += 11
    assert desk.wait() == 0


@pytest.mark.parametrize("value", ["", "many", "-1", "99999999999999999999", "1.5"])
def test_headers_that_are_no_numbers_are_passed_over(desk: Desk, value: str) -> None:
    """Nonsense in the headers neither stops nor slows anything down."""
    headers = {f"x-ratelimit-{name}": value for name in ("limit", "remaining", "reset")}
    desk.limiter.learn(QUESTION, Response(200, headers, b""))
    assert desk.wait() == 0


def test_progress_is_told_now_and_then(desk: Desk) -> None:
    """At most one line in five seconds, with what is left."""
    for remaining in range(4000, 3000, -1):
        desk.answer(remaining, limit=5000)
        desk.now += 0.02
    assert len(desk.told) in (3, 4)
    assert "answers so far" in desk.told[0] and "of 5,000 requests left" in desk.told[0]
