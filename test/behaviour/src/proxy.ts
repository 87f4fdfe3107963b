import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What becomes of a request: sent on, sent on with its answer lost, or lost itself. */
type Fate = "pass" | "lose answer" | "cut";

/** A server on loopback in front of another one, whose connections can be lost at chosen moments. */
export interface Proxy {
  /** The URL that goes through here. */
  readonly url: string;
  /** Asked for every piece of bytes that comes from a client. */
  fate: (request: string) => Fate;
  /** Ends all connections, and those that come while it is `true`. */
  away: boolean;
  /** Connections that were ended. */
  readonly lost: number;
  close(): Promise<void>;
}

export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let away = false;
  let lost = 0;
  const server = createServer((client) => {
    if (away) return void client.destroy();
    const upstream = connect(Number(port), hostname);
    const sockets = [client, upstream];
    let answerLost = false;
    const end = (): void => {
      for (const socket of sockets) {
        open.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of sockets) open.add(socket.on("error", end).on("close", end));
    client.on("data", (bytes) => {
      const fate = proxy.fate(bytes.toString("utf8"));
      if (fate !== "pass") lost += 1;
      if (fate === "cut") return end();
      answerLost ||= fate === "lose answer";
      upstream.write(bytes);
    });
    // The server says that it is ready for the next query once this one is committed: Z, length 5, state idle.
    upstream.on("data", (bytes) => {
      if (!answerLost) client.write(bytes);
      else if (bytes.includes(readyAndIdle)) end();
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  const proxy: Proxy = {
    url: url.href,
    fate: () => "pass",
    get away() {
      return away;
    },
    set away(now: boolean) {
      away = now;
      if (now) for (const socket of open) socket.destroy();
    },
    get lost() {
      return lost;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

const readyAndIdle = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
