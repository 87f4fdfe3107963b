import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseNotAvailable, openMongo, temporaryFolder, type TemporaryFolder } from "@sync/test-databases";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const minutes = (count: number): number => count * 60_000;

interface Ended {
  readonly status: number | null;
  readonly out: string;
}

/** Both streams as one text; the environment knows nothing of this repository's conditions. */
async function run(cwd: string, command: string, ...words: string[]): Promise<Ended> {
  return await runWith({}, cwd, command, ...words);
}

async function runWith(more: Readonly<Record<string, string>>, cwd: string, command: string, ...words: string[]): Promise<Ended> {
  const { NODE_OPTIONS: _, ...given } = process.env;
  // Prisma's generator wants the path of an engine that it never runs.
  const env = { ...given, ...more, NO_COLOR: "1", FORCE_COLOR: "0", PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" };
  const child = spawn(command, words, { cwd, env, shell: process.platform === "win32" });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (out += text));
  const status = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { status, out };
}

async function must(cwd: string, command: string, ...words: string[]): Promise<string> {
  return await mustWith({}, cwd, command, ...words);
}

async function mustWith(more: Readonly<Record<string, string>>, cwd: string, command: string, ...words: string[]): Promise<string> {
  const { status, out } = await runWith(more, cwd, command, ...words);
  if (status !== 0) throw new Error(`${[command, ...words].join(" ")} ended with ${status}:\n${out}`);
  return out;
}

/** The last line of what a program printed. */
const said = (out: string): unknown => JSON.parse(out.trim().split("\n").at(-1)!);

interface Manifest {
  readonly version: string;
  readonly packageManager: string;
}
const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
const { packageManager } = manifest(root);
const catalog = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
/** The version that this repository pins. */
const pinned = (name: string): string => new RegExp(`^ +'?${name.replaceAll("/", "\\/")}'?: ([\\w.^-]+)`, "m").exec(catalog)![1]!;

const packages = ["core", "sql", "mongodb", "prisma", "drizzle", "typeorm", "mikro-orm", "postgres-jsonb", "mongoose"] as const;
let tarballs: TemporaryFolder;
const tarball = (name: string): string => `file:${join(tarballs.path, `sync-${name}-${manifest(join(root, "packages", name)).version}.tgz`)}`;

/** Why nothing could be installed; a build server has to be able to. */
let notRun: string | undefined;

async function online(work: () => Promise<unknown>): Promise<void> {
  if (notRun !== undefined) return;
  try {
    await work();
  } catch (error) {
    if (process.env["CI"] || !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(String(error))) throw error;
    notRun = "needs the npm registry, which does not answer: run it again with a network";
  }
}

beforeAll(async () => {
  tarballs = temporaryFolder("packed");
  await online(async () => {
    await must(root, process.execPath, "scripts/run.mjs", "build");
    for (const name of packages) await must(join(root, "packages", name), "npx", "-y", packageManager, "pack", "--pack-destination", tarballs.path);
  });
}, minutes(10));
beforeEach(({ skip }) => skip(notRun !== undefined, notRun));
afterAll(() => tarballs.remove());

/** Everything installed below a folder, as `name@version`. */
function installed(folder: string): string[] {
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).filter((name) => !name.startsWith(".")).flatMap((name) => (name.startsWith("@") ? readdirSync(join(modules, name)).map((each) => `${name}/${each}`) : [name]));
  return names.flatMap((name) => [`${name}@${manifest(join(modules, name)).version}`, ...installed(join(modules, name))]);
}

const otherOrms = /^(@prisma\/|prisma@|drizzle-|typeorm@|@mikro-orm\/|mongoose@|mongodb@|sequelize|knex@|kysely@|objection@)/;

interface Consumer {
  readonly adapter: "prisma" | "drizzle" | "typeorm" | "mikro-orm" | "postgres-jsonb" | "mongoose";
  /** What it stands on besides `@sync/core`. @default `@sync/sql` */
  readonly ours?: readonly string[];
  /** What such an application has anyway. */
  readonly own: readonly string[];
  readonly foreign: (name: string) => boolean;
  prepare?(app: string): Promise<void>;
  /** Says in the environment where two empty databases are, for one program. */
  databases?(): Promise<{ readonly env: Readonly<Record<string, string>>; drop(): Promise<void> }>;
  readonly rows: unknown;
}

