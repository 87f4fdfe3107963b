import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { getDMMF, type GetDMMFError } from "@prisma/get-dmmf";
import { SyncError } from "@sync/core";

/** Prisma's own description of a schema. */
export type PrismaDmmf = Pick<Exclude<ReturnType<typeof getDMMF>, GetDMMFError>, "datamodel">;
export type DmmfModel = PrismaDmmf["datamodel"]["models"][number];
export type DmmfField = DmmfModel["fields"][number];
export type DmmfEnum = PrismaDmmf["datamodel"]["enums"][number];

/** What the database calls a field. */
export function columnName({ name, dbName }: DmmfField): string {
  return dbName ?? name;
}

/** A schema as it was given, read. */
export interface PrismaSchema {
  /** With the columns that Prisma's client does not have (`Unsupported("…")`, `@ignore`) as fields that cannot be carried. */
  readonly models: readonly DmmfModel[];
  readonly enums: ReadonlyMap<string, DmmfEnum>;
  /** Models that the client does not have: `@@ignore`. */
  readonly ignored: readonly string[];
  /** Prisma keeps references by itself; the database has no foreign keys (`relationMode = "prisma"`). */
  readonly withoutForeignKeys: boolean;
}

/** From the text of a schema, the path of a file or a folder, or a DMMF document that somebody else made. */
export function readSchema(source: string | PrismaDmmf): PrismaSchema {
  if (typeof source !== "string") return { models: source.datamodel.models, enums: byName(source.datamodel.enums), ignored: [], withoutForeignKeys: false };
  const files: [string, string][] = source.includes("{") ? [["schema.prisma", source]] : readFiles(source);
  const result = getDMMF({ datamodel: files });
  if (!("datamodel" in result)) {
    throw new SyncError("OPTIONS.SCHEMA", "This Prisma schema cannot be read; `prisma validate` says why.", { cause: result.error });
  }
  const text = files.map((file) => file[1]).join("\n");
  const bodies = new Map([...text.matchAll(/^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm)].map(([, model, body]) => [model!, body!]));
  const { models, enums } = result.datamodel;
  return {
    models: models.map((model) => ({ ...model, fields: [...model.fields, ...unseenIn(bodies.get(model.name) ?? "", bodies)] })),
    enums: byName(enums),
    ignored: [...bodies].filter(([, body]) => /^\s*@@ignore\b/m.test(body)).map(([name]) => name),
    withoutForeignKeys: /^\s*relationMode\s*=\s*"prisma"/m.test(text),
  };
}

const byName = (enums: readonly DmmfEnum[]): ReadonlyMap<string, DmmfEnum> => new Map(enums.map((each) => [each.name, each]));

/** Columns that Prisma's own description leaves out. A relation has none of its own. */
function unseenIn(body: string, models: ReadonlyMap<string, string>): DmmfField[] {
  const lines = [...body.matchAll(/^\s*(\w+)\s+(Unsupported\("[^"]*"\)|\w+)(.*)$/gm)];
  const unseen = lines.filter(([, , type, rest]) => type!.startsWith("Unsupported") || (/(?:^|\s)@ignore\b/.test(rest!) && !models.has(type!)));
  return unseen.map(([, name, type, rest]) => ({
    name: name!, kind: "unsupported", type: type!, isRequired: !/^(?:\?|\[\])|@default\(/.test(rest!),
    isList: false, isUnique: false, isId: false, isReadOnly: false, hasDefaultValue: false,
  }));
}

function readFiles(path: string): [string, string][] {
  try {
    const names = statSync(path).isDirectory() ? globSync("**/*.prisma", { cwd: path }).map((name) => join(path, name)) : [path];
    return names.map((name) => [name, readFileSync(name, "utf8")]);
  } catch (cause) {
    throw new SyncError("OPTIONS.SCHEMA", "`schema` is neither the text of a Prisma schema nor the path of one that can be read.", { cause });
  }
}
