import type { Kind, Model } from "@sync/core";
import { memoryDatabase, type Application, type MemoryDatabase, type MemoryModel } from "@sync/core/memory";
import type { Harness, HarnessCapabilities, KitRecord, Probe, ProbeWrites, Session } from "../harness.ts";
import { keyOf, pick } from "../kit.ts";
import { kitKinds, kitModels, type KitField, type KitModelName, type ValueField } from "../models.ts";

/** How the memory database tells what has changed: as PostgreSQL does, or as SQLite does. */
export type Tracking = "changes" | "fingerprints";

export interface MemorySession extends Session {
  readonly database: MemoryDatabase;
}

export interface MemoryHarness extends Harness {
  open(namespace: string): Promise<MemorySession>;
}

const kinds: Readonly<Record<KitField["type"], Kind>> = { key: { type: "integer" }, ...kitKinds(6) };

function memoryModel(name: KitModelName): MemoryModel {
  const shape = kitModels[name];
  const { notBelowZero, cloudId } = shape;
  const fields = Object.entries(shape.fields);
  const model: Model = {
    name,
    fields: fields.map(([field, { type, nullable }]) => ({ name: field, kind: kinds[type], nullable: nullable === true, writable: true })),
    primaryKey: shape.primaryKey,
    keySource: shape.keySource,
    uniqueKeys: (shape.uniqueKeys ?? []).map((unique) => ({ name: unique.join("_"), fields: unique })),
    references: (shape.references ?? []).map((reference) => ({ ...reference, name: reference.fields.join("_") })),
    syncFields: cloudId === undefined ? {} : { cloudId },
  };
  const checks = notBelowZero === undefined ? [] : [{ name: "not_below_zero", test: (record: KitRecord) => !record[notBelowZero]?.startsWith("-") }];
  return { model, checks, defaults: Object.fromEntries(fields.flatMap(([field, given]) => (given.default === undefined ? [] : [[field, given.default]]))) };
}

function writesTo(application: Application): ProbeWrites {
  const must = (found: boolean): void => {
    if (!found) throw new Error("There is no such row.");
  };
  return {
    insert: async (model, records) => {
      for (const record of records) application.insert(model, record);
    },
    update: async (model, key, changes) => must(application.update(model, keyOf(model, key), changes)),
    delete: async (model, key) => must(application.delete(model, keyOf(model, key))),
  };
}

function probeOf(database: MemoryDatabase): Probe {
  return {
    ...writesTo(database.application),
    rows: async (model) => database.probe.rows(model).map(({ record }) => pick(record, Object.keys(kitModels[model].fields))),
    begin: async () => {
      const transaction = database.begin();
      return { ...writesTo(transaction), commit: async () => transaction.commit(), rollback: async () => transaction.rollback() };
    },
    spoil: async (key) => {
      database.application.update("Thing", keyOf("Thing", key), { small: "many" });
      return "small";
    },
    sideTables: async () => (database.probe.lease.fence > 0 ? ["lease"] : []),
  };
}

/** The rows alone are left, each without its identity. */
function forget(database: MemoryDatabase): void {
  const { tables, ...rest } = database.snapshot();
  const bare = [...tables].map(([name, { rows }]) => {
    const inModel = database.endpoints.get(name)!.model.syncFields.cloudId !== undefined;
    const nobody = new Map([...rows].map(([key, row]) => [key, { ...row, cloudId: null }]));
    return [name, { rows: inModel ? rows : nobody, identities: new Map<string, string>() }] as const;
  });
  database.restore({ ...rest, tables: new Map(bare), runCounter: 0, fence: 0, met: new Map(), pairs: new Map() });
}

const capabilities: HarnessCapabilities = {
  changesSince: true, fingerprints: true, exactWrites: true, state: true, cloudIdField: true, atomicUnits: true, foreignKeys: true, checks: true,
  notNull: true, defaults: true, transactions: true, overlappingTransactions: true, foreignValues: true, reopening: true, uninstall: true,
};

/** Core's reference database. It is what stays, so to open it again is to go on with it. */
export function memoryHarness(tracking: Tracking): MemoryHarness {
  const models = (Object.keys(kitModels) as KitModelName[]).map(memoryModel);
  return {
    capabilities: { ...capabilities, changesSince: tracking === "changes", fingerprints: tracking === "fingerprints" },
    values: Object.keys(kitModels.Thing.fields).filter((field) => field !== "id") as ValueField[],
    async open(namespace) {
      const database = memoryDatabase({ name: namespace, models, tracking });
      return {
        database,
        probe: probeOf(database),
        server: { product: "memory", version: "" },
        reopen: async () => database,
        async uninstall() {
          await database.state!.uninstall();
          forget(database);
        },
        close: async () => {},
      };
    },
  };
}
