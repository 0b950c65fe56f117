"""Rows of a measurement: a figure, its bound, and whether that held."""


class Rows:
    def __init__(self) -> None:
        self.missed = 0

    def most(self, what: str, figure: float, bound: float, unit: str, beside: str = "") -> None:
        """A figure that is to be no larger."""
        self._print(what, figure, f"at most {bound:g}", unit, figure <= bound, beside)

    def least(self, what: str, figure: float, bound: float, unit: str, beside: str = "") -> None:
        """A figure that is to be no smaller."""
        self._print(what, figure, f"at least {bound:g}", unit, figure >= bound, beside)

    def _print(self, what: str, figure: float, bound: str, unit: str, is_held: bool, beside: str) -> None:
        self.missed += not is_held
        verdict = "held" if is_held else "MISSED"
        row = f"{what:<60} {figure:9.2f} {unit:<5} {bound:<13} {verdict:<6}"
        print(f"{row}  ({beside})" if beside else row.rstrip(), flush=True)
