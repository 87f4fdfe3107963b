import { connect, createServer, type Socket } from "node:net";

export interface DelayingProxy {
  /** The same database, through the proxy. */
  readonly url: string;
  /** Milliseconds per round trip, from now on. */
  delay: number;
  /** Told of everything that passes, before it is delayed. */
  onData: ((direction: "up" | "down", chunk: Buffer, connection: number) => void) | undefined;
  close(): Promise<void>;
}

const defaultPorts: Readonly<Record<string, number>> = { "postgres:": 5432, "postgresql:": 5432, "mongodb:": 27017 };

/**
 * A database far away: everything arrives half a round trip later than it was sent, in order. Bandwidth has no limit, and
 * what is sent without waiting for an answer costs nothing more. A new connection costs a round trip of its own.
 */
export async function delayingProxy(target: string): Promise<DelayingProxy> {
  const url = new URL(target);
  const [host, port] = [url.hostname, Number(url.port === "" ? defaultPorts[url.protocol] : url.port)];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (near) => {
    const connection = (connections += 1);
    const far = connect({ host, port, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => near.destroy() && far.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    carry("up", near, far, performance.now() + proxy.delay);
    carry("down", far, near, 0);

    function carry(direction: "up" | "down", from: Socket, to: Socket, notBefore: number): void {
      const later = inOrder();
      from.on("data", (chunk) => {
        proxy.onData?.(direction, chunk, connection);
        later(Math.max(performance.now(), notBefore) + proxy.delay / 2, () => to.write(chunk));
      });
      from.on("end", () => later(performance.now() + proxy.delay / 2, () => to.end()));
    }
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as { port: number }).port);
  const proxy: DelayingProxy = {
    url: url.href,
    delay: 0,
    onData: undefined,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

/** Does things at their time, never before those that were asked for earlier. */
function inOrder(): (at: number, task: () => void) => void {
  const queue: { at: number; task: () => void }[] = [];
  const next = (): void => {
    while (queue.length > 0 && queue[0]!.at <= performance.now()) queue.shift()!.task();
    // A timer may be up to a millisecond early.
    if (queue.length > 0) setTimeout(next, Math.max(queue[0]!.at - performance.now(), 0.5));
  };
  return (at, task) => {
    if (queue.length === 0 && at <= performance.now()) return task();
    queue.push({ at, task });
    if (queue.length === 1) setTimeout(next, at - performance.now());
  };
}
