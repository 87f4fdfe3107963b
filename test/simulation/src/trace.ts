/** What happened, as one number that two equal courses share (FNV-1a, two lanes). */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x01000193;
  /** The last lines, for a person who looks into a failure. */
  readonly lines: string[] = [];
  keepLines = false;
  last = "";

  /** Only for the person who reads; no part of the number. */
  note(detail: () => string): void {
    if (this.keepLines) this.lines.push(`    ${detail()}`);
  }

  add(line: string): void {
    this.last = line;
    if (this.keepLines) this.lines.push(line);
    for (let at = 0; at < line.length; at += 1) {
      const code = line.charCodeAt(at);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ (code + at), 0x85ebca6b);
    }
    this.#high ^= this.#low >>> 7;
  }

  get hash(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
