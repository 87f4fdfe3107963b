import type { DocumentUnit } from "./contract.ts";
import type { Endpoint, Key } from "../endpoint.ts";
import { hash64 } from "../hash.ts";
import { keyText } from "./document.ts";
import type { Unfolded } from "./unfolded.ts";

const marksKept = 8;
const unitsKept = 200;

/**
 * Which of our own transactions may be left out when changed documents are asked for. Whoever writes a document last hides
 * what was changed in it before. So a transaction is left out only for marks since which, when its documents were read, nobody
 * else had changed them; that they were written under the revision they were read with says the rest.
 */
export class OwnUnits {
  readonly #inner: Endpoint;
  /** Marks that were given lately, the last ones at the end. */
  readonly #marks = new Set<string>();
  /** Units of ours, as `named`. */
  #units: string[] = [];
  /** Written to since the last mark: the next ones are those of another run. */
  #closed = false;

  constructor(inner: Endpoint) {
    this.#inner = inner;
  }

  /** A unit may be held against this mark later. */
  given(mark: string): void {
    if (this.#closed) this.#marks.clear();
    this.#closed = false;
    this.#marks.delete(mark);
    this.#marks.add(mark);
    for (const oldest of this.#marks) if (this.#marks.size > marksKept) this.#marks.delete(oldest);
  }

  /** After these documents were read, and before they are written: the marks since which nobody else has changed one of them. */
  async undisturbed(documents: readonly Key[]): Promise<string[]> {
    if (!this.#inner.changesSince) return [];
    const marks = [...this.#marks];
    if (documents.length === 0) return marks.map((mark) => this.#nameOf(mark));
    const wanted = new Set(documents.map(keyText));
    const changes = await Promise.all(marks.map((mark) => this.#inner.changesSince!(mark, this.since(mark, this.#units))));
    return marks.filter((_, at) => {
      const { keys } = changes[at]!;
      return keys !== "all" && !keys.some((key) => wanted.has(keyText(key)));
    }).map((mark) => this.#nameOf(mark));
  }

  written(unit: string): void {
    this.#closed = true;
    this.#units = [...this.#units.slice(1 - unitsKept), unit];
  }

  /** Of these units, the transactions that hide nothing which came after this mark. */
  since(mark: string, units: readonly string[]): string[] {
    const name = this.#nameOf(mark);
    return units.flatMap((unit) => {
      const [transaction, ...marks] = unit.split(" ");
      return transaction !== "" && marks.includes(name) ? [transaction!] : [];
    });
  }

  /** Whether none of these units, as far as it hides nothing that came after this mark, made records or took any away. */
  keepNumbers(mark: string, units: readonly string[]): boolean {
    const name = this.#nameOf(mark);
    return units.every((unit) => {
      const words = unit.split(" ");
      return !words.includes(name) || words[1] === SAME_RECORDS;
    });
  }

  /** Two models of one database may have been given the same mark. */
  #nameOf(mark: string): string {
    return hash64(JSON.stringify([this.#inner.model.name, mark]), 2);
  }
}

/** Of a transaction that made no records and took none away. */
const SAME_RECORDS = "=";

/** A transaction with the marks that it hides nothing from: what `changesSince` gets back. */
export function named(transaction: string, marks: readonly string[], sameRecords: boolean): string {
  return [transaction, ...(sameRecords ? [SAME_RECORDS] : []), ...marks].join(" ");
}

/** The marks from which a unit will hide nothing. */
export async function undisturbed(readers: Unfolded["readers"], unit: DocumentUnit): Promise<string[]> {
  const marks = await Promise.all([...readers].map(([tree, { own }]) =>
    own.undisturbed(unit.batches.flatMap(({ model, rows }) => (model === tree.inner ? rows.flatMap((row) => (row.op === "insert" ? [] : [row.key])) : [])))));
  return [...new Set(marks.flat())];
}
