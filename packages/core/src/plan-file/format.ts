import { SyncError } from "../errors.ts";
import { hash64 } from "../hash.ts";
import type { GuardedDeletes } from "../run/deletes.ts";
import type { ModelCounts } from "../run/events.ts";
import type { PlanSignature } from "../run/plan-header.ts";
import type { PlannedAction } from "../run/plan-sink.ts";
import { packed, unpacked, type PackedAction } from "./pages.ts";

/** Of the lines; a reader refuses every other one. */
const FORMAT_VERSION = 1;
const CHECK_SEED = 0x706c616e;

/** The first line of a plan file. No values, no keys, no database ids. */
export interface FileHeader {
  readonly sync: "plan";
  readonly version: typeof FORMAT_VERSION;
  readonly pair: string;
  readonly id: string;
  readonly at: string;
  readonly actions: number;
  readonly signature: PlanSignature;
  readonly counts: Readonly<Record<string, ModelCounts>>;
  readonly deletesToConfirm: readonly GuardedDeletes[];
}

/** The last line. */
interface FileEnd {
  readonly end: true;
  readonly lines: number;
  /** Of the last check, with what only the databases know: whoever edits lines cannot make it anew. */
  readonly seal: string;
}

const endOf = (header: Pick<FileHeader, "actions">): number => header.actions + 2;
const sealOf = (check: string, secret: string): string => hash64(`${secret}${check}`, CHECK_SEED);

/** Characters that are lines' ends to some readers, and to JSON are not. */
const escaped = (json: string): string => json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/**
 * Writes the lines of a plan, each with its newline, those of a page together. Each carries a check of its own text and of all lines before it, so
 * that a reader can name the first one that is not as it was written.
 */
export async function* writeLines(
  header: Omit<FileHeader, "sync" | "version">, secret: string, pages: AsyncIterable<readonly PlannedAction[]>,
): AsyncGenerator<string> {
  let check = "";
  const line = (content: object): string => {
    const text = escaped(JSON.stringify(content));
    check = hash64(`${check}${text}`, CHECK_SEED);
    return `${text.slice(0, -1)},"check":"${check}"}\n`;
  };
  yield line({ sync: "plan", version: FORMAT_VERSION, ...header } satisfies FileHeader);
  for await (const actions of pages) yield actions.map((action) => line(packed(action))).join("");
  yield line({ end: true, lines: endOf(header), seal: sealOf(check, secret) } satisfies FileEnd);
}

const checkPattern = /,"check":"([\w-]{11})"\}$/;

/** Reads the lines of a plan in order and refuses the first that is not as it was written. */
export class LineReader {
  /** Of the line read last. */
  number = 0;
  readonly #source: AsyncIterator<string> | Iterator<string>;
  /** Came together and wait to be read. */
  #lines: string[] = [];
  #at = 0;
  #check = "";

  /** Each text is one whole line, with or without its newline, or several. */
  constructor(texts: AsyncIterable<string> | Iterable<string>) {
    this.#source = Symbol.asyncIterator in texts ? texts[Symbol.asyncIterator]() : texts[Symbol.iterator]();
  }

  async header(): Promise<FileHeader> {
    const text = await this.#next();
    if (text === undefined) throw this.#refused("PLAN.TRUNCATED", "it is empty");
    const content = parsed(text) as Partial<Record<keyof FileHeader, unknown>> | undefined;
    if (content?.sync !== "plan") {
      throw this.#refused(text.startsWith(`{"sync":"plan",`) ? "PLAN.TRUNCATED" : "PLAN.NOT_A_PLAN", "a plan begins with a whole line that says so");
    }
    if (content.version !== FORMAT_VERSION) throw this.#refused("PLAN.VERSION", `it was written by another version, in a form that this one cannot read`);
    return (await this.#checked(text)) as FileHeader;
  }

  /** The actions, page by page; complete and sealed once the last page has come. */
  async *pages(header: FileHeader, secret: string, pageSize: number): AsyncGenerator<readonly PlannedAction[]> {
    let page: PlannedAction[] = [];
    for (;;) {
      const before = this.#check;
      const text = await this.#next();
      if (text === undefined) throw this.#refused("PLAN.TRUNCATED", `it ends here, before line ${endOf(header)}`);
      const content = await this.#checked(text);
      if ("end" in content) {
        const { lines, seal } = content as FileEnd;
        const whole = lines === this.number && lines === endOf(header);
        if (!whole || seal !== sealOf(before, secret)) throw this.#refused("PLAN.EDITED", "lines were written by somebody else");
        break;
      }
      page.push(unpacked(content as PackedAction));
      if (page.length < pageSize) continue;
      yield page;
      page = [];
    }
    for (let text = await this.#next(); text !== undefined; text = await this.#next()) {
      if (text !== "") throw this.#refused("PLAN.EDITED", "the plan ended before it");
    }
    if (page.length > 0) yield page;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #next(): Promise<string | undefined> {
    this.number++;
    if (this.#at === this.#lines.length) {
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#lines = (value.endsWith("\n") ? value.slice(0, -1) : value).split("\n");
      this.#at = 0;
    }
    return this.#lines[this.#at++];
  }

  async #checked(line: string): Promise<object> {
    const text = line.replace(checkPattern, "}");
    const check = hash64(`${this.#check}${text}`, CHECK_SEED);
    if (checkPattern.exec(line)?.[1] === check) {
      this.#check = check;
      return parsed(text) as object;
    }
    // Half a line with nothing behind it was cut off, not edited.
    const { number } = this;
    const cut = !line.endsWith("}") && (await this.#next()) === undefined;
    this.number = number;
    if (cut) throw this.#refused("PLAN.TRUNCATED", "it ends in the middle of this line");
    throw this.#refused("PLAN.EDITED", "it is not as it was written, or a line before it is missing");
  }

  #refused(code: string, why: string): SyncError {
    const advice = "Nothing of this plan can be applied; get the file anew, or make a new plan with `plan()`.";
    return new SyncError(code, `Line ${this.number} of the plan: ${why}. ${advice}`, { stage: "check" });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
