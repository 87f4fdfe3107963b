import { statSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getDMMF } from "@prisma/get-dmmf";
import type { GetDMMFError } from "@prisma/get-dmmf";
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
  readonly dmmf: PrismaDmmf;
  /** Prisma keeps references by itself; the database has no foreign keys (`relationMode = "prisma"`). */
  readonly withoutForeignKeys: boolean;
  /** What the description leaves out, by model. */
  readonly unseen: ReadonlyMap<string, Unseen>;
}

interface Unseen {
  /** The whole model: `@@ignore`. */
  readonly ignored: boolean;
  /** `Unsupported("…")`, and `@ignore`. */
  readonly fields: readonly { readonly name: string; readonly type: string; readonly optional: boolean }[];
}

/** From the text of a schema, the path of a file or a folder, or a DMMF document that somebody else made. */
export function readSchema(source: string | PrismaDmmf): PrismaSchema {
  if (typeof source !== "string") return { dmmf: source, withoutForeignKeys: false, unseen: new Map() };
  const files: [string, string][] = source.includes("{") ? [["schema.prisma", source]] : readFiles(source);
  const result = getDMMF({ datamodel: files });
  if (!("datamodel" in result)) {
    throw new SyncError("OPTIONS.SCHEMA", "This Prisma schema cannot be read; `prisma validate` says why.", { cause: result.error });
  }
  const text = files.map((file) => file[1]).join("\n");
  return {
    dmmf: result,
    unseen: new Map(unseenIn(text)),
    withoutForeignKeys: /^\s*relationMode\s*=\s*"prisma"/m.test(text),
  };
}

function unseenIn(text: string): [string, Unseen][] {
  return [...text.matchAll(/^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm)].map(([, model, body]) => {
    const lines = [...body!.matchAll(/^\s*(\w+)\s+(Unsupported\("[^"]*"\)|\w+)(.*)$/gm)];
    // A relation has no column of its own.
    const isModel = (type: string): boolean => new RegExp(`^model\\s+${type}\\b`, "m").test(text);
    const fields = lines.filter(([, , type, rest]) => type!.startsWith("Unsupported") || (/(?:^|\s)@ignore\b/.test(rest!) && !isModel(type!)));
    return [model!, {
      ignored: /^\s*@@ignore\b/m.test(body!),
      fields: fields.map(([, name, type, rest]) => ({ name: name!, type: type!, optional: /^(?:\?|\[\])|@default\(/.test(rest!) })),
    }];
  });
}

function readFiles(path: string): [string, string][] {
  try {
    if (!statSync(path).isDirectory()) return [[path, readFileSync(path, "utf8")]];
    return readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".prisma"))
      .map((name) => [name, readFileSync(join(path, name), "utf8")]);
  } catch (cause) {
    throw new SyncError("OPTIONS.SCHEMA", "`schema` is neither the text of a Prisma schema nor the path of one that can be read.", { cause });
  }
}
