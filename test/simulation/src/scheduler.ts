import type { Runtime } from "@sync/core";
import { EPOCH } from "./spec.ts";
import type { Random } from "./random.ts";
import { Trace } from "./trace.ts";

/** More steps than any run of these small cases can need. */
const MANY = 20_000;

/** A call of the contract that waits for its turn. */
interface Waiting {
  readonly process: Process;
  readonly label: string;
  readonly go: () => void;
}

interface Timer {
  at: number;
  readonly process: Process;
  readonly every: number | undefined;
  readonly fire: () => void;
}

/** Somebody's program: dies, pauses, and never knows. */
export class Process {
  readonly name: string;
  dead = false;
  paused = false;
  /** Calls of the contract begun so far. */
  steps = 0;
  #died: () => void = () => undefined;
  readonly death: Promise<"died">;

  constructor(name: string) {
    this.name = name;
    this.death = new Promise((resolve) => (this.#died = () => resolve("died")));
  }

  /** Nothing that this process began goes on. */
  die(): Promise<never> {
    this.dead = true;
    this.#died();
    return new Promise<never>(() => undefined);
  }
}

/**
 * Time and order. Everything asynchronous in a case waits here, and one thing at a time is let go, chosen by the seed:
 * so answers come late and out of order, and the same seed always gives the same course.
 */
export class Scheduler {
  readonly trace: Trace = new Trace();
  readonly #random: Random;
  readonly #waiting: Waiting[] = [];
  #timers: Timer[] = [];
  #now = EPOCH;
  /** Called between steps: users write whenever they like. */
  between: () => void = () => undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Resolves when it is this call's turn; never, once the process is dead. */
  turn(process: Process, label: string): Promise<void> {
    if (process.dead) return new Promise(() => undefined);
    return new Promise((go) => void this.#waiting.push({ process, label, go }));
  }

  runtimeFor(process: Process): Runtime {
    return {
      now: () => this.#now,
      randomBytes: (length) => this.#random.bytes(length),
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          const timer = this.#timer(process, milliseconds, undefined, resolve);
          signal?.addEventListener("abort", () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
            reject(signal.reason as Error);
          });
        }),
      every: (milliseconds, task) => {
        const timer = this.#timer(process, milliseconds, milliseconds, task);
        return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
      },
    };
  }

  /** Lets things happen until `done`. Throws when nothing can happen any more, or when it goes on for ever. */
  async until(done: () => boolean): Promise<void> {
    for (let idle = 0, steps = 0; ; steps += 1) {
      await settled();
      if (done()) return;
      if (steps > MANY) throw new Error(`A run does not end: ${MANY} steps, lately ${this.trace.last}.`);
      this.#forgetTheDead();
      this.#ring();
      const able = this.#waiting.filter((waiting) => !waiting.process.paused);
      if (able.length > 0) {
        idle = 0;
        this.between();
        const next = able.length === 1 || this.#random.chance(0.5) ? able[0]! : this.#random.pick(able);
        if (next.process.dead) continue;
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        this.#now += 1 + this.#random.below(3);
        this.trace.add(next.label);
        next.go();
        continue;
      }
      const timer = this.#timers.filter((other) => !other.process.paused && !other.process.dead).sort((a, b) => a.at - b.at)[0];
      if (timer !== undefined) {
        this.#now = Math.max(this.#now, timer.at);
        if (timer.every !== undefined) idle += 1;
      } else idle += 1;
      if (idle > 50) throw new Error(`Nothing can happen any more: a promise that no call of the contract and no timer will settle.`);
    }
  }

  #timer(process: Process, milliseconds: number, every: number | undefined, fire: () => void): Timer {
    const timer = { at: this.#now + milliseconds, process, every, fire };
    this.#timers.push(timer);
    return timer;
  }

  /** Fires what is due. */
  #ring(): void {
    for (const timer of Array.from(this.#timers)) {
      if (timer.at > this.#now || timer.process.paused) continue;
      if (timer.every !== undefined) timer.at = this.#now + timer.every;
      else this.#timers = this.#timers.filter((other) => other !== timer);
      timer.fire();
    }
  }

  #forgetTheDead(): void {
    if (!this.#waiting.some((waiting) => waiting.process.dead) && !this.#timers.some((timer) => timer.process.dead)) return;
    this.#timers = this.#timers.filter((timer) => !timer.process.dead);
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) if (this.#waiting[at]!.process.dead) this.#waiting.splice(at, 1);
  }
}

/** After every promise that can go on by itself has done so. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
