import type { Differ } from "../engines/differ.ts";
import { randomIdentity } from "../engines/identity.ts";
import type { Mapper } from "../engines/mapper.ts";
import { nameOfRule, type MatchRule } from "../engines/match.ts";
import type { Database, Endpoint, Finding } from "../endpoint.ts";
import { fieldOf, type Field, type Model, type Reference } from "../model.ts";
import { hintFor } from "../names.ts";
import type { FieldMapping, ModelOptions, SyncOptions } from "../options.ts";
import { encode, isValueError, meet, type Kind, type Value } from "../value.ts";
import { describeKind } from "./describe-kind.ts";
import { newRecordFindings } from "./new-records.ts";
import { orderModels } from "./order.ts";
import type { FieldSide, ModelSide, PairField, PairModel, PairRule, SideName } from "./pair-model.ts";
import { checkMerges, softDeleteOf } from "./rule-fields.ts";

/** The mapping of a whole sync: pair models with parents first, and everything that is wrong with it. */
export interface Mapping {
  readonly models: readonly PairModel[];
  readonly findings: readonly Finding[];
}

type AnyModelOptions = ModelOptions & { readonly right?: string };
const modelOptionNames = [
  "right", "match", "fields", "only", "omit", "constants", "together", "outside", "narrow", "mapper", "differ", "conflicts", "onEditDelete", "softDelete", "keepBase",
];

/** Holds the options against both sides' models. Never throws: all findings come back together. */
export function compileMapping(options: SyncOptions): Mapping {
  const findings: Finding[] = [];
  const declared = Object.entries(options.models as Record<string, AnyModelOptions | undefined>);
  const rightNames = new Map<string, string>();
  for (const [name, entry] of declared) if (entry) rightNames.set(name, entry.right ?? name);
  const drafts: PairModel[] = [];
  for (const [name, entry] of declared) {
    if (!entry) continue;
    const left = endpointOf(options.left, "left", name, findings);
    const right = endpointOf(options.right, "right", entry.right ?? name, findings);
    if (left && right) drafts.push(new ModelCompiler(options, name, entry, left, right, rightNames, findings).compile());
  }
  if (declared.length === 0) {
    findings.push({ severity: "error", code: "OPTIONS.NO_MODELS", message: "`models` is empty: name at least one model to keep the same." });
  }
  findings.push(...drafts.flatMap((draft) => newRecordFindings(draft, options.direction ?? "both")));
  const models = orderModels(drafts, findings);
  return { models, findings };
}

function endpointOf(database: Database, side: SideName, name: string, findings: Finding[]): Endpoint | undefined {
  const endpoint = database.endpoints.get(name);
  const reason = database.leftOut?.get(name);
  if (!endpoint && reason !== undefined) {
    findings.push({ severity: "error", code: "MODEL.LEFT_OUT", model: name, message: `Model \`${name}\` on the ${side} cannot take part: ${reason}.` });
  } else if (!endpoint) {
    findings.push({
      severity: "error", code: "OPTIONS.UNKNOWN_MODEL", model: name,
      message: `The ${side} database (${database.name}) has no model \`${name}\`.${hintFor(name, database.endpoints.keys())}`,
    });
  }
  return endpoint;
}

class ModelCompiler {
  readonly #options: SyncOptions;
  readonly #name: string;
  readonly #entry: AnyModelOptions;
  readonly #models: Record<SideName, Model>;
  readonly #endpoints: Record<SideName, Endpoint>;
  readonly #rightNames: ReadonlyMap<string, string>;
  readonly #findings: Finding[];
  readonly #reads: Record<SideName, string[]> = { left: [], right: [] };

  constructor(
    options: SyncOptions, name: string, entry: AnyModelOptions, left: Endpoint, right: Endpoint,
    rightNames: ReadonlyMap<string, string>, findings: Finding[],
  ) {
    this.#options = options;
    this.#name = name;
    this.#entry = entry;
    this.#models = { left: left.model, right: right.model };
    this.#endpoints = { left, right };
    this.#rightNames = rightNames;
    this.#findings = findings;
  }

