import { createServer, connect, type Server } from "node:net";
import { DatabaseNotAvailable } from "./not-available.ts";

/**
 * One PostgreSQL for a whole test run. The main process of the run listens; a test worker (or a child of one) asks, and
 * the first to ask makes the server start. A run that asks for nothing starts nothing.
 */
const variable = "SYNC_TEST_DATABASES_PORT";

export async function listen(start: () => Promise<string>): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // a worker that went away needs no answer
    start().then(
      (url) => socket.end(JSON.stringify({ url })),
      (error: unknown) => socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
    );
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  server.unref();
  const address = server.address();
  if (address && typeof address === "object") process.env[variable] = String(address.port);
  return server;
}

/** The URL of the run's server; undefined outside such a run. */
export async function ask(): Promise<string | undefined> {
  const port = process.env[variable];
  if (!port) return undefined;
  const text = await new Promise<string>((resolve, reject) => {
    let received = "";
    connect(Number(port), "127.0.0.1")
      .setEncoding("utf8")
      .on("data", (chunk: string) => (received += chunk))
      .on("end", () => resolve(received))
      .on("error", reject);
  });
  const answer = JSON.parse(text) as { url?: string; error?: string };
  if (answer.url) return answer.url;
  throw new DatabaseNotAvailable(answer.error ?? "the test run did not say why");
}
