"""Writes `docs/benchmarks.md` and its charts from the figures.

The prose that does not depend on figures is in `report.txt`.
"""

import re
from string import Template
from typing import Any

from rivals.charts import Bar, bars, number
from rivals.found import Found, title
from rivals.install import ROOT
from rivals.measure import GROUPS, QUICK
from rivals.systems import HERE, SYSTEMS, System
from rivals.targets import Target, all_targets

DOCS = ROOT / "docs"
CHARTS = DOCS / "images" / "benchmarks"
COLUMNS: dict[str, list[tuple[str, str]]] = {
    "One workflow at a time, ms": [
        ("ten_steps.ms", "10 steps"),
        ("one_write.ms", "1 write in 10"),
        ("parallel.ms", "10 parallel"),
        ("order.ms", "order, one retry"),
        ("fan_out.ms", "1,000 items, 50 wide"),
    ],
    "Ten steps, 64 workflows at a time": [
        ("wide.per_s", "workflows/s"),
        ("narrow.per_s", "8 at a time"),
        ("wide.processor_us", "processor per step, us"),
    ],
    "Disk, start and crash": [
        ("ten_steps.flushes", "flushes, 10 steps"),
        ("one_write.flushes", "flushes, 1 write in 10"),
        ("ten_steps.written_kb", "written, 10 steps, KB"),
        ("cold.ms", "cold start to the first workflow's end, ms"),
        ("crash.s", "kill -9 to the last run's end, s"),
        ("crash.runs", "runs that were open"),
    ],
    "Many that sleep": [
        ("asleep.s", "the last one has woken after its time by, s"),
        ("asleep.beside.pss_mb", "memory beside the application meanwhile, MB"),
        ("asleep.application.pss_mb", "of the application, MB"),
    ],
    "Memory, MB (PSS)": [
        ("idle.beside.pss_mb", "beside the application, idle"),
        ("loaded.beside.pss_mb", "beside it, after load"),
        ("idle.application.pss_mb", "application, idle"),
        ("loaded.application.pss_mb", "application, after load"),
        ("idle.processor_percent", "processor while idle, %"),
    ],
}
NO_RACE = ("idle.processor_percent", "crash.runs")
DRAWN = {
    "ten_steps.ms": ("A workflow of ten durable steps, one at a time", "less is better", "ms"),
    "wide.per_s": ("Workflows of ten durable steps, 64 at a time", "more is better", "/s"),
    "loaded.beside.pss_mb": ("Memory of what runs beside the application, after load", "less is better", "MB"),
}


def cell(found: Found, what: str, system: str) -> str:
    rounds = found.rounds(what, system)
    if not rounds:
        return "-"
    middle = number(found.middle(what, system) or 0.0)
    return middle if len(rounds) == 1 else f"{middle} [{number(min(rounds))}-{number(max(rounds))}]"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def results(found: Found) -> str:
    parts = []
    for group, names in GROUPS.items():
        measured = [name for name in names if found.rounds("ten_steps.ms", name) or found.rounds("crash.s", name)]
        if not measured:
            continue
        parts.append(f"### {group}")
        parts += [f"![{DRAWN[what][0]}](images/benchmarks/{chart_name(what, group)})" for what in charted(found, group)]
        for heading, columns in COLUMNS.items():
            rows = [[title(name), *(cell(found, what, name) for what, _ in columns)] for name in measured]
            if all(text == "-" for row in rows for text in row[1:]):
                continue
            parts.append(table([heading, *(name for _, name in columns)], rows))
    return "\n\n".join(parts)


def charted(found: Found, group: str) -> list[str]:
    return [what for what in DRAWN if any(found.rounds(what, name) for name in GROUPS[group])]


def chart_name(what: str, group: str) -> str:
    return f"{what.split('.')[0]}-{group.lower().replace(' ', '-')}.svg"


def draw(found: Found) -> None:
    CHARTS.mkdir(parents=True, exist_ok=True)
    for old in CHARTS.glob("*.svg"):
        old.unlink()
    for group, names in GROUPS.items():
        for what in charted(found, group):
            words, beside, unit = DRAWN[what]
            rows = [
                Bar(
                    title(name),
                    found.rounds(what, name),
                    found.middle(what, name) or 0.0,
                    SYSTEMS[name].title == "Conductor",
                )
                for name in names
                if found.rounds(what, name)
            ]
            picture = bars(f"{group}: {words.lower()}", beside, unit, rows)
            (CHARTS / chart_name(what, group)).write_text(picture)


