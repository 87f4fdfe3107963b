import type { Key } from "../endpoint.ts";
import type { Reference } from "../model.ts";
import { canonical, fits, isValueError, type Kind, type Value } from "../value.ts";
import { keyText, Refused, type Fault, type MemoryRecord, type Table, type Version } from "./tables.ts";

/** One row that a transaction changed, from its first look to its last. */
export interface Change {
  readonly model: string;
  readonly before: Version | undefined;
  readonly after: Version | undefined;
  /** A foreign key's action did it, not the writer. */
  readonly cascaded: boolean;
}

/** One transaction at work: checks every constraint, runs the foreign keys' actions, and can be undone. */
export class Work {
  readonly transaction: number;
  /** Refuses values that are not of their field's kind. */
  readonly #strict: boolean;
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #undo: (() => void)[] = [];
  readonly #changes: Map<Table, Map<string, { before: Version | undefined; cascaded: boolean }>> = new Map();
  /** Rows whose references are to be looked at, and keys that went: at the end of the statement. */
  #written: [Table, string][] = [];
  #gone: [Table, Version][] = [];

  constructor(tables: ReadonlyMap<string, Table>, transaction: number, strict: boolean) {
    this.#tables = tables;
    this.transaction = transaction;
    this.#strict = strict;
  }

