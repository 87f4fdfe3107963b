import type { Database, Endpoint, StateStore } from "@sync/core";

/** A call of the contract, and when the process dies about it. */
export interface Death {
  /** Counted from 1. */
  readonly call: number;
  readonly moment: "before" | "during" | "after";
}

/** Counts the calls through which a run writes or could write, and ends this process by SIGKILL at one of them. */
export class Killer {
  readonly calls: string[] = [];
  readonly #death: Death | undefined;

  constructor(death?: Death) {
    this.#death = death;
  }

  async call<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const mine = this.calls.push(name) === this.#death?.call;
    const moment = mine ? this.#death?.moment : undefined;
    if (moment === "before") die();
    if (moment === "during") setImmediate(() => setImmediate(die)); // under way, and not over
    const result = await work();
    if (moment === "during" || moment === "after") die();
    return result;
  }

  database(name: string, database: Database): Database {
    const endpoints = [...database.endpoints].map(([model, endpoint]): [string, Endpoint] => [
      model,
      new Proxy(endpoint, {
        get: (target, member) => {
          const value: unknown = Reflect.get(target, member, target);
          if (typeof value !== "function") return value;
          const method = value.bind(target) as (...words: unknown[]) => Promise<unknown>;
          return member === "allocate" ? (...words: unknown[]) => this.call(`${name} allocate`, () => method(...words)) : method;
        },
      }),
    ]);
    return {
      ...database,
      endpoints: new Map(endpoints),
      claim: (request) => this.call(`${name} claim`, () => database.claim(request)),
      release: (fence, wrote) => this.call(`${name} release`, () => database.release(fence, wrote)),
      commit: (unit) => this.call(`${name} ${unit.batches.map((batch) => batch.op).join("+")}`, () => database.commit(unit)),
      ...(database.state ? { state: this.state(database.state) } : {}),
    };
  }

  state(state: StateStore): StateStore {
    return new Proxy(state, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member, target);
        if (typeof value !== "function") return value;
        const method = value.bind(target) as (...words: unknown[]) => Promise<unknown>;
        return member === "commit" ? (...words: unknown[]) => this.call("state commit", () => method(...words)) : method;
      },
    });
  }
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
