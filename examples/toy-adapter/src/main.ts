import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSync, leftWins, type Model, naturalKey } from "@sync/core";
import { memoryState } from "@sync/core/memory";
import { toyDatabase } from "./database.ts";
import { jsonStore, keyText } from "./store.ts";

const country: Model = {
  name: "Country",
  fields: [
    { name: "id", kind: { type: "uuid" }, nullable: false, writable: true },
    { name: "code", kind: { type: "text" }, nullable: false, writable: true },
    { name: "name", kind: { type: "text" }, nullable: true, writable: true },
  ],
  primaryKey: ["id"],
  keySource: "allocated",
  uniqueKeys: [{ name: "code", fields: ["code"] }],
  references: [],
  syncFields: {},
};

const folder = mkdtempSync(join(tmpdir(), "toy-"));
const [here, there] = [jsonStore(join(folder, "here.json"), [country]), jsonStore(join(folder, "there.json"), [country])];
const id = crypto.randomUUID();
here.write(({ rows }) => (rows["Country"]![keyText([id])] = { id, code: "CH", name: "Switzerland" }));

const sync = createSync({
  name: "toys",
  left: toyDatabase(here),
  right: toyDatabase(there),
  models: { Country: { match: naturalKey("code") } },
  conflicts: leftWins(),
  firstLink: "left",
  state: memoryState({ name: "memory" }),
});
console.log((await sync.run()).written, Object.values(there.read().rows["Country"]!));
console.log((await sync.run()).written);
