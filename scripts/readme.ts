// Puts into README.md and the guides what comes from files that run: each fenced block behind `<!-- from: … -->` is made anew,
// from a region of a file (`path#region`) or from what `npm start` prints (`npm start: Run 1 apply verify, Run 2 plan`: those
// steps of those runs). `--check` only compares, times aside; `--transcript <file>` takes an output that is there already.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { check: { type: "boolean" }, transcript: { type: "string" } } });

const block = /<!-- from: (.+?) -->\n```(\w*)\n([\s\S]*?)\n```(?=\n)/g;
let printed: string | undefined;
const stale: string[] = [];

for (const page of ["README.md", ...globSync("docs/{*,guide/*}.md"), ...globSync("packages/*/README.md")]) {
  const before = readFileSync(page, "utf8");
  let blocks = 0;
  const after = before.replaceAll(block, (whole: string, source: string, language: string, content: string) => {
    blocks++;
    const fresh = source.startsWith("npm start: ") ? steps(source.slice("npm start: ".length)) : region(source);
    if (withoutTimes(fresh) === withoutTimes(content)) return whole;
    stale.push(`${page}: ${source}\n${fresh}`);
    return `<!-- from: ${source} -->\n\`\`\`${language}\n${fresh}\n\`\`\``;
  });
  if (blocks === 0 && page === "README.md") throw new Error(`${page} has no block that comes from a file.`);
  if (!options.check && after !== before) writeFileSync(page, after);
}
if (options.check && stale.length > 0) {
  console.error(`A page is behind what runs; \`npm run exec -- scripts/readme.ts\` mends it. It must say:\n\n${stale.join("\n\n")}`);
  process.exitCode = 1;
}

function region(source: string): string {
  const [path = "", name = ""] = source.split("#");
  const text = new RegExp(`// #region ${name}\\n([\\s\\S]*?)\\n *// #endregion`).exec(readFileSync(path, "utf8"))?.[1];
  if (text === undefined) throw new Error(`${path} has no region ${name}.`);
  const indent = /^ */.exec(text)![0];
  return text.replaceAll(new RegExp(`^${indent}`, "gm"), "");
}

/** The lines of the wanted steps, under the headings of their runs. */
function steps(wanted: string): string {
  const lines = transcript().split("\n");
  return wanted
    .split(", ")
    .map((each) => {
      const [, run = "", names = ""] = /^(Run \d) (.+)$/.exec(each) ?? [];
      const at = lines.findIndex((line) => line.startsWith(`${run}:`));
      if (at < 0) throw new Error(`npm start prints no ${run}.`);
      const next = lines.findIndex((line, index) => index > at && /^Run \d:/.test(line));
      return [lines[at], ...stepsIn(lines.slice(at + 1, next < 0 ? undefined : next), names.split(" "))].join("\n");
    })
    .join("\n\n");
}

function stepsIn(lines: readonly string[], names: readonly string[]): string[] {
  let step = "";
  return lines.filter((line) => {
    step = /^ {2}(\S+)/.exec(line)?.[1] ?? step;
    return line !== "" && names.includes(step);
  });
}

function transcript(): string {
  if (printed !== undefined) return printed;
  if (options.transcript) return (printed = readFileSync(options.transcript, "utf8"));
  const { stdout, status } = spawnSync(process.execPath, ["--conditions=dev-source", "apps/demo/src/main.ts"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error("The demo failed.");
  return (printed = stdout);
}

function withoutTimes(text: string): string {
  return text.replaceAll(/ *\d+\.\d s$/gm, "");
}
