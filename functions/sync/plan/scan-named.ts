import pMap from 'p-map';
import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { type AddressRules, createIsAddressed } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { standsAlone } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { listHeld, type Scan } from './scan.ts';

/** For more, listing everything costs fewer calls. */
const MAX_NARROWED_LISTS = 20;
const MAX_INSPECTIONS = 200;

const MAX_INSPECTIONS_AT_ONCE = 8;

export interface NamedScan {
  readonly rule: SyncConfig;
  readonly rules: Pick<SourceRules, 'address' | 'patterns'>;
  readonly vault: Vault;
  readonly store: SecretStore;
  readonly nameOf: (item: Item) => string;
  readonly named: readonly Labels[];
}

/**
 * Looks up the named items and their secrets alone. Every other item that could have a secret of the same name is listed
 * with them, because then none of them may be delivered.
 */
export const scanNamed = async ({ rule, rules, vault, store, nameOf, named }: NamedScan): Promise<Scan> => {
  const { address, patterns } = rules;
  if (address === undefined) {
    throw new RelayError('ConfigurationInvalid', `A sync of ${rule.source} can not look at some items by their names.`);
  }
  const { items, complete } = await vault.session((session) => listAround(session, rule, address, named));
  const selected = items.filter(({ labels }) => isSelected(patterns, labels));
  const wanted = withSharers(selected, nameOf, createIsAddressed(address, named));
  return {
    held: await lookUp(store, new Set(wanted.flatMap(({ name }) => name ?? []))),
    eachPage: (visit) => visit({ items: wanted.map(({ item }) => item), complete }, undefined),
  };
};

const lookUp = async (store: SecretStore, names: ReadonlySet<string>): Promise<Scan['held']> => {
  if (names.size > MAX_INSPECTIONS) return new Map([...(await listHeld(store))].filter(([name]) => names.has(name)));
  const held = new Map<string, string | undefined>();
  await pMap(
    names,
    async (name) => {
      const presence = await store.inspect(name);
      if (presence.kind === 'owned' && !presence.retired) held.set(name, presence.stamp);
    },
    { concurrency: MAX_INSPECTIONS_AT_ONCE },
  );
  return held;
};

/** The items that share the narrowing label with a named one; all of them where names could meet across it. */
const listAround = async (
  session: VaultSession,
  rule: SyncConfig,
  { narrowing }: AddressRules,
  named: readonly Labels[],
): Promise<{ items: Item[]; complete: boolean }> => {
  const items: Item[] = [];
  let complete = true;
  for (const within of narrow(rule.name, narrowing, named)) {
    for await (const page of session.list(rule, within)) {
      complete &&= page.complete;
      items.push(...page.items);
    }
  }
  return { items, complete };
};

const narrow = (
  template: string,
  narrowing: AddressRules['narrowing'],
  named: readonly Labels[],
): readonly (Labels | undefined)[] => {
  if (narrowing === undefined || !standsAlone(template, narrowing.placeholders)) return [undefined];
  const { label } = narrowing;
  const values = [...new Set(named.map((labels) => (labels[label] ?? '').toLowerCase()))];
  return values.length > MAX_NARROWED_LISTS ? [undefined] : values.map((value) => ({ [label]: value }));
};

interface Candidate {
  readonly item: Item;
  /** Undefined for an item without a usable name. */
  readonly name: string | undefined;
}

/** The named items, and those that would share a secret with one. What has no usable name the comparison refuses. */
const withSharers = (
  items: readonly Item[],
  nameOf: (item: Item) => string,
  isAddressed: (labels: Labels) => boolean,
): Candidate[] => {
  const candidates = items.map((item): Candidate => ({ item, name: nameOrNone(nameOf, item) }));
  const names = new Set(candidates.flatMap(({ item, name }) => (isAddressed(item.labels) ? (name ?? []) : [])));
  return candidates.filter(({ item, name }) => (name === undefined ? isAddressed(item.labels) : names.has(name)));
};

const nameOrNone = (nameOf: (item: Item) => string, item: Item): string | undefined => {
  try {
    return nameOf(item);
  } catch {
    return undefined;
  }
};
