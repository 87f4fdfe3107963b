import type { Database, Finding } from "../endpoint.ts";
import type { Model } from "../model.ts";
import type { ModelOptions } from "../options.ts";
import type { SideName } from "./pair-model.ts";

export type AnyModelOptions = ModelOptions & { readonly right?: string };

/** Two models that are being mapped to each other, and where to say what is wrong with that. */
export interface Draft {
  /** The left model's. */
  readonly name: string;
  readonly entry: AnyModelOptions;
  readonly models: Readonly<Record<SideName, Model>>;
  readonly databases: Readonly<Record<SideName, Database>>;
  /** Of every model of the sync, by the left one's. */
  readonly rightNames: ReadonlyMap<string, string>;
  error(code: string, message: string, field?: string): void;
  warn(code: string, message: string, field?: string): void;
}

/** Says what is wrong to `findings`. */
export function draftOf(parts: Omit<Draft, "error" | "warn">, findings: Finding[]): Draft {
  const say = (severity: Finding["severity"]) => (code: string, message: string, field?: string): void =>
    void findings.push({ severity, code, model: parts.name, message, ...(field === undefined ? {} : { field }) });
  return { ...parts, error: say("error"), warn: say("warning") };
}

/** The right field that a left one is mapped to. */
export function rightNameOf({ entry }: Draft, leftName: string): string {
  const to = entry.fields?.[leftName];
  return to === undefined ? leftName : typeof to === "string" ? to : to.right;
}

export const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((item, index) => item === b[index]);
