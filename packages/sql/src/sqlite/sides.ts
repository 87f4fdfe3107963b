import type { SideTables } from "../dialect.ts";
import type { Statement } from "../executor.ts";
import { sqliteFault } from "../errors.ts";
import { FENCE_CONSTRAINT, SIDE_VERSION } from "../sides.ts";
import type { StateTables } from "../state.ts";

const statements = (texts: readonly string[]): readonly Statement[] => texts.map((sql) => ({ sql, params: [] }));

export function createDatabaseTables(sides: SideTables): readonly Statement[] {
  return statements([
    `create table if not exists ${sides.database} (
       one integer primary key default 1 check (one = 1),
       version integer not null,
       id text not null,
       runs integer not null default 0,
       fence integer not null default 0 constraint ${FENCE_CONSTRAINT} check (fence >= 0),
       runner text,
       holder text,
       since text,
       expires text)`,
    `insert or ignore into ${sides.database} (one, version, id) values (1, ${SIDE_VERSION}, lower(hex(randomblob(16))))`,
    `create table if not exists ${sides.identity} (
       model text not null,
       cloud_id text not null,
       local_key text not null,
       primary key (model, cloud_id),
       unique (model, local_key)) without rowid`,
    `create table if not exists ${sides.encounter} (
       pair text not null,
       side text not null,
       other text not null,
       primary key (pair, side, other)) without rowid`,
    `create table if not exists ${sides.pair} (
       pair text not null,
       left_id text not null,
       right_id text not null,
       times integer not null,
       primary key (pair, left_id, right_id)) without rowid`,
  ]);
}

function createStateTables(sides: SideTables): readonly Statement[] {
  return statements([
    `create table if not exists ${sides.state} (one integer primary key default 1 check (one = 1), version integer not null)`,
    `insert or ignore into ${sides.state} (one, version) values (1, ${SIDE_VERSION})`,
    `create table if not exists ${sides.fence} (
       pair text primary key,
       left_fence integer not null,
       right_fence integer not null)`,
    `create table if not exists ${sides.base} (
       pair text not null,
       model text not null,
       cloud_id text not null,
       hashes text not null,
       right_hashes text,
       vals text,
       primary key (pair, model, cloud_id)) without rowid`,
    `create table if not exists ${sides.record} (
       pair text not null,
       collection text not null,
       id text not null,
       model text,
       body text not null,
       primary key (pair, collection, id)) without rowid`,
  ]);
}

export function dropDatabaseTables(sides: SideTables): readonly Statement[] {
  return statements([sides.database, sides.identity, sides.encounter, sides.pair].map((name) => `drop table if exists ${name}`));
}

export const sqliteStateTables: StateTables = {
  create: createStateTables,
  drop: (sides) => statements([sides.state, sides.fence, sides.base, sides.record].map((name) => `drop table if exists ${name}`)),
  isMissing,
};

export function isMissing(error: unknown): boolean {
  return /no such table/.test(sqliteFault(error)?.message ?? "");
}
