"""Rows of a measurement: a figure, its bound, and whether that held; kept for the report of all of them."""

import json
import time
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parent.parent / "target" / "bench" / "parts"


class Rows:
    """`keep` leaves them for `rivals/report.py` under the name of their part. Some parts print in their own way."""

    def __init__(self, part: str = "", is_shown: bool = True) -> None:
        self.part, self.is_shown, self.missed = part, is_shown, 0
        self.rows: list[dict[str, Any]] = []

    def most(self, what: str, figure: float, bound: float, unit: str, beside: str = "") -> None:
        """A figure that is to be no larger."""
        self._add(what, figure, f"at most {bound:g}", unit, figure <= bound, beside)

    def least(self, what: str, figure: float, bound: float, unit: str, beside: str = "") -> None:
        """A figure that is to be no smaller."""
        self._add(what, figure, f"at least {bound:g}", unit, figure >= bound, beside)

    def _add(self, what: str, figure: float, bound: str, unit: str, is_held: bool, beside: str) -> None:
        self.missed += not is_held
        row = {"what": what, "figure": figure, "bound": bound, "unit": unit, "is_held": is_held, "beside": beside}
        self.rows.append(row)
        if not self.is_shown:
            return
        verdict = "held" if is_held else "MISSED"
        line = f"{what:<60} {figure:9.2f} {unit:<5} {bound:<13} {verdict:<6}"
        print(f"{line}  ({beside})" if beside else line.rstrip(), flush=True)

    def keep(self) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        (KEPT / f"{self.part}.json").write_text(json.dumps({"at": at, "rows": self.rows}, indent=1))


def kept() -> dict[str, Any]:
    """By part, the rows of its last run and when that was."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(KEPT.glob("*.json"))}