  insert(table: Table, record: Readonly<MemoryRecord>, cloudId: string | null): Version {
    const given = table.names.map((name) => record[name] ?? (name in record ? null : (table.rules.defaults?.[name] ?? null)));
    if (table.cloudIdAt >= 0 && cloudId !== null) given[table.cloudIdAt] = cloudId;
    const stored = this.#stored(table, given, undefined);
    const key = keyOf(table, stored.values);
    const text = keyText(key);
    if (table.rows.has(text)) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model: table.model.name });
    if (table.cloudIdAt < 0 && cloudId !== null) this.#setIdentity(table, text, cloudId);
    this.#set(table, text, this.#version(table, key, stored, this.transaction));
    this.#written.push([table, text]);
    return table.rows.get(text)!;
  }

  update(table: Table, before: Version, changes: Readonly<MemoryRecord>, cloudId: string | undefined): Version {
    const given = [...before.values];
    for (const name of Object.keys(changes)) given[table.at(name)] = changes[name]!;
    if (table.cloudIdAt >= 0 && cloudId !== undefined) given[table.cloudIdAt] = cloudId;
    const text = keyText(before.key);
    if (table.cloudIdAt < 0 && cloudId !== undefined) this.#setIdentity(table, text, cloudId);
    const touched = Object.keys(changes).length > 0 || table.cloudIdAt >= 0;
    const stored = touched ? this.#stored(table, given, before) : before;
    const key = keyOf(table, stored.values);
    const next = this.#version(table, key, stored, touched ? this.transaction : before.transaction);
    if (keyText(key) === text) {
      this.#set(table, text, next);
    } else {
      if (table.rows.has(keyText(key))) throw new Refused({ code: "WRITE.UNIQUE", constraint: "primary key", model: table.model.name });
      const children = this.#children(table, before);
      const identity = table.identities.get(text);
      if (this.#strict && identity !== undefined) {
        // A unit takes the identity along; after an application's change of key nobody can tell which row it was.
        this.#setIdentity(table, text, undefined);
        this.#move(table, text, { ...next, cloudId: identity }, false);
        this.#setIdentity(table, keyText(key), identity);
      } else this.#move(table, text, next, false);
      for (const { child, reference, row } of children) this.#follow(child, reference, row, table, stored.values);
      this.#gone.push([table, before]);
    }
    this.#written.push([table, keyText(key)]);
    return table.get(key)!;
  }

  delete(table: Table, row: Version, cascaded = false): void {
    const children = this.#children(table, row);
    this.#set(table, keyText(row.key), undefined, cascaded);
    this.#gone.push([table, row]);
    for (const { child, reference, row: dependant } of children) {
      const current = child.get(dependant.key);
      if (current === undefined) continue;
      if (reference.onDelete === "cascade") this.delete(child, current, true);
      if (reference.onDelete === "set-null") this.#follow(child, reference, current, table, undefined);
    }
  }

  /** A row's identity goes with it when a unit deletes it. */
  forget(table: Table, key: Key): void {
    if (table.cloudIdAt < 0) this.#setIdentity(table, keyText(key), undefined);
  }

  /** Foreign keys hold at the end of every statement. */
  endStatement(): void {
    const written = this.#written;
    const gone = this.#gone;
    this.#written = [];
    this.#gone = [];
    for (const [table, text] of written) {
      const row = table.rows.get(text);
      if (row === undefined) continue;
      for (const reference of table.model.references) {
        if (reference.onDelete === "none") continue;
        const tuple = tupleOf(table, row.values, reference.fields);
        const target = this.#tables.get(reference.target);
        if (tuple === undefined || target === undefined) continue;
        if (target.find(reference.targetFields, tuple).length === 0) throw foreignKey(table, reference);
      }
    }
    for (const [table, row] of gone) {
      for (const { child, reference } of this.#children(table, row)) {
        const again = table.find(reference.targetFields, tupleOf(table, row.values, reference.targetFields)!);
        if (again.length === 0) throw foreignKey(child, reference);
      }
    }
  }

  /** The row as it was before this transaction wrote it itself. */
  first(table: Table, row: Version): Version {
    return row.transaction === this.transaction ? (this.#changes.get(table)?.get(keyText(row.key))?.before ?? row) : row;
  }

  /** What happened, one entry per row that is not as it was; `before` has another key where the row got a new one. */
  changes(): Change[] {
    const all: Change[] = [];
    for (const [table, rows] of this.#changes) {
      for (const [text, { before, cascaded }] of rows) {
        const after = table.rows.get(text);
        if (before !== after) all.push({ model: table.model.name, before, after, cascaded });
      }
    }
    return all;
  }

  undo(): void {
    for (const step of this.#undo.reverse()) step();
    this.#undo.length = 0;
  }

  /** What is stored: after the database's own changes, and if it passes every constraint of a single row. */
  #stored(table: Table, given: readonly Value[], previous: Version | undefined): Pick<Version, "values" | "faults"> {
    const { rules, model } = table;
    let values = given;
    if (rules.alter !== undefined) {
      const record = rules.alter(table.record(given), previous && table.record(previous.values));
      values = table.names.map((name) => record[name]!);
    }
    const faults: Fault[] = [];
    model.fields.forEach(({ name, kind, nullable }, at) => {
      const value = values[at];
      if (value === null || value === undefined) {
        if (!nullable) throw new Refused({ code: "WRITE.NOT_NULL", field: name, model: model.name });
        return;
      }
      const unchanged = value === previous?.values[at];
      const code = unchanged ? previous?.faults.find((fault) => fault.field === name)?.code : faultOf(kind, value);
      if (code === undefined) return;
      if (this.#strict && !unchanged) throw new Refused({ code: "WRITE.VALUE", field: name, model: model.name });
      faults.push({ field: name, code });
    });
    if (rules.checks !== undefined) {
      const record = table.record(values);
      const failed = rules.checks.find((check) => !check.test(record));
      if (failed) throw new Refused({ code: failed.code ?? "WRITE.CHECK", constraint: failed.name, model: model.name });
    }
    return { values, faults: faults.length > 0 ? faults : noFaults };
  }

  #version(table: Table, key: Key, stored: Pick<Version, "values" | "faults">, transaction: number): Version {
    const cloudId = table.cloudIdAt >= 0 ? stored.values[table.cloudIdAt]! : (table.identities.get(keyText(key)) ?? null);
    return { key, cloudId, transaction, values: stored.values, faults: stored.faults };
  }

  #set(table: Table, text: string, next: Version | undefined, cascaded = false): void {
    const before = table.rows.get(text);
    table.set(text, next);
    this.#undo.push(() => table.set(text, before));
    let rows = this.#changes.get(table);
    if (rows === undefined) this.#changes.set(table, (rows = new Map()));
    const known = rows.get(text);
    if (known === undefined) rows.set(text, { before, cascaded });
    else if (!cascaded) known.cascaded = false;
  }

  /** A row under its new key is still the same row. */
  #move(table: Table, from: string, next: Version, cascaded: boolean): void {
    const to = keyText(next.key);
    if (to !== from) {
      this.#set(table, from, undefined, cascaded);
      const rows = this.#changes.get(table)!;
      const known = rows.get(from)!;
      rows.delete(from);
      this.#set(table, to, next, cascaded);
      rows.set(to, known);
    } else this.#set(table, to, next, cascaded);
  }

  #setIdentity(table: Table, text: string, cloudId: string | undefined): void {
    const holder = cloudId === undefined ? undefined : table.holders.get(cloudId);
    if (holder !== undefined && holder !== text) {
      if (table.rows.has(holder)) throw new Refused({ code: "WRITE.UNIQUE", constraint: "sync_identity", model: table.model.name });
      this.#setIdentity(table, holder, undefined);
    }
    const before = table.identities.get(text);
    if (before === cloudId) return;
    table.identify(text, cloudId);
    this.#undo.push(() => table.identify(text, before));
    const row = table.rows.get(text);
    if (row !== undefined) this.#set(table, text, { ...row, cloudId: cloudId ?? null });
  }

  #children(table: Table, row: Version): { child: Table; reference: Reference; row: Version }[] {
    const found: { child: Table; reference: Reference; row: Version }[] = [];
    for (const child of this.#tables.values()) {
      for (const reference of child.model.references) {
        if (reference.target !== table.model.name || reference.onDelete === "none") continue;
        const tuple = tupleOf(table, row.values, reference.targetFields);
        if (tuple === undefined) continue;
        for (const dependant of child.find(reference.fields, tuple)) found.push({ child, reference, row: dependant });
      }
    }
    return found;
  }

  /** A child follows its parent's new key, or lets go of it. */
  #follow(child: Table, reference: Reference, row: Version, parent: Table, values: readonly Value[] | undefined): void {
    const current = child.get(row.key) ?? row;
    const next = [...current.values];
    reference.fields.forEach((name, part) => {
      next[child.at(name)] = values?.[parent.at(reference.targetFields[part]!)] ?? null;
    });
    const stored = this.#stored(child, next, current);
    const key = keyOf(child, stored.values);
    this.#move(child, keyText(current.key), this.#version(child, key, stored, this.transaction), true);
    this.#written.push([child, keyText(key)]);
  }
}

const noFaults: readonly Fault[] = [];

/** Why a text is not what a field of this kind holds. */
function faultOf(kind: Kind, text: string): string | undefined {
  try {
    return canonical(kind, text) === text ? fits(kind, text) : "VALUE.MALFORMED";
  } catch (error) {
    if (isValueError(error)) return error.code;
    throw error;
  }
}

/** The values of these fields, or undefined where one is null. */
function tupleOf(table: Table, values: readonly Value[], fields: readonly string[]): string[] | undefined {
  const tuple: string[] = [];
  for (const name of fields) {
    const value = values[table.at(name)];
    if (value === null || value === undefined) return undefined;
    tuple.push(value);
  }
  return tuple;
}

function keyOf(table: Table, values: readonly Value[]): Key {
  return table.keyAt.map((at) => {
    const value = values[at];
    if (value === null || value === undefined) throw new Refused({ code: "WRITE.NOT_NULL", field: table.names[at]!, model: table.model.name });
    return value;
  });
}

function foreignKey(table: Table, reference: Reference): Refused {
  return new Refused({ code: "WRITE.FOREIGN_KEY", constraint: reference.name, model: table.model.name });
}
