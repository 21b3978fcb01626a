"""What a model is told of the parameters of the tools for files, images and Python."""

from factotum.tools.builtin import builtin_registry

NAMES = (
    "append_file",
    "edit_file",
    "find_files",
    "move_file",
    "run_python",
    "search_files",
    "see_image",
    "unzip_file",
    "zip_files",
)


_SCHEMAS: dict[str, object] = {
    "append_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "content": {
                "description": "The text to add, exactly as it shall be; no line break is put before it.",
                "minLength": 1,
                "type": "string",
            },
        },
        "required": ["path", "content"],
        "type": "object",
    },
    "edit_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "diff": {
                "description": "The hunks, each after a line `@@ -3,4 +3,5 @@`. A line "
                "number may be off by up to 200; `@@` alone looks in the "
                "whole file.",
                "minLength": 1,
                "type": "string",
            },
        },
        "required": ["path", "diff"],
        "type": "object",
    },
    "find_files": {
        "additionalProperties": False,
        "properties": {
            "pattern": {
                "description": "The glob, relative to path: `*`, `?`, `[…]` in a name, "
                "`**` for any folders. Without `/` it is for names, in all "
                "folders.",
                "maxLength": 1000,
                "minLength": 1,
                "type": "string",
            },
            "path": {
                "default": ".",
                "description": "The folder to look in, relative to the workspace.",
                "type": "string",
            },
        },
        "required": ["pattern"],
        "type": "object",
    },
    "move_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "What to move, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "target": {
                "description": "Its new path, name included.",
                "minLength": 1,
                "type": "string",
            },
        },
        "required": ["path", "target"],
        "type": "object",
    },
    "run_python": {
        "additionalProperties": False,
        "properties": {
            "code": {
                "description": "What to run. numpy, pandas, matplotlib and pillow are there.",
                "maxLength": 200000,
                "minLength": 1,
                "type": "string",
            },
            "timeout_seconds": {
                "default": 120,
                "description": "When to end it.",
                "maximum": 600,
                "minimum": 1,
                "type": "integer",
            },
        },
        "required": ["code"],
        "type": "object",
    },
    "search_files": {
        "additionalProperties": False,
        "properties": {
            "pattern": {
                "description": "An extended regular expression, for one line.",
                "maxLength": 1000,
                "minLength": 1,
                "type": "string",
            },
            "path": {
                "default": ".",
                "description": "The folder or file to look in, relative to the workspace.",
                "type": "string",
            },
            "names": {
                "default": "",
                "description": "A glob for the names of files to look in; empty for all.",
                "maxLength": 200,
                "type": "string",
            },
        },
        "required": ["pattern"],
        "type": "object",
    },
    "see_image": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            }
        },
        "required": ["path"],
        "type": "object",
    },
    "unzip_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The archive, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "folder": {
                "default": "",
                "description": "The folder, new or empty; left out, it is named after the archive.",
                "type": "string",
            },
        },
        "required": ["path"],
        "type": "object",
    },
    "zip_files": {
        "additionalProperties": False,
        "properties": {
            "paths": {
                "description": "What to pack, relative to the workspace; folders with all in them.",
                "items": {"minLength": 1, "type": "string"},
                "maxItems": 200,
                "minItems": 1,
                "type": "array",
            },
            "target": {
                "description": "The archive, relative to the workspace; it must not exist yet.",
                "minLength": 1,
                "type": "string",
            },
        },
        "required": ["paths", "target"],
        "type": "object",
    },
}


def test_their_schemas() -> None:
    assert {name: dict(builtin_registry().get(name).schema) for name in NAMES} == _SCHEMAS
