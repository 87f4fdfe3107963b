export type {
  Application, ApplicationTransaction, MemoryCommit, MemoryDatabase, MemoryDatabaseOptions, MemoryProbe, MemorySnapshot,
} from "./contract.ts";
export { memoryDatabase } from "./database.ts";
export { memoryDocuments, type MemoryDocuments, type MemoryDocumentsOptions } from "./documents.ts";
export { memoryState, type MemoryState, type MemoryStateSnapshot } from "./state.ts";
export type { MemoryModel, MemoryRecord, Version } from "./tables.ts";
export type { Change } from "./work.ts";
