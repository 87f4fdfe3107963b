import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Capability, Server } from "./harness.ts";

export type Verdict = "passed" | "failed" | { readonly waived: string } | { readonly needs: readonly Capability[] };

/** What one run of the kit found. */
export interface Report {
  /** Of the package that the test file belongs to. */
  readonly package: string;
  /** As given to `databaseConformance`. */
  readonly name: string;
  readonly server: Server;
  /** By law id, every law of the kit. */
  readonly laws: Readonly<Record<string, Verdict>>;
}

/** Where reports go, beside the package.json of the test file. Not for version control: they are made by each run. */
export const REPORT_FOLDER = ".conformance";

export function writeReport(testFile: string, report: Omit<Report, "package">): void {
  const folder = packageOf(testFile);
  const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string };
  mkdirSync(join(folder, REPORT_FOLDER), { recursive: true });
  writeFileSync(join(folder, REPORT_FOLDER, `${slug(report.name)}.json`), `${JSON.stringify({ package: name, ...report }, null, 2)}\n`);
}

function packageOf(file: string): string {
  const folder = dirname(file);
  if (existsSync(join(folder, "package.json"))) return folder;
  if (folder === dirname(folder)) throw new Error(`${file} is in no package.`);
  return packageOf(folder);
}

export function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "");
}
