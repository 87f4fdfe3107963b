/**
 * What stands in the two databases before they ever met: 98 things, 65 of them on both sides under other ids. Parents are
 * named here by what people call them; every database has its own ids for them.
 */
export type Where = "both" | "local" | "cloud";

interface Entry {
  readonly where: Where;
  /** What the cloud says otherwise about the same thing. */
  readonly inCloud?: object;
}
/** Local values; `updatedAt` only where it is not the usual one. */
type Entries<Fields> = readonly (Entry & Fields & { readonly updatedAt?: string; readonly inCloud?: Partial<Fields & { updatedAt: string }> })[];

export const roles: Entries<{ name: string; description: string | null }> = [
  { where: "both", name: "owner", description: "May do everything" },
  { where: "both", name: "editor", description: "Writes and publishes" },
  { where: "both", name: "sales", description: "Proposals and customers" },
  { where: "both", name: "viewer", description: null },
  { where: "local", name: "intern", description: "Drafts only" },
  { where: "cloud", name: "auditor", description: "Reads everything, changes nothing" },
];

export const users: Entries<{ email: string; name: string; role: string; active?: boolean; lastLoginAt?: string | null }> = [
  { where: "both", email: "ada@example.com", name: "Ada Byron", role: "owner", lastLoginAt: "2026-03-02T07:58:12.340Z" },
  { where: "both", email: "edsger@example.com", name: "Edsger Dijkstra", role: "editor", lastLoginAt: "2026-02-27T18:03:00Z" },
  { where: "both", email: "grace@example.com", name: "Grace Hopper", role: "owner" },
  {
    where: "both", email: "barbara@example.com", name: "Barbara Huberman", role: "editor", updatedAt: "2026-02-11T10:00:00Z",
    inCloud: { name: "Barbara Liskov", updatedAt: "2026-02-25T16:30:00Z" },
  },
  { where: "both", email: "donald@example.com", name: "Donald Knuth", role: "viewer" },
  { where: "both", email: "frances@example.com", name: "Frances Allen", role: "sales" },
  { where: "both", email: "tony@example.com", name: "Tony Hoare", role: "sales", active: false },
  { where: "local", email: "alan@example.com", name: "Alan Kay", role: "intern" },
  { where: "local", email: "radia@example.com", name: "Radia Perlman", role: "editor" },
  { where: "cloud", email: "niklaus@example.com", name: "Niklaus Wirth", role: "auditor" },
];

const resources = ["customer", "proposal", "product", "content", "user", "role", "report", "invoice", "setting", "audit-log"];
const actions = ["create", "read", "update", "delete", "export", "share"];

/** Every action on every resource for a team, and one more for everybody: 61. */
export const permissions: Entries<{ resource: string; action: string; scope: string; allowed: boolean }> = [
  ...resources.flatMap((resource, row) =>
    actions.map((action, column) => ({ where: whereOf(row * actions.length + column), resource, action, scope: "team", allowed: action !== "delete" || row < 4 }))),
  { where: "both", resource: "content", action: "read", scope: "everybody", allowed: true },
];

/** 40 of the first 60 on both sides, ten on each side alone. */
function whereOf(at: number): Where {
  if (at % 6 === 4) return "local";
  return at % 6 === 5 ? "cloud" : "both";
}

export const products: Entries<{ sku: string; name: string; price: string; specs: object | null }> = [
  { where: "both", sku: "DESK-140", name: "Desk, 140 cm", price: "389.00", specs: { width: 140, colours: ["oak", "white"] } },
  {
    where: "both", sku: "CHAIR-7", name: "Chair 7", price: "229.90", specs: { arms: true }, updatedAt: "2026-03-04T08:00:00Z",
    inCloud: { price: "219.90", updatedAt: "2026-01-15T08:00:00Z" },
  },
  { where: "both", sku: "LAMP-3", name: "Lamp 3", price: "74.50", specs: null },
  { where: "both", sku: "SHELF-2", name: "Shelf, two boards", price: "119", specs: { boards: 2, load: 12.5 } },
  { where: "local", sku: "STOOL-1", name: "Stool", price: "59.99", specs: null },
  { where: "cloud", sku: "DESK-180", name: "Desk, 180 cm", price: "489.00", specs: { width: 180, colours: ["oak"] } },
];

export const customers: Entries<{ name: string; email: string | null; city: string | null; owner: string | null }> = [
  { where: "both", name: "Acme Ltd", email: "office@acme.example", city: "Leeds", owner: "frances@example.com" },
  {
    where: "both", name: "Blue Door", email: "hello@bluedoor.example", city: null, owner: "tony@example.com", updatedAt: "2026-01-20T12:00:00Z",
    inCloud: { city: "Porto", updatedAt: "2026-02-02T12:00:00Z" },
  },
  { where: "both", name: "Corner Shop", email: null, city: "Utrecht", owner: "frances@example.com" },
  { where: "local", name: "Dora's Garage", email: null, city: "Graz", owner: "radia@example.com" },
  { where: "cloud", name: "Elm School", email: "post@elm.example", city: "Cork", owner: "niklaus@example.com" },
];

export const proposals: Entries<{ title: string; customer: string; product: string; quantity: number; total: string; validUntil?: string | null }> = [
  { where: "both", title: "Furnish the office", customer: "Acme Ltd", product: "DESK-140", quantity: 12, total: "4668.00", validUntil: "2026-04-01T00:00:00Z" },
  { where: "both", title: "More light", customer: "Acme Ltd", product: "LAMP-3", quantity: 8, total: "596.00" },
  { where: "both", title: "More light", customer: "Corner Shop", product: "LAMP-3", quantity: 2, total: "149.00", validUntil: "2026-03-31T00:00:00Z" },
  { where: "local", title: "Something to sit on", customer: "Dora's Garage", product: "STOOL-1", quantity: 4, total: "239.96" },
  { where: "cloud", title: "A class room", customer: "Elm School", product: "DESK-180", quantity: 15, total: "7335.00", validUntil: "2026-06-30T00:00:00Z" },
];

export const content: Entries<{ kind: string; title: string; body: string; author: string }> = [
  { where: "both", kind: "page", title: "About us", body: "We make furniture.\n\nSince 1951.", author: "edsger@example.com" },
  { where: "both", kind: "page", title: "Imprint", body: "Example Street 1", author: "edsger@example.com" },
  { where: "both", kind: "post", title: "About us", body: "Why we plant a tree for every desk 🌳", author: "barbara@example.com" },
  { where: "local", kind: "post", title: "A stool for every kitchen", body: "Beech, oiled.", author: "alan@example.com" },
  { where: "cloud", kind: "page", title: "How we are audited", body: "Once a year.", author: "niklaus@example.com" },
];

export const usualTime = "2026-02-01T12:00:00Z";
