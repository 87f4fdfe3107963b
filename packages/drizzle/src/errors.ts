import { DrizzleQueryError } from "drizzle-orm";

/**
 * The driver's own error. Drizzle puts the parameters of the statement into its message, and so values of rows, which no error of
 * a sync holds.
 */
export function bareError(error: unknown): unknown {
  return error instanceof DrizzleQueryError && error.cause !== undefined ? error.cause : error;
}

export async function barely<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw bareError(error);
  }
}
