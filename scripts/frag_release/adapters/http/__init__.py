"""All requests to servers: time limits, retries of reads, parallel requests, and each read only once."""

from __future__ import annotations

import concurrent.futures
import copy
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from ... import cancellation
from ...domain.evidence import Answer, Unknown
from ...errors import UsageError
from .messages import Failure, Request, Response, Unconfirmed, problem_with
from .retry import Deadline, pause_after, refusal

if TYPE_CHECKING:
    from .exchange import Exchange
    from .retry import RateLimiter


_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_WORKERS = 8
MOST_AT_ONCE = 60
"""Limit of concurrent requests. GitHub refuses more than 100, including those of other runs (docs: "Rate limits for
the REST API", secondary rate limits), and twenty components need more than that in one round."""
_FIND_OUT = "The outcome is unknown. Run it again: what exists already is detected first."
_T = TypeVar("_T")


class SingleFlight(Generic[_K, _V]):
    """Keeps the answer for each key; a second thread waits for the answer of the first."""

    def __init__(self) -> None:
        self._answers: dict[_K, Future[_V]] = {}
        self._lock = threading.Lock()

    def get(self, key: _K, ask: Callable[[], _V]) -> _V:
        """Return the answer for `key`, which `ask` gives the first time. An exception is kept, too."""
        with self._lock:
            answer = self._answers.get(key)
            first = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
        if first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def put(self, key: _K, value: _V) -> None:
        """Keep an answer that came with another one, unless there is one already."""
        self.get(key, lambda: value)


class Http:
    """Sends requests until `deadline`; safe to use from several threads at once.

    `ca_file` names certificates (PEM) to trust instead of the usual ones; raises UsageError if it cannot be read.
    `sleep` waits a number of seconds. Proxies are those of the environment. A `limiter` is for long series of requests.
    """

    def __init__(
        self,
        deadline: Deadline,
        ca_file: str = "",
        sleep: Callable[[float], None] = cancellation.sleep,
        limiter: RateLimiter | None = None,
    ) -> None:
        self._deadline = deadline
        self._sleep = sleep
        self._limiter = limiter
        self._exchange = _trusting_exchange(ca_file) if ca_file else None
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(MOST_AT_ONCE)

    def send(self, request: Request) -> Answer[Response]:
        """Return the response with any status below 500, or why there is no usable one.

        Broken connections, 5xx and rate limits are retried if the required wait fits into the remaining time. An
        `Unknown` contains neither credentials nor queries nor bodies.

        A write is sent once: without an answer below 500 it is `Unconfirmed`, as it may have been done. Any other
        `Unknown` means that it certainly was not.
        """
        problem = problem_with(request.url)
        if problem:
            return Unknown(f"the address of {request.what} {problem}", "Correct the address.")
        if request.writes:
            return self._write(request)
        for attempt in range(request.tries):
            outcome = self._ask_in_turn(request)
            pause = pause_after(outcome, attempt, time.time())
            if pause is None or attempt == request.tries - 1 or pause >= self._deadline.remaining():
                break
            self._sleep(pause)
        if isinstance(outcome, Failure):
            return outcome.unknown
        return refusal(outcome, request, time.time()) or outcome

    def with_deadline(self, seconds: float) -> Http:
        """The same connections with `seconds` from now, for requests that remain when time is up."""
        other = copy.copy(self)
        other._deadline = Deadline(seconds)
        other._turns = threading.Semaphore(MOST_AT_ONCE)
        return other

    def pause(self, seconds: float) -> bool:
        """Wait `seconds` if they fit into the remaining time; return whether they did."""
        if seconds >= self._deadline.remaining():
            return False
        self._sleep(seconds)
        return True

    def parallel(self, calls: Sequence[Callable[[], _T]]) -> list[_T]:
        """Run independent calls concurrently; the answers keep their order."""
        if len(calls) < 2:
            return [call() for call in calls]
        with concurrent.futures.ThreadPoolExecutor(min(len(calls), _WORKERS)) as pool:
            return [asked.result() for asked in [pool.submit(call) for call in calls]]

    def _write(self, request: Request) -> Answer[Response]:
        outcome = self._ask(request)
        if isinstance(outcome, Failure):
            why = outcome.unknown
            return why if outcome.undone else Unconfirmed(why.reason, _FIND_OUT)
        refused = refusal(outcome, request, time.time())
        if refused and outcome.status >= 500:
            # The server may have failed after the write; a rate limit refuses before it.
            return Unconfirmed(refused.reason, _FIND_OUT)
        return refused or outcome

    def _ask_in_turn(self, request: Request) -> Response | Failure:
        if self._limiter is None:
            return self._ask(request)
        turn = self._limiter.wait(request, self._deadline.remaining())
        if isinstance(turn, Unknown):
            return Failure(turn, transient=False)
        if turn:
            self._sleep(turn)
        outcome = self._ask(request)
        if isinstance(outcome, Response):
            self._limiter.learn(request, outcome)
        return outcome

    def _ask(self, request: Request) -> Response | Failure:
        """Send a request once, in a thread that can be abandoned.

        Socket time-outs restart with every byte, so that a slow server could take forever. Raises Cancelled if the run
        is cancelled; for a write under way it first waits a moment longer.
        """
        if not self._turns.acquire(timeout=self._deadline.remaining()):
            return Failure(_out_of_time(request), transient=False, undone=True)
        try:
            return self._ask_now(request)
        finally:
            self._turns.release()

    def _ask_now(self, request: Request) -> Response | Failure:
        cancellation.check()
        seconds = min(request.seconds, self._deadline.remaining())
        if seconds <= 0:
            return Failure(_out_of_time(request), transient=False, undone=True)
        answer: concurrent.futures.Future[Response | Failure] = concurrent.futures.Future()
        threading.Thread(target=self._fulfil, args=(answer, request, seconds), daemon=True).start()
        if cancellation.is_done(answer, seconds, cancellation.WRITE_SECONDS if request.writes else 0.0):
            outcome = answer.result()
        else:
            reason = f"{request.host} took over {seconds:.0f} s to answer when asked for {request.what}"
            outcome = Failure(Unknown(reason))
        if isinstance(outcome, Failure) and outcome.transient and self._deadline.expired:
            return Failure(_out_of_time(request), transient=False)
        return outcome

    def _fulfil(self, answer: concurrent.futures.Future[Response | Failure], request: Request, seconds: float) -> None:
        try:
            answer.set_result(self._connected()(request, seconds))
        except BaseException as error:  # an error of ours belongs to the requesting thread
            answer.set_exception(error)

    def _connected(self) -> Exchange:
        with self._lock:
            if self._exchange is None:
                from .exchange import Exchange

                self._exchange = Exchange()
            return self._exchange


def _out_of_time(request: Request) -> Unknown:
    return Unknown(
        f"the time for gathering evidence was over before {request.host} answered the request for {request.what}",
        "Run this again, or raise timeout-seconds.",
    )


def _trusting_exchange(file: str) -> Exchange:
    import ssl

    from .exchange import Exchange

    try:
        return Exchange(file)
    except OSError as error:  # an SSLError is one, too
        why = error.strerror if not isinstance(error, ssl.SSLError) else "it contains no certificate in PEM form"
        remedy = "Name a file of certificates in PEM form, or leave ca-file empty."
        raise UsageError(f"The file that ca-file names cannot be used: {why}.", remedy) from error
