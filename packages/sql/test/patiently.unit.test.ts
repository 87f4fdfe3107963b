import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { allWithin } from "../src/drivers/patiently.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const after = (milliseconds: number, error?: Error): Promise<void> =>
  new Promise((resolve, reject) => setTimeout(() => (error ? reject(error) : resolve()), milliseconds));
const never = new Promise<void>(() => undefined);

async function outcomeOf(operations: readonly Promise<void>[]): Promise<string> {
  const outcome = allWithin(100, "It", operations).then(() => "done", (error: Error) => error.message);
  await vi.runAllTimersAsync();
  return await outcome;
}

test("operations that end one after the other may take longer together than each of them may", async () => {
  expect(await outcomeOf([after(80), after(160), after(240)])).toBe("done");
});

test("the error that came first is told once all have ended, wherever it stands", async () => {
  expect(await outcomeOf([after(60, new Error("second")), after(30, new Error("first")), after(90)])).toBe("first");
});

test("where nothing ends any more, it took too long", async () => {
  expect(await outcomeOf([after(80), never])).toBe("It took longer than 100 ms.");
  expect(await outcomeOf([never])).toBe("It took longer than 100 ms.");
});

test("nothing is left behind that would keep the process", async () => {
  expect(await outcomeOf([after(10)])).toBe("done");
  expect(vi.getTimerCount()).toBe(0);
});
