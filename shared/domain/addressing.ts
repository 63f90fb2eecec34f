import type { Labels } from '#shared/domain/item.ts';
import { foldCase, matchesGlobs, type Patterns } from '#shared/domain/selection.ts';

/** How people address items of a source, in messages: by labels, which the vault may spell in more ways than one. */
export interface AddressRules {
  /** The labels that an address has to have, all of them. */
  readonly labels: readonly string[];
  /**
   * All ways in which an item that is addressed so may be labelled. A label that the address says nothing about is left
   * out. Pure.
   */
  readonly spellings: (address: Labels) => readonly Labels[];
  /**
   * The label that the vault can narrow its list to, and the placeholders of which a name template has to have one as a part
   * of its own, so that names of items that differ in it never meet.
   */
  readonly narrowing?: { readonly label: string; readonly placeholders: readonly string[] };
}

/** Whether a rule's patterns may select what is addressed so: false only where they surely do not. Pure. */
export const maySelect = ({ spellings }: AddressRules, patterns: Patterns, address: Labels): boolean =>
  spellings(address).some((labels) =>
    Object.entries(labels).every(
      ([label, text]) => !Object.hasOwn(patterns, label) || matchesGlobs(text, patterns[label] ?? []),
    ),
  );

/** All addresses whose spellings have labels of the same names. */
interface LookUp {
  /** Sorted. */
  readonly names: readonly string[];
  readonly keys: Set<string>;
}

/** Tells whether an item may be one of those that are addressed. Case does not matter. Pure. */
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

/** An address as people read it, such as `systemName db-01, accountName sa`. */
export const describeAddress = (address: Labels): string =>
  Object.entries(address)
    .map(([label, text]) => `${label} ${text}`)
    .join(', ');
