"""A supervisor that was taken over: whatever it says or leaves out, the service ends it and goes on."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from factotum.sandbox.local import box as box_module
from factotum.sandbox.local.box import Box, End, Task
from factotum.sandbox.local.launch import Running

PRELUDE = """
import os, socket, sys, time
control = socket.socket(fileno=int(sys.argv[1]))
def order():
    return control.recv(1 << 20).split(b"\\0")
"""
DEVNULL = Task("command", "/", 0, {}, ())


def taken_over(script: str) -> Running:
    """Start a process that speaks for the sandbox."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", PRELUDE + script, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    theirs.close()
    pidfds = [os.pidfd_open(process.pid) for _ in range(2)]
    return Running(process, process.pid, pidfds[0], pidfds[1], ours)


async def make(script: str) -> Box:
    running = await asyncio.to_thread(taken_over, script)
    return Box(running, ThreadPoolExecutor(1))


@pytest.mark.parametrize(
    "lie",
    [
        'b"nonsense"',
        'b"ended\\0" + name + b"\\0" + b"256"',
        'b"ended\\0" + name + b"\\0" + b"-1"',
        'b"ended\\0other\\x000"',
        'b"ended\\0" + name + b"\\x000\\x000"',
        'b"ended\\0" + name + b"\\0" + b"0" * 60000',
        'b"refused\\0" + name + b"\\0" + b"<script>"',
        'b"\\xff" * 100',
    ],
)
async def test_a_lie_ends_the_sandbox(lie: str) -> None:
    box = await make(f"name = order()[1]\ncontrol.send({lie})\ntime.sleep(100)")
    job = await box.run(DEVNULL)
    assert await asyncio.wait_for(job.ended, 20) == End()
    await asyncio.wait_for(box.gone, 20)
    assert not box.alive
    assert await asyncio.wait_for((await box.run(DEVNULL)).ended, 5) == End()


async def test_the_truth_is_taken() -> None:
    box = await make(
        'control.send(b"ended\\0" + order()[1] + b"\\x007")\n'
        'control.send(b"refused\\0" + order()[1] + b"\\0EAGAIN")\norder()'
    )
    assert await asyncio.wait_for((await box.run(DEVNULL)).ended, 20) == End(7)
    assert await asyncio.wait_for((await box.run(DEVNULL)).ended, 20) == End(refusal="EAGAIN")
    box.kill()
    await box.gone
    box.kill()


async def test_an_answer_given_twice_ends_it() -> None:
    box = await make('name = order()[1]\nwhile True: control.send(b"ended\\0" + name + b"\\x000")')
    assert await asyncio.wait_for((await box.run(DEVNULL)).ended, 20) == End(0)
    await asyncio.wait_for(box.gone, 20)


async def test_silence_after_a_kill_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_module, "_KILL_SECONDS", 0.2)
    box = await make("while True: order()")
    job = await box.run(DEVNULL)
    began = time.monotonic()
    assert await asyncio.wait_for(box.end(job), 20) == End()
    assert time.monotonic() - began < 10
    await box.gone


async def test_one_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_module, "_SEND_SECONDS", 0.2)
    box = await make("time.sleep(100)")
    long = Task("command", "/", 0, {}, (), "x" * 30_000)

    async def fill() -> None:
        while box.alive:
            await box.run(long)

    await asyncio.wait_for(fill(), 30)
    await box.gone


async def test_descriptors_from_inside_are_not_taken() -> None:
    box = await make(
        "import array\nname = order()[1]\nfor _ in range(50):\n"
        '    control.sendmsg([b"ended\\0" + name + b"\\x000"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, '
        'array.array("i", [0] * 20))])\n    name = order()[1]'
    )
    await asyncio.wait_for((await box.run(DEVNULL)).ended, 20)
    before = len(await asyncio.to_thread(os.listdir, "/proc/self/fd"))
    for _ in range(20):
        assert await asyncio.wait_for((await box.run(DEVNULL)).ended, 20) == End(0)
    assert len(await asyncio.to_thread(os.listdir, "/proc/self/fd")) <= before + 1
    box.kill()
    await box.gone
