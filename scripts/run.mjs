// The one entry of `npm start`, `npm test` and the rest. Plain JavaScript for the Node and npm a user already has (20 or
// newer): installs what is missing, then runs the real command with the Node of node_modules, straight from TypeScript.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const local = (...parts) => join(root, "node_modules", ...parts);
const [command = "", ...rest] = process.argv.slice(2);

const commands = {
  start: () => source("apps/demo/src/main.ts", ...rest),
  example: () => source("examples/local-and-cloud/src/main.ts", ...rest),
  bench: () => source("bench/src/main.ts", ...rest),
  test: () => script(local("vitest/vitest.mjs"), "run", ...rest),
  pairs: () => pairs(...rest),
  check: () => script("scripts/check.mjs", ...rest),
  build: () => pnpm("exec", "turbo", "run", "build", ...rest),
  typecheck: () => pnpm("exec", "turbo", "run", "typecheck", ...rest),
  generate: () => 0, // happens before every command
  exec: () => source(...rest),
};

let node;
await main();

async function main() {
  if (!Object.hasOwn(commands, command)) {
    stop(`Unknown command "${command}". There are: ${Object.keys(commands).join(", ")}.`);
  }
  await install();
  node = findNode();
  const generated = await script("scripts/generate.mjs");
  process.exitCode = generated || (await commands[command]());
}

/** Once, and again whenever the lockfile is another one. */
async function install() {
  const stamp = local(".installed-lockfile");
  const lockfile = createHash("sha256").update(readFileSync(join(root, "pnpm-lock.yaml"))).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockfile) return;
  console.error("Installing the dependencies (only when they changed) ...");
  const status = await pnpm("install", "--frozen-lockfile", "--loglevel=error");
  if (status !== 0) process.exit(status);
  writeFileSync(stamp, lockfile);
}

/** The packaged Node of node_modules; on platforms without that package the user's own, if it is new enough. */
function findNode() {
  const packaged = local(`node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(packaged)) return packaged;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major >= 26 || (major === 24 && minor >= 11) || (major === 22 && minor >= 18)) return process.execPath;
  return stop(`This needs Node 22.18, 24.11 or 26 and newer; found ${process.versions.node}, and no packaged Node.`);
}

/** Runs TypeScript as it is; packages of this repository are read from src/, not from dist/. */
function source(...args) {
  return script("--conditions=dev-source", ...args);
}

function script(...args) {
  return run(node, args);
}

/** Tests of the pairs of adapters: `--full` every pair, `--one` a single one, else the star. Other words go to the test runner. */
function pairs(...args) {
  const dials = args.filter((arg) => arg === "--full" || arg === "--one");
  process.env.PAIRS = dials.at(-1)?.slice(2) ?? "star";
  return script(local("vitest/vitest.mjs"), "run", "--project", "test/pairs", ...args.filter((arg) => !dials.includes(arg)));
}

function pnpm(...args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return run("npx", ["-y", packageManager, ...args], process.platform === "win32");
}

function run(file, args, shell = false) {
  const first = [node && dirname(node), local(".bin")].filter(Boolean); // also for what the command starts in turn
  const env = {
    ...process.env,
    PATH: [...first, process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: "inherit", env, shell });
    // The command decides how to stop; we only wait for it. A terminal sends Ctrl-C to both, anything else to us alone.
    const forward = (signal) => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    process.on("SIGINT", forward).on("SIGTERM", forward);
    child.on("error", (error) => stop(`${file}: ${error.message}`));
    child.on("close", (status, signal) => {
      process.off("SIGINT", forward).off("SIGTERM", forward);
      resolve(signal ? 1 : status);
    });
  });
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
