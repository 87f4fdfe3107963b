import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly printed: string;
}

/** Runs a file of the repository as `npm start` does. `interruptAt`: sends Ctrl-C when that has been printed. */
function run(file: string, args: readonly string[], options: { interruptAt?: string } = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=dev-source", file, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    let interrupted = false;
    const listen = (text: string): void => {
      printed += text;
      if (interrupted || options.interruptAt === undefined || !printed.includes(options.interruptAt)) return;
      interrupted = true;
      child.kill("SIGINT");
    };
    child.stdout.setEncoding("utf8").on("data", listen);
    child.stderr.setEncoding("utf8").on("data", listen);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, printed }));
  });
}

const main = "apps/demo/src/main.ts";
const minutes = 60_000; // far more than it takes, for machines that are busy

describe("npm start", () => {
  let demo: Ended;
  const folder = mkdtempSync(join(tmpdir(), "sync-demo-test-"));
  beforeAll(async () => {
    demo = await run(main, []);
  }, 4 * minutes);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("comes to every figure it must, in nine runs", () => {
    expect(demo.printed).toContain("All of it is as it must be.");
    expect(demo.code).toBe(0);
    expect(demo.printed.match(/^Run \d/gm)).toEqual(["Run 1", "Run 2", "Run 3", "Run 4", "Run 5", "Run 6", "Run 7", "Run 8", "Run 9"]);
    expect(demo.printed).toContain("9,359 records equal on both sides, no difference");
    expect(demo.printed).toContain("8 actions.");
    expect(demo.printed).toContain("9,360 records equal on both sides, 1 difference, explained");
    expect(demo.printed).toContain("0 rows on the left, 0 on the right");
  });

  test("prints no colour and no more than 100 columns where there is no terminal", () => {
    expect(demo.printed).not.toContain("\u001B");
    expect(Math.max(...demo.printed.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("prints what README.md says it prints, and runs the code that README.md shows", async () => {
    const transcript = join(folder, "transcript.txt");
    writeFileSync(transcript, demo.printed);
    const check = await run("scripts/readme.ts", ["--check", "--transcript", transcript]);
    expect(check).toEqual({ code: 0, printed: "" });
  });
});

describe("Ctrl-C", () => {
  test(
    "stops at a safe point, says how to go on, and that completes it",
    async () => {
      const stopped = await run(main, [], { interruptAt: "Read 9,359 records" });
      expect(stopped.code).toBe(130);
      expect(stopped.printed).not.toContain("Run 2");
      const [, folder = ""] = /npm start -- --continue (\S+)/.exec(stopped.printed) ?? [];
      const resumed = await run(main, ["--continue", folder]);
      expect(resumed.printed).toContain("9,359 records equal on both sides, no difference");
      expect(resumed.code).toBe(0);
      expect(existsSync(folder)).toBe(false);
    },
    4 * minutes,
  );

  test(
    "before anything was synced leaves nothing behind",
    async () => {
      const stopped = await run(main, [], { interruptAt: "ids are cuids" });
      expect(stopped.code).toBe(130);
      expect(stopped.printed).toContain("npm start begins anew");
    },
    4 * minutes,
  );
});
