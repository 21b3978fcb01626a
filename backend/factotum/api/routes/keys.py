"""/v1/keys: for people; a key opens none of it (api/auth.py)."""

from fastapi import APIRouter

from factotum.api.dependencies import CallerIn, ContextIn, KeyId
from factotum.features.keys import KeyList, MadeKey, NewKey

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@router.post("", status_code=201, operation_id="create_key", summary="Make an API key")
async def create_key(body: NewKey, caller: CallerIn, context: ContextIn) -> MadeKey:
    """Make a key for a program. `key` is shown this once: only its hash is stored."""
    return await context.keys.create(caller, body)


@router.get("", operation_id="list_keys", summary="List API keys")
async def list_keys(caller: CallerIn, context: ContextIn) -> KeyList:
    """List the keys that were not revoked, newest first, without the keys themselves."""
    return await context.keys.list(caller)


@router.delete("/{key_id}", status_code=204, operation_id="revoke_key", summary="Revoke an API key")
async def revoke_key(key_id: KeyId, caller: CallerIn, context: ContextIn) -> None:
    """End a key within seconds: yours, or as owner or admin any of the account. What it began goes on."""
    await context.keys.revoke(caller, key_id)
