import { deepStrictEqual as same } from "node:assert/strict";
import { jsonbSchema } from "@sync/postgres-jsonb";
import { applied, totals, verified } from "../report/outcome.ts";
import { block, counted, figure, heading, paint } from "../report/page.ts";
import { actionsOf } from "../report/decisions.ts";
import { timed, type Stage } from "../story.ts";
import { compareDocuments } from "./compare.ts";
import { Country } from "./country.ts";
import { documentEdits, makeDocumentEdits } from "./edits.ts";
import { expectedDocuments } from "./expected.ts";
import { connectDocuments } from "./sync.ts";

type Documents = ReturnType<typeof connectDocuments>;

/** A third database: the rows of the left as documents, kept the same by a second pair. */
export async function tellOfDocuments(stage: Stage): Promise<void> {
  const { demo } = stage;
  const connected = connectDocuments(demo.folder, demo.prisma);
  try {
    await connected.documents.exec(jsonbSchema({ Country }));
    await foldRows(stage, connected);
    await editBoth(stage, connected);
    await idle(stage, connected);
    await carryOn(stage);
  } finally {
    await connected.documents.close();
  }
}

async function foldRows(stage: Stage, { documents, folded }: Documents): Promise<void> {
  const { demo, options } = stage;
  heading("Run 4: a second pair folds the same rows into documents");
  block("documents", ["PGlite, a JSONB document per country:", "{ code, name, regions: [ { code, name, airports: [ { ident, … } ] } ] }"]);
  const run = await timed(stage, () => folded.run(options));
  block("run", applied(run.value), run.milliseconds);
  same(totals(run.value).created, { left: 0, right: expectedDocuments.records });

  const { rows } = await documents.query<{ countries: number; airports: number; bytes: number }>(
    `select count(*)::int as countries, max(jsonb_array_length(jsonb_path_query_array(document, '$.regions[*].airports[*]'))) as airports,
      max(length(document::text)) as bytes from country_documents`,
  );
  const { countries, airports, bytes } = rows[0]!;
  block("largest", [`${counted(countries, "document")}; that of the United States holds ${figure(airports)} airports in ${figure(Math.round(bytes / 1000))} kB`]);
  same([countries, airports], [expectedDocuments.countries, expectedDocuments.largest]);

  const proof = await timed(stage, () => folded.verify(options));
  block("verify", await verified(demo, proof.value), proof.milliseconds);
  same(proof.value.equal, true);
}

async function editBoth(stage: Stage, { documents, folded }: Documents): Promise<void> {
  const { demo, options } = stage;
  heading("Run 5: rows are edited, and records inside one document");
  await makeDocumentEdits(demo.prisma, documents);
  block("edits", documentEdits.map(({ side, record, what }) => [record, side, what]));

  const plan = await timed(stage, () => folded.plan(options));
  const actions = await actionsOf(demo, plan.value);
  block("plan", [...actions.map(({ row }) => row), `${counted(actions.length, "action")}.`], plan.milliseconds);
  same(actions.map(({ text }) => text).sort(), expectedDocuments.actions);

  const done = await timed(stage, () => folded.apply(plan.value, options));
  block("apply", applied(done.value), done.milliseconds);
  same([done.value.skipped, totals(done.value).conflicts], [[], 0]);

  const { rows } = await documents.query<{ region: string; runways: string }>(
    `select region->>'code' as region, airport->>'runways' as runways from country_documents,
      jsonb_array_elements(document->'regions') region, jsonb_array_elements(region->'airports') airport where airport->>'ident' = 'LSMA'`,
  );
  block("moved", [`LSMA stands in ${rows[0]!.region} now, and still has its runways:`, rows[0]!.runways]);
  same(rows, expectedDocuments.moved);
  const row = await demo.prisma.airport.findUniqueOrThrow({ where: { ident: "LSPM" }, include: { country: true, region: true } });
  block("came back", [`LSPM is a row of the left, in ${row.region.code} (${row.region.name}) of ${row.country.name}`]);
  same([row.region.code, row.country.code], ["CH-TI", "CH"]);

  const found = await timed(stage, () => compareDocuments(demo.prisma, documents));
  block("compare", [paint("green", `${counted(found.value.equal, "record")} equal`), "(read through Prisma and in plain SQL, without the sync)"], found.milliseconds);
  same(found.value, { equal: expectedDocuments.afterEdits, different: [] });
}

async function idle(stage: Stage, { folded }: Documents): Promise<void> {
  heading("Run 6: nothing has changed");
  const run = await timed(stage, () => folded.run(stage.options));
  const { written } = run.value;
  block("run", [["wrote", `${counted(written.left, "row")} on the left, ${counted(written.right, "document")} on the right`]], run.milliseconds);
  same(written, { left: 0, right: 0 });
}

/** The first pair shares the left database, and with it the cloudIds: what came out of the documents goes on to its right side. */
async function carryOn({ demo, options, ...stage }: Stage): Promise<void> {
  const run = await timed({ demo, options, ...stage }, () => demo.sync.run(options));
  block("first pair", ["carries on what came from the documents:", ...applied(run.value)], run.milliseconds);
  const { created, updated } = totals(run.value);
  same([created, updated], [{ left: 0, right: 1 }, { left: 0, right: 3 }]);
}
