export { memoryHarness } from "../src/faults/memory.ts";
