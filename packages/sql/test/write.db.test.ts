import type { Claim, Committed, Row, Unit } from "@sync/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onEveryEngine, type Session } from "./support/engines.ts";
import { city, country, ddl, member, sqlModel } from "./support/models.ts";

const shapes = [country, city, member];
const cloud = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

onEveryEngine(import.meta.url, (engine) => {
  let session: Session;
  let database: SqlDatabase;
  let claim: Claim;

  beforeEach(async () => {
    session = await engine.open();
    for (const shape of shapes) await session.exec(ddl(shape, engine.dialect));
    database = sqlDatabase({ name: `test/${engine.name}`, executor: session.executor, models: shapes.map((shape) => sqlModel(shape, engine.dialect)) });
    claim = await database.claim({ holder: "a test", runner: "one", seconds: 60 });
  });
  afterEach(() => session.close());

  const commit = (...batches: Unit["batches"]): Promise<Committed> => database.commit({ id: "unit", fence: claim.fence, batches });
  const committed = async (...batches: Unit["batches"]): Promise<Extract<Committed, { committed: true }>> => {
    const result = await commit(...batches);
    if (!result.committed) throw new Error(JSON.stringify(result.refusal));
    return result;
  };
  const all = async (model: string): Promise<Row[]> => {
    const endpoint = database.endpoints.get(model)!;
    const rows: Row[] = [];
    for await (const page of endpoint.scan({ fields: endpoint.model.fields.map((field) => field.name), pageSize: 2 })) rows.push(...page.rows);
    return rows;
  };

  test("nothing is written after the lease was let go", async () => {
    const [key] = await database.endpoints.get("Country")!.allocate(1);
    await database.release(claim.fence, false);
    const insert = { op: "insert", model: "Country", fields: ["code"], rows: [{ key: key!, cloudId: cloud(1), values: ["DE"] }] } as const;
    await expect(commit(insert)).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(await all("Country")).toEqual([]);
  });

  test("an update that gives a cloudId to a row that has another one meanwhile is stale", async () => {
    const keys = await database.endpoints.get("Country")!.allocate(2);
    await session.exec(`insert into country (id, code) values (${keys[0]![0]!}, 'DE'), (${keys[1]![0]!}, 'FR')`);
    const rows = await all("Country");
    await committed({ op: "identify", model: "Country", rows: [{ key: keys[0]!, cloudId: cloud(1), was: null }] });
    const result = await committed({
      op: "update", model: "Country", fields: ["code"],
      rows: rows.map(({ key, revision }, n) => ({ key, revision, values: [`new ${n}`], cloudId: cloud(8 + n) })),
    });
    expect(result.outcomes).toMatchObject([[{ status: "stale" }, { status: "written" }]]);
    expect((await all("Country")).map(({ cloudId, values }) => [cloudId, values[1]])).toEqual([[cloud(1), "DE"], [cloud(9), "new 1"]]);
  });

  test("an update that only gives a cloudId answers with the row where values may be altered on the way", async () => {
    const { columns, ...rest } = sqlModel(country, engine.dialect);
    const lossy = sqlDatabase({ name: "test", executor: session.executor, models: [{ ...rest, columns: columns.map((column) => ({ ...column, lossy: true as const })) }] });
    const [key] = await lossy.endpoints.get("Country")!.allocate(1);
    await session.exec(`insert into country (id, code) values (${key![0]!}, 'DE')`);
    const [row] = await lossy.endpoints.get("Country")!.fetch({ by: "key", tuples: [key!], fields: [] });
    const update = { op: "update", model: "Country", fields: [], rows: [{ key: key!, revision: row!.revision, values: [], cloudId: cloud(1) }] } as const;
    const result = await lossy.commit({ id: "unit", fence: claim.fence, batches: [update] });
    expect(result).toMatchObject({ committed: true, outcomes: [[{ status: "written", after: { key, cloudId: cloud(1), revision: row!.revision } }]] });
  });

  test("inserts parent and child of one unit, each with its identity", async () => {
    const keys = await database.endpoints.get("Country")!.allocate(2);
    const [cityKey] = await database.endpoints.get("City")!.allocate(1);
    const result = await committed(
      {
        op: "insert",
        model: "Country",
        fields: ["code", "title", "size"],
        rows: [
          { key: keys[0]!, cloudId: cloud(1), values: ["DE", "Germany \"x\" it's", "9007199254740993"] },
          { key: keys[1]!, cloudId: cloud(2), values: ["FR", null, null] },
        ],
      },
      { op: "insert", model: "City", fields: ["title", "countryId"], rows: [{ key: cityKey!, cloudId: cloud(3), values: ["Berlin", keys[0]![0]!] }] },
    );
    expect(result.outcomes.map((batch) => batch.map((outcome) => outcome.status))).toEqual([["written", "written"], ["written"]]);
    const countries = await all("Country");
    expect(countries.map(({ cloudId, values }) => [cloudId, values.slice(1)])).toEqual([
      [cloud(1), ["DE", "Germany \"x\" it's", "9007199254740993"]],
      [cloud(2), ["FR", null, null]],
    ]);
    expect(await all("City")).toMatchObject([{ key: cityKey, cloudId: cloud(3), values: [cityKey![0], "Berlin", keys[0]![0], cloud(3)] }]);
    expect(await database.endpoints.get("Country")!.fetch({ fields: ["code"], by: "cloudId", tuples: [[cloud(2)], [cloud(9)]] })).toMatchObject([{ values: ["FR"] }]);
    expect(await database.endpoints.get("City")!.fetch({ fields: ["title"], by: "cloudId", tuples: [[cloud(3)]] })).toMatchObject([{ values: ["Berlin"] }]);
    expect(await database.endpoints.get("City")!.fetch({ fields: ["title"], by: ["countryId"], tuples: [[keys[0]![0]!]] })).toMatchObject([{ values: ["Berlin"] }]);
  });

  test("updates and deletes only rows whose revision has not moved", async () => {
    await session.exec("insert into member values ('a', 1, 'one'), ('a', 2, 'two'), ('b', 1, 'three'), ('b', 3, null)");
    const rows = await all("Member");
    await session.exec("update member set note = 'moved' where team = 'a' and number = 2");
    const result = await committed(
      { op: "update", model: "Member", fields: ["note"], rows: rows.slice(0, 3).map((row) => ({ key: row.key, revision: row.revision, values: ["new"] })) },
      { op: "delete", model: "Member", rows: rows.slice(3).map(({ key, revision }) => ({ key, revision })) },
    );
    expect(result.outcomes.map((batch) => batch.map((outcome) => outcome.status))).toEqual([["written", "stale", "written"], ["written"]]);
    expect((await all("Member")).map(({ key, values }) => [...key, values[2]])).toEqual([["a", "1", "new"], ["a", "2", "moved"], ["b", "1", "new"]]);
  });

  test("a value that is not supplied stays", async () => {
    await session.exec("insert into country (code, title, size) values ('A', 'x', 1), ('B', 'y', 2)");
    const [a, b] = await all("Country");
    await committed({
      op: "update",
      model: "Country",
      fields: ["title", "size"],
      rows: [
        { key: a!.key, revision: a!.revision, values: [undefined, "5"] },
        { key: b!.key, revision: b!.revision, values: [null, undefined] },
      ],
    });
    expect((await all("Country")).map(({ values }) => values.slice(1))).toEqual([["A", "x", "5"], ["B", null, "2"]]);
  });

  test("an update gives its row a cloudId, unless the row has moved", async () => {
    await session.exec("insert into country (code, title) values ('A', 'a'), ('B', 'b'), ('C', 'c'); insert into city (title) values ('A'), ('B'), ('C')");
    for (const model of ["Country", "City"]) {
      const [a, b, c] = await all(model);
      await session.exec(`update ${model.toLowerCase()} set title = 'moved' where title in ('b', 'B')`);
      const result = await committed(
        {
          op: "update",
          model,
          fields: ["title"],
          rows: [
            { key: a!.key, revision: a!.revision, values: ["new"], cloudId: cloud(1) },
            { key: b!.key, revision: b!.revision, values: ["new"], cloudId: cloud(2) },
          ],
        },
        { op: "update", model, fields: [], rows: [{ key: c!.key, revision: c!.revision, values: [], cloudId: cloud(3) }] },
      );
      expect(result.outcomes.map((batch) => batch.map((outcome) => outcome.status))).toEqual([["written", "stale"], ["written"]]);
      expect((await all(model)).map(({ cloudId }) => cloudId)).toEqual([cloud(1), null, cloud(3)]);
    }
  });

  test("identify gives a cloudId once, and says so when somebody was faster", async () => {
    await session.exec("insert into country (code) values ('A'), ('B'); insert into city (title) values ('x'), ('y')");
    for (const model of ["Country", "City"]) {
      const [a, b] = await all(model);
      const first = await committed({ op: "identify", model, rows: [{ key: a!.key, cloudId: cloud(1), was: null }] });
      expect(first.outcomes[0]).toMatchObject([{ status: "written" }]);
      const second = await committed({
        op: "identify",
        model,
        rows: [
          { key: a!.key, cloudId: cloud(2), was: null },
          { key: b!.key, cloudId: cloud(3), was: null },
          { key: ["999"], cloudId: cloud(4), was: null },
        ],
      });
      expect(second.outcomes[0]!.map((outcome) => outcome.status)).toEqual(["stale", "written", "stale"]);
      const third = await committed({
        op: "identify",
        model,
        rows: [
          { key: a!.key, cloudId: cloud(5), was: cloud(1) },
          { key: b!.key, cloudId: cloud(6), was: cloud(1) },
        ],
      });
      expect(third.outcomes[0]!.map((outcome) => outcome.status)).toEqual(["written", "stale"]);
      expect((await all(model)).map(({ cloudId }) => cloudId)).toEqual([cloud(5), cloud(3)]);
    }
  });

  test("a refusal writes nothing of the unit and names the constraint", async () => {
    await session.exec("insert into country (id, code) values (1, 'A')");
    const insert = (key: string, code: string, size: string | null = null): Unit["batches"][number] => ({
      op: "insert",
      model: "Country",
      fields: ["code", "size"],
      rows: [{ key: [key], cloudId: cloud(Number(key)), values: [code, size] }],
    });
    expect(await commit(insert("2", "B"), insert("3", "A"))).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE", model: "Country" } });
    expect(await commit(insert("2", "B", "-1"))).toMatchObject({ committed: false, refusal: { code: "WRITE.CHECK", constraint: "size_positive" } });
    expect(await commit({ op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["2"], cloudId: cloud(2), values: [null] }] })).toMatchObject({
      committed: false,
      refusal: { code: "WRITE.NOT_NULL", model: "Country", field: "code" },
    });
    expect(
      await commit(insert("2", "B"), { op: "insert", model: "City", fields: ["title", "countryId"], rows: [{ key: ["1"], cloudId: cloud(7), values: ["x", "77"] }] }),
    ).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
    expect(await commit(insert("2", "B", "99999999999999999999999"))).toMatchObject({ committed: false, refusal: { code: "WRITE.VALUE" } });
    expect((await all("Country")).map(({ key }) => key)).toEqual([["1"]]);
    expect(await session.rows("select count(*) from sync_identity")).toEqual([["0"]]);
  });

  test("a lost lease writes nothing", async () => {
    await database.claim({ holder: "another", runner: "two", seconds: 60, takeOver: true });
    await expect(
      commit({ op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["1"], cloudId: cloud(1), values: ["A"] }] }),
    ).rejects.toMatchObject({ code: "LEASE.LOST" });
    expect(await all("Country")).toEqual([]);
  });
});
