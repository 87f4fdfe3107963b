/** Whether a transaction is open on a connection of which only queries can be had: SQLite refuses this setting, set to what it is, exactly while one is. */
export async function sqliteIsInTransaction(ask: (sql: string) => PromiseLike<readonly object[]>): Promise<boolean> {
  const [row] = (await ask("pragma main.synchronous")) as readonly [{ readonly synchronous: unknown }];
  try {
    await ask(`pragma main.synchronous = ${Number(row.synchronous)}`);
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.includes("inside a transaction")) return true;
    throw error;
  }
}
