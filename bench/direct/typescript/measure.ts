/**
 * Times the three workflows, generated, by hand and by the usual libraries, in one process and in turns, and prints a line of
 * JSON for each: nanoseconds a run, the median of all rounds.
 *
 *     node dist/measure.js [ROUNDS]
 */

import * as generated from "./conductor_gen/index.js";
import * as hand from "./hand.js";
import * as library from "./library.js";

interface Candidate {
  workflow: string;
  name: string;
  run: (input: hand.Input) => Promise<number>;
  times: number[];
  /** Of each round: its time over that of the same round by hand. */
  ratios: number[];
}

const all: Candidate[] = [
  candidate("sequence_of_ten", "hand", hand.sequenceOfTen),
  candidate("sequence_of_ten", "generated", generated.sequenceOfTen),
  candidate("parallel_of_ten", "hand", hand.parallelOfTen),
  candidate("parallel_of_ten", "generated", generated.parallelOfTen),
  candidate("parallel_of_ten", "p-limit", ({ n }) => library.parallelOfTen(n)),
  candidate("guarded_step", "hand", hand.guardedStep),
  candidate("guarded_step", "generated", generated.guardedStep),
  candidate("guarded_step", "p-retry", ({ n }) => library.guardedByRetry(n)),
  candidate("guarded_step", "cockatiel", ({ n }) => library.guardedByCockatiel(n)),
];

function candidate(workflow: string, name: string, run: Candidate["run"]): Candidate {
  return { workflow, name, run, times: [], ratios: [] };
}

/** Nanoseconds a run, over 20 ms. */
async function measured(one: Candidate): Promise<number> {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < 20) {
    for (let index = 0; index < 50; index += 1) {
      if ((await one.run({ n: 7 })) !== 7) throw new Error(`${one.workflow} ${one.name} lost its value`);
    }
    count += 50;
  }
  return ((performance.now() - start) * 1e6) / count;
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const rounds = Number(process.argv[2] ?? 41);
for (const one of all) await measured(one);
for (let round = 0; round < rounds; round += 1) {
  const times = new Map<Candidate, number>();
  for (const one of [...all].sort(() => Math.random() - 0.5)) times.set(one, await measured(one));
  for (const one of all) {
    const byHand = all.find((other) => other.workflow === one.workflow && other.name === "hand");
    const [own, other] = [times.get(one), byHand && times.get(byHand)];
    if (own === undefined || other === undefined) throw new Error(`${one.workflow} was not measured`);
    one.times.push(own);
    one.ratios.push(own / other);
  }
}
for (const { workflow, name, times, ratios } of all) {
  console.log(JSON.stringify({ workflow, candidate: name, ns: median(times), ratio: median(ratios) }));
}
