"""Attacks on the kernel. The same probe runs inside and, as the control, on the host, where it goes on."""

import asyncio
import errno
import json
import os
import platform
import sys
from pathlib import Path

import pytest

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.sandbox_conformance import chunks

PROBE = Path(__file__).with_name("kernel_probe.py")
ABSENT = {"20 clone3", "21 fsopen", "21 open_tree", "21 mount_setattr", "25 io_uring_setup"}
HARMLESS = {"getpid", "socket unix", "tty size", "personality query"}
# What the host does not refuse to anyone: here the two answers must differ.
WORKS_OUTSIDE = {"22 ptrace", "23 process_vm_readv", "24 keyctl", "personality"}

needs_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="a trick of x86-64 alone")


async def on_host(*arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", *arguments, stdout=asyncio.subprocess.PIPE, env={}
    )
    output, _ = await process.communicate()
    return output


@pytest.mark.attack(
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    control="harmless calls work inside; ptrace, process_vm_readv and keyctl work on the host",
)
async def test_20_to_28_system_calls(sandbox: LocalSandbox) -> None:
    await sandbox.write("probe.py", chunks(PROBE.read_bytes()), limit=99_999)
    result = await sandbox.exec("python3 probe.py")
    inside: dict[str, int] = json.loads(result.output)
    expected = {
        name: 0 if name in HARMLESS else errno.ENOSYS if name in ABSENT else errno.EPERM for name in inside
    }
    assert inside == expected
    outside: dict[str, int] = json.loads(await on_host(str(PROBE)))
    assert {name for name in WORKS_OUTSIDE if outside[name] == 0} == WORKS_OUTSIDE
    assert {name: outside[name] for name in HARMLESS} == dict.fromkeys(HARMLESS, 0)


MACHINE_CODE = """
import ctypes, mmap, sys
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex(sys.argv[1]))
run = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(run() > 0)
"""
GETPID_64 = "b8270000000f05c3"  # mov eax, 39; syscall; ret
GETPID_32 = "b814000000cd80c3"  # mov eax, 20; int 0x80; ret
GETPID_X32 = "b8270000400f05c3"  # mov eax, 0x40000027; syscall; ret


@pytest.mark.attack(33, control="the same machine code by the usual way in")
@needs_x86
async def test_33_foreign_abis(sandbox: LocalSandbox) -> None:
    await sandbox.write("abi.py", chunks(MACHINE_CODE.encode()), limit=9999)
    assert (await sandbox.exec(f"python3 abi.py {GETPID_64}")).output == b"True\n"
    for code in (GETPID_32, GETPID_X32):
        result = await sandbox.exec(f"python3 abi.py {code}")
        assert result.exit_code == 128 + 31, result.output  # SIGSYS
        assert b"True" not in result.output


@pytest.mark.attack(30, control="an own descriptor is inherited")
async def test_30_inherited_descriptors(sandbox: LocalSandbox, tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        result = await sandbox.exec(
            "exec 7</dev/null; ls /proc/self/fd; for p in /proc/[0-9]*; do ls -l $p/fd; done"
        )
    finally:
        os.close(held)
    text = result.output.decode()
    assert [name for name in text.split()[:5] if name.isdigit()] == ["0", "1", "2", "3", "7"]
    assert str(tmp_path) not in text
    assert "memfd" not in text


@pytest.mark.attack(8, 9, control="the same search finds a variable that the command was given")
async def test_08_09_the_services_environment(sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_SECRET", "squeamish-ossifrage")
    search = (
        "cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c 'squeamish[-]ossifrage'"
    )
    assert (await sandbox.exec(search)).output == b"0\n"
    # The first process is the supervisor: nobody inside may look into it.
    looked = await sandbox.exec(
        "exec 2>&1; cat /proc/1/environ /proc/1/maps; ls /proc/1/fd; ls /proc/self/fd >/dev/null && echo own"
    )
    assert looked.output.count(b"Permission denied") == 3
    assert looked.output.endswith(b"own\n")
    found = await sandbox.exec(search, environment={"OPERATOR_SECRET": "squeamish-ossifrage"})
    assert int(found.output) > 0
    processes = await sandbox.exec(f"ls -d /proc/[0-9]* | wc -l; ls /proc/{os.getpid()}/mem /proc/self/mem")
    assert int(processes.output.split()[0]) < 8
    assert b"/proc/self/mem" in processes.output.splitlines()


@pytest.mark.attack(31, 32, control="a harmless setting is read")
async def test_31_32_kernel_settings_and_control_groups(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec(
        "for file in sys/kernel/core_pattern sys/kernel/modprobe sysrq-trigger irq/default_smp_affinity; "
        "do echo 1 >/proc/$file && echo WROTE $file; done; ls /sys; "
        "find / -name release_agent -not -path '/proc/*/task/*' 2>/dev/null; "
        "mount -t cgroup none /tmp; cat /proc/kcore | head -c 1; cat /proc/sys/kernel/ostype"
    )
    text = result.output.decode()
    assert "WROTE" not in text
    assert "release_agent" not in text
    assert "No such file or directory" in text
    assert text.endswith("Linux\n")


@pytest.mark.attack(48, control="an own socket is found")
async def test_48_sockets_of_the_host(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec(
        "find / -type s 2>/dev/null; ls /var/run /run; "
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/tmp/s\")'; "
        "find / -type s 2>/dev/null"
    )
    assert result.output.split()[-1] == b"/tmp/s"
    assert result.output.count(b"/tmp/s") == 1
    assert b"docker" not in result.output


async def test_no_capability_is_left(provider: LocalSandboxProvider, sandbox: LocalSandbox) -> None:
    result = await sandbox.exec(
        "grep -E '^(Cap(Prm|Eff|Bnd|Amb)|Seccomp):' /proc/self/status | cut -f2; id -u; id -G"
    )
    assert result.output.split() == [b"0" * 16] * 4 + [b"2", b"1000", b"1000"]
    assert provider.limits_in_force["disk"] == "watched"
