// `npm start`: real records of two databases become and stay the same, in three runs.
import { isSyncError } from "@sync/prisma";
import { goOn } from "./go-on.ts";
import { isDemoFolder, newFolder, open, removeFolder } from "./open.ts";
import { paint, print } from "./report/page.ts";
import { Progress } from "./report/progress.ts";
import { tellStory } from "./story.ts";

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
try {
  if (given === undefined) await tellStory(demo, progress, stop.signal);
  else await goOn(demo, progress, stop.signal);
  await demo.close();
  removeFolder(folder);
} catch (error) {
  progress.clear();
  await demo.close();
  print();
  if (stop.signal.aborted && (isSyncError(error) || error === stop.signal.reason)) {
    print(`  Stopped. What was written stays, nothing is half done, and this goes on from there:`);
    print(`  npm start -- --continue ${folder}`);
    process.exitCode = 130;
  } else {
    console.error(paint("red", "The demo did not come out as it must."), error);
    print(`  Both databases are left as they are in ${folder}`);
    process.exitCode = 1;
  }
}
