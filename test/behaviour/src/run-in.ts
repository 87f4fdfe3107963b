import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@sync/test-databases";
import { afterAll } from "vitest";
import type { Death } from "./killable.ts";

const cache = temporaryFolder("compiled");
afterAll(() => cache.remove());
const child = fileURLToPath(new URL("run-and-die.ts", import.meta.url));

/** What a process told that lived to its end. */
export interface Lived {
  readonly signal: string | null;
  readonly calls: string[];
  readonly written: { left: number; right: number };
}

/** Runs a sync in a process of its own, or undoes one. */
export async function runIn(where: readonly [left: string, right: string], death?: Death, undone?: string): Promise<Lived> {
  // No call has the number nought.
  const words = death || undone !== undefined ? [String(death?.call ?? 0), death?.moment ?? "before"] : [];
  const running = spawn(process.execPath, ["--conditions=dev-source", child, ...where, ...words, ...(undone === undefined ? [] : [undone])], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: cache.path }, // twice as fast from the second process on
  });
  let [out, err] = ["", ""];
  running.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  running.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) => running.on("close", (...end) => resolve(end)));
  if (status !== 0 && signal === null) throw new Error(`the run failed: ${err}`);
  return { signal, ...(out === "" ? { calls: [], written: { left: 0, right: 0 } } : JSON.parse(out)) };
}
