import type { input } from "zod/v4/core";
import type { ChildOptions, DocumentOptions, KeyOptions } from "./options.ts";

type Documents = Readonly<Record<string, DocumentOptions>>;
type Children = Readonly<Record<string, ChildOptions>>;

/** A value that is one field: no object whose keys are known. */
type Leaf<T> = NonNullable<T> extends string | number | boolean | bigint | readonly unknown[] | Date ? true
  : NonNullable<T> extends object ? (string extends keyof NonNullable<T> ? true : false) : true;

/** Every field as a pair of its path and its type; arrays that are children are none. */
type Pairs<T, Skip, Path extends string = ""> = {
  [K in keyof T & string]-?: `${Path}${K}` extends Skip ? never
    : Leaf<T[K]> extends true ? [`${Path}${K}`, T[K]] : Pairs<NonNullable<T[K]>, Skip, `${Path}${K}.`>;
}[keyof T & string];

type Fields<T, Skip, Found extends [string, unknown] = Pairs<T, Skip>> = { [Pair in Found as Pair[0]]: Pair[1] };

type At<T, Path> = Path extends `${infer First}.${infer Rest}` ? At<NonNullable<T[First & keyof T]>, Rest> : NonNullable<T[Path & keyof T]>;
type Element<T> = T extends readonly (infer Item)[] ? NonNullable<Item> : never;

/** Paths of the children; of options that nobody has spelled out, none. */
type Names<Options> = Options extends { readonly children: infer Named extends Children } ? (string extends keyof Named ? never : keyof Named & string) : never;
type ChildAt<Options, Path extends string> = Options extends { readonly children: Readonly<Record<Path, infer Child extends ChildOptions>> } ? Child : never;
type KeyNames<Key> = Key extends string ? Key : Key extends readonly (infer Name extends string)[] ? Name : never;
type RootKey<Options> = Options extends { readonly key: infer Key }
  ? Key extends KeyOptions ? (Key extends { readonly field: infer Field extends string } ? Field : Key["column"]) : Key & string
  : "id";
type Parent<Options> = Options extends { readonly parent: infer Name extends string } ? Name : "parent";
/** References by their own names. */
type References<Options> = Options extends { readonly references: infer Named } ? { [Name in keyof Named]: unknown } : unknown;

/** What records inside have of those above: their keys, and references to them. */
type Below<Name extends string, Keys extends string, Inherited, Child> =
  & { [K in Keys as `${Name}.${K}`]: string }
  & { [K in Parent<Child>]: unknown }
  & { [K in keyof Inherited as K extends `${string}.${string}` ? K : never]: Inherited[K] };

/** Of an element that is a single value: what its key calls it. */
type OwnFields<T, Options> = Leaf<T> extends true
  ? Options extends { readonly key: infer Key } ? { [Name in KeyNames<Key>]: T } : unknown
  : Fields<T, Names<Options>>;

/** Pairs of model name and fields: the record itself and all levels below. */
type Models<Name extends string, T, Options, Keys extends string, Inherited> =
  | [Name, OwnFields<T, Options> & References<Options> & Inherited]
  | {
    [Path in Names<Options>]: ChildAt<Options, Path> extends infer Child extends ChildOptions
      ? Models<`${Name}.${Path}`, Element<At<T, Path>>, Child, KeyNames<Child["key"]>, Below<Name, Keys, Inherited, Child>>
      : never;
  }[Names<Options>];

type AllModels<Kinds extends Documents> = {
  [Name in keyof Kinds & string]: Models<Name, input<Kinds[Name]["schema"]>, Kinds[Name], RootKey<Kinds[Name]>, { [K in RootKey<Kinds[Name]>]: string }>;
}[keyof Kinds & string];

/** Model name → field name → its type as it stands in the document. */
export type JsonbTypes<Kinds extends Documents> = {
  [Pair in AllModels<Kinds> as Pair[0]]: { [Field in keyof Pair[1]]: Pair[1][Field] };
};
