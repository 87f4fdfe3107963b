import type { Endpoint, Field } from "@sync/core";
import type { Capability, KitRecord } from "./harness.ts";
import { giveWay, type Kit } from "./kit.ts";
import { kitModels, type KitModelName } from "./models.ts";

const everyModel = Object.keys(kitModels) as readonly KitModelName[];

/** What a model says otherwise than the kit's schema has it. */
export function modelDifferences(kit: Kit, name: KitModelName): string[] {
  const shape = kitModels[name];
  const { model } = kit.endpoint(name);
  const different: string[] = [];
  const wanted = (what: string, found: unknown, expected: unknown): void => {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
    if (is !== should) different.push(`${model.name}: ${what} is ${is}, not ${should}`);
  };
  wanted("its name", model.name, kit.name(name));
  wanted("its primary key", model.primaryKey, kit.named(name, shape.primaryKey));
  wanted("its keySource", model.keySource, shape.keySource);
  const names = kit.named(name, kit.fields(name));
  for (const [at, field] of kit.fields(name).entries()) {
    const found = model.fields.find((each) => each.name === names[at]);
    if (found) fieldDifferences(name, field, found, wanted);
    else different.push(`${model.name} has no field ${names[at]}`);
  }
  const extra = model.fields.filter((field) => !names.includes(field.name)).map((field) => field.name);
  if (extra.length > 0) different.push(`${model.name} has ${extra.join(", ")}, of which the harness says nothing`);
  const uniques = model.uniqueKeys.map(({ fields }) => [...fields].sort().join());
  for (const fields of shape.uniqueKeys ?? []) {
    // That a cloudId is unique goes without saying.
    const said = fields.join() === shape.cloudId || uniques.includes([...fields].sort().join());
    if (!said) different.push(`${model.name} has no unique key ${fields.join(", ")}`);
  }
  for (const { fields, target, targetFields, onDelete } of shape.references ?? []) {
    const found = model.references.find((reference) => reference.fields.join() === kit.named(name, fields).join());
    if (!found) different.push(`${model.name} has no reference by ${fields.join(", ")}`);
    else {
      wanted(`the target of ${fields.join()}`, found.target, kit.name(target as KitModelName));
      // An inner record goes with its document, or forbids that it goes: either is the database's own doing.
      if (found.onDelete === "none" || model.within === found.name) continue;
      wanted(`the target fields of ${fields.join()}`, found.targetFields, targetFields);
      wanted(`what a delete does to ${fields.join()}`, found.onDelete, onDelete);
    }
  }
  return different;
}

function fieldDifferences(model: KitModelName, name: string, found: Field, wanted: (what: string, found: unknown, expected: unknown) => void): void {
  const field = kitModels[model].fields[name]!;
  const isKeyOf = field.type === "key" || name === "cloudId";
  if (!isKeyOf) wanted(`the kind of ${name}`, found.kind.type, field.type);
  wanted(`whether ${name} may be null`, found.nullable, field.nullable === true);
  wanted(`whether ${name} can be written`, found.writable, true);
}

/** Where harness, endpoints and database say different things about what is there. */
export async function capabilityDifferences(kit: Kit): Promise<string[]> {
  const different: string[] = [];
  const { capabilities, probe, database, session } = kit;
  const is = (capability: Capability, there: boolean, where: string): void => {
    const said = capabilities[capability];
    if (said !== there) different.push(`${capability}: the harness says ${String(said)}, ${where} says ${String(there)}`);
  };
  for (const model of everyModel) {
    const endpoint: Endpoint = kit.endpoint(model);
    const where = `the endpoint ${endpoint.model.name}`;
    is("changesSince", endpoint.capabilities.changesSince, where);
    is("fingerprints", endpoint.capabilities.fingerprints, where);
    // A thing has kinds that a database may not keep to the last digit.
    if (model !== "Thing") is("exactWrites", endpoint.capabilities.exactWrites, where);
    is("changesSince", endpoint.changesSince !== undefined, `the method of ${endpoint.model.name}`);
    is("fingerprints", endpoint.fingerprint !== undefined, `the method of ${endpoint.model.name}`);
    for (const { fingerprint } of await kit.pages(model)) is("fingerprints", fingerprint !== undefined, `a page of ${endpoint.model.name}`);
  }
  is("state", database.state !== undefined, "the database");
  is("cloudIdField", kit.endpoint("Child").model.syncFields.cloudId === "cloudId", "the model Child");
  const outer = [["Child", "parentId"], ["Node", "aboveId"]] as const;
  for (const [model, field] of outer) {
    const reference = kit.endpoint(model).model.references.find(({ fields }) => fields.join() === field);
    is("foreignKeys", reference !== undefined && reference.onDelete !== "none", `the model ${model}`);
  }
  is("transactions", probe.begin !== undefined, "the probe");
  is("foreignValues", probe.spoil !== undefined, "the probe");
  is("reopening", session.reopen !== undefined, "the session");
  is("uninstall", session.uninstall !== undefined && probe.sideTables !== undefined, "the session");
  const accepts = async (record: KitRecord): Promise<boolean> => probe.insert("Parent", [record]).then(() => true, () => false);
  is("checks", !(await accepts({ code: "below zero", size: "-1" })), "the database");
  is("notNull", !(await accepts({ code: null, name: "without a code" })), "the database");
  await probe.insert("Child", [{ name: "with a default" }]).catch(() => undefined);
  is("defaults", (await probe.rows("Child")).some(({ rank }) => rank === "7"), "the database");
  is("atomicUnits", await takesBack(kit), "a refused unit");
  if (probe.begin) is("overlappingTransactions", await readsMeanwhile(kit), "an open transaction");
  return different;
}

/** Nothing of a refused unit stays. */
async function takesBack(kit: Kit): Promise<boolean> {
  const first = await kit.newRows("Book", [{ id: "taken" }]);
  await kit.commit(first, await kit.newRows("Book", [{ id: "taken" }]));
  return (await kit.stored("Book")).length === 0;
}

/** The application itself reads while a transaction of its own is open elsewhere. */
async function readsMeanwhile(kit: Kit): Promise<boolean> {
  const transaction = await kit.probe.begin!();
  await transaction.insert("Book", [{ id: "open" }]);
  const reading = kit.rows("Book").then((rows) => rows.length === 0);
  const first = await Promise.race([reading, giveWay().then(() => undefined)]);
  await transaction.rollback();
  await reading;
  return first !== undefined;
}
