import type { Page, Row } from "@sync/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { engines, type Session } from "./support/engines.ts";
import { ddl, member, sqlModel } from "./support/models.ts";

/** SQLite keeps any bytes as a text; drivers show U+FFFD in the place of those that are no UTF-8. */
describe.each([engines.better, engines.node])("$name", (engine) => {
  let session: Session;
  let database: SqlDatabase;
  const open = async (before = ""): Promise<void> => {
    session = await engine.open();
    await session.exec(before + ddl(member, "sqlite"));
    database = sqlDatabase({ name: "t", executor: session.executor, models: [sqlModel(member, "sqlite")] });
  };
  beforeEach(() => open());
  afterEach(() => session.close());

  const pages = async (pageSize = 10, fields = ["team", "number", "note"]): Promise<Page[]> => {
    const all: Page[] = [];
    for await (const page of database.endpoints.get("Member")!.scan({ fields, pageSize })) {
      all.push(page);
      if (all.length > 50) throw new Error("The scan goes on for ever.");
    }
    return all;
  };
  const rows = async (fields?: string[]): Promise<readonly Row[]> => (await pages(10, fields)).flatMap((page) => page.rows);
  const set = (bytes: string, number: number): Promise<void> => session.exec(`update member set note = cast(x'${bytes}' as text) where number = ${number}`);

  test("such a text is a fault of its field; U+FFFD itself is a text like any other, and so are the row's neighbours", async () => {
    await session.exec("insert into member values ('a', 1, ''), ('a', 2, char(65533)), ('a', 3, 'é'), ('a', 4, '\ufeff')");
    await set("61FF62", 1);
    expect((await rows()).map(({ values, faults }) => [values[2], faults])).toEqual([
      [null, [{ field: "note", code: "VALUE.NOT_UTF8" }]], ["\ufffd", undefined], ["é", undefined], ["\ufeff", undefined],
    ]);
  });

  test("two such texts, and U+FFFD in their place, are three revisions and three fingerprints", async () => {
    await session.exec("insert into member values ('a', 1, '')");
    const seen = new Set<string>();
    for (const bytes of ["61FF62", "61FE62", "61EFBFBD62"]) {
      await set(bytes, 1);
      const [page] = await pages();
      seen.add(page!.rows[0]!.revision).add(page!.fingerprint!);
      expect(await database.endpoints.get("Member")!.fingerprint!([], [page!.range])).toEqual([{ count: 1, fingerprint: page!.fingerprint }]);
    }
    expect(seen.size).toBe(6);
  });

  test("keys of such texts are faults, each row is read once at every page size, and is found by the key that was read", async () => {
    for (const bytes of ["6180", "61EFBFBD", "61FE", "61FF", "61FF62"]) await session.exec(`insert into member values (cast(x'${bytes}' as text), 1, '${bytes}')`);
    for (const pageSize of [1, 2, 3, 10]) {
      const read = await pages(pageSize);
      const all = read.flatMap((page) => page.rows);
      expect(all.map(({ values }) => values[2])).toEqual(["6180", "61EFBFBD", "61FE", "61FF", "61FF62"]);
      expect(all.map(({ faults }) => faults?.map(({ field, code }) => `${field} ${code}`))).toEqual(
        ["6180", "", "61FE", "61FF", "61FF62"].map((bad) => (bad === "" ? undefined : ["team VALUE.NOT_UTF8"])),
      );
      expect(await database.endpoints.get("Member")!.fingerprint!([], read.map(({ range }) => range))).toEqual(
        read.map((page) => ({ count: page.rows.length, fingerprint: page.fingerprint })),
      );
    }
    const keys = (await rows()).map(({ key }) => key);
    const found = await database.endpoints.get("Member")!.fetch({ fields: ["note"], by: "key", tuples: [keys[0]!, keys[1]!, keys[4]!] });
    expect(found.map(({ values }) => values[0]).sort()).toEqual(["6180", "61EFBFBD", "61FF62"]);
  });

  test("a row is still written where nobody asked for the field that holds such a text, and the text stays", async () => {
    await session.exec("insert into member values ('a', 1, ''), ('b', 2, '')");
    await set("61FF62", 1);
    const { fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 });
    const [row, other] = await rows(["team"]);
    expect(row!.faults).toBeUndefined();
    const update = (at: Row, team: string) => ({ key: at.key, revision: at.revision, values: [team] });
    const done = await database.commit({ id: "1", fence, batches: [{ op: "update", model: "Member", fields: ["team"], rows: [update(row!, "c"), update(other!, "d")] }] });
    expect(done).toMatchObject({ committed: true, outcomes: [[{ status: "written" }, { status: "written" }]] });
    expect(await session.rows("select team, hex(note) from member order by team")).toEqual([["c", "61FF62"], ["d", ""]]);

    await set("61FE62", 1);
    const [changed] = await rows(["team"]);
    await set("61FD62", 1);
    const stale = await database.commit({ id: "2", fence, batches: [{ op: "update", model: "Member", fields: ["team"], rows: [update(changed!, "e")] }] });
    expect(stale).toMatchObject({ committed: true, outcomes: [[{ status: "stale" }]] });
  });

  test("a database in UTF-16 is read as well, U+FFFD included", async () => {
    await session.close();
    for (const encoding of ["UTF-16le", "UTF-16be"]) {
      await open(`pragma encoding = '${encoding}';`);
      await session.exec("insert into member values ('a', 1, 'é' || char(65533) || '😀')");
      const [page] = await pages();
      expect(page!.rows[0]).toMatchObject({ key: ["a", "1"], values: ["a", "1", "é\ufffd😀"] });
      expect(await database.endpoints.get("Member")!.fingerprint!([], [page!.range])).toEqual([{ count: 1, fingerprint: page!.fingerprint }]);
    }
  });
});
