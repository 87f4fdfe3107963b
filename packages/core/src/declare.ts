import type { Declaration } from "./declaration.ts";

// The same symbol for every copy of this package in a process.
const declaration = Symbol.for("@sync/core declaration");

/** For adapters: keeps a declaration with the table, class or schema it is about, and gives that back. The last one stands. */
export function declare<Target extends object>(target: Target, options: Declaration): Target {
  return Object.defineProperty(target, declaration, { value: options, configurable: true });
}

/** For adapters: what was declared of exactly this object; a class does not inherit it. */
export function declarationOf(target: object): Declaration | undefined {
  return Object.getOwnPropertyDescriptor(target, declaration)?.value as Declaration | undefined;
}
