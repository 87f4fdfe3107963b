export {
  memoryDatabase, type Application, type ApplicationTransaction, type MemoryCommit, type MemoryDatabase, type MemoryDatabaseOptions,
  type MemoryProbe, type MemorySnapshot,
} from "./database.ts";
export { memoryDocuments, type MemoryDocuments, type MemoryDocumentsOptions } from "./documents.ts";
export { memoryState, type MemoryState, type MemoryStateSnapshot } from "./state.ts";
export type { Change, MemoryModel, MemoryRecord, Version } from "./tables.ts";
