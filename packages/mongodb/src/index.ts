export { mongoDatabase } from "./database.ts";
export type { MongoDatabase, MongoDatabaseOptions } from "./database.ts";
export type { Bson, BsonObject, Collection, Cursor, Db, MongoHandle, Session } from "./driver.ts";
export { isUniqueKey, keyTypes } from "./model.ts";
export type { MongoModel } from "./model.ts";
export type { RecordWrite, RecordWriter, ValuePatch } from "./records.ts";
export { scalars } from "./shape.ts";
export type { ObjectShape, Scalar, Shape, StandsAs } from "./shape.ts";
