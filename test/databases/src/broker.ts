import { createServer, connect, type Server } from "node:net";
import { DatabaseNotAvailable } from "./not-available.ts";

/**
 * One server of a kind for each worker of a test run: files that run side by side share none, since on one server a transaction of
 * one would hold up what others read of changes and of dead rows, in whatever database. The main process of the run listens; a
 * worker (or a child of one) asks by name, and the first to ask makes that server start. A run that asks for nothing starts nothing.
 */
const variable = "SYNC_TEST_DATABASES_PORT";

/** What is asked for, and what its URL is once it runs. */
export type Starters = Readonly<Record<string, (worker: string) => Promise<string>>>;

export async function listen(starters: Starters): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // a worker that went away needs no answer
    socket.setEncoding("utf8").once("data", (asked: string) => {
      const [name = "", worker = ""] = asked.trim().split(" ");
      const start = starters[name];
      (start ? start(worker) : Promise.reject(new Error(`nobody starts ${name}`))).then(
        (url) => socket.end(JSON.stringify({ url })),
        (error: unknown) => socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
      );
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  server.unref();
  const address = server.address();
  if (address && typeof address === "object") process.env[variable] = String(address.port);
  return server;
}

/** The URL of this worker's server of this name; undefined outside a test run. */
export async function ask(name: string): Promise<string | undefined> {
  const port = process.env[variable];
  if (!port) return undefined;
  const text = await new Promise<string>((resolve, reject) => {
    let received = "";
    connect(Number(port), "127.0.0.1", function (this: { write(text: string): void }) {
      this.write(`${name} ${process.env["VITEST_POOL_ID"] ?? "1"}\n`);
    })
      .setEncoding("utf8")
      .on("data", (chunk: string) => (received += chunk))
      .on("end", () => resolve(received))
      .on("error", reject);
  });
  const answer = JSON.parse(text) as { url?: string; error?: string };
  if (answer.url) return answer.url;
  throw new DatabaseNotAvailable(answer.error ?? "the test run did not say why");
}
