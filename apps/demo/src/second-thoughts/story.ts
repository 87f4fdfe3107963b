import { deepStrictEqual as same } from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { isSyncError, planPage } from "@sync/prisma";
import { eq } from "drizzle-orm";
import { compareThroughOrms, timed, type Stage } from "../story.ts";
import { expected } from "../expected.ts";
import { nameOf } from "../names.ts";
import { applied, totals, verified } from "../report/outcome.ts";
import { block, counted, figure, heading } from "../report/page.ts";
import { airports } from "../right/schema.ts";
import { tellOfQuestions } from "./questions.ts";

const swiss = { country: { code: "CH" } } as const;
const stamp = "to be checked";

/** Conflicts that a person decides; a plan that is kept in a file and read before it is made true; a run that is taken back; what waited goes through. */
export async function tellOfSecondThoughts(stage: Stage): Promise<void> {
  await tellOfQuestions(stage);
  const before = await stage.demo.prisma.airport.findMany({ where: swiss, select: { id: true, keywords: true } });
  const run = await planned(stage, before.length);
  await takenBack(stage, run, before.length);
  await released(stage, before);
}

/** Somebody stamps all airports of a country. Before that goes across, a person reads the plan. */
async function planned(stage: Stage, records: number): Promise<string> {
  const { demo, options } = stage;
  const { sync, prisma, db, folder } = demo;
  heading("Run 8: a plan is kept in a file, read, and applied");
  await prisma.airport.updateMany({ where: swiss, data: { keywords: stamp } });
  block("edits", [["left", `the ${figure(records)} airports of Switzerland get the keywords "${stamp}"`]]);

  const plan = await timed(stage, () => sync.plan(options));
  const [lines, page] = [join(folder, "plan.ndjson"), join(folder, "plan.html")];
  await writeFile(lines, plan.value.lines());
  await writeFile(page, planPage(plan.value));
  const text = await readFile(lines, "utf8");
  block("plan", [
    `${counted(totals(plan.value).updated.right, "update")} on the right.`,
    [basename(lines), `${counted(text.trimEnd().split("\n").length, "line")}, ${await kilobytes(lines)}: keys, fields and reasons, no values`],
    [basename(page), `${await kilobytes(page)}: the same for a browser, with a filter; loads nothing from anywhere`],
  ], plan.milliseconds);
  same([totals(plan.value).updated, text.includes(stamp)], [{ left: 0, right: records }, false]);

  await db.update(airports).set({ title: "Zürich Airport (Kloten)" }).where(eq(airports.ident, "LSZH"));
  block("meanwhile", [["right", 'Airport LSZH gets another title: nobody has reviewed what that meets']]);

  const done = await timed(stage, async () => sync.apply(await sync.load(createInterface(createReadStream(lines)), options), options));
  const skipped = await Promise.all(done.value.skipped.map((record) => nameOf(demo, record)));
  block("apply", [...applied(done.value), ["skipped", `${skipped.join(", ")}: changed since the plan`]], done.milliseconds);
  same([totals(done.value).updated, skipped], [{ left: 0, right: records - 1 }, ["LSZH"]]);
  return done.value.id;
}

const kilobytes = async (file: string): Promise<string> => `${figure(Math.ceil((await stat(file)).size / 1000))} kB`;

async function takenBack(stage: Stage, run: string, records: number): Promise<void> {
  const { demo, options } = stage;
  heading("It was a mistake: the run is taken back");
  await demo.db.update(airports).set({ tags: "seen" }).where(eq(airports.ident, "LSGG"));
  block("meanwhile", [["right", "Airport LSGG gets other tags by hand"]]);

  const undone = await timed(stage, () => demo.sync.undo(run, options));
  const counts = undone.value.models.get("Airport")!;
  const kept = await Promise.all(undone.value.kept.map(async (record) => `${await nameOf(demo, record)}: ${record.reason}`));
  block("undo", [["restored", `${counted(counts.restored.right, "record")} on the right`], ["kept", kept.join(", ")]], undone.milliseconds);
  same([counts.restored, kept], [{ left: 0, right: records - 2 }, ["LSGG: edited"]]);

  const refusal: unknown = await demo.sync.run(options).catch((error: unknown) => error);
  block("run", [`refused as ${isSyncError(refusal) ? refusal.code : "nothing"}: it would do the same again`]);
  same(isSyncError(refusal) && refusal.code, "PAIR.HELD");
}

/** The cause is mended, and with it what has waited in quarantine since run 2. */
async function released(stage: Stage, before: readonly { readonly id: string; readonly keywords: string | null }[]): Promise<void> {
  const { demo, options } = stage;
  const { sync, prisma } = demo;
  heading("Run 9: what was wrong is mended, and the pair released");
  for (const { id, keywords } of before) await prisma.airport.update({ where: { id }, data: { keywords } });
  await prisma.airport.update({ where: { ident: "SLLP" }, data: { elevationFt: 13_355 } });
  block("edits", [["left", "the keywords are as they were, and the elevation of SLLP is what the check accepts"]]);

  await sync.release();
  const run = await timed(stage, () => sync.run(options));
  block("run", applied(run.value), run.milliseconds);
  const proof = await timed(stage, () => sync.verify(options));
  block("verify", await verified(demo, proof.value), proof.milliseconds);
  same(proof.value.equal, true);
  await compareThroughOrms(stage, { equal: expected.equalAtTheEnd, different: [] });
}
