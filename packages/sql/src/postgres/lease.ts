import type { Claim, ClaimRequest } from "@sync/core";
import { SyncError } from "@sync/core";
import type { SideTables } from "../dialect.ts";
import { sqlState } from "../errors.ts";
import type { Executor, TextRow } from "../executor.ts";
import { checkClaim, leaseHeld, newerVersion } from "../lease.ts";
import { SIDE_VERSION } from "../sides.ts";
import { createDatabaseTables, dropDatabaseTables, isMissing } from "./sides.ts";

/** One round trip when the tables are there: claim first, make them only when they turn out to be missing. */
export async function claim(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<Claim> {
  checkClaim(request);
  const row = await attempt(executor, sides, request);
  const [fence, id, runs, version, holder, since, server] = row;
  if (Number(version) > SIDE_VERSION) throw newerVersion(Number(version));
  if (fence === null) throw leaseHeld(holder!, since!);
  return { databaseId: id!, serverIdentity: server!, runCounter: Number(runs), fence: Number(fence) };
}

async function attempt(executor: Executor, sides: SideTables, request: ClaimRequest): Promise<TextRow> {
  let control = true;
  for (let tries = 0; tries < 4; tries += 1) {
    try {
      const [row] = await executor.query(claimStatement(sides, request, control));
      if (row) return row;
      await executor.query(createDatabaseTables(sides));
    } catch (error) {
      if (isMissing(error)) await executor.query(createDatabaseTables(sides));
      // Some hosts keep the system identifier to themselves.
      else if (sqlState(error) === NO_PRIVILEGE && control) control = false;
      else throw error;
    }
  }
  throw new SyncError("ENDPOINT.SCHEMA", "the side tables could not be made");
}

const NO_PRIVILEGE = "42501";

function claimStatement(sides: SideTables, { holder, runner, seconds, takeOver }: ClaimRequest, control: boolean): { sql: string; params: string[] } {
  // By the database's clock: no runner's own is trusted. The same runner keeps its fence.
  const system = control ? "(select system_identifier::text from pg_control_system())" : "coalesce(inet_server_addr()::text, 'local')";
  return {
    sql: `with claimed as (
      update ${sides.database} d set
        fence = case when d.runner = $1::text then d.fence else d.fence + 1 end,
        since = case when d.runner = $1::text then d.since else clock_timestamp() end,
        runner = $1::text, holder = $2::text,
        expires = clock_timestamp() + make_interval(secs => $3::text::float8)
      where d.version <= ${SIDE_VERSION}
        and (d.runner is null or d.runner = $1::text or d.expires <= clock_timestamp() or $4::text = 'true')
      returning d.fence)
    select (select fence from claimed)::text as c0, d.id as c1, d.runs::text as c2, d.version::text as c3, d.holder as c4,
      to_char(d.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as c5,
      ${system} || '/' || (select oid from pg_database where datname = current_database())::text as c6
    from ${sides.database} d`,
    params: [runner, holder, String(seconds), String(takeOver === true)],
  };
}

export async function release(executor: Executor, sides: SideTables, fence: number, wrote: boolean): Promise<void> {
  await executor.query({
    sql: `update ${sides.database} set runner = null, holder = null, since = null, expires = null, runs = runs + $2::text::int where fence = $1::text::bigint and runner is not null`,
    params: [String(fence), wrote ? "1" : "0"],
  });
}

export async function uninstall(executor: Executor, sides: SideTables): Promise<void> {
  await executor.query(dropDatabaseTables(sides));
}
