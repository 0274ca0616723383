"""Content inside a page instead of beside it."""

from __future__ import annotations

import base64


def address(kind: str, content: bytes) -> str:
    """Content as a data address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
