import type { Change, MemoryCommit, Version } from "@sync/core/memory";
import type { Key } from "@sync/core";
import {
  isReference, memberOf, modelNameOn, nameOn, opposite, SIDES, unmappedDefault, unmappedOn, type FieldSpec, type ModelSpec, type ReferenceSpec, type SideName,
} from "./spec.ts";
import { agree, meetText } from "./values.ts";

/** A rule that was broken, and where. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
}

/** A value that some user gave one field, knowing the one that stood there before. */
interface Write {
  readonly side: SideName;
  readonly value: string | null;
  readonly knew: Write | undefined;
  /** An edge that the engine fills later is empty until then: nobody's value. */
  readonly empty: boolean;
}

/** What a field held, and whose write that was. */
interface CellVersion {
  readonly write: Write;
  readonly value: string | null;
}

/** One row from its first to its last day, under whatever key. */
interface RowLife {
  readonly side: SideName;
  readonly spec: ModelSpec;
  key: Key;
  readonly cells: Map<string, CellVersion[]>;
  cloudIds: string[];
  thing: Thing;
  readonly byUser: boolean;
  readonly born: number;
  linkedAt: number;
  end: "user" | "engine" | undefined;
  ended: number;
  /**
   * Gone in the very run that was linking it; or after a run that lost answers or died, and before one that ended well:
   * nobody can know that it had been linked.
   */
  endedInTrouble: boolean;
}

/** All rows that the engine treats as one and the same thing. */
interface Thing {
  rows: RowLife[];
}

/** A loss that is allowed if the conflict log tells of it. */
export interface Obligation {
  readonly rule: string;
  readonly message: string;
  readonly model: string;
  readonly row: { readonly thing: { readonly rows: readonly { readonly cloudIds: readonly string[] }[] } };
  /** A logical field name; undefined: the record as a whole. */
  readonly field: string | undefined;
  /** The value that must stand in the log, at the meet; undefined where it cannot be compared (references). */
  readonly value: string | null | undefined;
}

/**
 * Follows every committed write of users, and holds every commit of the engine against them: whatever the engine
 * overwrites or deletes, somebody must have replaced or deleted knowingly, or the conflict log must tell of it.
 * Built from what the databases report at each commit; knows nothing of the engine.
 */
export class History {
  /** From a run whose answers get lost, or that dies, until one has ended well. */
  trouble = false;
  /** There was such a run. */
  troubled = false;
  readonly violations: Violation[] = [];
  readonly obligations: Obligation[] = [];
  readonly #specs: readonly ModelSpec[];
  readonly #live: Map<string, Map<string, RowLife>> = new Map();
  readonly #lastByCloudId: Map<string, RowLife> = new Map();
  /** By keys that rows had once. */
  readonly #gone: Map<string, RowLife> = new Map();
  /** By side, model and identity: what stood there last, and was deleted by a user. */
  readonly #buried: Map<string, RowLife> = new Map();
  readonly #checks: (() => void)[] = [];
  #commits = 0;
  #runBegan = 0;
  /** Under way. */
  #runs = 0;

  constructor(specs: readonly ModelSpec[]) {
    this.#specs = specs;
  }

