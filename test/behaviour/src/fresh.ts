import type { PostgresServer } from "@sync/test-databases";
import { onTestFinished } from "vitest";

let opened = 0;

/** The URL of a fresh database of this test file, which is dropped after the test. */
export async function freshUrl(server: PostgresServer, file: string): Promise<string> {
  const database = await server.freshDatabase(`${file} ${++opened}`);
  onTestFinished(() => database.drop());
  return database.url;
}
