import type { Opened } from "./sync.ts";

/** One record's values leave everything that keeps some; what is too old goes by itself. */
export async function erase({ sync, left }: Opened): Promise<void> {
  const { id: key } = left.prepare<[], { id: number }>("select id from country where code = 'FR'").get()!;
  // #region erase
  const { conflicts, quarantine, preImages, bases } = await sync.erase({ model: "Country", left: [String(key)] });
  console.log({ conflicts, quarantine, preImages, bases });
  await sync.prune(); // what is older than `retention`; runs that write do this now and then
  // #endregion
}
