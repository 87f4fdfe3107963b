import { clearLine, cursorTo } from "node:readline";
import type { SyncEvent } from "@sync/prisma";
import { figure, paint } from "./page.ts";

/** One line that is rewritten while a long step runs, on a terminal; nothing anywhere else. */
export class Progress {
  #shownAt = 0;

  show(text: string): void {
    if (!process.stdout.isTTY || performance.now() - this.#shownAt < 50) return;
    this.#shownAt = performance.now();
    clearLine(process.stdout, 0);
    cursorTo(process.stdout, 0);
    process.stdout.write(`  ${paint("dim", text)}`);
  }

  /** For `onEvent`. */
  readonly listen = (event: SyncEvent): void => {
    if (event.type !== "progress") return;
    const { step, model, side, done, total, perSecond, secondsLeft } = event;
    const of = total === undefined ? "" : ` of ${figure(total)}`;
    const left = secondsLeft === undefined ? "" : `, ${figure(secondsLeft)} s left`;
    this.show(`${step.padEnd(11)}${model.padEnd(9)}${side.padEnd(6)}${figure(done, 6)}${of}   ${figure(perSecond)}/s${left}`);
  };

  clear(): void {
    if (!process.stdout.isTTY) return;
    clearLine(process.stdout, 0);
    cursorTo(process.stdout, 0);
  }
}
