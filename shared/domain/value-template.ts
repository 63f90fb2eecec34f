/** Structure of a rule's `value`: which texts of it are templates, and where. */

/** A value inside a map: a template, or anything else that JSON has. */
export type ValueNode = string | number | boolean | null | readonly ValueNode[] | { readonly [key: string]: ValueNode };

/** A map, which becomes a JSON object. Its keys are literal. */
export type ValueMap = Readonly<Record<string, ValueNode>>;

/** A `value` in relay.yaml: a map, or one template for plain text. */
export type ValueTemplate = string | ValueMap;

/** Maps and lists inside each other; the value itself is the first. A JSON document of settings needs fewer. */
export const MAX_VALUE_DEPTH = 16;

/** Path of a node in a value, as keys and indexes. */
export type ValuePath = readonly (string | number)[];

/** A node that has no nodes inside, and its path. An empty list or map has no leaves. */
export interface ValueLeaf {
  readonly path: ValuePath;
  readonly leaf: string | number | boolean | null;
}

/** Returns the leaves of a value, in its order. Pure. */
export const leavesOf = (value: ValueNode, path: ValuePath = []): ValueLeaf[] => {
  if (typeof value !== 'object' || value === null) return [{ path, leaf: value }];
  const inner: [string | number, ValueNode][] = isList(value) ? [...value.entries()] : Object.entries(value);
  return inner.flatMap(([step, node]) => leavesOf(node, [...path, step]));
};

/** Narrows a node to a list. `Array.isArray` alone does not narrow a readonly list. */
export const isList = (value: ValueNode): value is readonly ValueNode[] => Array.isArray(value);
