"""The gunicorn worker: uvicorn, draining. Kept apart, since only gunicorn may import gunicorn's parts."""

import sys

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from factotum.api.serving import SERVER_OPTIONS, ApiServer


class ApiWorker(UvicornWorker):
    """The gunicorn worker that docker/gunicorn.conf.py names."""

    CONFIG_KWARGS = UvicornWorker.CONFIG_KWARGS | SERVER_OPTIONS

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = ApiServer(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
