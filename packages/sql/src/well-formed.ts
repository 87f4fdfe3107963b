/** Not in every library version of the compiler's; in every runtime we support. */
type Checkable = string & { isWellFormed(): boolean };

/** No lone surrogates: the text can go through a driver. */
export function isWellFormed(text: string): boolean {
  return (text as Checkable).isWellFormed();
}
