import type { KeyRange, Page } from "@sync/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqlDatabase } from "../src/index.ts";
import { engines, type Session } from "./support/engines.ts";
import { ddl, member, sqlModel } from "./support/models.ts";

describe.each([engines.better, engines.node])("$name", (engine) => {
  let session: Session;
  beforeEach(async () => {
    session = await engine.open();
    await session.exec(ddl(member, "sqlite"));
    await session.exec("insert into member values ('a', 2, 'x'), ('a', 10, null), ('b', 1, 'it''s; [1]'), ('b', 2, char(0) || 'nul'), ('c', 9007199254740993, '')");
  });
  afterEach(() => session.close());

  const endpoint = () => sqlDatabase({ name: "t", executor: session.executor, models: [sqlModel(member, "sqlite")] }).endpoints.get("Member")!;
  const pages = async (pageSize: number): Promise<Page[]> => {
    const all: Page[] = [];
    for await (const page of endpoint().scan({ fields: ["team", "number", "note"], pageSize })) all.push(page);
    return all;
  };

  test("a range's fingerprint is that of the page that was read", async () => {
    for (const pageSize of [1, 2, 5, 100]) {
      const read = await pages(pageSize);
      expect(read.flatMap(({ rows }) => rows.map(({ key }) => key.join("/")))).toEqual(["a/2", "a/10", "b/1", "b/2", "c/9007199254740993"]);
      const taken = await endpoint().fingerprint!([], read.map(({ range }) => range));
      expect(taken).toEqual(read.map(({ rows, fingerprint }) => ({ count: rows.length, fingerprint })));
    }
  });

  test("ranges cover everything, first and last are open", async () => {
    const ranges = (await pages(2)).map(({ range }) => range);
    expect(ranges).toEqual([
      { after: null, upTo: ["a", "10"] },
      { after: ["a", "10"], upTo: ["b", "2"] },
      { after: ["b", "2"], upTo: null },
    ]);
  });

  test.each([
    "update member set note = 'y' where number = 2 and team = 'a'",
    "update member set note = '' where note is null",
    "update member set note = null where note = ''",
    "update member set note = char(0) || 'lun' where team = 'b' and number = 2",
    "update member set number = number + 1 where team = 'c'",
    "delete from member where number = 10",
    "insert into member values ('aa', 0, null)",
    "update member set note = case number when 2 then 'it''s; [1]' else 'x' end where note in ('x', 'it''s; [1]')",
  ])("it moves with: %s", async (sql) => {
    const everything: KeyRange[] = [{ after: null, upTo: null }];
    const before = await endpoint().fingerprint!([], everything);
    expect(await endpoint().fingerprint!([], everything)).toEqual(before);
    await session.exec(sql);
    expect((await endpoint().fingerprint!([], everything))[0]!.fingerprint).not.toBe(before[0]!.fingerprint);
  });
});
