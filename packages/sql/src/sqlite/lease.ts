import { statSync } from "node:fs";
import type { Claim, ClaimRequest } from "@sync/core";
import type { SideTables } from "../dialect.ts";
import type { Executor, Statement, TextRow } from "../executor.ts";
import { acquaintances, checkClaim, leaseHeld, newerVersion, pairNotes } from "../lease.ts";
import { SIDE_VERSION } from "../sides.ts";
import { createDatabaseTables, dropDatabaseTables, isMissing } from "./sides.ts";

const NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

export async function claim(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<Claim> {
  checkClaim(request);
  const [claimed, current] = await attempt(executor, sides, request);
  const [id, runs, version, holder, since, file, met, pairs] = current!;
  if (Number(version) > SIDE_VERSION) throw newerVersion(Number(version));
  if (!claimed) throw leaseHeld(holder!, since!);
  return { databaseId: id!, serverIdentity: identityOf(file!), runCounter: Number(runs), fence: Number(claimed[0]), ...acquaintances(request, met!, pairs!) };
}

/** The path, and which file it is: a copy has another path, a restored one another number. */
function identityOf(path: string): string {
  if (path === "") return "memory";
  try {
    return `${path}#${statSync(path, { bigint: true }).ino}`;
  } catch {
    return path;
  }
}

async function attempt(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<[TextRow | undefined, TextRow | undefined]> {
  const statements = claimStatements(sides, request);
  const run = async (): Promise<[TextRow | undefined, TextRow | undefined]> => {
    const [claimed, current] = await executor.atomic(statements);
    return [claimed![0], current![0]];
  };
  try {
    return await run();
  } catch (error) {
    if (!isMissing(error)) throw error;
    await executor.atomic(createDatabaseTables(sides));
    return await run();
  }
}

function claimStatements(sides: SideTables, { holder, runner, seconds, takeOver, pair, meets, pairs = [] }: ClaimRequest): Statement[] {
  return [
    {
      sql:
        `update ${sides.database} set fence = case when runner = q.me then fence else fence + 1 end,` +
        ` since = case when runner = q.me then since else ${NOW} end,` +
        ` runner = q.me, holder = q.holder, expires = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+' || q.seconds || ' seconds')` +
        ` from (select ? as me, ? as holder, ? as seconds, ? as takeover) q` +
        ` where version <= ${SIDE_VERSION} and (runner is null or runner = q.me or expires <= ${NOW} or q.takeover = 'true')` +
        ` returning cast(fence as text) as c0`,
      params: [runner, holder, String(seconds), String(takeOver === true)],
    },
    {
      sql:
        `select id as c0, cast(runs as text) as c1, cast(version as text) as c2, holder as c3, since as c4,` +
        ` (select file from pragma_database_list where name = 'main') as c5,` +
        ` (select json_group_array(json_object('side', side, 'other', other)) from ${sides.encounter} where pair = ?) as c6,` +
        ` (select json_group_array(json_object('name', pair, 'left', left_id, 'right', right_id, 'times', times)) from ${sides.pair}) as c7 from ${sides.database}`,
      params: [pair ?? null],
    },
    ...(meets ? [{
      sql:
        `insert into ${sides.encounter} (pair, side, other) select ?, ?, ? from ${sides.database} where runner = ?` +
        ` on conflict do nothing`,
      params: [pair ?? null, meets.side, meets.other, runner],
    }] : []),
    ...(pairs.length > 0 ? [{
      sql:
        `insert into ${sides.pair} (pair, left_id, right_id, times)` +
        ` select r.value ->> 0, r.value ->> 1, r.value ->> 2, cast(r.value ->> 3 as integer) from ${sides.database}, json_each(?) r where runner = ?` +
        ` on conflict (pair, left_id, right_id) do update set times = excluded.times where times < excluded.times`,
      params: [pairNotes(pairs), runner],
    }] : []),
  ];
}

export async function release(executor: Executor, sides: SideTables, fence: number, wrote: boolean): Promise<boolean> {
  const released = await executor.query({
    sql:
      `update ${sides.database} set runner = null, holder = null, since = null, expires = null, runs = runs + cast(? as integer)` +
      ` where fence = cast(? as integer) and runner is not null returning 1 as c0`,
    params: [wrote ? "1" : "0", String(fence)],
  });
  return released.length > 0;
}

export async function uninstall(executor: Executor, sides: SideTables): Promise<void> {
  await executor.atomic(dropDatabaseTables(sides));
}
