import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { MongoClient } from "mongodb";
import { temporaryFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";
import { DatabaseNotAvailable } from "./not-available.ts";

/** A server of this test run or of one test: a replica set of one, so that it has transactions. */
export interface RunningMongo {
  url: string;
  close(): Promise<void>;
}

/** The version that `install-mongodb.sh` builds. */
const secantus = "0.5.3-beta.196";
const cached = (): string => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sync-databases", `secantus-${secantus}`, "bin", "secantusd-rs");

/** A `mongod` on the PATH, else the compatible server there or in the cache. */
function binary(): { readonly path: string; readonly kind: "mongod" | "secantusd-rs" } {
  const onPath = (name: string): string[] => (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "").map((folder) => join(folder, name));
  for (const kind of ["mongod", "secantusd-rs"] as const) {
    for (const path of [...onPath(kind), ...(kind === "secantusd-rs" ? [cached()] : [])]) if (isExecutable(path)) return { path, kind };
  }
  throw new DatabaseNotAvailable("needs MongoDB: set MONGODB_URL, put a mongod on the PATH, or run test/databases/install-mongodb.sh once (it builds a compatible server, in minutes)");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function startMongo(): Promise<RunningMongo> {
  const { path, kind } = binary();
  const folder = temporaryFolder("mongodb");
  const port = kind === "mongod" ? await freePort() : 0;
  const words = kind === "mongod"
    ? ["--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath", folder.path, "--replSet", "sync"]
    : ["--host", "127.0.0.1", "--port", "0", "--storage-path", folder.path, "--sync-on-commit", "--log-file-max", "16MB"];
  const child = spawn(path, words, { stdio: ["ignore", "pipe", "pipe"] });
  const end = (): void => void child.kill("SIGTERM");
  process.once("exit", end);
  const close = async (): Promise<void> => {
    process.off("exit", end);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    folder.remove();
  };
  try {
    const listening = await portOf(child, kind === "mongod" ? /"Waiting for connections".*"port":(\d+)/ : /listening on 127\.0\.0\.1:(\d+)/);
    const url = `mongodb://127.0.0.1:${listening}/`;
    if (kind === "mongod") await initiate(url, listening);
    return { url: `${url}?directConnection=true`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** From the line in which the server says that it listens. */
async function portOf(child: ChildProcess, line: RegExp): Promise<string> {
  let said = "";
  return await new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new DatabaseNotAvailable(`needs MongoDB: ${why}. Its last words: ${said.trim().split("\n").at(-1) ?? ""}`));
    const timer = setTimeout(() => fail("the server did not say within 60 s that it listens"), 60_000);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-10_000);
        const port = line.exec(said)?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(port);
      });
    }
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`the server ended with ${code}`));
  });
}

/** Only a replica set has transactions. */
async function initiate(url: string, port: string): Promise<void> {
  const client = new MongoClient(url, { directConnection: true, serverSelectionTimeoutMS: 10_000 });
  try {
    const admin = client.db("admin");
    await admin.command({ replSetInitiate: { _id: "sync", members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
    while (!(await admin.command({ hello: 1 }))["isWritablePrimary"]) await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    await client.close();
  }
}