  compile(): PairModel {
    const entry = this.#entry;
    for (const key of Object.keys(entry)) {
      if (!modelOptionNames.includes(key)) {
        this.#error("OPTIONS.UNKNOWN_KEY", `Unknown option \`${key}\` of model \`${this.#name}\`.${hintFor(key, modelOptionNames)}`);
      }
    }
    this.#checkNames();
    const groups = this.#groups();
    const fields: PairField[] = [];
    for (const [leftName, rightName] of this.#plainPairs()) {
      const field = this.#plain(leftName, rightName, groups);
      if (field) fields.push(field);
    }
    fields.push(...this.#references(groups));
    const policy = entry.conflicts ?? this.#options.conflicts ?? { name: "none", reads: [], decide: () => "open" as const };
    const firstLink = this.#options.firstLink;
    // What is no policy at all is a finding of its own by now.
    const reads = new Set([policy, firstLink].flatMap((each) => (typeof each === "object" ? (each.reads ?? []) : [])));
    const extras: PairField[] = [];
    for (const name of reads) {
      if (fields.some((field) => field.name === name)) continue;
      const extra = this.#plain(name, this.#rightNameOf(name), groups, `policy \`${policy.name}\``);
      if (extra) extras.push(extra);
    }
    const refuse = (code: string, message: string, field: string): void => {
      if (!this.#isRefused(field)) this.#error(code, message, field);
    };
    checkMerges(this.#name, [policy, firstLink], fields, refuse);
    if (typeof firstLink === "object" && firstLink.whole) {
      this.#error("OPTIONS.VALUE", "`firstLink` cannot be overwrite(): give that as `conflicts`, and `firstLink` decides whole records as well.");
    }
    const sides = { left: this.#side("left", fields), right: this.#side("right", fields) };
    const rules = this.#rules(fields);
    const { cloudIds } = this.#options;
    const identity = typeof cloudIds === "object" && cloudIds !== randomIdentity ? cloudIds : undefined;
    if (identity && !rules.some(({ rule }) => rule.rule === "natural")) {
      this.#warn("IDENTITY.RANDOM", `No natural key names records of \`${this.#name}\`: their cloudIds are random.`);
    }
    const parents = fields.flatMap((field) => (field.parent !== undefined ? [field.parent] : []));
    return {
      name: this.#name, ...sides, fields: policy.whole ? fields.map((field) => ({ ...field, group: 0 })) : fields, extras, rules, policy, firstLink, ...(identity ? { identity } : {}),
      onEditDelete: entry.onEditDelete ?? this.#options.onEditDelete ?? "delete",
      ...(typeof entry.softDelete !== "string" ? {} : softDeleteOf(this.#name, entry.softDelete, fields, refuse)),
      keepBase: entry.keepBase ?? "hashes",
      signature: fields.map((field) => this.#signatureOf(field)),
      parents: [...new Set(parents)].filter((parent) => parent !== this.#name),
      selfReference: parents.includes(this.#name),
    };
  }

  #isRefused(field: string): boolean {
    return this.#findings.some((finding) => finding.model === this.#name && finding.field === field && finding.severity === "error");
  }

  #error(code: string, message: string, field?: string): void {
    this.#findings.push({ severity: "error", code, model: this.#name, message, ...(field === undefined ? {} : { field }) });
  }

  #warn(code: string, message: string, field?: string): void {
    this.#findings.push({ severity: "warning", code, model: this.#name, message, ...(field === undefined ? {} : { field }) });
  }

  /** Every field the options name exists on its side. */
  #checkNames(): void {
    const entry = this.#entry;
    const left = [
      ...Object.keys(entry.fields ?? {}), ...(entry.only ?? []), ...(entry.omit ?? []), ...(entry.narrow ?? []), ...(entry.together ?? []).flat(),
      ...Object.keys(entry.outside ?? {}), ...Object.keys(entry.constants?.left ?? {}), ...(typeof entry.softDelete === "string" ? [entry.softDelete] : []),
    ];
    const right = [
      ...Object.values(entry.fields ?? {}).map((to) => (typeof to === "string" ? to : (to as FieldMapping).right)),
      ...Object.keys(entry.constants?.right ?? {}),
    ];
    for (const [side, names] of [["left", left], ["right", right]] as const) {
      const model = this.#models[side];
      for (const name of new Set(names)) {
        const reason = this.#options[side].leftOut?.get(`${model.name}.${name}`);
        if (reason !== undefined) {
          if (side === "right" || !entry.omit?.includes(name)) this.#error("MODEL.FIELD_LEFT_OUT", `\`${name}\` of \`${model.name}\` on the ${side} cannot take part: ${reason}.`, name);
        } else if (!fieldOf(model, name) && !model.references.some((reference) => reference.name === name)) {
          const known = model.fields.map((field) => field.name);
          this.#error("OPTIONS.UNKNOWN_FIELD", `Model \`${model.name}\` on the ${side} has no field \`${name}\`.${hintFor(name, known)}`, name);
        }
      }
    }
  }

  #rightNameOf(leftName: string): string {
    const to = this.#entry.fields?.[leftName];
    return to === undefined ? leftName : typeof to === "string" ? to : (to).right;
  }

  #isSyncField(side: SideName, name: string): boolean {
    const { cloudId, lastSyncedAt, syncStatus } = this.#models[side].syncFields;
    return name === cloudId || name === lastSyncedAt || name === syncStatus;
  }

  #plainPairs(): [string, string][] {
    const { only, omit, fields } = this.#entry;
    const pairs: [string, string][] = [];
    const taken = new Set<string>();
    for (const field of this.#models.left.fields) {
      const { name } = field;
      const named = fields !== undefined && Object.hasOwn(fields, name);
      const rightName = this.#rightNameOf(name);
      taken.add(rightName);
      if (this.#isSyncField("left", name) || omit?.includes(name) || (only && !only.includes(name))) continue;
      if (this.#belongsToReference("left", name) && this.#entry.outside?.[name] !== "raw") continue;
      const isLocalKey = this.#models.left.keySource === "allocated" && this.#models.left.primaryKey.includes(name);
      if (!named && (isLocalKey || field.stamped)) continue;
      const right = fieldOf(this.#models.right, rightName);
      if (!right) {
        if (!named) this.#warn("MAPPING.NO_COUNTERPART", `Field \`${name}\` has no counterpart on the right: it is not synced. Name one in \`fields\`, or list it in \`omit\`.`, name);
        continue;
      }
      pairs.push([name, rightName]);
    }
    for (const field of this.#models.right.fields) {
      const { name } = field;
      const isLocalKey = this.#models.right.keySource === "allocated" && this.#models.right.primaryKey.includes(name);
      if (taken.has(name) || only || isLocalKey || field.stamped || this.#isSyncField("right", name) || this.#belongsToReference("right", name)) continue;
      if (this.#entry.constants?.right && Object.hasOwn(this.#entry.constants.right, name)) continue;
      this.#warn("MAPPING.NO_COUNTERPART", `Field \`${name}\` of the right model \`${this.#models.right.name}\` has no counterpart on the left: it is not synced.`, name);
    }
    return pairs;
  }

  get #mapper(): Mapper | undefined {
    const mapper = this.#entry.mapper ?? this.#options.mapper;
    return typeof mapper?.between === "function" ? mapper : undefined; // what is no mapper is a finding of its own
  }

  get #differ(): Differ | undefined {
    const differ = this.#entry.differ ?? this.#options.differ;
    return typeof differ?.formOf === "function" ? differ : undefined;
  }

  #signatureOf(field: PairField): string {
    const named = this.#entry.fields?.[field.name];
    const mapped = field.toRight !== undefined && !(typeof named === "object" && named.toRight) ? `:by ${this.#mapper!.name}` : "";
    return `${signatureOf(field)}${mapped}${field.form ? `:as ${this.#differ!.name}` : ""}`;
  }

  #belongsToReference(side: SideName, name: string): boolean {
    return this.#models[side].references.some((reference) => reference.fields.includes(name));
  }

  #groups(): ReadonlyMap<string, number> {
    const groups = new Map<string, number>();
    (this.#entry.together ?? []).forEach((names, index) => names.forEach((name) => groups.set(name, -1 - index)));
    return groups;
  }

  #read(side: SideName, field: Field): number {
    const reads = this.#reads[side];
    const at = reads.indexOf(field.name);
    return at >= 0 ? at : reads.push(field.name) - 1;
  }

  #fieldSide(side: SideName, fields: readonly Field[]): FieldSide {
    return {
      names: fields.map((field) => field.name),
      at: fields.map((field) => this.#read(side, field)),
      kinds: fields.map((field) => field.kind),
      nullable: fields.some((field) => field.nullable),
      writable: fields.every((field) => field.writable),
    };
  }

  #plain(leftName: string, rightName: string, groups: ReadonlyMap<string, number>, neededBy?: string): PairField | undefined {
    const left = fieldOf(this.#models.left, leftName);
    const right = fieldOf(this.#models.right, rightName);
    if (!left || !right) {
      if (neededBy !== undefined) {
        const [side, name, model] = left ? (["right", rightName, this.#models.right] as const) : (["left", leftName, this.#models.left] as const);
        this.#error("OPTIONS.UNKNOWN_FIELD", `${neededBy} needs the field \`${name}\`, which model \`${model.name}\` on the ${side} does not have.${hintFor(name, model.fields.map((field) => field.name))}`, name);
      }
      return undefined;
    }
    const entry = this.#entry.fields?.[leftName];
    const named = typeof entry === "object" ? entry : undefined;
    const converter = named?.toRight || named?.toLeft ? named : this.#mapper?.between({ ...left, model: this.#models.left.name }, { ...right, model: this.#models.right.name });
    const converted = converter?.toRight !== undefined;
    const both = meet(converted ? right.kind : left.kind, right.kind);
    if (!both) {
      this.#error(
        "MAPPING.TYPES", `\`${leftName}\` (${describeKind(left.kind)}) and \`${rightName}\` (${describeKind(right.kind)}) have no common type. ` +
          `Map it with \`{ right: "${rightName}", toRight, toLeft }\`.`, leftName,
      );
      return undefined;
    }
    if (converted && converter.toLeft === undefined && this.#options.direction !== "left-to-right") {
      this.#error("MAPPING.ONE_WAY_CONVERTER", `\`${leftName}\` has \`toRight\` but no \`toLeft\`: changes made on the right could not come back.`, leftName);
    }
    // What only a policy reads is never written.
    if (!converted && neededBy === undefined) this.#warnOfNarrowing(leftName, rightName, left.kind, right.kind);
    // A policy gets what it reads besides as it is.
    const form = neededBy === undefined ? this.#differ?.formOf({ model: this.#name, name: leftName, kind: both }) : undefined;
    return {
      name: leftName, left: this.#fieldSide("left", [left]), right: this.#fieldSide("right", [right]), meet: both, ...(form ? { form } : {}),
      parent: undefined, late: false, narrow: this.#entry.narrow?.includes(leftName) ?? false,
      toRight: converter?.toRight, toLeft: converter?.toLeft, group: groups.get(leftName) ?? this.#reads.left.indexOf(leftName),
    };
  }

  /** Digits that only one side can hold: equal as far as both go; what does not fit is cut (times) or waits (decimals). */
  #warnOfNarrowing(leftName: string, rightName: string, left: Kind, right: Kind): void {
    const differs = (left.type === "instant" && right.type === "instant" && left.digits !== right.digits)
      || (left.type === "local" && right.type === "local" && left.digits !== right.digits)
      || (left.type === "decimal" && right.type === "decimal" && left.scale !== right.scale)
      || (left.type === "float" && right.type === "float" && left.bits !== right.bits);
    if (!differs) return;
    const narrow = this.#entry.narrow?.includes(leftName) ? "is cut" : left.type === "decimal" ? "is quarantined (allow cutting with `narrow`)" : "is cut";
    this.#warn("MAPPING.NARROWS", `\`${leftName}\` (${describeKind(left)}) and \`${rightName}\` (${describeKind(right)}) differ in precision: they are compared at the coarser one, and what does not fit ${narrow}.`, leftName);
  }

  #references(groups: ReadonlyMap<string, number>): PairField[] {
    const { only, omit, outside } = this.#entry;
    const found: PairField[] = [];
    for (const reference of this.#models.left.references) {
      const name = nameOfReference(this.#models.left, reference);
      const names = [name, reference.name];
      if (names.some((each) => omit?.includes(each) || outside?.[each]) || (only && !names.some((each) => only.includes(each)))) continue;
      const wanted = reference.fields.map((field) => this.#rightNameOf(field));
      const target = this.#rightNames.get(reference.target);
      const right = this.#rightReference(reference, wanted, target);
      if (!right && reference.implied) continue;
      if (target === undefined) {
        this.#error("MAPPING.OUTSIDE", `\`${name}\` refers to \`${reference.target}\`, which is not part of this sync. Add that model, or say \`outside: { ${name}: "omit" | "raw" }\`.`, name);
        continue;
      }
      if (!right) {
        if (fieldOf(this.#models.right, wanted[0]!)) {
          this.#error("MAPPING.REFERENCE", `\`${name}\` is a reference on the left, but \`${wanted.join(", ")}\` on the right is none. Declare the relation there, or omit the field.`, name);
        } else {
          this.#warn("MAPPING.NO_COUNTERPART", `Reference \`${name}\` has no counterpart on the right: it is not synced.`, name);
        }
        continue;
      }
      if (right.target !== target) {
        this.#error("MAPPING.REFERENCE", `\`${name}\` refers to \`${reference.target}\` on the left, which is \`${target}\` on the right, but there it refers to \`${right.target}\`.`, name);
        continue;
      }
      if (!this.#toPrimaryKey("left", reference, name) || !this.#toPrimaryKey("right", right, name)) continue;
      found.push({
        name, left: this.#fieldSide("left", fieldsOf(this.#models.left, reference)), right: this.#fieldSide("right", fieldsOf(this.#models.right, right)),
        meet: undefined, parent: reference.target, late: false, narrow: false, toRight: undefined, toLeft: undefined,
        group: groups.get(name) ?? this.#reads.left.indexOf(reference.fields[0]!),
      });
    }
    return found;
  }

  /**
   * Its counterpart: by its fields, by its name, or as the only one that leads from here to there on either side, so that
   * the key of a document or of an element in it need not be spelled out.
   */
  #rightReference(reference: Reference, wanted: readonly string[], target: string | undefined): Reference | undefined {
    const { left, right } = this.#models;
    const byFields = right.references.find((candidate) => sameList(candidate.fields, wanted));
    if (byFields) return byFields;
    const given = [nameOfReference(left, reference), reference.name].find((name) => Object.hasOwn(this.#entry.fields ?? {}, name));
    if (given !== undefined) {
      const named = this.#rightNameOf(given);
      return right.references.find((candidate) => candidate.name === named || sameList(candidate.fields, [named]));
    }
    if (target === undefined || fieldOf(right, wanted[0]!)) return undefined;
    const candidates = right.references.filter((candidate) => candidate.target === target);
    const rivals = left.references.filter((candidate) => candidate.target === reference.target);
    return candidates.length === 1 && rivals.length === 1 ? candidates[0] : undefined;
  }

  #toPrimaryKey(side: SideName, reference: Reference, name: string): boolean {
    const database = side === "left" ? this.#options.left : this.#options.right;
    const parent = database.endpoints.get(reference.target)?.model;
    if (!parent || sameList(parent.primaryKey, reference.targetFields)) return true;
    this.#error("MAPPING.REFERENCE", `\`${name}\` refers to \`${reference.targetFields.join(", ")}\` of \`${reference.target}\` on the ${side}, which is not its primary key.`, name);
    return false;
  }

  #side(side: SideName, fields: readonly PairField[]): ModelSide {
    const model = this.#models[side];
    const reads = this.#reads[side];
    const keyAt = model.primaryKey.map((name) => (fields.some((field) => field[side].names.includes(name)) ? reads.indexOf(name) : -1));
    const supplied = keyAt.every((at) => at >= 0);
    const constants: { field: string; value: Value }[] = [];
    for (const [name, js] of Object.entries(this.#entry.constants?.[side] ?? {})) {
      const field = fieldOf(model, name);
      if (!field) continue;
      try {
        constants.push({ field: name, value: js === null ? null : encode(field.kind, js) });
      } catch (error) {
        if (!isValueError(error)) throw error;
        this.#error("OPTIONS.CONSTANT", `The constant for \`${name}\` on the ${side} is no ${describeKind(field.kind)} (${error.code}).`, name);
      }
    }
    return { side, endpoint: this.#endpoints[side], name: model.name, fields: reads, keyAt: supplied ? keyAt : undefined, constants };
  }

  #rules(fields: readonly PairField[]): PairRule[] {
    const declared = this.#entry.match ?? this.#byReferences(fields);
    if (!declared) {
      this.#error("OPTIONS.NO_MATCH", `Model \`${this.#name}\` has no \`match\`: say how its records are recognised, e.g. naturalKey("code").`);
      return [];
    }
    const rules: PairRule[] = [];
    for (const rule of Array.isArray(declared) ? (declared as readonly MatchRule[]) : [declared as MatchRule]) {
      if (rule.rule === "cloudId") continue;
      const at = rule.fields.map((name) => fields.findIndex((field) => field.name === name || field.left.names.includes(name)));
      const missing = rule.fields.filter((_, index) => at[index]! < 0);
      for (const name of missing) {
        this.#error("OPTIONS.UNKNOWN_FIELD", `The ${nameOfRule(rule)} of \`${this.#name}\` names \`${name}\`, which is not a mapped field.${hintFor(name, fields.map((field) => field.name))}`, name);
      }
      if (missing.length > 0) continue;
      const { trim, case: letterCase, unicode, nulls, withoutUniqueKey } = rule.options;
      const plainForm = !trim && letterCase === undefined && unicode === undefined;
      const covered = (["left", "right"] as const).map((side) => this.#isUnique(side, at.map((index) => fields[index]!)));
      // Said to repeat, it is looked for repeats, whatever the models say.
      const unique = covered.every(Boolean) && rule.rule === "natural" && !withoutUniqueKey;
      if (rule.rule === "natural" && !covered.every(Boolean) && !withoutUniqueKey) {
        const where = covered[0] ? "right" : covered[1] ? "left" : "left and right";
        this.#error("MATCH.NOT_UNIQUE", `No unique key on the ${where} covers the ${nameOfRule(rule)} of \`${this.#name}\`. Add one, or allow it with \`withoutUniqueKey: true\`: duplicates are then looked for.`);
      }
      const formed = at.some((index) => fields[index]!.form !== undefined);
      const converted = formed || at.some((index) => fields[index]!.toRight !== undefined || !sameKind(fields[index]!));
      rules.push({
        rule, at, form: { ...(trim ? { trim } : {}), ...(letterCase ? { case: letterCase } : {}), ...(unicode ? { unicode } : {}) },
        nulls: nulls ?? "never", unique, byKey: unique && plainForm && !converted && nulls !== "equal", mayRepeat: !unique || !plainForm || formed,
      });
    }
    return rules;
  }

  /** Where the same references make up the whole primary key on both sides, as in a join table, they name the record. */
  #byReferences(fields: readonly PairField[]): MatchRule | undefined {
    const key = fields.filter((field) => field.parent !== undefined && field.left.names.every((name) => this.#models.left.primaryKey.includes(name)));
    const areAll = (["left", "right"] as const).every((side) => {
      const names = new Set(key.flatMap((field) => field[side].names));
      return names.size === this.#models[side].primaryKey.length && this.#models[side].primaryKey.every((name) => names.has(name));
    });
    return areAll ? { rule: "natural", fields: key.map((field) => field.name), options: {} } : undefined;
  }

  #isUnique(side: SideName, fields: readonly PairField[]): boolean {
    const names = new Set(fields.flatMap((field) => field[side].names));
    const model = this.#models[side];
    return [model.primaryKey, ...model.uniqueKeys.map((key) => key.fields)].some((key) => key.every((name) => names.has(name)));
  }
}

/** By its field where that is one of the record's own; where it stands for the place in a document, by its own name. */
const nameOfReference = (model: Model, reference: Reference): string =>
  (reference.fields.length === 1 && !reference.implied && reference.name !== model.within ? reference.fields[0]! : reference.name);
const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, index) => item === b[index]);
const sameKind = (field: PairField): boolean => field.parent !== undefined || field.left.kinds[0]!.type === field.right.kinds[0]!.type;
const fieldsOf = (model: Model, reference: Reference): Field[] => reference.fields.flatMap((name) => fieldOf(model, name) ?? []);

function signatureOf(field: PairField): string {
  const kinds = (side: FieldSide): string => `${side.names.join("+")}:${side.kinds.map(describeKind).join("+")}`;
  const converters = field.toRight || field.toLeft ? `:${String(field.toRight)}:${String(field.toLeft)}` : "";
  return `${field.parent !== undefined ? `@${field.parent}:` : ""}${kinds(field.left)}|${kinds(field.right)}${converters}`;
}
