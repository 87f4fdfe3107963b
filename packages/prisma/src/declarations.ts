import { type Declaration, declarationIn, hintFor, SyncError } from "@sync/core";
import type { PrismaClientLike, PrismaTypes } from "./client.ts";
import type { DmmfModel } from "./dmmf.ts";

/** How models are kept the same, by their names. `Client` is for the compiler: `synced<typeof prisma>({ … })` checks the names. */
export type PrismaDeclarations<Client = unknown> = unknown extends Client
  ? { readonly [Model in string]?: Declaration }
  : { readonly [Model in keyof PrismaTypes<Client> & string]?: Declaration<keyof PrismaTypes<Client>[Model] & string> };

interface SyncedExtension {
  readonly name: "sync";
  /** Of no closer type: the compiler would take it for one of the client's models. */
  readonly client: { readonly $synced: object };
}

/** A client extension that says how models are kept the same: `prisma.$extends(synced({ Country: { match: naturalKey("code") } }))`. */
export function synced<Client = unknown>(declarations: PrismaDeclarations<Client>): SyncedExtension {
  return { name: "sync", client: { $synced: declarations } };
}

/** What comments in the schema say (`/// @sync(match: code)`), and over it what extensions of the client say. */
export function declarationsOf(models: readonly DmmfModel[], client: PrismaClientLike): ReadonlyMap<string, Declaration> {
  const extended = (Reflect.get(client, "$synced") ?? {}) as PrismaDeclarations;
  const names = models.map(({ name }) => name);
  const unknown = Object.keys(extended).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new SyncError("OPTIONS.UNKNOWN_MODEL", `synced(): the schema has no model \`${unknown}\`.${hintFor(unknown, names)}`, { model: unknown });
  }
  return new Map(models.flatMap(({ name, documentation = "" }) => {
    const said = declarationIn(documentation, name);
    return said || extended[name] ? [[name, { ...said, ...extended[name] }] as const] : [];
  }));
}
