// Import direction, from layers.json: a workspace imports only from lower ranks; core knows nobody; adapters know core,
// sql and their one library; nothing leaves its own folder by a path; the contract files of core know only one another.
// Tests are free of ranks, not of the last two rules. Prints file:line for everything that breaks a rule.
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, matchesGlob, normalize, relative } from "node:path";

const layers = JSON.parse(readFileSync("layers.json", "utf8"));
const workspaces = globSync(["{packages,apps,examples,test}/*/package.json", "bench/package.json"]).map((file) => {
  const folder = dirname(file);
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const rule = Object.entries(layers.workspaces).find(([glob]) => matchesGlob(folder, glob))?.[1];
  return { folder, name: manifest.name, manifest, rule };
});
const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
const findings = [];
let files = 0;

for (const { folder, rule, manifest } of workspaces) {
  if (!rule) {
    findings.push(`${folder}/package.json:1: has no rank in layers.json`);
    continue;
  }
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    if (manifest.peerDependenciesMeta?.[name]?.optional) continue; // a driver that comes with the library
    judge(`${folder}/package.json:1`, folder, rule, name, manifest.private === true);
  }
  const exclude = (path) => /(^|\/)(node_modules|dist|generated)$/.test(path);
  for (const file of globSync(`${folder}/**/*.{ts,mts,cts,js,mjs,cjs}`, { exclude })) {
    files += 1;
    const isTest = file.startsWith(`${folder}/test/`) || /\.test(-d)?\.ts$/.test(file);
    for (const { specifier, line } of imports(readFileSync(file, "utf8"))) {
      if (specifier.startsWith(".")) stayInside(`${file}:${line}`, folder, file, specifier);
      else judge(`${file}:${line}`, folder, rule, specifier, isTest);
    }
  }
}

for (const finding of findings) console.error(finding);
console.log(`${files} files in ${workspaces.length} workspaces, ${findings.length} imports in the wrong direction`);
process.exitCode = findings.length > 0 || files === 0 ? 1 : 0;

/** An import by name. */
function judge(place, folder, rule, specifier, isTest) {
  const wrong = (why) => findings.push(`${place}: "${specifier}": ${why}`);
  const isNode = specifier.startsWith("node:") || builtinModules.includes(specifier);
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const other = byName.get(name);
  if (other && isTest && layers.testTools.includes(other.folder)) return;
  if (isTest || other?.folder === folder) return;
  if (isNode) {
    if (rule.node === false) wrong(`${folder} imports no module of Node`);
  } else if (other) {
    if (layers.testOnly.includes(other.folder)) {
      if (!layers.testTools.includes(folder)) wrong("is for tests only");
    } else if (layers.testTools.includes(other.folder) && rule.rank === 4) return;
    else if (!(other.rule?.rank < rule.rank)) wrong(`rank ${rule.rank} imports from lower ranks only, this is ${other.rule?.rank}`);
    else if (rule.only && !rule.only.includes(other.folder)) wrong(`${folder} imports only ${rule.only.join(", ")} of ours`);
  } else if (rule.libraries && !rule.libraries.some((library) => matchesGlob(name, library))) {
    wrong(`${folder} imports only ${["its own files", ...rule.libraries].join(", ")}`);
  }
}

/** An import by path. */
function stayInside(place, folder, file, specifier) {
  const target = normalize(join(dirname(file), specifier));
  if (relative(folder, target).startsWith("..")) findings.push(`${place}: "${specifier}": leaves ${folder}; import by name`);
  for (const [root, { contract }] of Object.entries(layers.inside)) {
    const [from, to] = [relative(root, file), relative(root, target)];
    const isContract = (path) => contract.some((glob) => matchesGlob(path, glob));
    if (isContract(from) && !isContract(to)) findings.push(`${place}: "${specifier}": the contract imports only ${contract.join(", ")}`);
  }
}

/** Static and dynamic imports, re-exports and requires, with comments left out. */
function* imports(text) {
  const blank = (found) => (/^\/[/*]/.test(found) ? found.replaceAll(/[^\n]/g, " ") : found);
  const code = text.replaceAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, blank);
  const statement = /(?:^|[;}\n])\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']|\b(?:import|require)\s*\(\s*["']([^"']+)["']/g;
  for (const found of code.matchAll(statement)) {
    const specifier = found[1] ?? found[2];
    const end = found.index + found[0].length;
    yield { specifier, line: code.slice(0, end).split("\n").length };
  }
}
