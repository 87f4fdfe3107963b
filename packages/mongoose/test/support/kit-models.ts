import { CHOICES } from "@sync/conformance";
import { Schema, type Connection } from "mongoose";

// The conformance kit's schema as models of Mongoose: entries stand inside their books.

const { BigInt: Long, Decimal128, Int32, ObjectId, UUID, Mixed } = Schema.Types;

/** Each with its indexes. */
export async function kitModelsOn(connection: Connection): Promise<void> {
  const models = [
    connection.model("Parent", new Schema({ code: { type: String, required: true, unique: true }, name: String, size: Long })),
    connection.model("Child", new Schema({
      cloudId: { type: String, unique: true, sparse: true }, name: { type: String, required: true }, rank: { type: Int32, required: true }, parentId: { type: ObjectId, ref: "Parent" },
    })),
    connection.model("Node", new Schema({ name: { type: String, required: true }, aboveId: { type: ObjectId, ref: "Node" } }).index({ aboveId: 1, name: 1 }, { unique: true, partialFilterExpression: { aboveId: { $type: "objectId" } } })),
    connection.model("Book", new Schema({ _id: String, title: String, entries: { type: [new Schema({ page: { type: Long, required: true }, note: String }, { _id: false })], default: undefined } })),
    connection.model("Thing", new Schema({
      _id: String, text: String, flag: Boolean, small: Int32, big: Long, price: Decimal128, ratio: Number, moment: Date, bytes: Buffer, token: UUID,
      choice: { type: String, enum: CHOICES }, data: Mixed, tags: { type: [String], default: undefined },
    }, { minimize: false })), // an empty object is a value
  ];
  await Promise.all(models.map((model) => model.init()));
}
