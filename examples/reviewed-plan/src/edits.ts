import Database from "better-sqlite3";
import { join } from "node:path";
import { open } from "./sync.ts";

/** Two files that are the same: four countries, synced once. */
export async function fill(folder: string): Promise<void> {
  for (const side of ["left", "right"]) {
    const database = new Database(join(folder, `${side}.db`));
    database.exec("create table country (id integer primary key autoincrement, code text not null unique, name text not null, capital text)");
    database.close();
  }
  const { sync, left, close } = open(folder);
  left.exec("insert into country (code, name) values ('FR', 'France'), ('IT', 'Italy'), ('PT', 'Portugal'), ('CS', 'Czechoslovakia')");
  await sync.run();
  close();
}

/** What people then do on both sides. */
export function edit(folder: string): void {
  const { left, right, close } = open(folder);
  left.exec("update country set capital = 'Paris' where code = 'FR'; insert into country (code, name) values ('ES', 'Spain')");
  left.exec("update country set capital = 'Roma' where code = 'IT'");
  right.exec("update country set capital = 'Rome' where code = 'IT'; delete from country where code = 'CS'");
  close();
}
