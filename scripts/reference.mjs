// docs/reference/sync.md, made of the docstrings of the public types: what can be given to a sync, asked of it, and what it
// answers. `--check` only compares. Reads members as this repository writes them: two spaces, one line or a block in braces.
import { readFileSync, writeFileSync } from "node:fs";

const core = "packages/core/src";
const chapters = [
  ["`createSync(options)`", "options.ts", "SyncOptions"],
  ["One model: `models: { … }`", "options.ts", "ModelOptions"],
  ["One field: `fields: { … }`", "options.ts", "FieldMapping"],
  ["`retention`, in days", "log/prune.ts", "Retention"],
  ["What a model may declare itself", "declaration.ts", "Declaration"],
  ["What a sync can do", "sync.ts", "Sync"],
  ["Options of `run`, `plan`, `apply` and `verify`", "run/run.ts", "RunOptions"],
  ["And of `run` alone", "run/run.ts", "HintedRunOptions"],
  ["What `run` and `apply` answer", "run/run.ts", "RunResult"],
  ["What `apply` answers besides", "run/apply.ts", "ApplyResult"],
  ["Counts of one model, in `models`", "run/events.ts", "ModelCounts"],
  ["`check`: what a run wrote and read again", "run/settle-marks.ts", "WriteCheck"],
  ["What `plan` answers", "run/run.ts", "PlanSummary"],
  ["And what its plan can do", "sync.ts", "Plan"],
  ["What `verify` answers", "run/verify.ts", "VerifyResult"],
  ["Counts of one model in `verify`", "run/verify.ts", "VerifyCounts"],
  ["One of its `differences`", "run/verify.ts", "Difference"],
  ["A finding", "endpoint.ts", "Finding"],
];

const page = "docs/reference/sync.md";
const text = [
  "# The whole surface", "",
  "Made by `npm run exec -- scripts/reference.mjs` from the docstrings of the types, which an editor shows as well. What the errors mean:",
  "[errors.md](errors.md).", "",
  ...chapters.flatMap(([title, file, name]) => [`## ${title}`, "", ...table(file, name), ""]),
].join("\n");

if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  console.error(`${page} is behind the types; \`npm run exec -- scripts/reference.mjs\` mends it.`);
  process.exitCode = 1;
}
console.log(`${chapters.length} types in ${page}`);

function table(file, name) {
  const members = membersOf(readFileSync(`${core}/${file}`, "utf8"), name);
  if (members.length === 0) throw new Error(`${file} has no interface ${name}, or none of its members was recognised.`);
  const withDefaults = members.some((member) => member.standard !== undefined);
  return [
    withDefaults ? "| name | type | meaning | default |\n|---|---|---|---|" : "| name | type | meaning |\n|---|---|---|",
    ...members.map(({ member, type, meaning, standard }) => `| \`${member}\` | ${code(type)} | ${escaped(meaning)} |${withDefaults ? ` ${escaped(standard ?? "")} |` : ""}`),
  ];
}

function membersOf(source, name) {
  const body = new RegExp(`^export interface ${name}\\b[^{]*(?:<[^]*?> )?\\{\\n([^]*?)^\\}`, "m").exec(source)?.[1] ?? "";
  const member = /^(?: {2}\/\*\*([^]*?)\*\/\n)? {2}(?:readonly )?(\w+)(\??)(?:: ([^]*?);|(\([^]*?\): [^]*?);)\n(?= {2}[^\s}]|$)/gm;
  return [...body.matchAll(member)].map(([, comment = "", named, optional, type, method]) => {
    const words = comment.replaceAll(/^\s*\* ?/gm, "").replaceAll(/\s+/g, " ").trim();
    const [meaning = "", standard] = words.split(/ ?@default /);
    return { member: `${named}${optional}`, type: (type ?? method).replaceAll(/\/\*\*[^]*?\*\//g, "").replaceAll(/\s+/g, " ").replaceAll("readonly ", ""), meaning, standard };
  });
}

function code(type) {
  return `\`${type.replaceAll("|", "\\|")}\``;
}

function escaped(words) {
  return words.replaceAll("|", "\\|").replaceAll("@throws", "Throws");
}
