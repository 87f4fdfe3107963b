export { databaseConformance } from "./conformance.ts";
export { harnessProblems } from "./check-harness.ts";
export type {
  Capability, Harness, HarnessCapabilities, KitRecord, Probe, ProbeTransaction, ProbeWrites, Server, Session,
} from "./harness.ts";
export { TOPICS, type Law, type Topic } from "./law.ts";
export { laws } from "./laws.ts";
export { CHOICES, kitKinds, kitModels, type KitField, type KitModel, type KitModelName, type ValueField } from "./models.ts";
export type { Report, Verdict } from "./report.ts";
export { runLaw } from "./run.ts";
export type { Kit } from "./kit.ts";
