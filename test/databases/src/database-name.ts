import { createHash } from "node:crypto";

/** Readable, at most 63 bytes, and different for different namespaces. */
export function databaseName(namespace: string): string {
  const hash = createHash("sha256").update(namespace).digest("hex").slice(0, 8);
  const last = namespace.split("/").slice(-3).join("_").replace(/\.test\.ts/, "");
  const words = last.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  return `sync_${words.slice(-45)}_${hash}`;
}
