"""`python -m console.api`: the OpenAPI document, from which the front end's types are made."""

import json

from console.api.app import create_app


def document() -> str:
    """The document as the repository keeps it."""
    return json.dumps(create_app("").openapi(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    print(document(), end="")
