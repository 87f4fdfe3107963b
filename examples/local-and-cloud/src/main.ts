import { join } from "node:path";
import { openPostgres, temporaryFolder } from "@sync/test-databases";
import { did, line, printConflicts, printMeeting, recognised, seconds, title } from "./account.ts";
import { openCloud, openLocal, type Client, type Variant } from "./databases.ts";
import { fill } from "./fill.ts";
import { localAndCloud } from "./sync.ts";

const server = await openPostgres();
const folder = temporaryFolder("local-and-cloud");
try {
  await tell("with-fields", "cloudId, lastSyncedAt and syncStatus are fields of the models");
  await tell("side-tables", "the models stay as they are, the sync keeps tables of its own");
} finally {
  await server.close();
  folder.remove();
}

async function tell(variant: Variant, what: string): Promise<void> {
  const database = await server.freshDatabase(`local-and-cloud/${variant}`);
  const local = openLocal(variant, join(folder.path, `${variant}.sqlite`));
  const cloud = await openCloud(variant, database.url);
  try {
    await fill(local, "local");
    await fill(cloud, "cloud");
    title("Local (Prisma, SQLite) and cloud (Prisma, PostgreSQL)", what);
    await meet(local, cloud);
    await thereAndBack(local, cloud);
  } finally {
    await Promise.all([local.$disconnect(), cloud.$disconnect()]);
    await database.drop();
  }
}

/** Both sides hold records already, two thirds of them the same things under other ids. */
async function meet(local: Client, cloud: Client): Promise<void> {
  const sync = localAndCloud(local, cloud);
  const rules = await recognised(await sync.plan());
  const run = await sync.run();
  line("They meet", `in ${seconds(run.milliseconds)}`);
  printMeeting(run, rules);

  line("What differed, and who stands");
  await printConflicts(sync.conflicts());

  const { equal, models } = await sync.verify();
  const records = [...models.values()].reduce((sum, model) => sum + model.equal, 0);
  line(`Read again from both sides: ${records} records, ${equal ? "all equal" : "NOT equal"}`);
}

/** The check that matters: created on one side, changed on the other, the same on both. */
async function thereAndBack(local: Client, cloud: Client): Promise<void> {
  const sync = localAndCloud(local, cloud);
  const step = async (what: string): Promise<void> => {
    const run = await sync.run();
    console.log(`    ${what.padEnd(54)}  ${did(run)}  (${seconds(run.milliseconds)})`);
  };
  line("There and back");
  const owner = await local.user.findUniqueOrThrow({ where: { email: "radia@example.com" } });
  const product = await local.product.findUniqueOrThrow({ where: { sku: "STOOL-1" } });
  const customer = await local.customer.create({ data: { name: "Fern Café", city: "Lyon", ownerId: owner.id } });
  await local.proposal.create({
    data: { title: "Stools for the terrace", quantity: 10, total: "599.90", customerId: customer.id, productId: product.id },
  });
  await step("a customer and a proposal, created locally:");
  await cloud.proposal.updateMany({ where: { title: "Stools for the terrace" }, data: { quantity: 12, total: "719.88" } });
  await step("that proposal, changed in the cloud:");
  await step("nothing since:");
  const proposal = await local.proposal.findFirstOrThrow({ where: { title: "Stools for the terrace" } });
  const { equal } = await sync.verify();
  line(`The local proposal now says ${proposal.quantity} stools; ${equal ? "both sides are equal" : "the sides are NOT equal"}`);
}
