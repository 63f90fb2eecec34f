import type { Labels } from '#shared/domain/item.ts';
import { foldCase, matchesGlobs, type Patterns } from '#shared/domain/selection.ts';

/** Rules for addressing items of a source in messages: by labels, which can have several spellings in the vault. */
export interface AddressRules {
  /** Labels that an address must have. */
  readonly labels: readonly string[];
  /**
   * All spellings that the labels of the addressed item can have. Labels that the address does not determine are
   * omitted. Pure.
   */
  readonly spellings: (address: Labels) => readonly Labels[];
  /**
   * The label by which the vault can filter its list. A name template needs one of the placeholders as a whole segment;
   * otherwise items that differ in the label could share a name.
   */
  readonly narrowing?: { readonly label: string; readonly placeholders: readonly string[] };
}

/** False if a rule's patterns certainly do not select the addressed item. Pure. */
export const maySelect = ({ spellings }: AddressRules, patterns: Patterns, address: Labels): boolean =>
  spellings(address).some((labels) =>
    Object.entries(labels).every(
      ([label, text]) => !Object.hasOwn(patterns, label) || matchesGlobs(text, patterns[label] ?? []),
    ),
  );

/** Spellings that have the same label names. */
interface LookUp {
  /** Sorted. */
  readonly names: readonly string[];
  readonly keys: Set<string>;
}

/** Returns a test that is true for the labels of an item that one of the addresses can refer to. Ignores case. Pure. */
export const createIsAddressed = (
  { spellings }: AddressRules,
  addresses: readonly Labels[],
): ((labels: Labels) => boolean) => {
  const lookUps = new Map<string, LookUp>();
  for (const labels of addresses.flatMap((address) => spellings(address))) {
    const names = Object.keys(labels).toSorted();
    const id = JSON.stringify(names);
    const lookUp = lookUps.get(id) ?? { names, keys: new Set() };
    lookUp.keys.add(keyOf(labels, names));
    lookUps.set(id, lookUp);
  }
  const wanted = [...lookUps.values()];
  return (labels) =>
    wanted.some(
      ({ names, keys }) => names.every((name) => Object.hasOwn(labels, name)) && keys.has(keyOf(labels, names)),
    );
};

const keyOf = (labels: Labels, names: readonly string[]): string =>
  foldCase(JSON.stringify(names.map((name) => labels[name])));

/** Formats an address for people, such as `systemName db-01, accountName sa`. */
export const describeAddress = (address: Labels): string =>
  Object.entries(address)
    .map(([label, text]) => `${label} ${text}`)
    .join(', ');
