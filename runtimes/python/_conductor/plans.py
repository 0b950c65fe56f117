"""The Plans of this build, for a sidecar that does not have them: it draws runs by them.

It deliberately reads nothing of them.
"""

from pathlib import Path

FILE = Path(__file__).parent.parent / "plans.json"
"""What the compiler wrote beside the generated code."""


def text() -> str | None:
    """All of them, as JSON in one line; `None` where the package came without the file."""
    try:
        return FILE.read_text(encoding="utf-8").replace("\n", " ")
    except (OSError, ValueError):
        return None
