import { createServer, connect, type Server } from "node:net";
import { DatabaseNotAvailable } from "./not-available.ts";

/**
 * One server of a kind for a whole test run. The main process of the run listens; a test worker (or a child of one) asks by
 * name, and the first to ask makes that server start. A run that asks for nothing starts nothing.
 */
const variable = "SYNC_TEST_DATABASES_PORT";

/** What is asked for, and what its URL is once it runs. */
export type Starters = Readonly<Record<string, () => Promise<string>>>;

export async function listen(starters: Starters): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // a worker that went away needs no answer
    socket.setEncoding("utf8").once("data", (name: string) => {
      const start = starters[name.trim()];
      (start ? start() : Promise.reject(new Error(`nobody starts ${name.trim()}`))).then(
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

/** The URL of the run's server of this name; undefined outside such a run. */
export async function ask(name: string): Promise<string | undefined> {
  const port = process.env[variable];
  if (!port) return undefined;
  const text = await new Promise<string>((resolve, reject) => {
    let received = "";
    connect(Number(port), "127.0.0.1", function (this: { write(text: string): void }) {
      this.write(`${name}\n`);
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
