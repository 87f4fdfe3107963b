import type { Differ } from "../engines/differ.ts";
import { randomIdentity } from "../engines/identity.ts";
import type { Mapper } from "../engines/mapper.ts";
import type { Database, Endpoint, Finding } from "../endpoint.ts";
import { fieldOf, type Field } from "../model.ts";
import { hintFor } from "../names.ts";
import { modelOptionNames, syncOptionNames } from "../option-values.ts";
import type { FieldMapping, SyncOptions } from "../options.ts";
import { encode, isValueError, meet, type Kind, type Value } from "../value.ts";
import { describeKind } from "./describe-kind.ts";
import { draftOf, rightNameOf, type AnyModelOptions, type Draft } from "./draft.ts";
import { newRecordFindings } from "./new-records.ts";
import { orderModels } from "./order.ts";
import type { FieldSide, ModelSide, PairField, PairModel, SideName } from "./pair-model.ts";
import { mappedReferences } from "./references.ts";
import { checkMerges, softDeleteOf } from "./rule-fields.ts";
import { compileRules } from "./rules.ts";

/** The mapping of a whole sync: pair models with parents first, and everything that is wrong with it. */
export interface Mapping {
  readonly models: readonly PairModel[];
  readonly findings: readonly Finding[];
}

/** Holds the options, `entries` being those of the models, against both sides' models. Never throws: all findings come back together. */
export function compileMapping(options: SyncOptions, entries: Readonly<Record<string, AnyModelOptions>>): Mapping {
  const findings: Finding[] = [];
  const declared = Object.entries(entries);
  const rightNames = new Map<string, string>();
  for (const [name, entry] of declared) rightNames.set(name, entry.right ?? name);
  const drafts: PairModel[] = [];
  for (const [name, entry] of declared) {
    const left = endpointOf(options.left, "left", name, findings);
    const right = endpointOf(options.right, "right", entry.right ?? name, findings);
    if (left && right) drafts.push(new ModelCompiler(options, entry, { left, right }, rightNames, findings).compile());
  }
  if (declared.length === 0) {
    findings.push({ severity: "error", code: "OPTIONS.NO_MODELS", message: "No model takes part: name at least one in `models`, or let it declare itself." });
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
  readonly #draft: Draft;
  readonly #endpoints: Record<SideName, Endpoint>;
  readonly #findings: Finding[];
  readonly #reads: Record<SideName, string[]> = { left: [], right: [] };

  constructor(options: SyncOptions, entry: AnyModelOptions, endpoints: Record<SideName, Endpoint>, rightNames: ReadonlyMap<string, string>, findings: Finding[]) {
    const { left, right } = endpoints;
    const models = { left: left.model, right: right.model };
    this.#options = options;
    this.#draft = draftOf({ name: left.model.name, entry, models, databases: { left: options.left, right: options.right }, rightNames }, findings);
    this.#endpoints = endpoints;
    this.#findings = findings;
  }

  compile(): PairModel {
    const entry = this.#draft.entry;
    for (const key of Object.keys(entry)) {
      if (!modelOptionNames.includes(key)) {
        const hint = syncOptionNames.includes(key) ? " It belongs to the sync: write it beside `models`." : hintFor(key, modelOptionNames);
        this.#draft.error("OPTIONS.UNKNOWN_KEY", `Unknown option \`${key}\` of model \`${this.#draft.name}\`.${hint}`);
      }
    }
    this.#checkNames();
    const groups = this.#groups();
    const fields: PairField[] = [];
    for (const [leftName, rightName] of this.#plainPairs()) {
      const field = this.#plain(leftName, rightName, groups);
      if (field) fields.push(field);
    }
    for (const { name, parent, left, right } of mappedReferences(this.#draft)) {
      fields.push({
        name, left: this.#fieldSide("left", left), right: this.#fieldSide("right", right), meet: undefined, parent, late: false, narrow: false,
        toRight: undefined, toLeft: undefined, group: groups.get(name) ?? this.#reads.left.indexOf(left[0]!.name),
      });
    }
    const policy = entry.conflicts ?? this.#options.conflicts ?? { name: "none", reads: [], decide: () => "open" as const };
    const firstLink = this.#options.firstLink;
    // What is no policy at all is a finding of its own by now.
    const reads = new Set([policy, firstLink].flatMap((each) => (typeof each === "object" ? (each.reads ?? []) : [])));
    const extras: PairField[] = [];
    for (const name of reads) {
      if (fields.some((field) => field.name === name)) continue;
      const extra = this.#plain(name, rightNameOf(this.#draft, name), groups, `policy \`${policy.name}\``);
      if (extra) extras.push(extra);
    }
    const refuse = (code: string, message: string, field: string): void => {
      if (!this.#isRefused(field)) this.#draft.error(code, message, field);
    };
    checkMerges(this.#draft.name, [policy, firstLink], fields, refuse);
    if (typeof firstLink === "object" && firstLink.whole) {
      this.#draft.error("OPTIONS.VALUE", "`firstLink` cannot be overwrite(): give that as `conflicts`, and `firstLink` decides whole records as well.");
    }
    const sides = { left: this.#side("left", fields), right: this.#side("right", fields) };
    const rules = compileRules(this.#draft, fields);
    const { cloudIds } = this.#options;
    const identity = typeof cloudIds === "object" && cloudIds !== randomIdentity ? cloudIds : undefined;
    if (identity && !rules.some(({ rule }) => rule.rule === "natural")) {
      this.#draft.warn("IDENTITY.RANDOM", `No natural key names records of \`${this.#draft.name}\`: their cloudIds are random.`);
    }
    const parents = fields.flatMap((field) => (field.parent !== undefined ? [field.parent] : []));
    return {
      name: this.#draft.name, ...sides, fields: policy.whole ? fields.map((field) => ({ ...field, group: 0 })) : fields, extras, rules, policy, firstLink, ...(identity ? { identity } : {}),
      onEditDelete: entry.onEditDelete ?? this.#options.onEditDelete ?? "delete",
      ...(typeof entry.softDelete !== "string" ? {} : softDeleteOf(this.#draft.name, entry.softDelete, fields, refuse)),
      keepBase: entry.keepBase ?? "hashes",
      signature: fields.map((field) => this.#signatureOf(field)),
      parents: [...new Set(parents)].filter((parent) => parent !== this.#draft.name),
      selfReference: parents.includes(this.#draft.name),
    };
  }

  #isRefused(field: string): boolean {
    return this.#findings.some((finding) => finding.model === this.#draft.name && finding.field === field && finding.severity === "error");
  }

  /** Every field the options name exists on its side. */
  #checkNames(): void {
    const entry = this.#draft.entry;
    const left = [
      ...Object.keys(entry.fields ?? {}), ...(entry.only ?? []), ...(entry.omit ?? []), ...(entry.narrow ?? []), ...(entry.together ?? []).flat(),
      ...Object.keys(entry.outside ?? {}), ...Object.keys(entry.constants?.left ?? {}), ...(typeof entry.softDelete === "string" ? [entry.softDelete] : []),
    ];
    const right = [
      ...Object.values(entry.fields ?? {}).map((to) => (typeof to === "string" ? to : (to as FieldMapping).right)),
      ...Object.keys(entry.constants?.right ?? {}),
    ];
    for (const [side, names] of [["left", left], ["right", right]] as const) {
      const model = this.#draft.models[side];
      for (const name of new Set(names)) {
        const reason = this.#options[side].leftOut?.get(`${model.name}.${name}`);
        if (reason !== undefined) {
          if (side === "right" || !entry.omit?.includes(name)) this.#draft.error("MODEL.FIELD_LEFT_OUT", `\`${name}\` of \`${model.name}\` on the ${side} cannot take part: ${reason}.`, name);
        } else if (!fieldOf(model, name) && !model.references.some((reference) => reference.name === name)) {
          const known = model.fields.map((field) => field.name);
          this.#draft.error("OPTIONS.UNKNOWN_FIELD", `Model \`${model.name}\` on the ${side} has no field \`${name}\`.${hintFor(name, known)}`, name);
        }
      }
    }
  }

  #isSyncField(side: SideName, name: string): boolean {
    const { cloudId, lastSyncedAt, syncStatus } = this.#draft.models[side].syncFields;
    return name === cloudId || name === lastSyncedAt || name === syncStatus;
  }

  #plainPairs(): [string, string][] {
    const { only, omit, fields } = this.#draft.entry;
    const pairs: [string, string][] = [];
    const taken = new Set<string>();
    for (const field of this.#draft.models.left.fields) {
      const { name } = field;
      const named = fields !== undefined && Object.hasOwn(fields, name);
      const rightName = rightNameOf(this.#draft, name);
      taken.add(rightName);
      if (this.#isSyncField("left", name) || omit?.includes(name) || (only && !only.includes(name))) continue;
      const outside = this.#draft.entry.outside?.[name] === "raw";
      if (this.#belongsToReference("left", name) && !outside && !this.#isKeptApart(name, rightName)) continue;
      const isLocalKey = this.#draft.models.left.keySource === "allocated" && this.#draft.models.left.primaryKey.includes(name);
      if (!named && (isLocalKey || field.stamped)) continue;
      const right = fieldOf(this.#draft.models.right, rightName);
      if (!right) {
        if (!named) this.#draft.warn("MAPPING.NO_COUNTERPART", `Field \`${name}\` has no counterpart on the right: it is not synced. Name one in \`fields\`, or list it in \`omit\`.`, name);
        continue;
      }
      pairs.push([name, rightName]);
    }
    for (const field of this.#draft.models.right.fields) {
      const { name } = field;
      const isLocalKey = this.#draft.models.right.keySource === "allocated" && this.#draft.models.right.primaryKey.includes(name);
      if (taken.has(name) || only || isLocalKey || field.stamped || this.#isSyncField("right", name) || this.#belongsToReference("right", name)) continue;
      if (this.#draft.entry.constants?.right && Object.hasOwn(this.#draft.entry.constants.right, name)) continue;
      this.#draft.warn("MAPPING.NO_COUNTERPART", `Field \`${name}\` of the right model \`${this.#draft.models.right.name}\` has no counterpart on the left: it is not synced.`, name);
    }
    return pairs;
  }

  get #mapper(): Mapper | undefined {
    const mapper = this.#draft.entry.mapper ?? this.#options.mapper;
    return typeof mapper?.between === "function" ? mapper : undefined; // what is no mapper is a finding of its own
  }

  get #differ(): Differ | undefined {
    const differ = this.#draft.entry.differ ?? this.#options.differ;
    return typeof differ?.formOf === "function" ? differ : undefined;
  }

  #signatureOf(field: PairField): string {
    const named = this.#draft.entry.fields?.[field.name];
    const mapped = field.toRight !== undefined && !(typeof named === "object" && named.toRight) ? `:by ${this.#mapper!.name}` : "";
    return `${signatureOf(field)}${mapped}${field.form ? `:as ${this.#differ!.name}` : ""}`;
  }

  /** A column of foreign keys with several, which the other side has as a value of its own. */
  #isKeptApart(name: string, rightName: string): boolean {
    const { left, right } = this.#draft.models;
    const together = left.references.filter((reference) => reference.fields.includes(name));
    const isShared = together.every((reference) => reference.fields.length > 1 && !reference.implied && reference.name !== left.within);
    return isShared && fieldOf(right, rightName) !== undefined && !this.#belongsToReference("right", rightName);
  }

  #belongsToReference(side: SideName, name: string): boolean {
    return this.#draft.models[side].references.some((reference) => reference.fields.includes(name));
  }

  #groups(): ReadonlyMap<string, number> {
    const groups = new Map<string, number>();
    (this.#draft.entry.together ?? []).forEach((names, index) => names.forEach((name) => groups.set(name, -1 - index)));
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
    const left = fieldOf(this.#draft.models.left, leftName);
    const right = fieldOf(this.#draft.models.right, rightName);
    if (!left || !right) {
      if (neededBy !== undefined) {
        const [side, name, model] = left ? (["right", rightName, this.#draft.models.right] as const) : (["left", leftName, this.#draft.models.left] as const);
        this.#draft.error("OPTIONS.UNKNOWN_FIELD", `${neededBy} needs the field \`${name}\`, which model \`${model.name}\` on the ${side} does not have.${hintFor(name, model.fields.map((field) => field.name))}`, name);
      }
      return undefined;
    }
    const entry = this.#draft.entry.fields?.[leftName];
    const named = typeof entry === "object" ? entry : undefined;
    const converter = named?.toRight || named?.toLeft ? named : this.#mapper?.between({ ...left, model: this.#draft.models.left.name }, { ...right, model: this.#draft.models.right.name });
    const converted = converter?.toRight !== undefined;
    const both = meet(converted ? right.kind : left.kind, right.kind);
    if (!both) {
      this.#draft.error(
        "MAPPING.TYPES", `\`${leftName}\` (${describeKind(left.kind)}) and \`${rightName}\` (${describeKind(right.kind)}) have no common type. ` +
          `Map it with \`{ right: "${rightName}", toRight, toLeft }\`.`, leftName,
      );
      return undefined;
    }
    if (converted && converter.toLeft === undefined && this.#options.direction !== "left-to-right") {
      this.#draft.error("MAPPING.ONE_WAY_CONVERTER", `\`${leftName}\` has \`toRight\` but no \`toLeft\`: changes made on the right could not come back.`, leftName);
    }
    // What only a policy reads is never written.
    if (!converted && neededBy === undefined) this.#warnOfNarrowing(leftName, rightName, left.kind, right.kind);
    // A policy gets what it reads besides as it is.
    const form = neededBy === undefined ? this.#differ?.formOf({ model: this.#draft.name, name: leftName, kind: both }) : undefined;
    return {
      name: leftName, left: this.#fieldSide("left", [left]), right: this.#fieldSide("right", [right]), meet: both, ...(form ? { form } : {}),
      parent: undefined, late: false, narrow: this.#draft.entry.narrow?.includes(leftName) ?? false,
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
    const narrow = this.#draft.entry.narrow?.includes(leftName) ? "is cut" : left.type === "decimal" ? "is quarantined (allow cutting with `narrow`)" : "is cut";
    this.#draft.warn("MAPPING.NARROWS", `\`${leftName}\` (${describeKind(left)}) and \`${rightName}\` (${describeKind(right)}) differ in precision: they are compared at the coarser one, and what does not fit ${narrow}.`, leftName);
  }

  #side(side: SideName, fields: readonly PairField[]): ModelSide {
    const model = this.#draft.models[side];
    const reads = this.#reads[side];
    const keyAt = model.primaryKey.map((name) => (fields.some((field) => field[side].names.includes(name)) ? reads.indexOf(name) : -1));
    const supplied = keyAt.every((at) => at >= 0);
    const constants: { field: string; value: Value }[] = [];
    for (const [name, js] of Object.entries(this.#draft.entry.constants?.[side] ?? {})) {
      const field = fieldOf(model, name);
      if (!field) continue;
      try {
        constants.push({ field: name, value: js === null ? null : encode(field.kind, js) });
      } catch (error) {
        if (!isValueError(error)) throw error;
        this.#draft.error("OPTIONS.CONSTANT", `The constant for \`${name}\` on the ${side} is no ${describeKind(field.kind)} (${error.code}).`, name);
      }
    }
    return { side, endpoint: this.#endpoints[side], name: model.name, fields: reads, keyAt: supplied ? keyAt : undefined, constants };
  }

}


function signatureOf(field: PairField): string {
  const kinds = (side: FieldSide): string => `${side.names.join("+")}:${side.kinds.map(describeKind).join("+")}`;
  const converters = field.toRight || field.toLeft ? `:${String(field.toRight)}:${String(field.toLeft)}` : "";
  return `${field.parent !== undefined ? `@${field.parent}:` : ""}${kinds(field.left)}|${kinds(field.right)}${converters}`;
}
