"""Installs what is compared, pinned, each from its own registry, into `target/bench`.

It knows packages, not what is measured with them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "target" / "bench"

NODE = "26.10.0"
PYTHON = {
    "dbos-python": ["dbos==3.4.0"],
    "temporal-python": ["temporalio==1.35.0"],
    "prefect-python": ["prefect==3.9.1"],
    "restate-python": ["restate_sdk==1.3.0", "hypercorn==0.18.0"],
    "dapr-python": ["dapr-ext-workflow==1.18.3", "dapr==1.18.3"],
    "psycopg": ["psycopg[binary]==3.3.9"],
}
NPM = {
    "node": [f"node@{NODE}"],
    "dbos-typescript": ["@dbos-inc/dbos-sdk@5.3.0"],
    "restate-server": ["@restatedev/restate-server@1.7.12"],
    "temporal-typescript": [f"@temporalio/{part}@1.24.0" for part in ("activity", "client", "worker", "workflow")],
    "restate-typescript": ["@restatedev/restate-sdk@1.17.2"],
}
GO = {"temporal": [f"go.temporal.io/server/cmd/{part}@v1.32.1" for part in ("server", "tools/sql")]}
DAPR = "github.com/dapr/dapr@v1.18.2"
# A daprd is compiled with some 130 components and all that they need; these are the ones that are used here.
DAPR_COMPONENTS = ("state_sqlite.go", "nameresolution_nameformat.go")


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def place(name: str, pins: list[str]) -> tuple[Path, bool]:
    """The folder of a set of packages, and whether these very pins lie in it already."""
    folder = PLACE / name
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == "\n".join(pins):
        return folder, True
    print(f"installing {' '.join(pins)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder, False


def python(name: str) -> Path:
    """An interpreter that has the packages of this name; without a name of its own, one that has none."""
    pins = PYTHON.get(name, [])
    folder, is_there = place(name if pins else "bare-python", pins)
    interpreter = folder / "venv/bin/python"
    if not is_there:
        run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
        if pins:
            run([str(interpreter), "-m", "pip", "install", "--quiet", *pins], folder)
        (folder / "stamp").write_text("\n".join(pins))
    return interpreter


def npm(name: str) -> Path:
    """The folder `node_modules` that has the packages of this name."""
    pins = NPM[name]
    folder, is_there = place(name, pins)
    if not is_there:
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--save-exact", *pins], folder)
        (folder / "stamp").write_text("\n".join(pins))
    return folder / "node_modules"


def go(name: str) -> Path:
    """The folder that has the programs of this name, built from the Go module proxy."""
    pins = GO[name]
    folder, is_there = place(name, pins)
    if not is_there:
        environment = os.environ | {"GOBIN": str(folder)}
        run(["go", "install", "-ldflags=-s -w", *pins], folder, environment)
        (folder / "stamp").write_text("\n".join(pins))
    return folder


def dapr() -> Path:
    """The folder that has Dapr's sidecar and the services of its control plane.

    Its module has replacements, so that Go builds it as a main module only: a copy, which has fewer components.
    """
    folder, is_there = place("dapr", [DAPR])
    if not is_there:
        module = json.loads(run(["go", "mod", "download", "-json", DAPR], folder))["Dir"]
        source = folder / "source"
        run(["cp", "-r", "--no-preserve=mode", module, str(source)], folder)
        for component in (source / "cmd/daprd/components").iterdir():
            if component.name not in DAPR_COMPONENTS:
                component.unlink()
        programs = [f"./cmd/{name}" for name in ("daprd", "placement", "scheduler")]
        environment = os.environ | {"GOBIN": str(folder)}
        run(["go", "install", "-ldflags=-s -w", "-tags=allcomponents", *programs], source, environment)
        shutil.rmtree(source)
        (folder / "stamp").write_text(DAPR)
    return folder


def node() -> Path:
    return npm("node") / "node/bin/node"


def restate_server() -> Path:
    return npm("restate-server") / "@restatedev/restate-server-linux-x64/bin/restate-server"


def postgres() -> Path:
    """The folder of PostgreSQL's programs, which `cargo xtask setup` has installed."""
    return ROOT / "target/postgres/node_modules/postgres-18/native/bin"


def everything(is_quick: bool) -> None:
    """All that is measured; what takes longest has no part in a quick run."""
    left_out = ("temporal", "prefect", "dapr") if is_quick else ()
    restate_server()
    for install, names in ((python, ("", *PYTHON)), (npm, NPM), (go, GO)):
        for name in names:
            if not name.startswith(left_out):
                install(name)
    if not is_quick:
        dapr()
