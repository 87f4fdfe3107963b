// `npm run check`: everything that can be told without running the product. All steps run; any that fails fails the whole.
// Names of steps as arguments run only these: `npm run check -- lint layers`.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { packageManager } = JSON.parse(readFileSync("package.json", "utf8"));
const bin = (name) => `node_modules/.bin/${name}`;
const turbo = (...tasks) => ["npx", "-y", packageManager, "exec", "turbo", "run", ...tasks, "--continue", "--output-logs=errors-only", "--log-order=grouped"];

const steps = {
  types: [[bin("tsc"), "-p", "tsconfig.json"], turbo("typecheck")],
  packages: [turbo("build", "package")], // plain tsc, then publint and attw on what would be published
  lint: [[bin("oxlint"), "--type-aware", "--deny-warnings"]],
  unused: [[bin("knip")]],
  layers: [[process.execPath, "scripts/check-layers.mjs"]],
  lines: [[process.execPath, "scripts/check-lines.mjs"]],
  errors: [[process.execPath, "scripts/check-errors.mjs"]],
  reference: [[process.execPath, "scripts/reference.mjs", "--check"]],
  release: [[process.execPath, "scripts/check-release.mjs"]],
  laws: [[process.execPath, "scripts/laws.ts"]], // of the reports that the tests have written
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`Unknown step ${unknown.join(", ")}. There are: ${Object.keys(steps).join(", ")}.`);
  process.exit(1);
}

const results = [];
for (const [name, commands] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const started = performance.now();
  const ok = commands.every(([file, ...args]) => {
    const { status, error } = spawnSync(file, args, { stdio: "inherit" });
    if (error) console.error(`${file}: ${error.message}`);
    return status === 0;
  });
  results.push({ name, ok, seconds: (performance.now() - started) / 1000 });
}

console.log("");
for (const { name, ok, seconds } of results) {
  console.log(`${ok ? "ok    " : "failed"}  ${name.padEnd(9)}  ${seconds.toFixed(1).padStart(5)} s`);
}
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
