/**
 * Paths that belong to the sync: `new Schema({ …, ...syncPaths })`. None of them is needed. The cloudId brings its unique index,
 * which `Model.syncIndexes()` makes for documents that are there already. In schemas of subdocuments without it, `{ …, ...syncPaths,
 * cloudId: String }`: a unique index over arrays takes elements that have none for equal.
 */
export const syncPaths: {
  readonly cloudId: { readonly type: StringConstructor; readonly unique: true; readonly sparse: true };
  readonly lastSyncedAt: DateConstructor;
  readonly syncStatus: StringConstructor;
} = {
  cloudId: { type: String, unique: true, sparse: true },
  lastSyncedAt: Date,
  syncStatus: String,
};
