import type { Runtime } from "../options.ts";

/** Makes UUIDv7 texts (RFC 9562): time-ordered, so that indexes on them grow at one end; monotone within one maker. */
export function cloudIdMaker(runtime: Pick<Runtime, "now" | "randomBytes">): () => string {
  let lastTime = 0;
  let counter = 0;
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  const random = (): number => {
    if (at >= pool.length) [pool, at] = [runtime.randomBytes(1024), 0];
    return pool[at++]!;
  };
  return () => {
    const time = Math.max(runtime.now(), lastTime);
    // 12 bits of counter within one millisecond; when they run out the clock is taken one millisecond further.
    if (time > lastTime) [lastTime, counter] = [time, random() & 0x7f];
    else if (++counter > 0xfff) [lastTime, counter] = [lastTime + 1, 0];
    const timeText = lastTime.toString(16).padStart(12, "0");
    let tail = "";
    for (let index = 0; index < 8; index++) {
      const byte = random();
      tail += hex[index === 0 ? (byte & 0x3f) | 0x80 : byte]!;
    }
    return `${timeText.slice(0, 8)}-${timeText.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  };
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
