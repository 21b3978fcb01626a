"""The image of production sandboxes, as far as it can be checked without an engine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "docker/sandbox/Dockerfile").read_text()
INSTRUCTIONS = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE))


def instructions(name: str) -> list[str]:
    """Return what each instruction of a kind says."""
    return re.findall(rf"(?m)^{name}\s+(.+)$", INSTRUCTIONS)


def test_the_base_is_the_services_own_and_is_pinned() -> None:
    bases = [base.split()[0] for base in instructions("FROM")]
    service = re.findall(r"(?m)^FROM\s+(\S+)", (ROOT / "docker/Dockerfile").read_text())
    assert set(bases) <= set(service)
    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", base) for base in bases)


def test_the_agent_is_an_ordinary_user_who_stays_one() -> None:
    assert instructions("USER") == ["1000:1000"]
    assert INSTRUCTIONS.rindex("\nUSER") > INSTRUCTIONS.rindex("\nRUN")
    assert not re.search(r"\b(sudo|su-exec|gosu|NOPASSWD|doas)\b", INSTRUCTIONS)
    assert "-perm /6000 -exec chmod a-s" in INSTRUCTIONS
    assert "passwd --lock agent" in INSTRUCTIONS


def test_it_holds_no_secret_and_nothing_of_the_service() -> None:
    set_ = " ".join(instructions("ENV") + instructions("ARG"))
    assert not re.search(r"(KEY|TOKEN|PASSWORD|SECRET|_DSN|DATABASE_URL|REDIS_URL)", set_)
    copied = [source for copy in instructions("COPY") for source in copy.split()[:-1]]
    own = [source for source in copied if not source.startswith(("--", "/opt/"))]
    assert own == ["backend/scripts/poetry-requirements.txt", "backend/pyproject.toml", "backend/poetry.lock"]
    last = INSTRUCTIONS.rpartition("\nFROM ")[2]
    assert "PIP_INDEX_URL" not in last
    assert "MIRROR" not in last


@pytest.mark.parametrize(
    "package",
    [
        "bash",
        "chromium",
        "curl",
        "fonts-noto-cjk",
        "fonts-dejavu",
        "git",
        "jq",
        "nodejs",
        "npm",
        "poppler-utils",
        "procps",
        "ripgrep",
        "tini",
        "util-linux",
    ],
)
def test_the_agents_tools_are_in_it(package: str) -> None:
    installed = re.search(r"apt-get install -y --no-install-recommends (.+?)&&", INSTRUCTIONS)
    assert installed is not None
    assert package in installed[1].split()


def test_the_agents_packages_are_those_of_the_lock() -> None:
    assert "install --only sandbox --no-root" in INSTRUCTIONS
    assert "--require-hashes" in INSTRUCTIONS
    assert "rm -rf /var/lib/apt/lists/*" in INSTRUCTIONS


def test_what_the_bridge_needs_is_there() -> None:
    assert instructions("WORKDIR")[-1] == "/workspace"
    assert "install -d -o agent -g agent -m 0755 /workspace" in INSTRUCTIONS
    assert instructions("ENTRYPOINT") == ['["/usr/bin/tini", "--"]']
