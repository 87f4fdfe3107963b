import { open } from "./sync.ts";

const { sync, rows, documents } = await open();
const show = async (): Promise<void> => {
  const { rows: found } = await documents.query<{ document: unknown }>("select document from products order by document->>'number'");
  for (const { document } of found) console.log(document);
};

await sync.run();
await show(); // cloudIds are the article numbers, prices are decimals

await documents.exec(`update products set document = document || '{"name": "  Chair "}' where document->>'number' = 'A-200'`);
console.log("blanks:", (await sync.run()).written); // nothing

rows.exec("update product set name = 'Desk of oak' where number = 'B-001'");
await documents.exec(`update products set document = document || '{"name": "Oak desk", "price": "349.00"}' where document->>'number' = 'B-001'`);
await sync.run();
console.log(rows.prepare("select number, name, price from product where number = 'B-001'").get()); // the longer name, the price in cents
await show();

await documents.close();
