// What `changeset version` would do, tried on a copy: one version for all published packages, none at 1.0.0 by accident.
// A minor of a peer dependency once made a major of its dependents; the second round below is that case.
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const manifests = ["package.json", ...globSync(["{packages,apps,examples,test}/*/package.json", "bench/package.json"])];
const config = JSON.parse(readFileSync(".changeset/config.json", "utf8"));
const published = manifests.filter((file) => file.startsWith("packages/"));
const copy = mkdtempSync(join(tmpdir(), "sync-release-"));
const problems = [];

try {
  for (const file of [...manifests, ".changeset", "pnpm-workspace.yaml", "pnpm-lock.yaml"]) cpSync(file, join(copy, file), { recursive: true });
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, ".gitignore"), "node_modules\n");
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "-m", "copy");

  const names = published.map((file) => JSON.parse(readFileSync(file, "utf8")).name);
  const group = config.fixed[0] ?? [];
  if (new Set(names).symmetricDifference(new Set(group)).size > 0) problems.push(`the fixed group of .changeset/config.json is ${group.join(", ")}; published are ${names.join(", ")}`);

  round("the changesets that wait here");
  writeFileSync(join(copy, ".changeset/second.md"), '---\n"@sync/core": minor\n---\n\nA minor of core alone.\n');
  round("then a minor of core alone");
} finally {
  rmSync(copy, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function round(what) {
  const { status, stdout, stderr } = spawnSync("node_modules/.bin/changeset", ["version"], { cwd: copy, encoding: "utf8" });
  if (status !== 0) problems.push(`${what}: changeset version failed\n${stdout}${stderr}`);
  const versions = published.map((file) => {
    const { name, version, private: hidden } = JSON.parse(readFileSync(join(copy, file), "utf8"));
    if (!hidden && !version.startsWith("0.")) problems.push(`${what}: ${name} would become ${version}`);
    return version;
  });
  if (new Set(versions).size !== 1) problems.push(`${what}: versions differ: ${versions.join(", ")}`);
  console.log(`${what}: all packages at ${[...new Set(versions)].join(", ")}`);
}

function git(...args) {
  const identity = ["-c", "user.name=sync", "-c", "user.email=sync@example.invalid", "-c", "commit.gpgsign=false"];
  const { status, stderr } = spawnSync("git", [...identity, ...args], { cwd: copy, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
}
