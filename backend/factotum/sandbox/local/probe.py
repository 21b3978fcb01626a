"""Prove that this machine really isolates, by looking from inside, and say what to do when it does not.

The script needs bash alone. It reports facts; what they should be is judged here.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.profile import USER_ID

_SCRIPT = """
echo "user=$UID"
while read -r key value _; do
  case $key in CapEff:|CapBnd:|NoNewPrivs:|Seccomp:) echo "${key%:}=$value";; esac
done </proc/self/status
while IFS=: read -r name rest; do
  if [ -n "$rest" ]; then echo "interface=${name// /}"; fi
done </proc/net/dev
for path in CANARY /sys/kernel; do if [ -e "$path" ]; then echo "visible=$path"; fi; done
for place in / /usr /etc /dev /proc/sys/kernel; do
  if (: >"$place/factotum-probe") 2>/dev/null; then echo "writable=$place"; fi
done
if (: >"$HOME/probe" && : >/workspace/probe && : >/tmp/probe) 2>/dev/null; then echo "own=writable"; fi
if unshare --user true 2>/dev/null; then echo "namespaces=nested"; fi
python3 -c 'print("python=works")' || true
"""
_EXPECTED = {
    "user": {str(USER_ID)},
    "CapEff": {"0" * 16},
    "CapBnd": {"0" * 16},
    "NoNewPrivs": {"1"},
    "Seccomp": {"2"},
    "interface": {"lo"},
    "own": {"writable"},
}
_FORBIDDEN = ("visible", "writable", "namespaces")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why commands cannot be isolated here, and what to do."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}"


def probe_script(hidden: Path) -> str:
    """Return the script; `hidden` is a path of the host that must not be there inside."""
    return _SCRIPT.replace("CANARY", shlex.quote(str(hidden)))


def judge(output: str, *, needs_python: bool) -> Refusal | None:
    """Return why the facts that the script reported are not good enough, or None."""
    facts: dict[str, set[str]] = {}
    for line in output.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            facts.setdefault(name, set()).add(value)
    wrong = [name for name, values in _EXPECTED.items() if facts.get(name, set()) != values]
    wrong += [f"{name} {sorted(facts[name])}" for name in _FORBIDDEN if name in facts]
    if wrong:
        return Refusal(
            f"A trial sandbox was not closed: {', '.join(wrong)}.",
            "Commands are not run here. Please report this with the output of `factotum doctor`.",
        )
    if needs_python and facts.get("python") != {"works"}:
        return Refusal(
            "The sandbox's Python does not start inside the sandbox.",
            "Make it again with `make setup`, readable for everyone, or set FACTOTUM_SANDBOX_PYTHON.",
        )
    return None


def diagnose(said: str, read: Callable[[str], str | None] | None = None) -> Refusal:
    """Say why bwrap could not start, from what it said and the kernel's settings; `read` reads a setting."""
    setting = read or _setting
    for path, blocked, change in (
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ):
        if setting(path) == blocked:
            return Refusal(
                "User namespaces are switched off on this machine.", f"Run: sudo sysctl -w {change}"
            )
    if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" and re.search("denied|permitted", said):
        return Refusal(
            "AppArmor keeps unprivileged programs from making user namespaces.",
            "Run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or install bubblewrap's own "
            "AppArmor profile: sudo apt-get install bubblewrap apparmor-profiles",
        )
    if "mount proc" in said or "/proc" in said:
        return Refusal(
            "A fresh /proc cannot be mounted, as is usual inside a container.",
            "Start the container with --security-opt systempaths=unconfined "
            "--security-opt seccomp=unconfined, or use Daytona.",
        )
    if re.search("namespace|uid map|No permissions|not permitted", said):
        return Refusal(
            "The kernel, or the container that the service runs in, refuses new user namespaces.",
            "Start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, "
            "or use Daytona.",
        )
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    return Refusal(f"A trial sandbox did not start: {last[0]}.", "Run `factotum doctor` for the details.")


def _setting(path: str) -> str | None:
    try:
        return Path("/proc/sys", path).read_text().strip()
    except OSError:
        return None
