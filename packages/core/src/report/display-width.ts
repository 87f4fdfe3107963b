const invisible = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]$/u;
/** What terminals give two columns: East Asian wide and fullwidth characters, and pictures. */
const wide = new RegExp(`^[${[
  "\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6",
  "\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}\\p{Emoji_Presentation}",
].join("")}]$`, "u");
const control = /[\p{Control}\p{Surrogate}\p{Bidi_Control}\u2028\u2029]/gu;

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += invisible.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** Without anything that moves the cursor, breaks the line or turns the direction: such characters are named. */
export const printable = (text: string): string =>
  text.replaceAll(control, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`);
