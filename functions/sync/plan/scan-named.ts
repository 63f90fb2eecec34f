import pMap from 'p-map';
import type { SyncConfig } from '#shared/config/schema.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Vault, VaultSession } from '#shared/connections/vault.ts';
import { type AddressRules, createIsAddressed, describeAddress } from '#shared/domain/addressing.ts';
import type { Item, Labels } from '#shared/domain/item.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { isWholeSegment } from '#shared/domain/template.ts';
import { asRelayError, RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { listHeld, type Scan } from './scan.ts';

/** Above this number, listing everything costs fewer calls. */
const MAX_NARROWED_LISTS = 20;
const MAX_INSPECTIONS = 200;

const MAX_CONCURRENCY = 8;

export interface NamedScan {
  readonly rule: SyncConfig;
  readonly rules: Pick<SourceRules, 'address' | 'patterns'>;
  readonly vault: Vault;
  readonly store: SecretStore;
  readonly nameOf: (item: Item) => string;
  readonly named: readonly Labels[];
}

/**
 * Looks up only the named items and their secrets. It also lists every other item that could have the same secret name,
 * because items that share a name must not be delivered. A failed look-up affects only its own items.
 */
export const scanNamed = async ({ rule, rules, vault, store, nameOf, named }: NamedScan): Promise<Scan> => {
  const { address, patterns } = rules;
  if (address === undefined) {
    throw new RelayError('ConfigurationInvalid', `A sync of ${rule.source} cannot run for named items.`);
  }
  const { items, complete, remarks } = await vault.session((session) => listAround(session, rule, address, named));
  const selected = items.filter(({ labels }) => isSelected(patterns, labels));
  const wanted = withSharers(selected, nameOf, createIsAddressed(address, named));
  const { held, failures } = await lookUp(store, new Set(wanted.flatMap(({ name }) => name ?? [])));
  const failureOf = ({ name }: Candidate): RelayError | undefined => failures.get(name ?? '');
  return {
    held,
    remarks: [
      ...remarks,
      ...wanted.flatMap((one) => {
        const failure = failureOf(one);
        return failure === undefined ? [] : [remarkOn(one.item.title, failure)];
      }),
    ],
    eachPage: (visit) => {
      const found = wanted.filter((one) => failureOf(one) === undefined);
      return visit({ items: found.map(({ item }) => item), complete }, undefined);
    },
  };
};

const remarkOn = (item: string, { name, message }: RelayError): Remark => ({
  item,
  outcome: 'failed',
  error: name,
  message,
});

interface LookedUp {
  readonly held: Scan['held'];
  /** Failures of single names. The errors of an unavailable store are raised instead. */
  readonly failures: ReadonlyMap<string, RelayError>;
}

const lookUp = async (store: SecretStore, names: ReadonlySet<string>): Promise<LookedUp> => {
  if (names.size > MAX_INSPECTIONS) {
    return { held: new Map([...(await listHeld(store))].filter(([name]) => names.has(name))), failures: new Map() };
  }
  const held = new Map<string, string | undefined>();
  const failures = new Map<string, RelayError>();
  await pMap(
    names,
    async (name) => {
      try {
        const presence = await store.inspect(name);
        if (presence.kind === 'owned' && !presence.retired) held.set(name, presence.stamp);
      } catch (thrown) {
        const failure = asRelayError(thrown, `Looking up ${name}`);
        if (failure.retryable) throw failure;
        failures.set(name, failure);
      }
    },
    { concurrency: MAX_CONCURRENCY },
  );
  return { held, failures };
};

interface Listed {
  readonly items: readonly Item[];
  readonly complete: boolean;
}

/** Lists the items that share the narrowing label with a named one, or all items if others could share their names. */
const listAround = async (
  session: VaultSession,
  rule: SyncConfig,
  { narrowing }: AddressRules,
  named: readonly Labels[],
): Promise<Listed & { readonly remarks: readonly Remark[] }> => {
  const groups = narrow(rule.name, narrowing, named);
  if (groups === undefined) return { ...(await list(session, rule)), remarks: [] };
  const items: Item[] = [];
  const remarks: Remark[] = [];
  let complete = true;
  for (const { within, addresses } of groups) {
    try {
      const listed = await list(session, rule, within);
      complete &&= listed.complete;
      items.push(...listed.items);
    } catch (thrown) {
      await requireAnswers(session, rule);
      complete = false;
      const failure = asRelayError(thrown, `Listing around ${describeAddress(within)}`);
      remarks.push(...addresses.map((address) => remarkOn(describeAddress(address), failure)));
    }
  }
  return { items, complete, remarks };
};

const list = async (session: VaultSession, rule: SyncConfig, within?: Labels): Promise<Listed> => {
  const items: Item[] = [];
  let complete = true;
  for await (const page of session.list(rule, within)) {
    complete &&= page.complete;
    items.push(...page.items);
  }
  return { items, complete };
};

/** Raises the error of a vault that cannot list anything. If it can, the failure was caused by the name. */
const requireAnswers = async (session: VaultSession, rule: SyncConfig): Promise<void> => {
  const pages = session.list(rule)[Symbol.asyncIterator]();
  await pages.next();
  await pages.return?.();
};

/** Named items that are listed together. */
interface Group {
  readonly within: Labels;
  readonly addresses: readonly Labels[];
}

/** Undefined if everything has to be listed. */
const narrow = (
  template: string,
  narrowing: AddressRules['narrowing'],
  named: readonly Labels[],
): readonly Group[] | undefined => {
  if (narrowing === undefined || !isWholeSegment(template, narrowing.placeholders)) return undefined;
  const { label } = narrowing;
  const groups = Map.groupBy(named, (labels) => (labels[label] ?? '').toLowerCase());
  if (groups.size > MAX_NARROWED_LISTS) return undefined;
  return [...groups].map(([value, addresses]) => ({ within: { [label]: value }, addresses }));
};

interface Candidate {
  readonly item: Item;
  /** Undefined for an item without a usable name. */
  readonly name: string | undefined;
}

/**
 * Returns the named items, and those that would share a secret with one. The comparison refuses items without a usable
 * name.
 */
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
