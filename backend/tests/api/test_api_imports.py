"""What the API's process never imports by starting: seconds and megabytes that only a worker needs."""

import json
import subprocess
import sys

HEAVY = {
    "aiohttp",
    "alembic",
    "factotum.agent.loop",
    "factotum.llm.litellm_gateway",
    "factotum.llm.local_probe",
    "httpx",
    "litellm",
    "mcp",
    "openai",
    "procrastinate",
    "rich",
    "sqlalchemy",
    "tenacity",
    "typer",
}


def test_the_api_imports_nothing_that_only_a_worker_needs() -> None:
    program = "import json, sys, factotum.api.main; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    imported = set(json.loads(done.stdout))
    assert "factotum.api.routes.runs" in imported
    assert imported & HEAVY == set()