const consumers: readonly Consumer[] = [
  {
    adapter: "drizzle", own: ["drizzle-orm", "better-sqlite3", "@electric-sql/pglite", "@types/better-sqlite3", "@types/node"],
    foreign: (name) => otherOrms.test(name) && !name.startsWith("drizzle-orm@"),
    rows: [{ code: "FR", title: "France" }, { code: "IT", title: "Italy" }],
  },
  {
    adapter: "typeorm", own: ["typeorm", "better-sqlite3", "@types/better-sqlite3", "@types/node"],
    foreign: (name) => otherOrms.test(name) && !name.startsWith("typeorm@"),
    rows: [{ code: "FR", title: "France" }, { code: "IT", title: "Italy" }],
  },
  {
    adapter: "mikro-orm", own: ["@mikro-orm/core", "@mikro-orm/decorators", "@mikro-orm/sqlite", "better-sqlite3", "@types/better-sqlite3", "@types/node"],
    foreign: (name) => otherOrms.test(name) && !/^(@mikro-orm\/|kysely@)/.test(name),
    rows: [{ code: "FR", title: "France" }, { code: "IT", title: "Italy" }],
  },
  {
    adapter: "postgres-jsonb", own: ["zod", "@electric-sql/pglite", "@types/node"],
    foreign: (name) => otherOrms.test(name),
    rows: [{ code: "FR", title: "France" }, { code: "IT", title: "Italy" }],
  },
  {
    adapter: "mongoose", ours: ["mongodb"], own: ["mongoose", "@types/node"],
    foreign: (name) => otherOrms.test(name) && !/^(mongoose|mongodb)@/.test(name),
    databases: async () => {
      const server = await openMongo();
      const [left, right] = await Promise.all(["left", "right"].map((side) => server.freshDatabase(`${import.meta.url} ${side}`)));
      return {
        env: { LEFT: left!.url, RIGHT: right!.url },
        drop: async () => {
          await Promise.all([left!.drop(), right!.drop()]);
          await server.close();
        },
      };
    },
    rows: [{ code: "FR", title: "France" }, { code: "IT", title: "Italy" }],
  },
  {
    adapter: "prisma", own: ["@prisma/client", "@prisma/adapter-better-sqlite3", "better-sqlite3", "@types/better-sqlite3", "@types/node"],
    foreign: (name) => otherOrms.test(name) && !/^(@prisma\/|prisma@)/.test(name),
    // With the generator of this repository: the application's own would be the same, and takes long to install.
    prepare: async (app) => {
      await must(app, process.execPath, join(root, "node_modules/prisma/build/index.js"), "generate", "--schema", join(app, "schema.prisma"));
    },
    rows: [{ code: "PAR", country: { name: "France" } }],
  },
];

describe.each(consumers)("an application that installs @sync/$adapter alone", ({ adapter, ours = ["sql"], own, foreign, prepare, databases, rows }) => {
  let app: TemporaryFolder;

  beforeAll(async () => {
    app = temporaryFolder(`consumer-${adapter}`);
    cpSync(fileURLToPath(new URL(`../apps/${adapter}`, import.meta.url)), app.path, { recursive: true });
    const dependencies = Object.fromEntries([...["core", ...ours, adapter].map((name) => [`@sync/${name}`, tarball(name)]), ...own.map((name) => [name, pinned(name)])]);
    // Prisma's adapter asks for version 12, which has to be compiled.
    const overrides = own.includes("better-sqlite3") ? { "better-sqlite3": "$better-sqlite3" } : {};
    writeFileSync(join(app.path, "package.json"), JSON.stringify({ name: "consumer", version: "1.0.0", private: true, type: "module", dependencies, overrides }, undefined, 2));
    await online(async () => {
      await must(app.path, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error");
      await prepare?.(app.path);
    });
  }, minutes(10));
  afterAll(() => app.remove());

  test("gets no other ORM, and one copy of each of ours", () => {
    const all = installed(app.path);
    expect(all.filter(foreign)).toEqual([]);
    expect(all.filter((name) => name.startsWith("@sync/")).sort()).toEqual(["core", ...ours, adapter].sort().map((name) => expect.stringMatching(`^@sync/${name}@`)));
  });

  const program = async (file: string, skip: (why: string) => never): Promise<unknown> => {
    const given = await databases?.().catch((error: unknown) => {
      if (error instanceof DatabaseNotAvailable && !process.env["CI"]) skip(error.message);
      throw error;
    });
    try {
      return said(await mustWith(given?.env ?? {}, app.path, process.execPath, file));
    } finally {
      await given?.drop();
    }
  };

  test("syncs with ESM imports", async ({ skip }) => {
    expect(await program("main.mjs", skip)).toEqual({ created: { left: 0, right: adapter === "prisma" ? 1 : 2 }, rows, idle: { left: 0, right: 0 }, equal: true });
  }, minutes(2));

  test("syncs with CommonJS require", async ({ skip }) => {
    expect(await program("main.cjs", skip)).toEqual({ rows: [{ code: "FR", name: "France" }], refusal: "Unknown option `modells`. Did you mean `models`?" });
  }, minutes(2));

  if (adapter === "postgres-jsonb") {
    test("keeps what documents hold, and reads a plan, decides and takes back as the guides say", async () => {
      expect(said(await must(app.path, process.execPath, "trust.mjs"))).toEqual({
        waiting: [["name"]], decided: "Kloten", read: [true, true], restored: { left: 1, right: 0 }, after: "Zürich", refused: "PAIR.HELD",
      });
    }, minutes(2));
  }

  test("compiles strictly, and a wrong name of a model, field or option does not", async () => {
    const tsc = join(root, "node_modules/.bin/tsc");
    expect(await run(app.path, tsc, "-p", ".", "--skipLibCheck")).toEqual({ status: 0, out: "" });
    // With every declaration checked: those of Drizzle and of PGlite do not compile, ours do.
    const { out } = await run(app.path, tsc, "-p", ".");
    expect(out.split("\n").filter((line) => /^\S+\(\d+,\d+\): error/.test(line) && !/^node_modules\/(?!@sync\/)/.test(line))).toEqual([]);
    if (adapter === "prisma") expect(out).toBe("");
  }, minutes(2));

  test("gets nothing that tells where it was built", () => {
    const files = readdirSync(join(app.path, "node_modules/@sync"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(100);
    expect(files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path, "utf8").includes(root))).toEqual([]);
  });
});
