import type { SideTables } from "../dialect.ts";
import type { Statement } from "../executor.ts";
import { quoted } from "../model.ts";
import { sqlState } from "../errors.ts";
import { SIDE_VERSION } from "../sides.ts";
import type { StateTables } from "../state.ts";

/**
 * Lists of cloudIds, which is what makes a record large, hardly get smaller: to try costs more than all else of logging them.
 */
const uncompressed = ({ record }: SideTables): string => `alter table ${record} alter column body set storage external;`;

/**
 * One text, one round trip. The advisory lock lets two that start at once wait for each other: `if not exists` alone
 * fails in a race. Texts that are paged by are in C order, which is the order of their code points everywhere.
 */
function block(sides: SideTables, body: string): Statement {
  const schema = sides.schema === undefined ? "" : `create schema if not exists ${quoted(sides.schema)};`;
  return {
    sql: `do $sync$ begin perform pg_advisory_xact_lock(7812394416321); set local client_min_messages = warning; ${schema} ${body} end $sync$`,
    params: [],
  };
}

export function createDatabaseTables(sides: SideTables): Statement {
  return block(
    sides,
    `create table if not exists ${sides.database} (
       one boolean primary key default true check (one),
       version int not null,
       id text not null,
       runs bigint not null default 0,
       fence bigint not null default 0,
       runner text,
       holder text,
       since timestamptz,
       expires timestamptz);
     insert into ${sides.database} (version, id) values (${SIDE_VERSION}, gen_random_uuid()::text) on conflict do nothing;
     create table if not exists ${sides.identity} (
       model text not null,
       cloud_id text collate "C" not null,
       local_key text collate "C" not null,
       constraint sync_identity_cloud_id primary key (model, cloud_id),
       constraint sync_identity_local_key unique (model, local_key));
     create table if not exists ${sides.encounter} (
       pair text collate "C" not null,
       side text not null,
       other text not null,
       primary key (pair, side, other));
     create table if not exists ${sides.pair} (
       pair text collate "C" not null,
       left_id text not null,
       right_id text not null,
       times int not null,
       primary key (pair, left_id, right_id));`,
  );
}

function createStateTables(sides: SideTables): Statement {
  return block(
    sides,
    `create table if not exists ${sides.state} (one boolean primary key default true check (one), version int not null);
     insert into ${sides.state} (version) values (${SIDE_VERSION}) on conflict do nothing;
     create table if not exists ${sides.fence} (
       pair text collate "C" primary key,
       left_fence bigint not null,
       right_fence bigint not null);
     create table if not exists ${sides.base} (
       pair text collate "C" not null,
       model text collate "C" not null,
       cloud_id text collate "C" not null,
       hashes text not null,
       right_hashes text,
       vals text,
       primary key (pair, model, cloud_id));
     create table if not exists ${sides.record} (
       pair text collate "C" not null,
       collection text collate "C" not null,
       id text collate "C" not null,
       model text collate "C",
       body text not null,
       primary key (pair, collection, id));
     ${uncompressed(sides)}`,
  );
}

export function dropDatabaseTables(sides: SideTables): Statement {
  return block({ ...sides, schema: undefined }, `drop table if exists ${sides.database}, ${sides.identity}, ${sides.encounter}, ${sides.pair};`);
}

export const postgresStateTables: StateTables = {
  create: (sides) => [createStateTables(sides)],
  drop: (sides) => [block({ ...sides, schema: undefined }, `drop table if exists ${sides.state}, ${sides.fence}, ${sides.base}, ${sides.record};`)],
  isMissing: (error) => isMissing(error),
};

/** The tables, or the schema they would be in. */
export function isMissing(error: unknown): boolean {
  const state = sqlState(error);
  return state === "42P01" || state === "3F000";
}
