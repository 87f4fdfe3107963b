import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Tests read the TypeScript sources of every workspace; nothing has to be built before.
const conditions = ["dev-source", ...defaultServerConditions];

const workspaces = ["packages", "test", "examples", "apps"]
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent).map((folder) => `${parent}/${folder}`))
  .concat("bench")
  .filter((folder) => existsSync(`${folder}/package.json`));

export default defineConfig({
  resolve: { conditions },
  // As the libraries that have decorators expect them.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  ssr: { resolve: { conditions, externalConditions: ["dev-source", "node"] } },
  test: {
    reporters: ["default", "./scripts/summary-reporter.ts"],
    pool: "forks",
    // Two at least: much of what a file does is waiting for a server or a child process. On a server of yours, which all files
    // share, one: an open transaction of one file would hold up what another reads of changes.
    maxWorkers: process.env["POSTGRES_URL"] ? 1 : Math.max(2, availableParallelism() - 1),
    execArgv: ["--conditions=dev-source"],
    testTimeout: 60_000, // far more than any takes, for machines that are busy
    hookTimeout: 120_000,
    projects: workspaces.map((root) => ({
      extends: true as const,
      root,
      test: {
        name: root,
        include: ["**/*.test.ts"],
        globalSetup: [fileURLToPath(new URL("./test/databases/src/global-setup.ts", import.meta.url))],
      },
    })),
  },
});
