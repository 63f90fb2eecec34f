import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { MAX_DEPTH, type Offence } from '#shared/config/yaml-tokens.ts';
import { shorten } from '#shared/domain/text.ts';

/** Values of a file with all aliases resolved. A larger one would take seconds to check. */
const MAX_VALUES = 200_000;

/** An entry of a map. */
interface Entry {
  readonly keyAt: number;
  readonly node: Node | null;
}

/** Plain data of a document, its problems, and its nodes by key and alias. */
export interface Plain {
  readonly value: unknown;
  readonly offences: readonly Offence[];
  /** False if a problem makes the value unusable. */
  readonly isUsable: boolean;
  entryOf(map: YAMLMap, key: string): Entry | undefined;
  targetOf(alias: Alias): Node | undefined;
}

/** A converted node. */
interface Converted {
  readonly value: unknown;
  /** Values in it, and levels below it, both with aliases resolved. */
  readonly size: number;
  readonly depth: number;
}

/** An anchor before the current node. It has no result while the current node is inside of it. */
interface Anchored {
  readonly node: Node;
  result?: Converted;
}

const leaf = (value: unknown): Converted => ({ value, size: 1, depth: 0 });

const around = (value: unknown, parts: readonly Converted[]): Converted => ({
  value,
  size: 1 + parts.reduce((sum, { size }) => sum + size, 0),
  depth: 1 + parts.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
});

/** Offset of a node. */
export const startOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0);

/** Text in braces without quotes, such as {accountName}: a map in which no key has a value. */
const bareKeys = ({ flow, items }: YAMLMap): readonly string[] =>
  flow === true && items.every(({ value }) => value === null) ? items.map(({ key }) => keyText(key) ?? '') : [];

const keyText = (key: unknown): string | undefined => (isScalar(key) ? String(key.value) : undefined);

const isMerge = ({ key }: Pair): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

const MERGE =
  'merge keys (<<) are not supported; write the settings themselves, or use an alias for the value of each, such as schedule: *hourly';

const bareMessage = (keys: readonly string[]): string =>
  keys.length === 1 && /^\w+$/.test(keys[0] ?? '')
    ? `text in braces without quotes is a map; put it in quotes: "{${keys[0]}}"`
    : 'a map has keys without values; write a value after each colon, or one pattern for each alternative, such as [db-*, app-*]';

const REPEAT = 'repeat the lines';

const unknownAnchor = (name: string): string =>
  `there is no anchor &${name} before this alias; define it or ${REPEAT}, or put a pattern in quotes, such as "*${name}"`;

/** Sets an own property, even one such as `__proto__`. */
const setOwn = (target: object, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

const ownValue = (target: object, key: string): unknown => Object.getOwnPropertyDescriptor(target, key)?.value;

/** Adds the entries that a map lacks. */
const addMissing = (target: unknown, source: unknown): void => {
  if (typeof target !== 'object' || target === null || typeof source !== 'object' || source === null) return;
  for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(target, key)) setOwn(target, key, value);
};

const quoted = (text: string): string => JSON.stringify(shorten(text, 40));

/**
 * Converts nodes to plain data in one pass, in time linear to the text. The first of two equal keys counts, and maps
 * under two equal keys are joined, so that a duplicate causes no other problem.
 */
class Converter {
  readonly offences: Offence[] = [];
  isUsable = true;
  readonly entries = new WeakMap<YAMLMap, Map<string, Entry>>();
  readonly targets = new WeakMap<Alias, Node>();
  readonly #anchors = new Map<string, Anchored>();
  readonly #lineAt: (offset: number) => number;

  constructor(lineAt: (offset: number) => number) {
    this.#lineAt = lineAt;
  }

  convert(node: unknown): Converted {
    if (isAlias(node)) return this.#alias(node);
    if (!(isScalar(node) || isMap(node) || isSeq(node))) return leaf(null);
    const anchored: Anchored = { node };
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, anchored);
    anchored.result = isScalar(node) ? leaf(node.value) : isSeq(node) ? this.#list(node) : this.#map(node);
    return anchored.result;
  }

  #report(offset: number, message: string): void {
    this.offences.push({ offset, message });
  }

  #refuse(offset: number, message: string): Converted {
    this.#report(offset, message);
    this.isUsable = false;
    return leaf(null);
  }

  #alias(alias: Alias): Converted {
    const { source } = alias;
    const anchored = this.#anchors.get(source);
    if (anchored === undefined) return this.#refuse(startOf(alias), unknownAnchor(source));
    this.targets.set(alias, anchored.node);
    return (
      anchored.result ??
      this.#refuse(startOf(alias), `the alias *${source} is inside of its own anchor; ${REPEAT} instead`)
    );
  }

  #bounded(node: Node, converted: Converted): Converted {
    // The first one is reported; what is around it is as large.
    const isBounded = !this.isUsable || (converted.size <= MAX_VALUES && converted.depth <= MAX_DEPTH);
    return isBounded ? converted : this.#refuse(startOf(node), `the aliases expand too far; ${REPEAT} instead`);
  }

  #list(list: YAMLSeq): Converted {
    const parts = list.items.map((item) => this.convert(item));
    return this.#bounded(
      list,
      around(
        parts.map(({ value }) => value),
        parts,
      ),
    );
  }

  #map(map: YAMLMap): Converted {
    const bare = bareKeys(map);
    if (bare.length > 0) {
      this.#report(startOf(map), bareMessage(bare));
      return leaf(`{${bare.join(',')}}`);
    }
    const value = {};
    const entries = new Map<string, Entry>();
    this.entries.set(map, entries);
    const parts: Converted[] = [];
    for (const pair of map.items) {
      const key = keyText(pair.key);
      if (key === undefined) continue;
      const converted = this.convert(pair.value);
      parts.push(converted);
      if (isMerge(pair)) {
        this.#report(startOf(pair.key), MERGE);
        addMissing(value, converted.value);
      } else this.#addEntry({ value, entries }, key, pair, converted);
    }
    return this.#bounded(map, around(value, parts));
  }

  #addEntry(into: { value: object; entries: Map<string, Entry> }, key: string, pair: Pair, converted: Converted): void {
    const { value, entries } = into;
    const first = entries.get(key);
    const node = isNode(pair.value) ? pair.value : null;
    if (first === undefined) {
      entries.set(key, { keyAt: startOf(pair.key), node });
      setOwn(value, key, converted.value);
      return;
    }
    const isSection = isMap(first.node) && isMap(node);
    const fix = isSection ? 'move the entries below it there, and remove this line' : 'remove one of them';
    this.#report(startOf(pair.key), `${quoted(key)} is already in line ${this.#lineAt(first.keyAt)}; ${fix}`);
    if (!isSection) return;
    const known = this.entries.get(first.node);
    for (const [name, entry] of this.entries.get(node) ?? []) if (known?.has(name) === false) known.set(name, entry);
    addMissing(ownValue(value, key), converted.value);
  }
}

/**
 * Converts the contents of a document to plain data. Never throws.
 *
 * @param lineAt Line of an offset, for messages.
 */
export const toPlain = (contents: unknown, lineAt: (offset: number) => number): Plain => {
  const converter = new Converter(lineAt);
  const { value } = converter.convert(contents);
  return {
    value,
    offences: converter.offences,
    isUsable: converter.isUsable,
    entryOf: (map, key) => converter.entries.get(map)?.get(key),
    targetOf: (alias) => converter.targets.get(alias),
  };
};
