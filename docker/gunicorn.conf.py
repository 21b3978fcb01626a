"""How gunicorn runs the API: a worker a CPU, short time-outs (long work is a run, not a request), recycling.

The times fit together: a worker ends its streams in less than `graceful_timeout` (see ApiWorker), and the
platform's kill time-out (fly.*.toml, docker-compose.yml) is longer than that.
"""

import os
from pathlib import Path


def available_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many CPUs this container may use: those it is pinned to, or fewer by its cgroup's quota."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text()
        if quota.strip() not in {"max", "-1"}:
            cpus = min(cpus, int(quota) // int(period))
    except (OSError, ValueError):
        pass
    return max(1, cpus)


# The platform's own variables, not settings of ours.
environment = os.environ  # noqa: TID251 - gunicorn reads this file before there are settings
bind = f"0.0.0.0:{environment.get('PORT') or '8000'}"
workers = int(environment.get("WEB_CONCURRENCY") or available_cpus())
worker_class = "factotum.api.server.ApiWorker"
# The workers' heartbeat files: on a disk, a slow write looks like a hanging worker.
worker_tmp_dir = "/dev/shm"
# LiteLLM's native threads do not survive a fork.
preload_app = False
control_socket_disable = True

timeout = 90
graceful_timeout = 30
keepalive = 5
max_requests = 200_000
max_requests_jitter = 40_000

accesslog = None
errorlog = "-"
