export { memoryHarness, type MemorySession, type Tracking } from "./memory.ts";
