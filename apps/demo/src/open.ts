import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Connections } from "./sync.ts";

/** The two databases of a demo, both in one folder. */
export interface Demo extends Connections {
  readonly folder: string;
  close(): Promise<void>;
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "sync-demo-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function isDemoFolder(folder: string): boolean {
  return existsSync(join(folder, "left.sqlite")) && existsSync(join(folder, "right"));
}

export function open(folder: string): Demo {
  const connections = connect(folder);
  return {
    ...connections,
    folder,
    async close() {
      await connections.prisma.$disconnect();
      await connections.db.$client.close();
    },
  };
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** The tables that Prisma's schema stands for. */
export async function makeLeftTables({ prisma }: Demo): Promise<void> {
  for (const statement of read("left/generated/schema.sql").split(";")) {
    if (statement.trim() !== "") await prisma.$executeRawUnsafe(statement);
  }
}

export async function makeRightTables({ db }: Demo): Promise<void> {
  await db.$client.exec(read("right/schema.sql"));
}
