"""What a limit of the whole host costs a step: with leases of permits, and with a word to the sidecar for each attempt.

    CONDUCTOR_BINARY=... python bench/limited.py [--calls N] [--rounds N]

One process of each language calls a workflow of one step that does nothing, one call after the other: without a limit, with a semaphore of
the host that nobody else uses, so that its permits are leased, and with one that has a `rate_limit` as well, which is asked about each time
as each permit was before there were leases. The three take turns; a figure is the median over the rounds. Durability is off, so that
nothing else is waited for.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

KINDS = ["free", "leased", "asked"]

MANIFEST = """\
version: "1.0"
resources:
  - {id: desk, kind: semaphore, max_concurrency: 4}
  - {id: gate, kind: semaphore, max_concurrency: 4, rate_limit: 1000000/s}
tasks:
"""

SOURCES = {
    "nothing.py": "async def nothing() -> int:\n    return 1\n",
    "nothing.js": "/** @returns {Promise<number>} */\nexport async function nothing() {\n  return 1;\n}\n",
    "package.json": '{"private": true, "type": "module"}\n',
    "go.mod": "module example.com/limited\n\ngo 1.24\n",
    "nothing/nothing.go": """\
// Package nothing does nothing.
package nothing

import "context"

// Do does it.
func Do(ctx context.Context) (int, error) { return 1, nil }
""",
    "measure.py": """\
import asyncio, json, sys, time
import conductor_gen

async def main():
    calls, rounds = int(sys.argv[1]), int(sys.argv[2])
    kinds = {kind: getattr(conductor_gen, f"{kind}_python") for kind in ["free", "leased", "asked"]}
    took = {kind: [] for kind in kinds}
    for _ in range(rounds + 1):
        for kind, call in kinds.items():
            began = time.perf_counter()
            for _ in range(calls):
                await call()
            took[kind].append((time.perf_counter() - began) / calls * 1e6)
    print(json.dumps({kind: times[1:] for kind, times in took.items()}))

asyncio.run(main())
""",
    "measure.js": """\
import * as generated from "./conductor_gen/index.js";

const [calls, rounds] = process.argv.slice(2).map(Number);
const kinds = { free: generated.freeTypescript, leased: generated.leasedTypescript, asked: generated.askedTypescript };
const took = { free: [], leased: [], asked: [] };
for (let round = 0; round <= rounds; round += 1) {
  for (const [kind, call] of Object.entries(kinds)) {
    const began = performance.now();
    for (let number = 0; number < calls; number += 1) {
      await call();
    }
    took[kind].push(((performance.now() - began) / calls) * 1000);
  }
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(took).map(([kind, times]) => [kind, times.slice(1)]))));
process.exit(0);
""",
    "measure/main.go": """\
// Command measure prints what each kind of call takes.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"example.com/limited/conductorgen"
)

func main() {
	calls, _ := strconv.Atoi(os.Args[1])
	rounds, _ := strconv.Atoi(os.Args[2])
	ctx := context.Background()
	took := map[string][]float64{}
	for round := 0; round <= rounds; round++ {
		for _, kind := range []string{"free", "leased", "asked"} {
			began := time.Now()
			for range calls {
				var err error
				switch kind {
				case "free":
					_, err = conductorgen.FreeGo(ctx)
				case "leased":
					_, err = conductorgen.LeasedGo(ctx)
				default:
					_, err = conductorgen.AskedGo(ctx)
				}
				if err != nil {
					panic(err)
				}
			}
			if round > 0 {
				took[kind] = append(took[kind], float64(time.Since(began).Microseconds())/float64(calls))
			}
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(took)
}
""",
}

REFS = {"python": "py:nothing.nothing", "typescript": "ts:nothing.nothing", "go": "go:example.com/limited/nothing.Do"}
USES = {"free": "", "leased": ", uses: desk", "asked": ", uses: gate"}


def manifest() -> str:
    """A task and a workflow for each language and kind."""
    pairs = [(language, kind) for language in REFS for kind in KINDS]
    tasks = [f'  - {{id: do_{kind}_{language}, ref: "{REFS[language]}", effect: read{USES[kind]}}}\n' for language, kind in pairs]
    workflows = [
        f"  - {{id: {kind}_{language}, target: {language}, durable: false, steps: [{{task: do_{kind}_{language}}}]}}\n"
        for language, kind in pairs
    ]
    return MANIFEST + "".join(tasks) + "workflows:\n" + "".join(workflows)


def main() -> None:
    """Builds the project, starts a sidecar and lets each language measure."""
    parser = argparse.ArgumentParser(description="What a limit of the whole host costs a step.")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    conductor = os.environ.get("CONDUCTOR_BINARY", "conductor")
    with tempfile.TemporaryDirectory(prefix="conductor-bench-") as name:
        folder = Path(name)
        (folder / "concurrency.yaml").write_text(manifest())
        for path, text in SOURCES.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)
        environment = {**os.environ, "GOFLAGS": "-mod=mod"}
        for command in [[conductor, "build"], ["go", "build", "-o", "measure.bin", "./measure"]]:
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)
        sidecar = subprocess.Popen([conductor, "sidecar", "--http", "off"], cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            while sidecar.stdout is not None and sidecar.stdout.readline().strip() != "ready":
                pass
            programs = {"python": ["python3", "measure.py"], "typescript": ["node", "measure.js"], "go": ["./measure.bin"]}
            print(f"{'language':<12}" + "".join(f"{kind + ' us':>12}" for kind in KINDS) + f"{'asked/leased':>14}")
            for language, program in programs.items():
                command = [*program, str(arguments.calls), str(arguments.rounds)]
                printed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
                took = {kind: statistics.median(times) for kind, times in json.loads(printed).items()}
                figures = "".join(f"{took[kind]:>12.1f}" for kind in KINDS)
                print(f"{language:<12}{figures}{took['asked'] / took['leased']:>14.2f}")
        finally:
            sidecar.terminate()
            sidecar.wait()


if __name__ == "__main__":
    main()
