import { deepStrictEqual as same } from "node:assert/strict";
import { compare } from "./compare.ts";
import { tellOfDocuments } from "./documents/story.ts";
import { edits, makeEdits } from "./edits.ts";
import { expected } from "./expected.ts";
import { fill } from "./fill.ts";
import { sum } from "./models.ts";
import { makeLeftTables, makeRightTables, type Demo } from "./open.ts";
import { actionsOf, conflictRows, quarantineRows } from "./report/decisions.ts";
import { exampleRows } from "./report/example.ts";
import { applied, totals, verified } from "./report/outcome.ts";
import { block, counted, figure, heading, paint, print } from "./report/page.ts";
import type { Progress } from "./report/progress.ts";
import { tellOfSecondThoughts } from "./second-thoughts/story.ts";
import { rowVersions } from "./row-versions.ts";

/** What every chapter needs. */
export interface Stage {
  readonly demo: Demo;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly options: { readonly signal: AbortSignal; readonly onEvent: Progress["listen"] };
}

export function stageFor(demo: Demo, progress: Progress, signal: AbortSignal): Stage {
  return { demo, progress, signal, options: { signal, onEvent: progress.listen } };
}

/** The runs, one after the other. Each step does something, shows it, and throws if it is not exactly what it must be. */
export async function tellStory(stage: Stage): Promise<void> {
  await firstRun(stage);
  await secondRun(stage);
  await thirdRun(stage);
  await tellOfDocuments(stage);
  await tellOfSecondThoughts(stage);
}

/** Two databases with tables, and the input in the left one. */
export async function fillTheLeft(stage: Stage): Promise<void> {
  const { demo, progress, signal } = stage;
  print();
  block("left", ["SQLite through Prisma: ids are cuids"]);
  block("right", ["PGlite, an embedded Postgres, through Drizzle: ids are serial integers, fields have other names"]);
  const filled = await timed(stage, async () => {
    await makeLeftTables(demo);
    const counts = await fill(demo.prisma, signal, (done) => progress.show(`filling the left through Prisma  ${figure(done, 6)} of ${figure(expected.total)}`));
    progress.show("starting Postgres");
    await makeRightTables(demo);
    return counts;
  });
  const { Country, Region, Airport } = filled.value;
  block(
    "input",
    [
      `${figure(Country)} countries, ${figure(Region)} regions, ${figure(Airport)} airports of OurAirports:`,
      `${counted(sum(filled.value), "record")}, written to the left through Prisma`,
    ],
    filled.milliseconds,
  );
  same(filled.value, expected.input);
}

async function firstRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  const { sync } = demo;
  heading("Run 1: the right side is empty");

  const plan = await timed(stage, () => sync.plan(options));
  const toCreate = [...plan.value.models].map(([model, { created }]) => [model, "create right", figure(created.right, 5), "only on the left"]);
  block("plan", [...toCreate, readFor(totals(plan.value))], plan.milliseconds);
  same(totals(plan.value).created, { left: 0, right: expected.total });

  const done = await timed(stage, () => sync.apply(plan.value, options));
  block("apply", applied(done.value), done.milliseconds);
  same(totals(done.value).created, { left: 0, right: expected.total });

  const proof = await timed(stage, () => sync.verify(options));
  block("verify", await verified(demo, proof.value), proof.milliseconds);
  same(proof.value.equal, true);

  await compareThroughOrms(stage, { equal: expected.total, different: [] });
  print();
  block("example", await exampleRows(demo, "LSZH"));
}

