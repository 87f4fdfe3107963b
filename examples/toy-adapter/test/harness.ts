import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Harness, type KitModelName, kitModels, type Probe, type ValueField } from "@sync/conformance";
import { decode, encode, type Kind, type Model } from "@sync/core";
import { temporaryFolder } from "@sync/test-databases";
import { toyDatabase } from "../src/database.ts";
import { type JsonRecord, type JsonStore, jsonStore, keyText } from "../src/store.ts";

const values: readonly ValueField[] = ["text", "flag", "small", "price", "moment", "tags"];

/** How this store keeps values: what JSON has, and texts for the rest. */
const kinds: Readonly<Record<string, Kind>> = {
  key: { type: "uuid" }, text: { type: "text" }, integer: { type: "integer", bits: 53 }, boolean: { type: "boolean" }, decimal: { type: "decimal" },
  instant: { type: "instant", digits: 9 }, list: { type: "list", of: { type: "text" } },
};

const models = (Object.keys(kitModels) as KitModelName[]).map((name): Model => {
  const shape = kitModels[name];
  const fields = Object.entries(shape.fields).filter(([field]) => name !== "Thing" || field === "id" || values.includes(field as ValueField));
  return {
    name,
    fields: fields.map(([field, { type, nullable }]) => ({ name: field, kind: kinds[type]!, nullable: nullable === true, writable: true })),
    primaryKey: shape.primaryKey,
    keySource: shape.keySource,
    uniqueKeys: (shape.uniqueKeys ?? []).map((unique) => ({ name: unique.join(), fields: unique })),
    references: (shape.references ?? []).map((reference) => ({ ...reference, name: reference.fields.join(), onDelete: "none" })),
    syncFields: {},
  };
});

/** Reads and writes the file as its application does, and never through the adapter. */
function probeOf(store: JsonStore): Probe {
  const kindOf = (model: KitModelName, field: string): Kind => kinds[kitModels[model].fields[field]!.type]!;
  const plain = (model: KitModelName, record: Readonly<Record<string, string | null>>): JsonRecord =>
    Object.fromEntries(Object.entries(record).map(([field, value]) => [field, value === null ? null : decode(kindOf(model, field), value)]));
  const keyOf = (model: KitModelName, record: JsonRecord): string => keyText(kitModels[model].primaryKey.map((field) => String(record[field])));
  return {
    async rows(model) {
      const { fields } = models.find(({ name }) => name === model)!;
      const canonical = (record: JsonRecord) => fields.map(({ name, kind }) => [name, record[name] == null ? null : encode(kind, record[name])]);
      return Object.values(store.read().rows[model]!).map((record) => Object.fromEntries(canonical(record)));
    },
    insert: async (model, records) => store.write(({ rows }) => {
      for (const each of records) {
        const record = { ...(kitModels[model].keySource === "allocated" ? { id: randomUUID() } : {}), ...plain(model, each) };
        rows[model]![keyOf(model, record)] = record;
      }
    }),
    update: async (model, key, changes) => store.write(({ rows }) => {
      const record = { ...rows[model]![keyOf(model, plain(model, key))]!, ...plain(model, changes) };
      delete rows[model]![keyOf(model, plain(model, key))];
      rows[model]![keyOf(model, record)] = record;
    }),
    delete: async (model, key) => store.write(({ rows }) => void delete rows[model]![keyOf(model, plain(model, key))]),
    spoil: async ({ id }) => store.write(({ rows }): ValueField => {
      rows["Thing"]![keyText([id!])]!["small"] = "many";
      return "small";
    }),
    sideTables: async () => (store.read().lease.fence > 0 ? ["lease", "identities"] : []),
  };
}

// #region harness
export function harness(): Harness {
  return {
    values,
    capabilities: {
      changesSince: false, fingerprints: false, exactWrites: true, state: false, cloudIdField: false, atomicUnits: true, foreignKeys: false, checks: false,
      notNull: false, defaults: false, transactions: false, overlappingTransactions: false, foreignValues: true, reopening: true, uninstall: true,
    },
    async open(namespace) {
      const folder = temporaryFolder(namespace);
      const store = jsonStore(join(folder.path, "data.json"), models);
      const database = toyDatabase(store);
      return {
        database,
        probe: probeOf(store),
        server: { product: "JSON file", version: process.version },
        reopen: async () => toyDatabase(jsonStore(store.path, models)),
        uninstall: async () => database.uninstall(),
        close: async () => folder.remove(),
      };
    },
  };
}
// #endregion
