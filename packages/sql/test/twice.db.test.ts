import type { Committed, Row, Unit } from "@sync/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlDatabase, sqlDatabase } from "../src/index.ts";
import { onEveryDialect, type Session } from "./support/engines.ts";
import { city, country, ddl, sqlModel } from "./support/models.ts";

/** Units whose batches depend on one another. */
onEveryDialect(import.meta.url, (engine) => {
  let session: Session;
  let database: SqlDatabase;
  let fence: number;
  beforeEach(async () => {
    session = await engine.open();
    for (const shape of [country, city]) await session.exec(ddl(shape, engine.dialect));
    await session.exec("insert into country (id, code, size) values (1, 'A', 1), (2, 'B', 2)");
    database = sqlDatabase({ name: "t", executor: session.executor, models: [country, city].map((shape) => sqlModel(shape, engine.dialect)) });
    ({ fence } = await database.claim({ holder: "h", runner: "r", seconds: 60 }));
  });
  afterEach(() => session.close());

  const read = async (model = "Country"): Promise<Row[]> => {
    const endpoint = database.endpoints.get(model)!;
    const rows: Row[] = [];
    for await (const page of endpoint.scan({ fields: endpoint.model.fields.map(({ name }) => name), pageSize: 100 })) rows.push(...page.rows);
    return rows;
  };
  const commit = (...batches: Unit["batches"]): Promise<Committed> => database.commit({ id: "u", fence, batches });
  const code = ({ key, revision }: Row, value: string): Unit["batches"][number] => ({
    op: "update", model: "Country", fields: ["code"], rows: [{ key, revision, values: [value] }],
  });
  const statuses = (result: Committed): unknown => (result.committed ? result.outcomes.map((batch) => batch.map(({ status }) => status)) : result);

  test("two rows swap a unique value, one parked in between", async () => {
    const [a, b] = await read();
    const result = await commit(code(a!, "parked"), code(b!, "A"), code(a!, "B"));
    expect(statuses(result)).toEqual([["written"], ["written"], ["written"]]);
    expect((await read()).map(({ values }) => values[1])).toEqual(["B", "A"]);
  });

  test("a row that had moved before stays untouched by every batch", async () => {
    const [a, b] = await read();
    await session.exec("update country set size = 5 where id = 1");
    const result = await commit(code(a!, "parked"), code(b!, "C"), code(a!, "B"));
    expect(statuses(result)).toEqual([["stale"], ["written"], ["stale"]]);
    expect((await read()).map(({ values }) => values[1])).toEqual(["A", "C"]);
  });

  test("a row inserted and then changed within the unit needs no revision", async () => {
    const result = await commit(
      { op: "insert", model: "City", fields: ["title", "countryId"], rows: [{ key: ["1"], cloudId: "00000000-0000-4000-8000-000000000001", values: ["x", null] }] },
      { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["9"], cloudId: "c9", values: ["Z"] }] },
      { op: "update", model: "City", fields: ["countryId"], rows: [{ key: ["1"], revision: "", values: ["9"] }] },
      { op: "delete", model: "Country", rows: [{ key: ["9"], revision: "not this one" }] },
    );
    // The country goes again: it too was written here. The city that names it stands in the way.
    expect(result).toMatchObject({ committed: false, refusal: { code: "WRITE.FOREIGN_KEY" } });
    const second = await commit(
      { op: "insert", model: "City", fields: ["title"], rows: [{ key: ["1"], cloudId: "00000000-0000-4000-8000-000000000001", values: ["x"] }] },
      { op: "update", model: "City", fields: ["countryId"], rows: [{ key: ["1"], revision: "", values: ["2"] }] },
      { op: "delete", model: "City", rows: [{ key: ["1"], revision: "" }] },
    );
    expect(statuses(second)).toEqual([["written"], ["written"], ["written"]]);
    expect(await read("City")).toEqual([]);
  });

  test("a unique value passes from a deleted row to a new one, children before parents", async () => {
    await session.exec("insert into city (id, title, country_id) values (1, 'x', 1)");
    const [a] = await read();
    const [x] = await read("City");
    const result = await commit(
      { op: "delete", model: "City", rows: [{ key: x!.key, revision: x!.revision }] },
      { op: "delete", model: "Country", rows: [{ key: a!.key, revision: a!.revision }] },
      { op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["7"], cloudId: "c7", values: ["A"] }] },
    );
    expect(statuses(result)).toEqual([["written"], ["written"], ["written"]]);
    expect((await read()).map(({ key, cloudId, values }) => [key[0], cloudId, values[1]])).toEqual([["2", null, "B"], ["7", "c7", "A"]]);
  });

  test("an identity whose row was deleted behind our back makes room", async () => {
    await commit({ op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["5"], cloudId: "c5", values: ["E"] }, { key: ["6"], cloudId: "c6", values: ["F"] }] });
    await session.exec("delete from country where id in (5, 6)");
    const again = await commit({
      op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["50"], cloudId: "c5", values: ["E"] }, { key: ["6"], cloudId: "c60", values: ["F"] }],
    });
    expect(statuses(again)).toEqual([["written", "written"]]);
    expect((await read()).slice(2).map(({ key, cloudId }) => [key[0], cloudId])).toEqual([["6", "c60"], ["50", "c5"]]);
    const taken = await commit({ op: "insert", model: "Country", fields: ["code"], rows: [{ key: ["51"], cloudId: "c5", values: ["G"] }] });
    expect(taken).toMatchObject({ committed: false, refusal: { code: "WRITE.UNIQUE" } });
    const [first] = await read();
    expect(await commit({ op: "identify", model: "Country", rows: [{ key: first!.key, cloudId: "c5", was: null }] })).toMatchObject({ committed: false });
  });

  test("a key that changes takes its identity along", async () => {
    const member = { ...country, name: "Code", key: ["code"], keyMaker: undefined, columns: { code: country.columns["code"]!, title: country.columns["title"]! } };
    const { keyMaker: _, ...shape } = member;
    const keyed = sqlDatabase({ name: "t", executor: session.executor, models: [sqlModel(shape, engine.dialect)] });
    const scan = async (): Promise<Row[]> => [...(await keyed.endpoints.get("Code")!.fetch({ fields: ["title"], by: "key", tuples: [["A"], ["AA"], ["B"]] }))];
    const [a] = await scan();
    await keyed.commit({ id: "1", fence, batches: [{ op: "identify", model: "Code", rows: [{ key: ["A"], cloudId: "ca", was: null }, { key: ["B"], cloudId: "cb", was: null }] }] });
    const result = await keyed.commit({
      id: "2", fence, batches: [{ op: "update", model: "Code", fields: ["code", "title"], rows: [{ key: ["A"], revision: a!.revision, values: ["AA", "renamed"] }] }],
    });
    expect(statuses(result)).toEqual([["written"]]);
    expect(new Map((await scan()).map(({ key, cloudId, values }) => [key[0], [cloudId, values[0]]]))).toEqual(new Map([["AA", ["ca", "renamed"]], ["B", ["cb", null]]]));
  });
});
