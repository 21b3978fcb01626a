"""Deployments: noted and taken away by workers, listed and withdrawn by tenants."""

from builtins import list as list_of

from factotum.core.errors import Conflict, NotFound
from factotum.store.records import Deployment, WithdrawnSite
from factotum.store.tx import Tx

MOST_OF_PROJECT = 20
_COLUMNS = "id, project_id, name, target, address, files, size_bytes, created_at, deployed_at"


class Deployments:
    """Queries on deployments: the first two and the last three in a system transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def begin(self, deployment_id: str, project_id: str, name: str, target: str) -> None:
        """Note one that is about to be made, or made anew.

        Raises Conflict (`deployments_full`); NotFound (`run_not_found`) where no run of the project works.
        """
        run = await self._tx.one(
            """
select account_id from factotum.runs where project_id = %s and status in ('running', 'stopping') limit 1""",
            (project_id,),
        )
        if run is None:
            raise NotFound("No run of this project is at work.", code="run_not_found")
        held = await self._tx.one(
            "select count(*) as number from factotum.deployments where project_id = %s and id <> %s",
            (project_id, deployment_id),
        )
        if held is not None and held["number"] >= MOST_OF_PROJECT:
            raise Conflict(
                f"This project has {MOST_OF_PROJECT} deployments, as many as it may have.",
                hint="Use the name of one of them, or let the person withdraw one.",
                code="deployments_full",
            )
        await self._tx.run(
            """
insert into factotum.deployments (id, account_id, project_id, name, target) values (%s, %s, %s, %s, %s)
on conflict (id) do update set withdrawn_at = null""",
            (deployment_id, run["account_id"], project_id, name, target),
        )

    async def done(self, deployment_id: str, *, address: str, files: int, size: int) -> None:
        """Note what it shows now."""
        await self._tx.run(
            """
update factotum.deployments
set address = %s, files = %s, size_bytes = %s, deployed_at = clock_timestamp(), withdrawn_at = null
where id = %s""",
            (address, files, size, deployment_id),
        )

    async def list(self, project_id: str) -> list_of[Deployment]:
        """Return what a project shows, the newest first."""
        rows = await self._tx.all(
            f"""
select {_COLUMNS} from factotum.deployments
where project_id = %s and withdrawn_at is null and deployed_at is not null
order by deployed_at desc, id limit %s""",
            (project_id, MOST_OF_PROJECT),
        )
        return [Deployment.model_validate(row) for row in rows]

    async def withdraw(self, project_id: str, deployment_id: str) -> WithdrawnSite:
        """Mark one as to be taken away. Raises NotFound (`deployment_not_found`), Forbidden."""
        row = await self._tx.one(
            """
update factotum.deployments set withdrawn_at = clock_timestamp()
where id = %s and project_id = %s and withdrawn_at is null returning id, project_id, name, target""",
            (deployment_id, project_id),
        )
        if row is None:
            missing = NotFound("There is no such deployment.", code="deployment_not_found")
            seen = [each for each in await self.list(project_id) if each.id == deployment_id]
            raise await self._tx.refusal("deployments", deployment_id, missing) if seen else missing
        return WithdrawnSite.model_validate(row)

    async def to_take_away(self, limit: int) -> list_of[WithdrawnSite]:
        """Return some that were withdrawn, or whose project was deleted."""
        rows = await self._tx.all(
            """
select id, project_id, name, target from factotum.deployments where withdrawn_at is not null
    or exists (select from factotum.deleted_projects
        where deleted_projects.project_id = deployments.project_id)
order by id limit %s""",
            (limit,),
        )
        return [WithdrawnSite.model_validate(row) for row in rows]

    async def forget(self, deployment_id: str) -> None:
        """Forget one that was taken away, unless it was made anew meanwhile."""
        await self._tx.run(
            """
delete from factotum.deployments where id = %s and (withdrawn_at is not null
    or exists (select from factotum.deleted_projects
        where deleted_projects.project_id = deployments.project_id))""",
            (deployment_id,),
        )
