import { sqlState } from "../errors.ts";
import type { Executor } from "../executor.ts";

/** Executors whose user may not read the system identifier: some hosts keep it to themselves. */
const reticent = new WeakSet<Executor>();
const NO_PRIVILEGE = "42501";

/**
 * Runs work with the SQL expression that names this server and database as nothing else does: what a dump, a clone or
 * `create database … template` does not bring along.
 */
export async function serverIdentity<T>(executor: Executor, work: (expression: string) => Promise<T>): Promise<T> {
  if (reticent.has(executor)) return await work(expression(false));
  try {
    return await work(expression(true));
  } catch (error) {
    if (sqlState(error) !== NO_PRIVILEGE) throw error;
    reticent.add(executor);
    return await work(expression(false));
  }
}

function expression(system: boolean): string {
  const identifier = system ? "(select system_identifier::text from pg_control_system())" : "coalesce(inet_server_addr()::text, 'local')";
  return `${identifier} || '/' || (select oid from pg_database where datname = current_database())::text`;
}

/** The line of history this server writes: another one after a restore to a point in time, or a promotion. */
export const TIMELINE = "case when pg_is_in_recovery() then 'standby' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end";
