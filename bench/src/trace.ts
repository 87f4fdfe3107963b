import type { DelayingProxy } from "./proxy.ts";

/** One statement on its way: when its text was sent, and when the answer was complete. */
export interface Trip {
  readonly connection: number;
  readonly text: string;
  readonly from: number;
  to: number;
}

/** Reads along on a proxy: what statements are sent when, and when the server is ready again. Not for data of people. */
export function traceTrips(proxy: DelayingProxy): () => Trip[] {
  const trips: Trip[] = [];
  const open = new Map<number, Trip>();
  const start = performance.now();
  proxy.onData = (direction, chunk, connection) => {
    const now = performance.now() - start;
    if (direction === "up") {
      for (const text of statements(chunk)) {
        const trip = { connection, text, from: now, to: Number.NaN };
        trips.push(trip);
        open.set(connection, trip);
      }
    } else if (chunk.subarray(-6).toString("latin1").startsWith("Z\0\0\0\x05")) {
      const trip = open.get(connection);
      if (trip) trip.to = now;
    }
  };
  return () => {
    proxy.onData = undefined;
    return trips;
  };
}

export function described(trips: readonly Trip[]): string {
  const number = (value: number): string => value.toFixed(0).padStart(6);
  return trips.map(({ from, to, text }) => `${number(from)} ${number(to - from)}  ${text.replaceAll(/\s+/g, " ").trim().slice(0, 110)}`).join("\n");
}

/** Texts of the Query and Parse messages that begin in this chunk. */
function* statements(chunk: Buffer): Generator<string> {
  for (let at = 0; at + 5 <= chunk.length; ) {
    const type = String.fromCharCode(chunk[at]!);
    const length = chunk.readUInt32BE(at + 1);
    const body = chunk.subarray(at + 5, at + 1 + length);
    if (type === "Q") yield body.subarray(0, -1).toString("utf8");
    if (type === "P") {
      const text = body.subarray(body.indexOf(0) + 1);
      yield text.subarray(0, text.indexOf(0)).toString("utf8");
    }
    if (length < 4) return;
    at += 1 + length;
  }
}
