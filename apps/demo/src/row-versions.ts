import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Connections } from "./sync.ts";

/** What each database itself says about its rows, before and after a run; the lease, which every run takes, left aside. */
export interface RowVersions {
  /** A hash of all rows of all tables. */
  readonly leftRows: string;
  /** SQLite's own count of rows inserted, updated or deleted on this connection, the lease's among them. */
  readonly leftChanges: number;
  /** A hash of place and transaction (`ctid`, `xmin`) of each row version of all tables: it changes even if a row is written as it was. */
  readonly rightVersions: string;
  readonly tables: { readonly left: number; readonly right: number };
}

const lease = "sync_database";

export async function rowVersions({ prisma, db }: Connections): Promise<RowVersions> {
  const [changes] = await prisma.$queryRawUnsafe<[{ n: bigint }]>("select total_changes() as n");
  const leftTables = await prisma.$queryRaw<{ name: string }[]>`
    select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> ${lease} order by name`;
  const rows = createHash("sha256");
  for (const { name } of leftTables) {
    const values = await prisma.$queryRawUnsafe(`select * from "${name}"`);
    rows.update(JSON.stringify([name, values], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
  }

  const rightTables = await db.execute<{ name: string }>(sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') and tablename <> ${lease} order by 1`);
  const versions = createHash("sha256");
  for (const { name } of rightTables.rows) {
    const answer = await db.execute<{ hash: string | null }>(sql.raw(`select md5(string_agg(ctid::text || xmin::text, ' ' order by ctid)) as hash from ${name}`));
    versions.update(`${name} ${answer.rows[0]?.hash ?? "empty"}\n`);
  }
  return {
    leftRows: rows.digest("hex"),
    leftChanges: Number(changes.n),
    rightVersions: versions.digest("hex"),
    tables: { left: leftTables.length, right: rightTables.rows.length },
  };
}
