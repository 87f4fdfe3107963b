import { afterEach, expect, test, vi } from "vitest";
import { ask, listen } from "../src/broker.ts";

afterEach(() => void vi.unstubAllEnvs());

test("each worker of a run is told of a server of its own, and its children of the same", async () => {
  vi.stubEnv("SYNC_TEST_DATABASES_PORT", ""); // put back afterwards
  const listening = await listen({ postgres: (worker) => Promise.resolve(`postgres of ${worker}`) });
  try {
    const askAs = async (worker: string): Promise<string | undefined> => {
      vi.stubEnv("VITEST_POOL_ID", worker);
      return await ask("postgres");
    };
    expect(await askAs("1")).toBe("postgres of 1");
    expect(await askAs("2")).toBe("postgres of 2");
    expect(await askAs("1")).toBe("postgres of 1");
    await expect(ask("oracle")).rejects.toThrow("nobody starts oracle");
  } finally {
    listening.close();
  }
});