def behind(found: Found) -> str:
    """Each figure of the tables in which a rival is ahead of Conductor."""
    lines = []
    for group, names in GROUPS.items():
        own = next(name for name in names if SYSTEMS[name].title == "Conductor")
        for columns in COLUMNS.values():
            for what, words in columns:
                mine = found.middle(what, own)
                for name in names:
                    theirs = found.middle(what, name)
                    if name == own or mine is None or theirs is None or what in NO_RACE:
                        continue
                    if (theirs > mine) if what.endswith("per_s") else (theirs < mine):
                        figures = f"{number(theirs)} against Conductor's {number(mine)}"
                        lines.append(f"- {group}, {words}: {title(name)} is ahead, {figures}.")
    return "\n".join(lines) or "None in this run."


def lines_of(system: type[System], name: str) -> int:
    """Lines of the application that are neither empty nor comment; what drives the measurement is in other files."""
    folder = HERE / re.sub(r"-postgres$", "", name)
    files = [folder / "concurrency.yaml", *folder.glob("app.*")]
    text = "\n".join(file.read_text() for file in files if file.exists())
    text = re.sub(r'""".*?"""|/\*.*?\*/', "", text, flags=re.DOTALL)
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith(("#", "//")))


def written_lines() -> str:
    rows = []
    for language in ("Python", "TypeScript"):
        counts: dict[str, int] = {}
        for name in (*GROUPS[language], *GROUPS[f"{language} with PostgreSQL"]):
            counts.setdefault(SYSTEMS[name].title, lines_of(SYSTEMS[name], name))
        fewer = sum(count < counts["Conductor"] for count in counts.values())
        for what, count in counts.items():
            beside = f"{fewer} of {len(counts) - 1} need fewer" if what == "Conductor" else ""
            rows.append([what, language, str(count), beside])
    return table(["system", "language", "lines", ""], rows)


def kind(found: Found) -> str:
    """Of a quick run: somebody may have measured more than it does by itself."""
    more = sorted({SYSTEMS[name].title for name in QUICK.without if found.rounds("ten_steps.ms", name)})
    return f"a quick run, with {' and '.join(more)}" if more else "a quick run"


def lacking() -> str:
    """What is left out of a measurement, of each rival once."""
    found = {(system.title, part, why) for system in SYSTEMS.values() for part, why in system.lacks.items()}
    return "\n".join(f"- {title} ({part}): {why}." for title, part, why in sorted(found))


def page(figures: dict[str, Any]) -> str:
    found = Found(figures)
    targets = all_targets(found)
    missed = sum(target.is_missed() for target in targets)
    rows = [
        [
            target.what,
            target.bound,
            "-" if target.figure is None else number(target.figure),
            target.verdict(),
            target.beside,
        ]
        for target in targets
    ]
    failed = [f"- {one['system']} ({one['what']}): {one['error'].splitlines()[-1]}" for one in figures["failed"]]
    return Template((HERE / "report.txt").read_text()).substitute(
        at=figures["at"],
        kind=kind(found) if figures["quick"] else "a full run",
        took=f"{figures['measured_s'] // 60} min {figures['measured_s'] % 60} s",
        flush=", ".join(f"{cell(found, 'flush_ms', group)} ({group})" for group in GROUPS),
        machine="\n".join(f"- {name}: {value}" for name, value in figures["machine"].items()),
        held=f"{sum(target.is_held for target in targets)} held, {missed} missed, "
        f"{sum(target.figure is None for target in targets)} not measured",
        targets=table(["target", "bound", "measured", "", "figures"], rows),
        results=results(found),
        behind=behind(found),
        lines=written_lines(),
        failed="\n".join(failed) or "None.",
        lacking=lacking(),
    )


def write(figures: dict[str, Any]) -> int:
    """The page and its charts; how many targets are missed."""
    found = Found(figures)
    draw(found)
    (DOCS / "benchmarks.md").write_text(page(figures))
    targets = all_targets(found)
    print(f"docs/benchmarks.md: {rows_of(targets)}")
    return sum(target.is_missed() for target in targets)


def rows_of(targets: list[Target]) -> str:
    lines = [
        f"\n{target.verdict().strip('*'):<13} {target.what}: {target.figure or 0:.2f} ({target.bound})"
        for target in targets
    ]
    return "".join(lines)
