// Holds the reports of the conformance kit against the packages: every adapter has run it, all of it, on a real server too, and
// broke no law that it does not waive; the table in README.md and the one in each adapter's own are what the reports say. `--write`
// brings them up to date. The reports are made by the tests: without a run of theirs there is nothing to check, which is a failure in CI only.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** As the kit writes it. */
interface Report {
  readonly package: string;
  readonly name: string;
  readonly server: { readonly product: string; readonly version: string; readonly compatible?: string };
  readonly laws: Readonly<Record<string, Verdict>>;
}
type Verdict = "passed" | "failed" | { readonly waived: string } | { readonly needs: readonly string[] };

const { values: options } = parseArgs({ options: { write: { type: "boolean" } } });
const json = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

interface Adapter {
  readonly folder: string;
  readonly name: string;
  readonly reports: readonly Report[];
}

const { workspaces, testOnly } = json("layers.json") as { workspaces: Record<string, { rank: number }>; testOnly: readonly string[] };
const reportsOf = (folder: string): Report[] => globSync(`${folder}/.conformance/*.json`).sort().map((file) => json(file) as Report);
const adapters = globSync("packages/*/package.json").sort().flatMap((file): Adapter[] => {
  const folder = file.replace("/package.json", "");
  if (workspaces[folder]?.rank !== 2 || testOnly.includes(folder)) return [];
  return [{ folder, name: (json(file) as { name: string }).name, reports: reportsOf(folder) }];
});

// The kit's own run, on the memory database, says which laws there are.
const laws = Object.keys(reportsOf("packages/conformance")[0]?.laws ?? {}).sort();
const waived = (verdict: Verdict): string | undefined => (typeof verdict === "object" && "waived" in verdict ? verdict.waived : undefined);

const findings = [...(laws.length === 0 ? ["packages/conformance: has no report"] : []), ...adapters.flatMap(findingsOf)];
const pages = [["README.md", table()], ...adapters.map((adapter) => [`${adapter.folder}/README.md`, ownTable(adapter)])] as const;
const toldOf = findings.length > 0;
for (const [file, said] of pages) {
  const [page, fresh] = [readFileSync(file, "utf8"), withTable(file, said)];
  if (options.write) writeFileSync(file, fresh);
  else if (!toldOf && fresh !== page) findings.push(`${file}: its table is not what the reports say; \`npm run exec -- scripts/laws.ts --write\` mends it`);
}

for (const finding of findings) console.error(finding);
const runs = adapters.reduce((sum, { reports }) => sum + reports.length, 0);
console.log(`${laws.length} laws, ${runs} reports of ${adapters.length} adapters, ${findings.length} findings`);
if (findings.length > 0 && process.env["CI"]) process.exitCode = 1;

function withTable(file: string, said: string): string {
  const page = readFileSync(file, "utf8");
  const [start, end] = ["<!-- made by scripts/laws.ts from the reports -->\n", "\n<!-- end -->"];
  const [before, rest, ...more] = page.split(start) as [string, string, ...string[]];
  if (rest === undefined || more.length > 0 || !rest.includes(end)) throw new Error(`${file} has no place for the table.`);
  return before + start + said + rest.slice(rest.indexOf(end));
}

function findingsOf({ folder, reports }: Adapter): string[] {
  if (reports.length === 0) return [`${folder}: has no report; \`npm test -- ${folder}/test/conformance\` makes it`];
  // Of MongoDB's own server no registry has a copy: there the compatible one counts, and the table names it.
  const real = reports.some(({ server }) => server.compatible === undefined || server.product === "MongoDB");
  return [
    ...(real ? [] : [`${folder}: has run on no real server`]),
    ...reports.flatMap((report) => {
      const place = `${folder}: ${report.name}`;
      if (Object.keys(report.laws).sort().join() !== laws.join()) return [`${place}: its report is of other laws than those of the kit; run it again`];
      const failed = laws.filter((law) => report.laws[law] === "failed");
      return failed.length > 0 ? [`${place}: breaks ${failed.join(", ")}`] : [];
    }),
  ];
}

function table(): string {
  const real = adapters.flatMap(({ reports }) => reports).filter(({ server }) => server.compatible === undefined).map(column);
  const all = [...new Set([...real.sort(), ...adapters.flatMap(({ reports }) => reports.map(column)).sort()])];
  const rows = adapters.map(({ folder, name, reports }) => {
    const cells = all.map((each) => reports.filter((report) => column(report) === each).map(cell).join("<br>"));
    return `| [${name}](${folder}/README.md) | ${cells.join(" | ")} |`;
  });
  const waivers = new Set(adapters.flatMap(({ name, reports }) =>
    reports.flatMap((report) => laws.flatMap((law) => {
      const reason = waived(report.laws[law] ?? "passed");
      return reason === undefined ? [] : [`- ${name}, \`${law}\`: ${reason}`];
    }))));
  return [
    `| ${laws.length} laws | ${all.join(" | ")} |`,
    `|---|${all.map(() => "---|").join("")}`,
    ...rows,
    ...(waivers.size === 0 ? [] : ["", "Laws that an adapter does not keep:", "", ...waivers]),
  ].join("\n");
}

/** Of one adapter: where it was tried, and which laws it does not keep, or was not asked, for lack of what they are about. */
function ownTable({ reports }: Adapter): string {
  const rows = reports.map(({ name, laws: verdicts }) => {
    const all = Object.entries(verdicts);
    const absent = new Map<string, string[]>();
    for (const [law, verdict] of all) if (typeof verdict === "object" && "needs" in verdict) absent.set(verdict.needs[0]!, [...(absent.get(verdict.needs[0]!) ?? []), `\`${law}\``]);
    const unasked = [...absent].map(([need, ids]) => `\`${need}\`: ${ids.join(", ")}`).join("<br>");
    const waivers = all.filter(([, verdict]) => waived(verdict) !== undefined).map(([law]) => `\`${law}\``).join(", ");
    return `| ${name} | ${all.filter(([, verdict]) => verdict === "passed").length} of ${all.length} | ${waivers} | ${unasked} |`;
  });
  return ["| tried on | laws kept | waived | not asked, since it has no |", "|---|---|---|---|", ...rows].join("\n");
}

function column({ server }: Report): string {
  return server.compatible ?? server.product;
}

/** What the report's name says besides the database, and what of the laws holds there. */
function cell(report: Report): string {
  const verdicts = report.laws;
  const driver = report.name.replace(column(report), "").replaceAll(/[()]/g, "").replace(/^[\s,]+|\s+$/g, "");
  const count = Object.values(verdicts).filter((verdict) => waived(verdict) !== undefined).length;
  const failed = Object.values(verdicts).includes("failed");
  const said = failed ? "breaks laws" : count > 0 ? `laws pass, ${count} waived` : "laws pass";
  return driver === "" ? said : `${driver}: ${said}`;
}
