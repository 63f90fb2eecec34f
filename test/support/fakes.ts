import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { OpenBatches } from '#shared/limits/open-batches.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { ABSENT, type RemovableRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { Delivery, Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';

/** Records in memory, stored as JSON text like in the bucket. */
export const memoryRecords = () => {
  const objects = new Map<string, string>();
  const records: Records = {
    async read<T>({ key, schema }: RecordPlace<T>) {
      const text = objects.get(key);
      return text === undefined ? undefined : schema.parse(JSON.parse(text));
    },
    async write({ key }, record) {
      objects.set(key, JSON.stringify(record));
    },
  };
  return { ...records, objects };
};

/** Pages in memory, by key. */
export const memoryPages = () => {
  const written = new Map<string, string>();
  const pages: Pages = {
    async write(key, html) {
      written.set(key, html);
    },
  };
  return { ...pages, written };
};

/** Shared records in memory. The version of a record is its number of writes. */
export const memorySharedRecords = () => {
  const states = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  const shared: RemovableRecords = {
    async read<T>({ key, schema }: RecordPlace<T>) {
      const state = states.get(key);
      return state && { record: schema.parse(JSON.parse(state.text)), version: state.version };
    },
    async replace({ key }, record, expected) {
      if ((states.get(key)?.version ?? ABSENT) !== expected) return undefined;
      const version = String(++writes);
      states.set(key, { text: JSON.stringify(record), version });
      return version;
    },
    async list(prefix) {
      return [...states].flatMap(([key, { version }]) => (key.startsWith(prefix) ? [{ key, version }] : []));
    },
    async remove({ key }, expected) {
      return states.get(key)?.version === expected && states.delete(key);
    },
  };
  return { ...shared, states };
};

/** Open batches that admit every batch at once, and record the calls. */
export const memoryOpenBatches = () => {
  const calls: string[] = [];
  const openBatches: OpenBatches = {
    enter: async (id) => void calls.push(`enter ${id}`),
    leave: async (id) => void calls.push(`leave ${id}`),
  };
  return { ...openBatches, calls };
};

/** Claims in memory, stored with the given records and signals. */
export const memoryClaims = (
  { objects }: Pick<ReturnType<typeof memoryRecords>, 'objects'>,
  { keys }: Pick<ReturnType<typeof memorySignals>, 'keys'>,
): Claims => ({
  async claim({ key, schema }, record) {
    const existing = objects.get(key);
    if (existing !== undefined) return schema.parse(JSON.parse(existing));
    objects.set(key, JSON.stringify(record));
    // In the bucket, the record and its listed key are one object.
    keys.add(key);
    return record;
  },
});

/** Signals in memory. `keys` holds those that exist. */
export const memorySignals = () => {
  const keys = new Set<string>();
  const signals: Signals = {
    async put(key) {
      keys.add(key);
    },
    async remove(key) {
      keys.delete(key);
    },
    list: async (prefix) => [...keys].filter((key) => key.startsWith(prefix)),
  };
  return { ...signals, keys };
};

/** The source rules of a rule, with a Password Safe connection. */
export const rulesOf = (rule: Source): SourceRules => {
  const source = passwordSafe.sources[rule.source];
  if (source === undefined) throw new RangeError(`Password Safe has no source ${rule.source}.`);
  return source.rules(rule);
};

/** A store in memory that records deliveries and retirements. */
export const fakeStore = (secrets: readonly StoredSecret[] = []) => {
  const presences = new Map<string, Presence>(
    secrets.map(({ name, stamp }) => [name, { kind: 'owned', stamp, retired: false }]),
  );
  const values = new Map<string, Secret<SecretContent>>();
  const deliveries: Delivery[] = [];
  const retired: string[] = [];
  const failures = new Map<string, ErrorName>();
  const failIfConfigured = (name: string): void => {
    const failure = failures.get(name);
    if (failure !== undefined) throw new RelayError(failure, `${failure} for ${name}`);
  };
  const store: SecretStore = {
    async *list() {
      yield [...presences].flatMap(([name, presence]) =>
        presence.kind === 'owned' ? { name, stamp: presence.stamp } : [],
      );
    },
    inspect: async (name) => presences.get(name) ?? { kind: 'absent' },
    holds: async (name, value) => values.get(name)?.equals(value) ?? false,
    async deliver(delivery) {
      failIfConfigured(delivery.name);
      await delivery.beforeWrite?.();
      deliveries.push(delivery);
      presences.set(delivery.name, { kind: 'owned', stamp: delivery.stamp, retired: false });
      values.set(delivery.name, delivery.value);
      return { changed: true, verified: 'read-back' };
    },
    async retire(name) {
      failIfConfigured(name);
      retired.push(name);
      return presences.delete(name);
    },
    adoption: (name) => `adopt ${name}`,
  };
  return {
    store,
    presences,
    values,
    deliveries,
    retired,
    fail: (name: string, error: ErrorName) => failures.set(name, error),
    /** Removes all configured failures. */
    heal: () => failures.clear(),
  };
};

/** Context of a store whose writes are not paced, and that signs in to AWS only. */
export const UNPACED = {
  session: 'sdr',
  pace: undefined,
  connect: () => {
    throw new RelayError('Unexpected', 'The test has no remote store.');
  },
  tokens: {
    tokenFor: async (audience: string) => {
      throw new RelayError('Unexpected', `The test has no web identity token for ${audience}.`);
    },
  },
  remainingMs: () => 900_000,
  onCall: () => {},
} as const;
