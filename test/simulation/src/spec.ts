import type { MatchRule } from "@sync/core";
import { cloudId, fallback, naturalKey } from "@sync/core";
import type { Field, Kind, Model, Reference } from "@sync/core";
import type { Random } from "./random.ts";

export type SideName = "left" | "right";
export const SIDES: readonly SideName[] = ["left", "right"];
export const opposite = (side: SideName): SideName => (side === "left" ? "right" : "left");

/** One field as both sides have it. Its left name is its logical name. */
export interface FieldSpec {
  readonly name: string;
  readonly right: string;
  readonly kinds: Readonly<Record<SideName, Kind>>;
  readonly nullable: boolean;
  /** Read by `newest`, not synced. */
  readonly stamped: boolean;
  /** A value that no other number gives, as that side holds it. */
  readonly make: (n: number, side: SideName, random: Random) => string;
}

export interface ReferenceSpec {
  readonly name: string;
  readonly right: string;
  readonly target: string;
  readonly nullable: boolean;
  readonly onDelete: Reference["onDelete"];
}

export interface CheckSpec {
  readonly name: string;
  readonly field: string;
  readonly test: (value: string | null) => boolean;
}

/** A model of the case, told once for both sides. The oracle reads this, and the databases are built from it. */
export interface ModelSpec {
  readonly name: string;
  readonly right: string;
  readonly fields: readonly FieldSpec[];
  readonly references: readonly ReferenceSpec[];
  /** What tells records apart, references included; empty: only the cloudId does. */
  readonly identity: readonly string[];
  readonly identityIsUnique: boolean;
  /** Further unique keys, by field or reference name. */
  readonly unique: readonly (readonly string[])[];
  readonly match: MatchRule | readonly MatchRule[];
  /** `"id"`: a key that the database makes; else the fields and references that are the primary key. */
  readonly key: Readonly<Record<SideName, "id" | readonly string[]>>;
  readonly ids: Readonly<Record<SideName, Kind>>;
  readonly cloudIdField: Readonly<Record<SideName, boolean>>;
  readonly checks: Readonly<Record<SideName, readonly CheckSpec[]>>;
  /** What a side's database makes of a field's value when it is written. */
  readonly alter: Readonly<Record<SideName, Readonly<Record<string, (value: string) => string>>>>;
  /** Decimals may be cut to the other side's scale. */
  readonly narrow: readonly string[];
}

export const text: Kind = { type: "text" };
const integer: Kind = { type: "integer", bits: 64 };

/** The name that a logical field or reference has on a side. */
export function nameOn(side: SideName, field: FieldSpec | ReferenceSpec): string {
  return side === "left" ? field.name : field.right;
}

export function modelNameOn(side: SideName, spec: ModelSpec): string {
  return side === "left" ? spec.name : spec.right;
}

/** The field of each side's own application; the sync does not know it. */
export const unmappedOn: Readonly<Record<SideName, string>> = { left: "localNote", right: "legacy_note" };
export const unmappedDefault = "as it was";

/** The model that one side's adapter would give. */
export function modelOf(spec: ModelSpec, side: SideName, specs: readonly ModelSpec[]): Model {
  const fields: Field[] = [];
  const key = spec.key[side];
  if (key === "id") fields.push({ name: "id", kind: spec.ids[side], nullable: false, writable: true });
  for (const field of spec.fields) {
    const base = { name: nameOn(side, field), kind: field.kinds[side], nullable: field.nullable, writable: true };
    fields.push(field.stamped ? { ...base, stamped: true, optional: true } : base);
  }
  const references = spec.references.map((reference): Reference => {
    const target = specs.find((candidate) => candidate.name === reference.target)!;
    const targetKey = target.key[side];
    const keyField = targetKey === "id" ? undefined : target.fields.find((field) => field.name === targetKey[0])!;
    const name = nameOn(side, reference);
    fields.push({ name, kind: keyField?.kinds[side] ?? target.ids[side], nullable: reference.nullable, writable: true });
    return {
      name: `${name}_fk`, fields: [name], target: modelNameOn(side, target), targetFields: [keyField ? nameOn(side, keyField) : "id"], onDelete: reference.onDelete,
    };
  });
  fields.push({ name: unmappedOn[side], kind: text, nullable: true, writable: true, optional: true });
  if (spec.cloudIdField[side]) fields.push({ name: "cloudId", kind: text, nullable: true, writable: true, optional: true });
  const onSide = (names: readonly string[]): string[] => names.map((name) => nameOn(side, memberOf(spec, name)));
  const uniqueKeys = [...(spec.identityIsUnique && spec.identity.length > 0 ? [spec.identity] : []), ...spec.unique]
    .filter((names) => key === "id" || names.join() !== key.join())
    .map((names) => ({ name: `${names.join("_")}_unique`, fields: onSide(names) }));
  return {
    name: modelNameOn(side, spec), fields, primaryKey: key === "id" ? ["id"] : onSide(key), keySource: key === "id" ? "allocated" : "values",
    uniqueKeys, references, syncFields: spec.cloudIdField[side] ? { cloudId: "cloudId" } : {},
  };
}

