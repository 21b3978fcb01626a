"""Calls of other services over loopback: deadlines, bounds, safe retries, breakers, redaction."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from factotum.clients.faults import ServiceFault, ServiceRules
from factotum.clients.service import Bounds, CallRecord, Outbound, Request, Service
from factotum.clients.transport import retry_after
from factotum.core.breaker import Breakers
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb, Page, json_answer

KEY = "key-7f1d9b2c4e6a8f0b"
READ = Request("GET", "/read", {"q": "a b"}, idempotent=True)


def service(web: LoopbackWeb, **bounds: float) -> Service:
    """Return a service whose key is `KEY`."""
    return Service(
        "shop",
        web.root,
        {"Authorization": SecretStr(f"Bearer {KEY}")},
        Bounds(**{"total_seconds": 5.0, **bounds}),  # pyright: ignore[reportArgumentType] - the test's own
    )


def answers(*statuses: int, headers: dict[str, str] | None = None) -> Page:
    """Answer with each status in turn, the last one from then on."""
    left = list(statuses)

    async def page(_request: HttpRequest, answer: Answer) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        await json_answer(answer, {"said": f"your key is {KEY}"}, status, headers if status >= 400 else None)

    return page


async def fault_of(outbound: Outbound, called: Service, request: Request = READ) -> ServiceFault:
    """Return what the call fails with."""
    with pytest.raises(ServiceFault) as raised:
        await outbound.call(called, request)
    return raised.value


async def test_a_call_sends_its_key_and_reads_the_answer() -> None:
    records: list[CallRecord] = []

    async def note(record: CallRecord) -> None:
        records.append(record)

    outbound = Outbound(on_call=note)
    async with LoopbackWeb({"GET /read": answers(200)}) as web:
        reply = await outbound.call(service(web), READ)
        await outbound.aclose()
    assert reply.json() == {"said": f"your key is {KEY}"}
    assert reply.media_type == "application/json"
    (request,) = web.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.query == "q=a+b"
    assert [(each.service, each.outcome, each.attempts) for each in records] == [("shop", "ok", 1)]


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_only_what_may_be_sent_twice_is_sent_again(status: int) -> None:
    outbound = Outbound()
    pages = {"GET /read": answers(status, status, 200), "POST /write": answers(status, 200)}
    async with LoopbackWeb(pages) as web:
        assert (await outbound.call(service(web), READ)).status == 200
        assert len(web.requests) == 3
        fault = await fault_of(outbound, service(web), Request("POST", "/write", body={"a": 1}))
        await outbound.aclose()
    assert len(web.requests) == 4
    assert fault.status == status
    assert web.requests[-1].body == b'{"a":1}'


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "service_unauthorized"),
        (403, "service_unauthorized"),
        (404, "service_not_found"),
        (400, "service_refused"),
        (302, "service_refused"),
    ],
)
async def test_a_refusal_is_told_once_and_without_the_key(
    status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "factotum")
    outbound = Outbound(breakers=Breakers(ServiceRules(), threshold=1))
    async with LoopbackWeb({"/read": answers(status, headers={"location": "http://127.0.0.1:1/"})}) as web:
        await fault_of(outbound, service(web))
        fault = await fault_of(outbound, service(web))
        assert fault.stable_code == code
        await outbound.aclose()
    assert len(web.requests) == 2
    assert "your key is [redacted]" in fault.message
    assert KEY not in fault.message + fault.hint + caplog.text + repr(service(web))


async def test_retry_after_is_honoured_and_too_long_a_wait_is_told() -> None:
    outbound = Outbound()
    pages = {"/read": answers(429, 200, headers={"retry-after": "1"}),
             "/later": answers(503, 200, headers={"retry-after": "3600"})}  # fmt: skip
    async with LoopbackWeb(pages) as web:
        began = asyncio.get_running_loop().time()
        await outbound.call(service(web), READ)
        assert asyncio.get_running_loop().time() - began >= 1
        fault = await fault_of(outbound, service(web), Request("GET", "/later", idempotent=True))
        await outbound.aclose()
    assert fault.retry_after_seconds == 3600
    assert len(web.requests) == 3


async def test_no_call_outlives_its_deadline_or_reads_past_its_bound() -> None:
    async def silent(_request: HttpRequest, answer: Answer) -> None:
        await answer.wait(None)

    async def drips(_request: HttpRequest, answer: Answer) -> None:
        await answer.start(200, {})
        while True:
            await answer.send(b"x")
            await answer.wait(0.05)

    async def floods(_request: HttpRequest, answer: Answer) -> None:
        await answer.start(200, {})
        while True:
            await answer.send(b"x" * 65536)

    outbound = Outbound()
    async with LoopbackWeb({"/silent": silent, "/drips": drips, "/floods": floods}) as web:
        for path in ("/silent", "/drips"):
            began = asyncio.get_running_loop().time()
            fault = await fault_of(outbound, service(web, total_seconds=0.4), Request("GET", path))
            assert fault.stable_code == "service_timeout"
            assert asyncio.get_running_loop().time() - began < 3
        fault = await fault_of(outbound, service(web, answer_bytes=100_000), Request("GET", "/floods"))
        await outbound.aclose()
    assert fault.stable_code == "service_too_large"


async def test_a_service_that_is_away_rests_and_can_be_woken() -> None:
    outbound = Outbound(breakers=Breakers(ServiceRules(), threshold=2, rest_seconds=60))
    async with LoopbackWeb({"/read": answers(200)}) as web:
        away = Service("shop", "http://127.0.0.1:1")
        request = Request("GET", "/read")
        assert [(await fault_of(outbound, away, request)).kind for _ in range(3)] == [
            "unreachable", "unreachable", "resting",
        ]  # fmt: skip
        assert (await fault_of(outbound, service(web), request)).kind == "resting"
        assert web.requests == []
        assert outbound.breakers.reset("shop")
        assert not outbound.breakers.reset("nobody")
        assert (await outbound.call(service(web), request)).status == 200
        await outbound.aclose()


async def test_a_call_that_is_given_up_leaves_the_trial_to_the_next() -> None:
    came = asyncio.Event()

    async def silent(_request: HttpRequest, answer: Answer) -> None:
        came.set()
        await answer.wait(None)

    outbound = Outbound(breakers=Breakers(ServiceRules(), threshold=1, rest_seconds=0))
    request = Request("GET", "/read")
    async with LoopbackWeb({"/read": silent}) as web:
        await fault_of(outbound, Service("shop", "http://127.0.0.1:1"), request)
        trial = asyncio.create_task(outbound.call(service(web), request))
        await came.wait()
        trial.cancel()
        await asyncio.wait([trial])
        web.pages["/read"] = answers(200)
        assert (await outbound.call(service(web), request)).status == 200
        await outbound.aclose()


async def test_an_answer_that_is_not_json_and_an_address_that_is_none() -> None:
    async def words(_request: HttpRequest, answer: Answer) -> None:
        await answer.whole(200, b"<html>", {"content-type": "text/html; charset=utf-8"})

    outbound = Outbound()
    async with LoopbackWeb({"/read": words}) as web:
        reply = await outbound.call(service(web), READ)
        assert reply.media_type == "text/html"
        with pytest.raises(ServiceFault, match="not JSON"):
            reply.json()
    assert (await fault_of(outbound, Service("odd", "no-scheme"), READ)).kind == "unreachable"
    await outbound.aclose()


def test_retry_after_is_read_in_both_of_its_forms() -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert retry_after({"retry-after": "2.5"}) == 2.5
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT"}, now) == 60
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 11:00:00 -0000"}, now) == 0
    for nonsense in ("", "soon", "nan", "inf"):
        assert retry_after({"retry-after": nonsense}) is None