  /** Once everything that belongs together is linked. */
  finish(): void {
    for (const check of this.#checks.splice(0)) check();
  }

  /** Both sides are written at once: the link that explains a value may be committed after the value. */
  #later(spec: ModelSpec, life: RowLife, member: FieldSpec | ReferenceSpec, value: string | null, message: string): void {
    this.#checks.push(() => {
      const explained = life.thing.rows.some((row) => row.spec === spec && row.side !== life.side && this.#versionWith(row, spec, member, life.side, value) !== undefined);
      if (!explained) this.#broken("I2", message);
    });
  }

  runBegins(): void {
    this.#runs += 1;
    this.#runBegan = this.#commits;
  }

  runEnds(): void {
    this.#runs -= 1;
  }

  observe(side: SideName, commit: MemoryCommit): void {
    this.#commits += 1;
    const entries = commit.changes.flatMap((change) => {
      const spec = this.#specs.find((candidate) => modelNameOn(side, candidate) === change.model)!;
      const { before, after } = change;
      const renamed = before !== undefined && after !== undefined && before.key.join("\0") !== after.key.join("\0");
      if (!renamed || before.cloudId === after.cloudId) return [{ change, spec }];
      // A side table knows a row by its key: under another key nobody can tell that it is the same one.
      return [{ change: { ...change, after: undefined }, spec }, { change: { ...change, before: undefined }, spec }];
    });
    // Parents' new rows are known before their children are looked at; the dead stay known by their key.
    const ordered = [...entries].sort((a, b) => this.#specs.indexOf(a.spec) - this.#specs.indexOf(b.spec));
    const lives = ordered.map(({ change, spec }) => ({ change, spec, life: this.#place(side, spec, change, commit.by === "application") }));
    for (const { change, spec, life } of lives) {
      if (commit.by === "application") this.#byUser(spec, life, change);
      else this.#byEngine(spec, life, change);
    }
    if (commit.by === "unit") this.#checkBijection(lives.map(({ life }) => life));
  }

  /** Finds or makes the row's life and moves it to where the row now stands. */
  #place(side: SideName, spec: ModelSpec, change: Change, byUser: boolean): RowLife {
    const { before, after } = change;
    const rows = this.#rows(side, spec);
    const life: RowLife = (before && rows.get(before.key.join("\0"))) ?? {
      side, spec, key: (after ?? before)!.key, cells: new Map(), cloudIds: [], thing: { rows: [] }, byUser,
      born: this.#commits, linkedAt: 0, end: undefined, ended: 0, endedInTrouble: false,
    };
    if (life.thing.rows.length === 0) life.thing.rows.push(life);
    if (before !== undefined && rows.get(before.key.join("\0")) === life) rows.delete(before.key.join("\0"));
    if (before !== undefined) this.#gone.set(this.#keyName(side, spec, before.key), life);
    if (after === undefined) return life;
    life.key = after.key;
    rows.set(after.key.join("\0"), life);
    if (after.cloudId !== null && life.cloudIds.at(-1) !== after.cloudId) {
      this.#leave(life);
      life.cloudIds.push(after.cloudId);
      life.linkedAt = this.#commits;
      const twin = this.#lastByCloudId.get(`${opposite(side)} ${spec.name} ${after.cloudId}`);
      if (twin !== undefined) this.#unite(life, twin);
      const former = this.#lastByCloudId.get(`${side} ${spec.name} ${after.cloudId}`);
      if (former !== undefined) this.#unite(life, former);
      this.#lastByCloudId.set(`${side} ${spec.name} ${after.cloudId}`, life);
    }
    return life;
  }

  #byUser(spec: ModelSpec, life: RowLife, { before, after }: Change): void {
    if (after === undefined) {
      life.end = "user";
      life.ended = this.#commits;
      life.endedInTrouble = this.trouble || (this.#runs > 0 && life.linkedAt > this.#runBegan);
      this.#buried.set(this.#identityName(life.side, spec, before!), life);
      return;
    }
    // Who makes a record again that was deleted on this side knows what it was.
    const again = before === undefined ? this.#buried.get(this.#identityName(life.side, spec, after)) : undefined;
    for (const member of membersOf(spec)) {
      const now = this.#valueOf(life.side, spec, member, after);
      if (before !== undefined && this.#valueOf(life.side, spec, member, before) === now) continue;
      const known = (life.cells.get(member.name) ?? again?.cells.get(member.name))?.at(-1)?.write;
      this.#put(life, member.name, { value: now, write: { side: life.side, value: now, knew: known, empty: false } });
    }
  }

  #byEngine(spec: ModelSpec, life: RowLife, change: Change): void {
    const { before, after } = change;
    if (after === undefined) this.#deleted(spec, life, change);
    else if (before === undefined) this.#inserted(spec, life, after);
    else this.#updated(spec, life, before, after, change.cascaded);
  }

  #inserted(spec: ModelSpec, life: RowLife, after: Version): void {
    const source = this.#sourceOf(spec, life, after);
    if (source === undefined) {
      const twice = [...this.#rows(life.side, spec).values()].some((row) => row !== life && !row.byUser && this.#sameValues(spec, row, after));
      this.#broken(twice ? "I5" : "I2", `a record of ${this.#label(life)} ${twice ? "was made once more" : "came from nowhere"}`);
      return;
    }
    if (spec.identity.length === 0 && !source.cloudIds.includes(after.cloudId ?? "")) {
      this.#broken("I4", `a record of ${this.#label(life)} was created before its counterpart had the cloudId; a crash here would double it`);
    }
    this.#unite(life, source);
    const onSide = life.thing.rows.filter((row) => row.side === life.side && row !== life && row.spec === spec);
    if (onSide.some((row) => row.end === undefined)) this.#broken("I4", `a record of ${this.#label(life)} was created twice`);
    const deleted = onSide.find((row) => row.end === "user");
    // What the engine itself made of the deleted one is told of in its state, whatever became of the answer.
    const unknown = deleted?.endedInTrouble && source.byUser;
    if (deleted !== undefined && !unknown && source.end === undefined && !this.#bornAfter(source, deleted)) {
      this.#owe("I7", `a record of ${this.#label(life)} that a user deleted came back`, life, undefined, undefined);
    }
    for (const member of membersOf(spec)) {
      const value = this.#valueOf(life.side, spec, member, after);
      const version = this.#versionWith(source, spec, member, life.side, value);
      if (version !== undefined) this.#put(life, member.name, { value, write: version.write });
      else if (value === null && isReference(member)) this.#put(life, member.name, { value, write: { side: life.side, value, knew: undefined, empty: true } });
      else {
        this.#put(life, member.name, { value, write: { side: life.side, value, knew: undefined, empty: true } });
        this.#later(spec, life, member, value, `${member.name} of a new ${this.#label(life)} holds a value that nobody wrote`);
      }
    }
    if (this.#raw(life.side, spec, after, unmappedOn[life.side]) !== unmappedDefault) this.#broken("I16", `a field outside the sync was set in a new ${this.#label(life)}`);
  }

  #updated(spec: ModelSpec, life: RowLife, before: Version, after: Version, cascaded: boolean): void {
    if (this.#raw(life.side, spec, before, unmappedOn[life.side]) !== this.#raw(life.side, spec, after, unmappedOn[life.side])) {
      this.#broken("I16", `a field outside the sync was altered in ${this.#label(life)}`);
    }
    for (const member of membersOf(spec)) {
      const was = this.#valueOf(life.side, spec, member, before);
      const now = this.#valueOf(life.side, spec, member, after);
      if (was === now) continue;
      const current = life.cells.get(member.name)?.at(-1);
      if (isReference(member) && cascaded && now !== null) {
        // It followed its parent's new key; the old one may be another's soon.
        if (current !== undefined) this.#put(life, member.name, { value: now, write: { ...current.write, value: now } });
        continue;
      }
      const version = this.#sourceVersion(spec, life, member, now);
      if (version === undefined && cascaded) {
        this.#put(life, member.name, { value: now, write: { side: life.side, value: now, knew: current?.write, empty: false } });
        this.#owe("I2", `${member.name} of ${this.#label(life)} was cleared by a cascade that no user had seen`, life, undefined, undefined);
        continue;
      }
      if (version === undefined) {
        this.#put(life, member.name, { value: now, write: { side: life.side, value: now, knew: current?.write, empty: true } });
        this.#later(spec, life, member, now, `${member.name} of ${this.#label(life)} was given a value that nobody wrote`);
        continue;
      }
      this.#put(life, member.name, { value: now, write: version.write });
      if (current === undefined || current.write.empty) continue;
      if (!isReference(member) && meetText(member, was) === meetText(member, now)) {
        this.#broken("I17", `${member.name} of ${this.#label(life)} was overwritten by a value that equals it at the meet`);
      } else if (version.write === current.write) {
        if (isReference(member)) continue; // the parent has another counterpart now
        // After a lost answer nobody can tell an altered copy from somebody's edit; then the log has to show both.
        const message = `${member.name} of ${this.#label(life)} got back its own value in another form`;
        if (this.troubled) this.#owe("I6", message, life, member.name, meetText(member, current.value));
        else this.#broken("I6", message);
      } else if (!this.#knows(spec, member, version.write, current, life.side) && !this.#buriedKnowingly(spec, member, life, current)) {
        const older = this.#knows(spec, member, current.write, version, life.side);
        this.#owe(older ? "I14" : "I2", `${member.name} of ${this.#label(life)} was overwritten by ${older ? "an older value" : "a value written without knowing it"}`, life, member.name,
          isReference(member) ? undefined : meetText(member, current.value));
      }
    }
  }

  #deleted(spec: ModelSpec, life: RowLife, { cascaded }: Change): void {
    life.end = "engine";
    life.ended = this.#commits;
    // Made between the look for children and the delete of their parent: no unit can say that nobody goes along.
    if (cascaded && life.byUser && life.cloudIds.length === 0 && life.born > this.#runBegan) return;
    const others = life.thing.rows.filter((row) => row.side !== life.side && row.spec === spec);
    const how = cascaded ? " by a cascade" : "";
    const deletedByUser = others.filter((row) => row.end === "user").sort((a, b) => a.ended - b.ended).at(-1);
    if (deletedByUser === undefined || others.some((row) => row.end === undefined)) {
      this.#owe("I2", `${this.#label(life)} was deleted${how}, although nobody deleted it on the other side`, life, undefined, undefined);
      return;
    }
    for (const member of membersOf(spec)) {
      const current = life.cells.get(member.name)?.at(-1);
      const last = deletedByUser.cells.get(member.name)?.at(-1);
      if (current === undefined || last === undefined || current.write.empty) continue;
      if (!this.#knows(spec, member, last.write, current, life.side)) {
        this.#owe("I2", `${this.#label(life)} was deleted${how} together with a value of ${member.name} that the deleting user had not seen`, life, member.name,
          isReference(member) ? undefined : meetText(member, current.value));
      }
    }
  }

  /** No thing has two rows on a side, and no row changes the thing it belongs to. */
  #checkBijection(lives: readonly RowLife[]): void {
    for (const { thing } of new Set(lives)) {
      for (const side of SIDES) {
        const rows = thing.rows.filter((row) => row.side === side && row.end === undefined);
        if (rows.length > 1) this.#broken("I10", `${rows.length} records of ${this.#label(rows[0]!)} are linked as one thing`);
      }
    }
  }

  /** The row that this new one was made from: by cloudId, else by identity, as it is or once was. */
  #sourceOf(spec: ModelSpec, life: RowLife, after: Version): RowLife | undefined {
    const known = this.#lastByCloudId.get(`${opposite(life.side)} ${spec.name} ${after.cloudId}`);
    if (known !== undefined || spec.identity.length === 0) return known;
    const members = spec.identity.map((name) => memberOf(spec, name));
    const candidates = [...this.#rows(opposite(life.side), spec).values()];
    const holds = (row: RowLife, member: FieldSpec | ReferenceSpec, former: boolean): boolean => {
      const value = this.#valueOf(life.side, spec, member, after);
      const versions = row.cells.get(member.name) ?? [];
      return (former ? versions : versions.slice(-1)).some((version) => this.#same(spec, member, row.side, version.value, life.side, value));
    };
    const named = members.every((member) => this.#valueOf(life.side, spec, member, after) !== null);
    const told = named ? members : membersOf(spec);
    return candidates.find((row) => told.every((member) => holds(row, member, false))) ?? candidates.find((row) => told.every((member) => holds(row, member, true)));
  }

  #sameValues(spec: ModelSpec, row: RowLife, version: Version): boolean {
    return membersOf(spec).every((member) => row.cells.get(member.name)?.at(-1)?.value === this.#valueOf(row.side, spec, member, version));
  }

  #sourceVersion(spec: ModelSpec, life: RowLife, member: FieldSpec | ReferenceSpec, value: string | null): CellVersion | undefined {
    const others = life.thing.rows.filter((row) => row.side !== life.side && row.spec === spec).reverse();
    for (const row of others) {
      const version = this.#versionWith(row, spec, member, life.side, value);
      if (version !== undefined) return version;
    }
    return undefined;
  }

  /** The last version of a row's field that would stand on the other side as this value. */
  #versionWith(row: RowLife, spec: ModelSpec, member: FieldSpec | ReferenceSpec, side: SideName, value: string | null): CellVersion | undefined {
    return row.cells.get(member.name)?.findLast((version) => this.#same(spec, member, row.side, version.value, side, value));
  }

  /** A user deleted the former counterpart, which held this value; another record stands in its place now. */
  #buriedKnowingly(spec: ModelSpec, member: FieldSpec | ReferenceSpec, life: RowLife, current: CellVersion): boolean {
    return life.thing.rows.some((row) => {
      const last = row.side !== life.side && row.end === "user" ? row.cells.get(member.name)?.at(-1) : undefined;
      return last !== undefined && this.#knows(spec, member, last.write, current, life.side);
    });
  }

  /** Whoever wrote `write` knew this version, or an equal one. */
  #knows(spec: ModelSpec, member: FieldSpec | ReferenceSpec, write: Write, version: CellVersion, side: SideName): boolean {
    for (let known: Write | undefined = write; known !== undefined; known = known.knew) {
      if (known === version.write || this.#same(spec, member, known.side, known.value, side, version.value)) return true;
    }
    return false;
  }

  #same(spec: ModelSpec, member: FieldSpec | ReferenceSpec, sideA: SideName, a: string | null, sideB: SideName, b: string | null): boolean {
    if (a === null || b === null) return a === b;
    if (sideA === sideB && a === b) return true;
    if (!isReference(member)) {
      if (sideA === sideB) return meetText(member, a) === meetText(member, b);
      return sideA === "left" ? agree(spec, member, a, b) : agree(spec, member, b, a);
    }
    const [one, two] = [this.#parent(member, sideA, a), this.#parent(member, sideB, b)];
    return one !== undefined && two !== undefined && (one.thing === two.thing || (sideA !== sideB && this.#alike(one, two)));
  }

  /** Not linked yet, but about to be: by the identity that both hold. */
  #alike(one: RowLife, two: RowLife): boolean {
    const { spec } = one;
    const equal = (name: string): boolean => {
      const [a, b] = [one.cells.get(name)?.at(-1)?.value ?? null, two.cells.get(name)?.at(-1)?.value ?? null];
      return a !== null && this.#same(spec, memberOf(spec, name), one.side, a, two.side, b);
    };
    const named = spec.identity.length > 0 && spec.identity.every((name) => (one.cells.get(name)?.at(-1)?.value ?? null) !== null);
    // Without a natural key it is recognised by its other values, of which no two records have the same.
    return named ? spec.identity.every(equal) : spec.fields.some((field) => !field.stamped && equal(field.name));
  }

  /** References are held against each other by the thing they point at. */
  #valueOf(side: SideName, spec: ModelSpec, member: FieldSpec | ReferenceSpec, version: Version): string | null {
    return this.#raw(side, spec, version, nameOn(side, member));
  }

  #parent(member: ReferenceSpec, side: SideName, key: string): RowLife | undefined {
    const target = this.#specs.find((spec) => spec.name === member.target)!;
    return this.#rows(side, target).get(key) ?? this.#gone.get(this.#keyName(side, target, [key]));
  }

  #raw(side: SideName, spec: ModelSpec, version: Version, name: string): string | null {
    return version.values[this.#columns(side, spec).get(name)!] ?? null;
  }

  readonly #columnsOf: Map<string, Map<string, number>> = new Map();
  #columns(side: SideName, spec: ModelSpec): Map<string, number> {
    return this.#columnsOf.get(`${side} ${spec.name}`)!;
  }

  /** The order of values in a side's rows. */
  columns(side: SideName, spec: ModelSpec, names: readonly string[]): void {
    this.#columnsOf.set(`${side} ${spec.name}`, new Map(names.map((name, at) => [name, at])));
  }

  #rows(side: SideName, spec: ModelSpec): Map<string, RowLife> {
    const name = `${side} ${spec.name}`;
    let rows = this.#live.get(name);
    if (rows === undefined) this.#live.set(name, (rows = new Map()));
    return rows;
  }

  #identityName(side: SideName, spec: ModelSpec, version: Version): string {
    const values = spec.identity.map((name) => this.#valueOf(side, spec, memberOf(spec, name), version));
    return JSON.stringify([side, spec.name, ...(values.length === 0 || values.includes(null) ? [version.key] : values)]);
  }

  #keyName(side: SideName, spec: ModelSpec, key: Key): string {
    return `${side} ${spec.name} ${key.join("\0")}`;
  }

  #put(life: RowLife, name: string, version: CellVersion): void {
    const versions = life.cells.get(name);
    if (versions === undefined) life.cells.set(name, [version]);
    else versions.push(version);
  }

  /** A cloudId that came to nothing is given up for another one. */
  #leave(life: RowLife): void {
    const former = life.cloudIds.at(-1);
    if (former === undefined) return;
    const name = `${life.side} ${life.spec.name} ${former}`;
    if (this.#lastByCloudId.get(name) === life) this.#lastByCloudId.delete(name);
    life.thing.rows = life.thing.rows.filter((row) => row !== life);
    life.thing = { rows: [life] };
  }

  #unite(a: RowLife, b: RowLife): void {
    if (a.thing === b.thing) return;
    const merged: Thing = { rows: [...new Set([...b.thing.rows, ...a.thing.rows])] };
    for (const row of merged.rows) row.thing = merged;
  }

  /** A user made the row after the other one was gone. */
  #bornAfter(row: RowLife, other: RowLife): boolean {
    return row.byUser && row.born > other.ended;
  }

  #label(life: RowLife): string {
    return `${life.spec.name} ${life.key.join("/")} on the ${life.side}`;
  }

  #broken(rule: string, message: string): void {
    this.violations.push({ rule, message });
  }

  #owe(rule: string, message: string, life: RowLife, field: string | undefined, value: string | null | undefined): void {
    this.obligations.push({ rule, message, model: life.spec.name, row: life, field, value });
  }
}

function membersOf(spec: ModelSpec): (FieldSpec | ReferenceSpec)[] {
  return [...spec.fields.filter((field) => !field.stamped), ...spec.references];
}