/** The field or reference of that logical name. */
export function memberOf(spec: ModelSpec, name: string): FieldSpec | ReferenceSpec {
  return spec.fields.find((field) => field.name === name) ?? spec.references.find((reference) => reference.name === name)!;
}

export const isReference = (member: FieldSpec | ReferenceSpec): member is ReferenceSpec => "target" in member;

/** Picks a model set and its details: key kinds, where cloudIds live, what databases do. */
export function pickSpecs(random: Random, set?: string): { readonly set: string; readonly models: readonly ModelSpec[] } {
  const name = set ?? random.pick(Object.keys(SETS));
  return { set: name, models: SETS[name]!(new Builder(random)) };
}

const onlyText = (prefix: string) => (n: number): string => `${prefix}${n}`;
const shouting = (value: string | null): boolean => value === null || !value.includes("bad");

class Builder {
  readonly random: Random;
  readonly #ids: Record<SideName, Kind>;
  readonly #cloudIdField: Record<SideName, boolean>;

  constructor(random: Random) {
    this.random = random;
    const idKinds: readonly Kind[] = [integer, text, { type: "uuid" }];
    this.#ids = { left: random.pick(idKinds), right: random.pick(idKinds) };
    this.#cloudIdField = { left: random.chance(0.5), right: random.chance(0.5) };
  }

  model(name: string, rest: Partial<ModelSpec> & Pick<ModelSpec, "fields">): ModelSpec {
    const identity = rest.identity ?? [];
    return {
      name, right: `${name.toLowerCase()}s`, references: [], identity, identityIsUnique: true, unique: [],
      match: identity.length > 0 ? naturalKey(identity) : cloudId(), key: { left: "id", right: "id" },
      ids: this.#ids, cloudIdField: this.#cloudIdField, checks: { left: [], right: [] }, alter: { left: {}, right: {} }, narrow: [], ...rest,
    };
  }

  field(name: string, make: FieldSpec["make"], rest: Partial<FieldSpec> = {}): FieldSpec {
    return { name, right: this.random.chance(0.5) ? name : `${name}_r`, kinds: { left: text, right: text }, nullable: false, stamped: false, make, ...rest };
  }

  /** A key from a small pool, so that both sides come to make the same one. */
  code(name: string, prefix: string): FieldSpec {
    return this.field(name, (_, __, random) => `${prefix}${random.below(24)}`);
  }

  text(name: string, prefix = `${name}-`): FieldSpec {
    return this.field(name, onlyText(prefix), { nullable: this.random.chance(0.3) });
  }

  whole(name: string): FieldSpec {
    return this.field(name, String, { kinds: { left: integer, right: this.random.pick<Kind>([integer, { type: "integer", bits: 32 }, { type: "decimal" }]) }, nullable: true });
  }

  stamp(): FieldSpec {
    const instant: Kind = { type: "instant", digits: 3 };
    return this.field("updatedAt", (n) => instantText(n, 0), { right: "updatedAt", kinds: { left: instant, right: instant }, nullable: true, stamped: true });
  }

  reference(name: string, target: string, rest: Partial<ReferenceSpec> = {}): ReferenceSpec {
    const nullable = rest.nullable ?? false;
    const actions: Reference["onDelete"][] = nullable ? ["set-null", "restrict", "cascade"] : ["cascade", "restrict"];
    return { name, right: this.random.chance(0.5) ? name : `${name}_id`, target, nullable, onDelete: this.random.pick(actions), ...rest };
  }
}

/** The day on which every case begins. */
export const EPOCH: number = Date.UTC(2026, 0, 1);

/** Milliseconds from that day, and microseconds beside them. */
export function instantText(milliseconds: number, micros: number): string {
  const whole = new Date(EPOCH + milliseconds).toISOString().slice(0, -1);
  const fraction = micros > 0 ? `${whole}${String(micros).padStart(3, "0")}` : whole;
  return `${fraction.replace(/\.?0+$/, "")}Z`;
}

