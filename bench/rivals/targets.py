"""What the figures are to reach, and whether they do, or that there is no figure to judge by."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from rivals.charts import number
from rivals.found import Found, title

OWN = {"Python": "conductor-python", "TypeScript": "conductor-typescript"}
HAND = {"Python": "hand-python", "TypeScript": "hand-typescript"}
RESTATE = {"Python": "restate-python", "TypeScript": "restate-typescript"}


@dataclass
class Target:
    what: str
    bound: str
    figure: float | None
    is_held: bool
    beside: str = ""

    def is_missed(self) -> bool:
        return self.figure is not None and not self.is_held

    def verdict(self) -> str:
        if self.figure is None:
            return "not measured"
        return "held" if self.is_held else "**missed**"


def least(what: str, bound: float, figure: float | None, beside: str) -> Target:
    return Target(what, f"at least {bound:g}", figure, figure is not None and figure >= bound, beside)


def most(what: str, bound: float, figure: float | None, beside: str) -> Target:
    return Target(what, f"at most {bound:g}", figure, figure is not None and figure <= bound, beside)


def against(found: Found, what: str, rival: str | None, own: str, is_rate: bool) -> tuple[float | None, str]:
    """How many times better the own system is, and both figures."""
    if rival is None or found.middle(what, own) is None:
        return None, ""
    ratio = found.ratio(what, own, rival) if is_rate else found.ratio(what, rival, own)
    unit = "/s" if is_rate else " s" if what.endswith(".s") else " MB" if what.endswith("_mb") else " ms"
    ours, theirs = found.middle(what, own) or 0.0, found.middle(what, rival) or 0.0
    return ratio, f"{number(ours)}{unit} against {number(theirs)}{unit} of {title(rival)}"


def outside(found: Found, language: str, system: str) -> float | None:
    """Milliseconds of a workflow that are not spent in flushes, from their number and what one takes."""
    took, count = found.middle("ten_steps.ms", system), found.middle("ten_steps.flushes", system)
    flush = found.middle("flush_ms", language)
    return None if took is None or count is None or flush is None else took - count * flush


def steps(found: Found, language: str) -> Iterator[Target]:
    own, hand = OWN[language], HAND[language]
    engine = found.best("ten_steps.ms", language)
    ratio, beside = against(found, "ten_steps.ms", engine, own, False)
    yield least(f"{language}: ten writes against the fastest engine, times faster", 5, ratio, beside)
    writes, read = found.rounds("ten_steps.ms", engine or ""), found.rounds("one_write.ms", own)
    middle = (
        sorted(one / other for one, other in zip(writes, read, strict=False))[len(writes) // 2]
        if writes and read
        else None
    )
    took = f"{number(found.middle('one_write.ms', own) or 0)} ms"
    yield least(f"{language}: one write among ten steps against the fastest engine, times faster", 15, middle, took)
    by_hand = found.rounds("ten_steps.ms", hand)
    pairs = sorted(one / other for one, other in zip(by_hand, read, strict=False))
    beside = f"{took} against {number(found.middle('ten_steps.ms', hand) or 0)} ms of ten steps by hand"
    yield least(
        f"{language}: one write among ten steps against ten checkpoints by hand, times faster",
        1,
        pairs[len(pairs) // 2] if pairs else None,
        beside,
    )
    ratio, beside = against(found, "one_write.ms", hand, own, False)
    yield least(
        f"{language}: the same against code by hand that checkpoints the write alone, times faster", 1, ratio, beside
    )
    yield most(f"{language}: flushes of a workflow of ten writes", 11, found.middle("ten_steps.flushes", own), "")
    mine, theirs = outside(found, language, own), outside(found, language, engine) if engine else None
    is_clear = mine is not None and theirs is not None and min(mine, theirs) > 0
    ratio = theirs / mine if is_clear and mine and theirs else None
    beside = (
        f"{number(mine)} ms against {number(theirs)} ms"
        if ratio and mine and theirs
        else "the disk's flushes varied too much"
    )
    yield least(f"{language}: time outside flushes against the fastest engine, times less", 8, ratio, beside)


def fastest(found: Found, group: str, own: str, rival: str | None = None) -> tuple[float | None, str]:
    """The own rate 64 at a time over the better of a rival's two, 64 and 8 at a time; unnamed, it is the fastest."""
    figures = []
    for what, width in (("wide.per_s", 64), ("narrow.per_s", 8)):
        engine = rival or found.best(what, group, most=True)
        if engine and found.rounds(what, engine):
            figures.append((found.middle(what, engine) or 0.0, what, engine, width))
    if not figures or not found.rounds("wide.per_s", own):
        return None, ""
    best, what, engine, width = max(figures)
    pairs = zip(found.rounds("wide.per_s", own), found.rounds(what, engine), strict=False)
    mine = number(found.middle("wide.per_s", own) or 0.0)
    beside = f"{mine}/s against {number(best)}/s of {title(engine)}, {width} at a time"
    return statistics.median(one / other for one, other in pairs), beside


def rates(found: Found, language: str) -> Iterator[Target]:
    own = OWN[language]
    ratio, beside = fastest(found, language, own)
    yield least(f"{language}: 64 at a time against the fastest engine, times as many", 10, ratio, beside)
    ratio, beside = against(found, "wide.per_s", HAND[language], own, True)
    yield least(f"{language}: 64 at a time against code by hand, times as many", 1, ratio, beside)


def memory(found: Found, language: str) -> Iterator[Target]:
    own, restate = OWN[language], RESTATE[language]
    for when, bound in (("idle", 20), ("loaded", 10)):
        ratio, beside = against(found, f"{when}.beside.pss_mb", restate, own, False)
        yield least(
            f"{language}: memory beside the application, {when}, times less than Restate's", bound, ratio, beside
        )


def after_kill(found: Found, language: str) -> Iterator[Target]:
    ratio, beside = against(found, "crash.s", found.best("crash.s", language), OWN[language], False)
    yield least(
        f"{language}: from kill -9 to the last run's end against the fastest engine, times faster", 5, ratio, beside
    )


def postgres(found: Found, language: str) -> Iterator[Target]:
    own, rival = f"{OWN[language]}-postgres", f"dbos-{language.lower()}-postgres"
    ratio, beside = against(found, "ten_steps.ms", rival, own, False)
    alone, asked = (
        found.middle(f"eleven_commits.{how}.ms", f"{language} with PostgreSQL") for how in ("alone", "asked")
    )
    if alone and asked:
        beside += f"; eleven commits of one row and nothing else: {number(alone)} ms"
        beside += f", asked for over a socket: {number(asked)} ms"
    yield least(f"{language} on PostgreSQL: ten writes against DBOS, times faster", 5, ratio, beside)
    ratio, beside = fastest(found, f"{language} with PostgreSQL", own, rival)
    yield least(f"{language} on PostgreSQL: 64 at a time against DBOS, times as many", 10, ratio, beside)


def of_parts(found: Found) -> Iterator[Target]:
    """What other parts of the measurements have come to when they were run last."""
    for name in ("direct", "python", "compile", "introspect"):
        part = found.parts.get(name)
        if part is None:
            yield Target(f"`cargo xtask bench {name}`", "its own", None, False)
            continue
        for row in part["rows"]:
            beside = f"{row['beside']}; {part['at']}".lstrip("; ")
            yield Target(f"{row['what']}, {row['unit']}", row["bound"], row["figure"], row["is_held"], beside)


def all_targets(found: Found) -> list[Target]:
    parts = (steps, rates, memory, after_kill, postgres)
    own = [target for part in parts for language in OWN for target in part(found, language)]
    return [*own, *of_parts(found)]
