"""/v1/secrets: what programs in sandboxes can use and nobody can read."""

from typing import Annotated

from fastapi import APIRouter, Path

from factotum.api.dependencies import CallerIn, ContextIn
from factotum.features.secrets import SecretChange, SecretList
from factotum.store.secrets import Secret

router = APIRouter(prefix="/v1/secrets", tags=["secrets"])

SecretName = Annotated[str, Path(description="Like a variable of the environment: `GITHUB_TOKEN`.")]


@router.get("", operation_id="list_secrets", summary="List secrets")
async def list_secrets(caller: CallerIn, context: ContextIn) -> SecretList:
    """List your secrets by name, where each may go, and when it was last used; never a value.

    501 `secrets_off`, here and for the others, where the service has no key to keep them under.
    """
    return await context.secrets.list(caller)


@router.put("/{name}", operation_id="put_secret", summary="Set a secret")
async def put_secret(name: SecretName, body: SecretChange, caller: CallerIn, context: ContextIn) -> Secret:
    """Set a secret, or with no `value` only the hosts of one that is there. Runs have it from the next on."""
    return await context.secrets.put(caller, name, body)


@router.delete("/{name}", status_code=204, operation_id="delete_secret", summary="Delete a secret")
async def delete_secret(name: SecretName, caller: CallerIn, context: ContextIn) -> None:
    """Forget a secret. Runs that are under way keep its use until they end."""
    await context.secrets.delete(caller, name)
