import type { Claim, ClaimRequest } from "@sync/core";
import type { SideTables } from "../dialect.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { acquaintances, checkClaim, leaseHeld, newerVersion, pairNotes } from "../lease.ts";
import { SIDE_VERSION } from "../sides.ts";
import { serverIdentity } from "./server.ts";
import { createDatabaseTables, dropDatabaseTables, isMissing } from "./sides.ts";

/** One round trip when the tables are there: claim first, make them only when they turn out to be missing. */
export async function claim(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<Claim> {
  checkClaim(request);
  const row = await attempt(executor, sides, request);
  const [fence, id, runs, version, holder, since, server, met, pairs] = row;
  if (Number(version) > SIDE_VERSION) throw newerVersion(Number(version));
  if (fence === null) throw leaseHeld(holder!, since!);
  const identity = executor.place ? `${server!} ${executor.place()}` : server!;
  return { databaseId: id!, serverIdentity: identity, runCounter: Number(runs), fence: Number(fence), ...acquaintances(request, met!, pairs!) };
}

async function attempt(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<TextRow> {
  const run = (): Promise<readonly TextRow[]> =>
    serverIdentity(executor, (server) => executor.query(claimStatement(sides, request, server)));
  let rows: readonly TextRow[] = [];
  try {
    rows = await run();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  if (rows.length === 0) {
    await executor.query(createDatabaseTables(sides));
    rows = await run();
  }
  return rows[0]!;
}

/** By the database's clock: no runner's own is trusted. The same runner keeps its fence. */
function claimStatement(sides: SideTables, { holder, runner, seconds, takeOver, pair, meets, pairs = [] }: ClaimRequest, server: string): Statement {
  const notes = `$${meets ? 8 : 6}::text`;
  return {
    sql: `with claimed as (
      update ${sides.database} d set
        fence = case when d.runner = $1::text then d.fence else d.fence + 1 end,
        since = case when d.runner = $1::text then d.since else clock_timestamp() end,
        runner = $1::text, holder = $2::text,
        expires = clock_timestamp() + make_interval(secs => $3::text::float8)
      where d.version <= ${SIDE_VERSION}
        and (d.runner is null or d.runner = $1::text or d.expires <= clock_timestamp() or $4::text = 'true')
      returning d.fence)${meets ? `, met as (
      insert into ${sides.encounter} (pair, side, other) select $5::text, $6::text, $7::text from claimed on conflict do nothing)` : ""}${pairs.length > 0 ? `, noted as (
      insert into ${sides.pair} as p (pair, left_id, right_id, times)
      select r ->> 0, r ->> 1, r ->> 2, (r ->> 3)::int from claimed, jsonb_array_elements(${notes}::jsonb) r
      on conflict (pair, left_id, right_id) do update set times = excluded.times where p.times < excluded.times)` : ""}
    select (select fence from claimed)::text as c0, d.id as c1, d.runs::text as c2, d.version::text as c3, d.holder as c4,
      to_char(d.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as c5, ${server} as c6,
      (select coalesce(jsonb_agg(jsonb_build_object('side', e.side, 'other', e.other)), '[]')::text from ${sides.encounter} e where e.pair = $5::text) as c7,
      (select coalesce(jsonb_agg(jsonb_build_object('name', p.pair, 'left', p.left_id, 'right', p.right_id, 'times', p.times)), '[]')::text from ${sides.pair} p) as c8
    from ${sides.database} d`,
    params: [runner, holder, String(seconds), String(takeOver === true), pair ?? null, ...(meets ? [meets.side, meets.other] : []), ...(pairs.length > 0 ? [pairNotes(pairs)] : [])],
  };
}

export async function release(executor: Executor, sides: SideTables, fence: number, wrote: boolean): Promise<boolean> {
  const released = await executor.query({
    sql: `update ${sides.database} set runner = null, holder = null, since = null, expires = null, runs = runs + $2::text::int where fence = $1::text::bigint and runner is not null returning '1' as c0`,
    params: [String(fence), wrote ? "1" : "0"],
  });
  return released.length > 0;
}

export async function uninstall(executor: Executor, sides: SideTables): Promise<void> {
  await executor.query(dropDatabaseTables(sides));
}