const SETS: Record<string, (b: Builder) => ModelSpec[]> = {
  places: (b) => [
    b.model("Country", { fields: [b.code("code", "c"), b.text("name"), b.whole("people"), b.stamp()], identity: ["code"] }),
    b.model("Region", {
      fields: [b.code("code", "r"), b.text("name"), b.stamp()], references: [b.reference("country", "Country")], identity: ["code"],
      checks: { left: [], right: [{ name: "region_name", field: "name", test: shouting }] },
    }),
    b.model("Airport", {
      fields: [b.code("ident", "a"), b.text("name"), b.field("iata", (_, __, random) => `i${random.below(12)}`, { nullable: true }), b.whole("elevation"), b.stamp()],
      references: [b.reference("region", "Region", { nullable: true }), b.reference("country", "Country")],
      identity: ["ident"], unique: [["iata"]], checks: { left: [{ name: "airport_name", field: "name", test: shouting }], right: [] },
    }),
  ],
  tree: (b) => [
    b.model("Category", {
      fields: [b.code("slug", "s"), b.text("title"), b.whole("position"), b.stamp()], references: [b.reference("parent", "Category", { nullable: true })], identity: ["slug"],
      checks: { left: [], right: [{ name: "category_title", field: "title", test: shouting }] },
    }),
  ],
  cycle: (b) => [
    b.model("Team", { fields: [b.code("name", "t"), b.text("motto"), b.stamp()], references: [b.reference("lead", "Person", { nullable: true, onDelete: "set-null" })], identity: ["name"] }),
    b.model("Person", { fields: [b.code("email", "p"), b.text("fullName"), b.stamp()], references: [b.reference("team", "Team")], identity: ["email"] }),
  ],
  notes: (b) => [
    b.model("User", { fields: [b.code("email", "u"), b.text("name"), b.stamp()], identity: ["email"] }),
    b.model("Note", { fields: [b.text("title"), b.text("body"), b.stamp()], references: [b.reference("author", "User", { nullable: b.random.chance(0.5) })] }),
  ],
  proposals: (b) => [
    b.model("Customer", { fields: [b.field("email", (_, __, random) => `e${random.below(24)}`, { nullable: true }), b.text("name"), b.stamp()], identity: ["email"], match: [naturalKey("email"), fallback("name")] }),
    b.model("Proposal", {
      fields: [b.code("title", "p"), b.text("text"), b.stamp()], references: [b.reference("customer", "Customer")],
      identity: ["title", "customer"], identityIsUnique: false, match: fallback(["title", "customer"]),
    }),
  ],
  rights: (b) => [
    b.model("Role", { fields: [b.code("name", "r"), b.text("label"), b.stamp()], identity: ["name"] }),
    b.model("Permission", {
      fields: [b.field("resource", (_, __, random) => `r${random.below(4)}`), b.field("action", (_, __, random) => `a${random.below(4)}`), b.field("scope", (_, __, random) => `s${random.below(2)}`), b.text("note"), b.stamp()],
      identity: ["resource", "action", "scope"],
    }),
    b.model("Grant", {
      fields: [b.text("reason"), b.stamp()], references: [b.reference("role", "Role", { onDelete: "cascade" }), b.reference("permission", "Permission", { onDelete: "cascade" })],
      identity: ["role", "permission"], key: { left: ["role", "permission"], right: b.random.chance(0.5) ? "id" : ["role", "permission"] },
    }),
  ],
  edges: (b) => [
    b.model("Role", { fields: [b.code("name", "r"), b.text("label"), b.stamp()], identity: ["name"] }),
    b.model("User", { fields: [b.code("email", "u"), b.text("name"), b.stamp()], identity: ["email"] }),
    // Nothing but its two references (and a stamp): there is nothing in it that could be changed.
    b.model("Membership", {
      fields: [b.stamp()], references: [b.reference("role", "Role", { onDelete: "cascade" }), b.reference("user", "User", { onDelete: "cascade" })],
      identity: ["role", "user"], key: { left: ["role", "user"], right: ["role", "user"] },
    }),
  ],
  precision: (b) => [
    b.model("Event", {
      fields: [
        b.code("code", "e"),
        b.field("at", (n, side, random) => instantText(n, side === "left" ? random.below(1000) : 0), { kinds: { left: { type: "instant", digits: 6 }, right: { type: "instant", digits: 3 } } }),
        b.field("amount", (n, side, random) => trimmed(`${n}.${side === "left" ? random.pick(["25", "125", "0001"]) : "5"}`), {
          kinds: { left: { type: "decimal", precision: 12, scale: 4 }, right: { type: "decimal", precision: 10, scale: 2 } }, nullable: true,
        }),
        b.text("note"), b.stamp(),
      ],
      identity: ["code"], narrow: b.random.chance(0.5) ? ["amount"] : [],
    }),
  ],
  altering: (b) => {
    const trims = (value: string): string => value.trim();
    const altering = { name: trims, city: (value: string): string => value.toUpperCase(), at: (value: string): string => value.replace(/\.\d+Z$/, "Z") };
    const side = b.random.pick(SIDES);
    return [
      b.model("Contact", {
        fields: [
          b.code("email", "c"), b.field("name", (n, _, random) => (random.chance(0.5) ? ` name-${n} ` : `name-${n}`)), b.field("city", (n) => `city-${n}`, { nullable: true }),
          b.field("at", (n) => instantText(n * 1000 + 500, 0), { kinds: { left: { type: "instant", digits: 3 }, right: { type: "instant", digits: 3 } } }),
          b.text("note"), b.stamp(),
        ],
        identity: ["email"], alter: { left: {}, right: {}, [side]: altering },
      }),
    ];
  },
  keyed: (b) => [
    b.model("Country", { fields: [b.code("code", "c"), b.text("name"), b.stamp()], identity: ["code"], key: { left: ["code"], right: b.random.chance(0.5) ? "id" : ["code"] } }),
    b.model("City", { fields: [b.code("name", "n"), b.whole("people"), b.stamp()], references: [b.reference("country", "Country")], identity: ["name", "country"] }),
  ],
};

const trimmed = (decimal: string): string => decimal.replace(/\.?0+$/, "");
