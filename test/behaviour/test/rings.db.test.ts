import { isSyncError, type SyncError } from "@sync/core";
import { expect, test } from "vitest";
import { everyPair, onPairs, pairOf, usualPairs, type Pair } from "../src/pairs.ts";
import { planted } from "../src/secrets.ts";

const { text, code } = planted;
const one = `insert into country (code, name) values ('${code}-a', '${text} a')`;
const codes = "select code from country order by code";

async function refused(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (isSyncError(error)) return error;
  throw new Error("it was not refused", { cause: error });
}

const notes = async (side: Pair["left"]): Promise<unknown[]> =>
  (await side.rows("select pair from sync_pair where times % 2 = 1 order by pair")).map((row) => row["pair"]);

onPairs(import.meta.url, everyPair, (open) => {
  test("a third pair that closes a ring is refused before any write; forgetting one of the others lets it in", async () => {
    const { left: a, right: b } = await open();
    const c = (await open()).left;
    // PGlite is one for all tests of a file: opening the second pair has emptied it, which is fine before the first run.
    await a.exec(one);
    await pairOf(a, b).sync({ name: "first" }).run();
    await pairOf(c, b).sync({ name: "second" }).run();
    expect(await c.rows(codes)).toEqual([{ code: `${code}-a` }]);
    await c.exec(`insert into country (code, name) values ('${code}-c', '${text} c')`);
    const third = pairOf(a, c).sync({ name: "third", firstLink: "left" });
    for (const work of ["run", "plan", "verify"] as const) {
      expect(await refused(third[work]())).toMatchObject({ code: "PAIR.RING", stage: "check", message: expect.stringMatching(/`first`.*`second`.*forget/) });
    }
    expect(await a.rows(codes)).toEqual([{ code: `${code}-a` }]);
    expect([await notes(a), await notes(c)]).toEqual([["first"], ["first", "second"]]);
    expect(await third.forget({ pair: "second" })).toBe(1);
    await third.run();
    expect(await a.rows(codes)).toEqual([{ code: `${code}-a` }, { code: `${code}-c` }]);
    expect((await pairOf(a, b).sync({ name: "first" }).run()).findings.map((finding) => finding.code)).not.toContain("PAIR.RING");
  });
});

onPairs(import.meta.url, usualPairs, (open) => {
  test("a ring that was closed where nobody knew yet is told by the next runs; a run that learns nothing new writes nothing", async () => {
    const [{ left: a, right: b }, { left: c, right: d }] = [await open(), await open()];
    const ways = [[a, b, "ab"], [c, d, "cd"], [c, b, "cb"], [a, d, "ad"]] as const;
    const round = async (): Promise<string[][]> => {
      const told: string[][] = [];
      for (const [left, right, name] of ways) {
        const { findings } = await pairOf(left, right).sync({ name }).run();
        told.push(findings.flatMap((finding) => (finding.code === "PAIR.RING" ? [finding.severity] : [])));
      }
      return told;
    };
    expect(await round()).toEqual([[], [], [], []]);
    await round();
    const postgres = a.dialect === "postgres" ? a : b;
    const versions = (): Promise<unknown[]> => postgres.rows("select pair, xmin::text, ctid::text from sync_pair order by 1");
    const before = await versions();
    expect(before).toHaveLength(4);
    expect(await round()).toEqual([["warning"], ["warning"], ["warning"], ["warning"]]);
    expect(await versions()).toEqual(before);
  });
});