async function secondRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  const { sync } = demo;
  heading("Run 2: both sides were edited, each through its own ORM");

  await makeEdits(demo);
  block("edits", edits.map(({ side, record, what }) => [record, side, what]));
  print();

  const plan = await timed(stage, () => sync.plan(options));
  const actions = await actionsOf(demo, plan.value);
  // SQLite has a hash for each range of keys, and the ranges that differ are read; Postgres names the rows that changed.
  block("plan", [...actions.map(({ row }) => row), `${counted(actions.length, "action")}. ${readFor(totals(plan.value))}`, "(SQLite: the key ranges in which something changed; Postgres: the rows that changed)"], plan.milliseconds);
  same(actions.map(({ text }) => text).sort(), expected.actions);
  print();

  const done = await timed(stage, () => sync.apply(plan.value, options));
  block("apply", applied(done.value), done.milliseconds);
  same({ ...totals(done.value), ...expected.applied }, totals(done.value));
  same(done.value.skipped, []);
  print();

  block("conflicts", await conflictRows(demo));
  print();
  block("quarantine", await quarantineRows(demo));
  print();

  const proof = await timed(stage, () => sync.verify(options));
  block("verify", await verified(demo, proof.value), proof.milliseconds);
  same([proof.value.explained, proof.value.differences.length], [true, 1]);
  await compareThroughOrms(stage, { equal: expected.equalAfterEdits, different: expected.differentAfterEdits });
}

async function thirdRun(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  heading("Run 3: nothing has changed");

  const before = await rowVersions(demo);
  const run = await timed(stage, () => demo.sync.run(options));
  const after = await rowVersions(demo);
  const { waiting, ...total } = totals(run.value);
  const { written } = run.value;
  block(
    "run",
    [
      ["read", `${counted(total.read.left, "record")} on the left, ${figure(total.read.right)} on the right`],
      ["wrote", `${counted(written.left, "row")} on the left, ${figure(written.right)} on the right`],
      ["quarantine", `${counted(waiting, "record")}, as before`],
    ],
    run.milliseconds,
  );
  same(written, { left: 0, right: 0 });
  same(waiting, 1);

  // Taking the lease and giving it back are two; it is renewed every ten seconds.
  const leaseWrites = 2 + Math.floor(run.milliseconds / 10_000);
  const others = Math.max(0, after.leftChanges - before.leftChanges - leaseWrites);
  same({ leftRowsAsBefore: after.leftRows === before.leftRows, rightVersionsAsBefore: after.rightVersions === before.rightVersions, changedRows: others },
    { leftRowsAsBefore: true, rightVersionsAsBefore: true, changedRows: 0 }, "an idle run wrote rows");
  block("proof", [
    ["SQLite", `counts ${counted(others, "changed row")} in ${figure(after.tables.left)} tables, those of the sync among them`],
    ["Postgres", `has the same row versions in ${figure(after.tables.right)} tables as before the run`],
    "The lease, one row on each side that says who runs, is left aside.",
  ]);
}

const readFor = ({ read }: ReturnType<typeof totals>): string => `Read ${counted(read.left, "record")} on the left, ${figure(read.right)} on the right.`;

/** The same question to somebody who knows nothing of the sync. */
export async function compareThroughOrms(stage: Stage, wanted: { readonly equal: number; readonly different: readonly string[] }): Promise<void> {
  const found = await timed(stage, () => compare(stage.demo));
  const { equal, different, sameIds } = found.value;
  block(
    "compare",
    [
      `${paint("green", `${counted(equal, "record")} equal`)}, though ${sameIds === 0 ? "no" : figure(sameIds)} id is the same on both sides`,
      ...different.map((record) => `different: ${record}`),
      "(read through the two ORMs, without the sync)",
    ],
    found.milliseconds,
  );
  same({ equal, different, sameIds }, { ...wanted, sameIds: 0 });
}

/** Does it, and says how long that took. */
export async function timed<Result>({ progress, signal }: Stage, work: () => Promise<Result>): Promise<{ readonly value: Result; readonly milliseconds: number }> {
  signal.throwIfAborted();
  const started = performance.now();
  try {
    const value = await work();
    return { value, milliseconds: performance.now() - started };
  } finally {
    progress.clear();
  }
}
