// Every code that the sources can throw stands in docs/reference/errors.md, and no other.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const page = "docs/reference/errors.md";
const sources = readdirSync("packages", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => filesBelow(join("packages", name, "src")));

const thrown = new Map();
for (const file of sources) {
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    for (const [, code] of line.matchAll(/"([A-Z][A-Z_]+\.[A-Z][A-Z_]+)"/g)) if (!thrown.has(code)) thrown.set(code, `${file}:${index + 1}`);
  });
}
const documented = new Set([...readFileSync(page, "utf8").matchAll(/^\| `([A-Z_]+\.[A-Z_]+)` \|/gm)].map(([, code]) => code));

const findings = [
  ...[...thrown].filter(([code]) => !documented.has(code)).map(([code, place]) => `${place}: ${code} is not in ${page}`),
  ...[...documented].filter((code) => !thrown.has(code)).map((code) => `${page}: ${code} is thrown nowhere`),
];
if (thrown.size === 0) findings.push("no codes found: the search is broken");
for (const finding of findings) console.error(finding);
console.log(`${thrown.size} codes, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.name.endsWith(".ts") ? [path] : [];
  });
}
