"""The chaos suite: people give tasks while everything is killed; then every history is checked.

python -m chaos --faults 500 --people 6 --seed 1 --json chaos.json

Exits with 1 when a law was broken, and leaves the evidence in a folder that it names. The seed decides which
faults come, in which order and whom they hit; what a run is doing at that moment is the machine's.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from chaos.cluster import Cluster
from chaos.evidence import as_json
from chaos.plan import WEIGHTS, plan
from chaos.suite import Options, Suite
from chaos.table import show


def main() -> int:
    """Run the suite; return 0 when every law held."""
    arguments = _arguments()
    options = Options(
        seed=arguments.seed,
        faults=plan(arguments.seed, arguments.faults, each=arguments.each, only=arguments.only),
        people=arguments.people,
        apis=arguments.apis,
        workers=arguments.workers,
        lease_seconds=arguments.lease,
        evidence=arguments.evidence
        or Path(tempfile.gettempdir()) / f"chaos-{arguments.seed}-{time.strftime('%Y%m%d-%H%M%S')}",
        keep=arguments.keep,
    )
    report = asyncio.run(run(options))
    if arguments.json:
        arguments.json.write_text(as_json(report))
    show(report)
    return 1 if report["complaints"] or report["unclean"] else 0


async def run(options: Options) -> dict[str, Any]:
    """Run the suite in a cluster of its own, which is gone afterwards; return the report."""
    folder = Path(tempfile.mkdtemp(prefix="ftc-"))
    folder.chmod(0o711)
    try:
        async with Cluster(
            folder, apis=options.apis, workers=options.workers, lease_seconds=options.lease_seconds
        ) as cluster:
            return await Suite(cluster, options).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--each", type=int, default=0, help="instead: every kind of fault so many times")
    parser.add_argument("--only", nargs="*", default=(), choices=list(WEIGHTS), help="these kinds alone")
    parser.add_argument("--people", type=int, default=6, help="how many give tasks at any time")
    parser.add_argument("--apis", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--lease", type=float, default=15.0, help="seconds; the service's default is 15")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write all that was found")
    parser.add_argument("--evidence", type=Path, help="where a failure leaves its evidence")
    parser.add_argument("--keep", action="store_true", help="leave evidence also when all is well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
