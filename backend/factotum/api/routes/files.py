"""/v1/threads/{thread_id}/files: the workspace of a thread's project."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.convertors import PathConvertor, register_url_convertor

from factotum.api.dependencies import CallerIn, ContextIn, ThreadId
from factotum.api.downloads import DownloadResponse
from factotum.features.archive import archive_of
from factotum.features.files import File, FileList


class _FileConvertor(PathConvertor):
    """A path whose names may hold line breaks, as those of Linux may."""

    regex = "(?s:.*)"


register_url_convertor("file", _FileConvertor())

router = APIRouter(prefix="/v1/threads/{thread_id}/files", tags=["files"])
archives = APIRouter(tags=["files"])

FilePath = Annotated[str, Path(description="Relative to the workspace.")]
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@archives.get(
    "/v1/threads/{thread_id}/archive",
    operation_id="download_archive",
    summary="Download a folder as a zip",
    status_code=200,
    response_class=DownloadResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_archive(
    thread_id: ThreadId,
    caller: CallerIn,
    context: ContextIn,
    path: Annotated[str, Query(description="The folder, relative to the workspace.")] = ".",
) -> Response:
    """Download the workspace, or a folder of it, as one zip; links and `.factotum` are left out.

    413 `archive_too_large` past 10,000 entries or 1 GB.
    """
    return DownloadResponse(await archive_of(await context.files.folder(caller, thread_id, path), path))


@router.get("", operation_id="list_files", summary="List files")
async def list_files(
    thread_id: ThreadId,
    caller: CallerIn,
    context: ContextIn,
    path: Annotated[str, Query(description="The folder, relative to the workspace.")] = ".",
    recursive: Annotated[bool, Query(description="Also what is in its folders.")] = False,
) -> FileList:
    """List a folder of the workspace by path, at most 1000 entries.

    `.factotum`, where tools keep long outputs, is listed only when it is the folder that is asked for.
    """
    return await context.files.list(caller, thread_id, path, recursive=recursive)


@router.get(
    "/{path:file}",
    operation_id="download_file",
    summary="Download a file",
    status_code=200,
    response_class=DownloadResponse,
    responses={200: {"content": _BINARY}},
)
async def download_file(
    thread_id: ThreadId, path: FilePath, caller: CallerIn, context: ContextIn
) -> Response:
    """Download a file as it is."""
    return DownloadResponse(await context.files.read(caller, thread_id, path))


@router.put(
    "/{path:file}",
    status_code=201,
    operation_id="upload_file",
    summary="Upload a file",
    openapi_extra={"requestBody": {"content": _BINARY, "required": True}},
)
async def upload_file(
    thread_id: ThreadId, path: FilePath, caller: CallerIn, context: ContextIn, request: Request
) -> File:
    """Write a file whole, in place of one that is there, making its folders. The body is the file."""
    return await context.files.write(caller, thread_id, path, request.stream())


@router.delete("/{path:file}", status_code=204, operation_id="delete_file", summary="Delete a file")
async def delete_file(thread_id: ThreadId, path: FilePath, caller: CallerIn, context: ContextIn) -> None:
    """Delete a file, or a folder and all in it."""
    await context.files.delete(caller, thread_id, path)
