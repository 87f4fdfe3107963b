import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Sync, SyncEvent } from "@sync/core";

/** What the tests put into rows and URLs, and what must never come out in an error, an event or a log line. */
export const planted = {
  text: "nachtigall",
  code: "kq7",
  number: "48151623",
  password: "drossel-42",
} as const;

/** Where something was said, and what. */
interface Said {
  readonly where: string;
  readonly text: string;
}

let said: Said[] = [];

/** Every name and value that can be reached from a thing without calling anything; `cause` is the engine's own word. */
function everyText(thing: unknown, seen: Set<object> = new Set()): string[] {
  if (typeof thing !== "object" || thing === null) return [String(thing)];
  if (seen.has(thing)) return [];
  seen.add(thing);
  if (thing instanceof Map || thing instanceof Set) return [...thing].flatMap((entry) => everyText(entry, seen));
  return Reflect.ownKeys(thing).flatMap((key) => (key === "cause" ? [] : [String(key), ...everyText(Reflect.get(thing, key), seen)]));
}

export function hear(where: string, thing: unknown): void {
  said.push({ where, text: everyText(thing).join("\n") });
  if (thing instanceof Error) said.push({ where: `${where} as text`, text: String(thing) }, { where: `${where} as JSON`, text: JSON.stringify(thing) });
}

/** What was heard so far that holds something planted. */
export function leaks(): Said[] {
  const secrets = Object.values(planted);
  return said.filter(({ text }) => secrets.some((secret) => text.toLowerCase().includes(secret)));
}

/** The same sync, overheard: every event, every error, every result that is no log of values by purpose. */
export function overheard(sync: Sync, events: SyncEvent[] = []): Sync {
  const onEvent = (given?: (event: SyncEvent) => void) => (event: SyncEvent) => {
    events.push(event);
    hear(`event ${event.type}`, event);
    given?.(event);
  };
  const listening = async <Result>(name: string, work: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await work();
      hear(`result of ${name}`, result);
      return result;
    } catch (error) {
      hear(`error of ${name}`, error);
      throw error;
    }
  };
  return {
    ...sync,
    run: (options = {}) => listening("run", () => sync.run({ ...options, onEvent: onEvent(options.onEvent) })),
    plan: (options = {}) =>
      listening("plan", async () => {
        const plan = await sync.plan({ ...options, onEvent: onEvent(options.onEvent) });
        for await (const page of plan.actions()) for (const { leftKey: _, rightKey: __, ...action } of page) hear("planned action", action);
        return plan;
      }),
    apply: (plan, options = {}) => listening("apply", () => sync.apply(plan, { ...options, onEvent: onEvent(options.onEvent) })),
    verify: (options = {}) => listening("verify", () => sync.verify({ ...options, onEvent: onEvent(options.onEvent) })),
    adopt: () => listening("adopt", () => sync.adopt()),
    decide: (id, winner) => listening("decide", () => sync.decide(id, winner)),
    undo: (run, options = {}) => listening("undo", () => sync.undo(run, { ...options, onEvent: onEvent(options.onEvent) })),
    release: (options) => listening("release", () => sync.release(options)),
    erase: (record, options) => listening("erase", () => sync.erase(record, options)),
  };
}

/** After each test of the file: nothing planted was said anywhere, the console included. */
export function keepSecrets(): void {
  beforeEach(() => {
    said = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      const original = console[method];
      vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
        hear(`console.${method}`, words);
        original(...words);
      });
    }
    vi.spyOn(process, "emitWarning").mockImplementation((warning) => hear("warning", warning));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(leaks(), "something planted was said aloud").toEqual([]);
  });
}
