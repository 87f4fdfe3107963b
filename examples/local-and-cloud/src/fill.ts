import type { Client } from "./databases.ts";
import * as records from "./records.ts";

/** Puts the records of one side there, through its own Prisma client, which makes ids of its own. */
export async function fill(client: Client, side: "local" | "cloud"): Promise<void> {
  await client.role.createMany({ data: here(records.roles, side) });
  const roleId = await ids(client.role.findMany({ select: { id: true, name: true } }), ({ name }) => name);
  await client.user.createMany({ data: here(records.users, side).map(({ role, ...user }) => ({ ...user, roleId: roleId(role) })) });
  await client.permission.createMany({ data: here(records.permissions, side) });
  await client.product.createMany({ data: here(records.products, side).map(({ specs, ...product }) => ({ ...product, ...(specs ? { specs } : {}) })) });
  const userId = await ids(client.user.findMany({ select: { id: true, email: true } }), ({ email }) => email);
  const productId = await ids(client.product.findMany({ select: { id: true, sku: true } }), ({ sku }) => sku);
  await client.customer.createMany({
    data: here(records.customers, side).map(({ owner, ...customer }) => ({ ...customer, ownerId: owner === null ? null : userId(owner) })),
  });
  const customerId = await ids(client.customer.findMany({ select: { id: true, name: true } }), ({ name }) => name);
  await client.proposal.createMany({
    data: here(records.proposals, side).map(({ customer, product, ...proposal }) => ({ ...proposal, customerId: customerId(customer), productId: productId(product) })),
  });
  await client.content.createMany({ data: here(records.content, side).map(({ author, ...content }) => ({ ...content, authorId: userId(author) })) });
}

/** The entries of that side as it has them. */
function here<Entry extends { readonly where: records.Where; readonly inCloud?: object }>(
  entries: readonly Entry[], side: "local" | "cloud",
): (Omit<Entry, "where" | "inCloud"> & { updatedAt: string })[] {
  return entries.flatMap(({ where, inCloud, ...record }) => {
    if (where !== "both" && where !== side) return [];
    return [{ updatedAt: records.usualTime, ...record, ...(side === "cloud" ? inCloud : {}) }];
  });
}

/** A function from what people call a thing to its id in this database. */
async function ids<Row extends { readonly id: string }>(rows: PromiseLike<readonly Row[]>, nameOf: (row: Row) => string): Promise<(name: string) => string> {
  const byName = new Map((await rows).map((row) => [nameOf(row), row.id]));
  return (name) => {
    const id = byName.get(name);
    if (id === undefined) throw new Error(`The records refer to "${name}", which this side does not have.`);
    return id;
  };
}
