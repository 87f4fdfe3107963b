import { conflicts } from "./conflicts.ts";
import { erase } from "./erase.ts";
import { open } from "./sync.ts";
import { undo } from "./undo.ts";

const opened = await open();
await conflicts(opened);
await undo(opened);
await erase(opened);
