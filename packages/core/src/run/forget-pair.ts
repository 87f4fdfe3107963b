import type { Claim, ClaimRequest } from "../endpoint.ts";
import type { SideName } from "../mapping/pair-model.ts";
import { RunContext, type Settings } from "./context.ts";
import { bothAnswered } from "./session.ts";
import { withoutPair } from "./tree-of-pairs.ts";

const SIDES: readonly SideName[] = ["left", "right"];

/** Under both leases, and nothing else: neither schemas nor who the databases are stand in the way of it. */
export async function forgetPair(settings: Settings, options: { readonly pair?: string; readonly takeOver?: boolean }): Promise<number> {
  const { databases, holder, leaseSeconds, pair } = settings;
  const context = new RunContext(settings, { dry: false });
  const claim = (side: SideName, more: Pick<ClaimRequest, "takeOver" | "pairs">): Promise<Claim> =>
    context.retrying(() => databases[side].claim({ holder, runner: context.runId, seconds: leaseSeconds, pair, ...more }));
  const asked = await Promise.allSettled(SIDES.map((side) => claim(side, options.takeOver ? { takeOver: true } : {})));
  try {
    const [left, right] = asked.map((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
    const { forgotten, news } = withoutPair({ left: left!, right: right! }, options.pair ?? pair);
    await bothAnswered(async (side) => {
      if (news[side].length > 0) await claim(side, { pairs: news[side] });
    });
    return forgotten;
  } finally {
    await Promise.allSettled(asked.flatMap((each, at) => (each.status === "fulfilled" ? [databases[SIDES[at]!].release(each.value.fence, false)] : [])));
  }
}
