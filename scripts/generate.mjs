// Generates what every Prisma schema in the repository stands for, where it is missing or older than the schema: the client,
// and beside it `schema.sql`, the tables. The command line wants the path of a schema engine although generating never runs
// one; any executable will do.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const prisma = join(root, "node_modules/prisma");
const { version } = JSON.parse(readFileSync(join(prisma, "package.json"), "utf8"));
const quiet = { PRISMA_HIDE_UPDATE_MESSAGE: "1", CHECKPOINT_DISABLE: "1", NO_COLOR: "1" };
const schemas = globSync("{packages,apps,examples,test,bench}/**/*.prisma", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist|generated)$/.test(path),
});

for (const schema of schemas.sort()) {
  const path = join(root, schema);
  const text = readFileSync(path, "utf8");
  const output = /^\s*output\s*=\s*"([^"]+)"/m.exec(text)?.[1];
  if (!output) continue; // a schema that is only read as text
  const folder = resolve(dirname(path), output);
  const stamp = join(folder, ".generated-from");
  const hash = createHash("sha256").update(`${version}\n${text}\nwith schema.sql`).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) continue;

  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(prisma, "build/index.js"), "generate", "--schema", path],
    { cwd: dirname(path), encoding: "utf8", env: { ...process.env, ...quiet, PRISMA_SCHEMA_ENGINE_BINARY: anyExecutable() } },
  );
  if (status !== 0) {
    console.error(`${schema}: no client could be generated\n${stdout}${stderr}`);
    process.exit(1);
  }
  const { prismaDdl } = await import("../test/adapters/src/prisma-ddl.mjs"); // only now: it takes a moment to load
  writeFileSync(join(folder, "schema.sql"), await prismaDdl(text));
  writeFileSync(stamp, hash);
}

function anyExecutable() {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "true")).find((file) => existsSync(file));
  return found ?? process.execPath;
}
