import { deepStrictEqual as same } from "node:assert/strict";
import { compare } from "./compare.ts";
import { edits, makeEdits } from "./edits.ts";
import { expected } from "./expected.ts";
import { fill } from "./fill.ts";
import { sum, type Counts } from "./models.ts";
import { makeLeftTables, makeRightTables, type Demo } from "./open.ts";
import { exampleOf } from "./report/example.ts";
import { conflictLines, planLines, quarantineLines } from "./report/decisions.ts";
import { applied, differences, planned, totals, verified } from "./report/outcome.ts";
import { block, columns, counted, figure, heading, print } from "./report/page.ts";
import type { Progress } from "./report/progress.ts";
import { rowVersions } from "./row-versions.ts";

/** The whole demo: every step does something, shows it, and fails if it is not exactly what it must be. */
export async function tellStory(demo: Demo, progress: Progress, signal: AbortSignal): Promise<void> {
  const stage: Stage = { demo, progress, signal, options: { signal, onEvent: progress.listen } };
  await prologue(stage);
  await firstRun(stage);
  await secondRun(stage);
  await thirdRun(stage);
}

interface Stage {
  readonly demo: Demo;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly options: { readonly signal: AbortSignal; readonly onEvent: Progress["listen"] };
}

async function prologue(stage: Stage): Promise<void> {
  const { demo, progress, signal } = stage;
  print();
  block("left", ["SQLite through Prisma: ids are cuids"]);
  block("right", ["PGlite, an embedded Postgres, through Drizzle: ids are serial integers, many fields have other names"]);
  let filled: Counts = { Country: 0, Region: 0, Airport: 0 };
  const took = await timed(stage, async () => {
    await makeLeftTables(demo);
    await fill(demo.prisma, signal, (counts) => {
      filled = { ...counts };
      progress.show(`filling the left database through Prisma   ${figure(sum(filled), 6)} of ${figure(sum(expected.input))}`);
    });
    progress.show("starting Postgres");
    await makeRightTables(demo);
  });
  same(filled, expected.input);
  block(
    "input",
    [
      `${figure(filled.Country)} countries, ${figure(filled.Region)} regions and ${figure(filled.Airport)} airports of OurAirports,`,
      `${figure(sum(filled))} records, written to the left through Prisma`,
    ],
    took.milliseconds,
  );
}

async function firstRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  const { sync } = demo;
  heading("Run 1: the right side is empty");

  const plan = await timed(stage, () => sync.plan(options));
  const toCreate = [...plan.value.models].map(([model, { created }]) => [model, figure(created.right, 6), "to create on the right: only on the left"]);
  block("plan", [...columns(toCreate), planned(plan.value)], plan.milliseconds);
  same(totals(plan.value.models).created, { left: 0, right: expected.total });

  const done = await timed(stage, () => sync.apply(plan.value, options));
  block("apply", [applied(done.value)], done.milliseconds);
  same(totals(done.value.models).created, { left: 0, right: expected.total });

  const proof = await timed(stage, () => sync.verify(options));
  block("verify", [verified(proof.value)], proof.milliseconds);
  same(proof.value.equal, true);

  await compareByOrm(stage, { equal: expected.total, different: [] });
  block("example", await exampleOf(demo, "LSZH"));
}

async function secondRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  const { sync } = demo;
  heading("Run 2: both sides were edited, each through its own ORM");

  await makeEdits(demo);
  block("edits", columns(edits.map(({ side, record, what }) => [side, record, what])));
  print();

  const plan = await timed(stage, () => sync.plan(options));
  const { lines, actions } = await planLines(demo, plan.value);
  block("plan", [...lines, `${counted(actions.length, "action")}; ${planned(plan.value)}`], plan.milliseconds);
  same(actions, expected.actions);
  print();

  const done = await timed(stage, () => sync.apply(plan.value, options));
  block("apply", [applied(done.value)], done.milliseconds);
  same(totals(done.value.models), { ...totals(done.value.models), ...expected.applied });
  same(done.value.skipped, []);
  print();

  block("conflicts", await conflictLines(demo));
  print();
  block("quarantine", await quarantineLines(demo));
  print();

  const proof = await timed(stage, () => sync.verify(options));
  block("verify", [verified(proof.value), ...(await differences(demo, proof.value))], proof.milliseconds);
  same([proof.value.equal, proof.value.explained, proof.value.differences.length], [false, true, 1]);
  await compareByOrm(stage, { equal: expected.equalAfterEdits, different: expected.differentAfterEdits });
}

async function thirdRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  heading("Run 3: nothing changed since");

  const before = await rowVersions(demo);
  const run = await timed(stage, () => demo.sync.run(options));
  const after = await rowVersions(demo);
  const { read, waiting } = totals(run.value.models);
  const { written } = run.value;
  block(
    "run",
    [
      `read ${figure(read.left)} records on the left, ${figure(read.right)} on the right; ${figure(waiting)} waits in quarantine as before`,
      `wrote ${figure(written.left)} rows on the left, ${figure(written.right)} on the right`,
    ],
    run.milliseconds,
  );
  same(written, { left: 0, right: 0 });
  same(waiting, 1);

  // Taking and giving back the lease are two; it is renewed every ten seconds.
  const leaseWrites = 2 + Math.floor(run.milliseconds / 10_000);
  const others = Math.max(0, after.leftChanges - before.leftChanges - leaseWrites);
  same([after.leftRows, after.rightVersions, others], [before.leftRows, before.rightVersions, 0]);
  block("rows", [
    `SQLite counts ${figure(others)} changed rows, Postgres holds the same row versions in all ${figure(after.tables.right)} tables; the sync's`,
    "own tables are among them, all but the row that says who runs",
  ]);
}

/** The same question to somebody who knows nothing of the sync. */
async function compareByOrm(stage: Stage, wanted: { readonly equal: number; readonly different: readonly string[] }): Promise<void> {
  const found = await timed(stage, () => compare(stage.demo));
  const { equal, different, sameIds } = found.value;
  const rest = different.length === 0 ? "" : `; different: ${different.join(", ")}`;
  block("by hand", [`both sides read through their ORMs, without the sync: ${figure(equal)} equal${rest}; ids alike: ${figure(sameIds)}`], found.milliseconds);
  same({ equal, different, sameIds }, { ...wanted, sameIds: 0 });
}

async function timed<Result>({ progress, signal }: Stage, work: () => Promise<Result>): Promise<{ readonly value: Result; readonly milliseconds: number }> {
  signal.throwIfAborted();
  const started = performance.now();
  try {
    const value = await work();
    return { value, milliseconds: performance.now() - started };
  } finally {
    progress.clear();
  }
}
