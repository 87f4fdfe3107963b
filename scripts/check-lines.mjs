// How thin the adapters of layers.json are: lines of `src` that are neither empty nor comment (docs/decisions/0038).
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";

const { folders, codeLines: limit } = JSON.parse(readFileSync("layers.json", "utf8")).adapters;

const counts = folders.map((folder) => {
  const files = globSync(`${folder}/src/**/*.ts`).map((file) => readFileSync(file, "utf8").trimEnd().split("\n"));
  if (files.length === 0) throw new Error(`${folder}/src has no TypeScript in it.`);
  return { adapter: basename(folder), all: sum(files.map((lines) => lines.length)), code: sum(files.map(codeLines)) };
});

console.log("adapter           all  code");
for (const { adapter, all, code } of counts) {
  console.log(`${adapter.padEnd(14)} ${String(all).padStart(6)} ${String(code).padStart(5)}`);
  if (code > limit) console.error(`${adapter} has more than ${limit}: what is not its library's own belongs in @sync/sql, @sync/mongodb or core.`);
}
process.exitCode = counts.some(({ code }) => code > limit) ? 1 : 0;

function codeLines(lines) {
  let inComment = false;
  return lines.filter((line) => {
    const text = line.trim();
    const begins = text.startsWith("/*");
    const isComment = inComment || begins || text.startsWith("//");
    inComment = (inComment || begins) && !text.includes("*/");
    return text !== "" && !isComment;
  }).length;
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}
