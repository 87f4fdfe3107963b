import { deepStrictEqual as same } from "node:assert/strict";
import { eq } from "drizzle-orm";
import { nameOf } from "../names.ts";
import { actionsOf, conflictRows } from "../report/decisions.ts";
import { applied, totals } from "../report/outcome.ts";
import { block, counted, heading, print } from "../report/page.ts";
import { countries } from "../right/schema.ts";
import { timed, type Stage } from "../story.ts";

/** Countries are called one thing here and another there. */
const names = [
  { code: "CZ", left: "Czechia", right: "Czech Rep." },
  { code: "MK", left: "Macedonia, North", right: "N. Macedonia" },
  { code: "TR", left: "Türkiye", right: "Republic of Türkiye" },
] as const;

/** What a country is called is for a person to say: the conflict waits, everything else of the record moves on. */
export async function tellOfQuestions(stage: Stage): Promise<void> {
  const { demo, options } = stage;
  const { sync, prisma, db } = demo;
  heading("Run 7: a person is asked");
  for (const { code, left, right } of names) {
    await prisma.country.update({ where: { code }, data: { name: left } });
    await db.update(countries).set({ title: right, ...(code === "CZ" ? { tags: "Bohemia, Moravia" } : {}) }).where(eq(countries.code, code));
  }
  const edits = names.map(({ code, left, right }) => [`Country ${code}`, "name", `"${left}" on the left, "${right}" on the right`]);
  block("edits", [...edits, ["Country CZ", "tags", "new on the right: another field"]]);

  const asked = await timed(stage, () => sync.run(options));
  block("run", [...applied(asked.value), ["open", counted(asked.value.models.get("Country")!.open, "conflict")]], asked.milliseconds);
  same([totals(asked.value).updated, asked.value.models.get("Country")!.open], [{ left: 1, right: 0 }, names.length]);
  print();
  block("conflicts", await conflictRows(demo, { open: true }));
  print();

  for await (const conflict of sync.conflicts({ open: true })) {
    if ((await nameOf(demo, conflict)) === "CZ") await sync.decide(conflict.id, "left");
  }
  const { decided } = await sync.decideAll({ model: "Country", fields: ["name"] }, "right");
  block("decide", [["left", "Country CZ, by the id of its conflict"], ["right", "all others that are alike"]]);
  same(decided, names.length - 1);

  const plan = await timed(stage, () => sync.plan(options));
  const actions = await actionsOf(demo, plan.value);
  block("plan", actions.map(({ row }) => row), plan.milliseconds);
  const done = await timed(stage, () => sync.apply(plan.value, options));
  block("apply", applied(done.value), done.milliseconds);
  same(totals(done.value).updated, { left: names.length - 1, right: 1 });
}
