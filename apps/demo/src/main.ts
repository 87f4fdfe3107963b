// `npm start`: real records of two databases become and stay the same, in nine runs.
import { isSyncError } from "@sync/prisma";
import { goOn } from "./go-on.ts";
import { isDemoFolder, newFolder, open, removeFolder } from "./open.ts";
import { block, paint, print } from "./report/page.ts";
import { Progress } from "./report/progress.ts";
import { fillTheLeft, stageFor, tellStory } from "./story.ts";

const started = performance.now();
const [option, given] = process.argv.slice(2);
if (option !== undefined && !(option === "--continue" && given !== undefined && isDemoFolder(given))) {
  console.error("Usage: npm start, or npm start -- --continue <folder> with the folder that a stopped demo named.");
  process.exit(1);
}

const progress = new Progress();
const stop = new AbortController();
process.on("SIGINT", () => {
  if (stop.signal.aborted) process.exit(130);
  progress.clear();
  print("  stopping at the next safe point; Ctrl-C again stops at once");
  stop.abort();
});

const folder = given ?? newFolder();
const demo = open(folder);
const stage = stageFor(demo, progress, stop.signal);
let filled = given !== undefined;
let keep = false;
try {
  if (!filled) await fillTheLeft(stage);
  filled = true;
  if (given === undefined) await tellStory(stage);
  else await goOn(stage);
  print();
  block("done", ["All of it is as it must be. The code of this sync: apps/demo/src/sync.ts"], performance.now() - started);
} catch (error) {
  progress.clear();
  print();
  if (stop.signal.aborted && (isSyncError(error) || error === stop.signal.reason)) {
    keep = filled;
    process.exitCode = 130;
    if (!filled) print("  Stopped before the first run; npm start begins anew.");
    else {
      print("  Stopped. What was written stays, nothing is half done, and this goes on from there:");
      print(`  npm start -- --continue ${folder}`);
    }
  } else {
    keep = true;
    process.exitCode = 1;
    console.error(paint("red", "The demo did not come out as it must."), error);
    print(`  Both databases are left as they are in ${folder}`);
  }
}
await demo.close();
if (!keep) removeFolder(folder);
