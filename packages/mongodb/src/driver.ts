/**
 * All this package needs of MongoDB's driver, as a library gives it. Values are made with the library's own classes, since the driver
 * takes none that come from another release of `bson` than its own.
 */
export interface MongoHandle {
  readonly bson: Bson;
  /** Undefined: the connection is not open. */
  db(): Promise<Db | undefined>;
  session(): Promise<Session> | Session;
}

export interface Bson {
  serialize(document: object): Uint8Array;
  deserialize(bytes: Uint8Array, options: { readonly promoteValues?: boolean; readonly useBigInt64?: boolean }): BsonObject;
  readonly Binary: new (bytes: Uint8Array) => unknown;
  readonly Decimal128: { fromString(text: string): unknown };
  readonly Double: new (value: number) => unknown;
  readonly Int32: new (value: number) => unknown;
  readonly Long: { fromStringStrict(text: string): unknown };
  readonly ObjectId: { new (): unknown; createFromHexString(text: string): unknown };
  readonly UUID: new (text: string) => unknown;
}

/** A BSON document as the driver reads it without making JavaScript values of its numbers: nothing is rounded, no type is lost. */
export type BsonObject = { [key: string]: unknown };

export interface Db {
  readonly databaseName: string;
  command(command: { readonly hello: 1 }): Promise<Hello>;
  collection(name: string): Collection<object>;
  listCollections(filter: object): { toArray(): Promise<{ readonly name: string; readonly info?: { readonly uuid?: { toString(): string } } }[]> };
  dropCollection(name: string): Promise<unknown>;
}

export interface Hello {
  readonly localTime?: Date;
  readonly setName?: string;
  readonly me?: string;
  readonly msg?: string;
}

export interface Session {
  withTransaction<T>(work: () => Promise<T>, options?: object): Promise<T>;
  endSession(): Promise<unknown>;
}

/** As an option of every operation; undefined: outside of any transaction. */
export interface Within {
  readonly session?: Session;
}

export interface Collection<Stored extends object> {
  find(filter: object, options?: object): Cursor<Stored>;
  findOne(filter: object): Promise<Stored | null>;
  findOneAndUpdate(filter: object, update: object, options: object): Promise<Stored | null>;
  updateOne(filter: object, update: object, options?: object): Promise<{ readonly matchedCount: number }>;
  deleteMany(filter: object, options?: object): Promise<unknown>;
  bulkWrite(operations: readonly object[], options?: object): Promise<BulkResult>;
  countDocuments(filter: object): Promise<number>;
  createIndex(over: { readonly [path: string]: 1 | -1 }, options?: object): Promise<unknown>;
  listIndexes(): { toArray(): Promise<Index[]> };
}

export interface BulkResult {
  readonly matchedCount: number;
  readonly deletedCount: number;
  readonly insertedCount: number;
}

export interface Cursor<Stored> {
  sort(by: { readonly [path: string]: 1 | -1 }): Cursor<Stored>;
  limit(count: number): Cursor<Stored>;
  batchSize(count: number): Cursor<Stored>;
  toArray(): Promise<Stored[]>;
}

export interface Index {
  readonly key: object;
  readonly unique?: unknown;
  readonly partialFilterExpression?: object | undefined;
  readonly collation?: unknown;
}
