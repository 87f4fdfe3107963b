import type { Collection, StateRecords, StateStore } from "../state.ts";

/** All records of a collection that match, page by page. */
export async function* recordsIn<C extends Collection>(
  state: StateStore, pair: string, collection: C, filter: { readonly model?: string | undefined } = {}, limit = 500,
): AsyncGenerator<readonly StateRecords[C][]> {
  const { model } = filter;
  for (let after: string | undefined; ;) {
    const page = await state.read(pair, { collection, limit, ...(model === undefined ? {} : { model }), ...(after === undefined ? {} : { after }) });
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    after = page[page.length - 1]!.id;
  }
}
