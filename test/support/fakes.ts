import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source } from '#shared/connections/vault.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { Delivery, Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';

/** Records in memory, stored as JSON text so that what does not survive JSON does not survive here either. */
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

/** Records that are made once, among other records and notes in memory. */
export const memoryClaims = (
  { objects }: Pick<ReturnType<typeof memoryRecords>, 'objects'>,
  { keys }: Pick<ReturnType<typeof memoryNotes>, 'keys'>,
): Claims => ({
  async claim({ key, schema }, record) {
    const text = objects.get(key) ?? JSON.stringify(record);
    objects.set(key, text);
    // In the bucket it is the same object.
    keys.add(key);
    return schema.parse(JSON.parse(text));
  },
});

/** Notes in memory; `keys` is what lies there. */
export const memoryNotes = () => {
  const keys = new Set<string>();
  const notes: Notes = {
    async put(key) {
      keys.add(key);
    },
    async remove(key) {
      keys.delete(key);
    },
    list: async (prefix) => [...keys].filter((key) => key.startsWith(prefix)),
  };
  return { ...notes, keys };
};

/** What follows from a rule by the type of connection that the configurations of the tests have. */
export const rulesOf = (rule: Source): SourceRules => {
  const source = passwordSafe.sources[rule.source];
  if (source === undefined) throw new RangeError(`There is no source ${rule.source}.`);
  return source.rules(rule);
};

/** A store in memory that remembers what was delivered and retired. */
export const fakeStore = (secrets: readonly StoredSecret[] = []) => {
  const presences = new Map<string, Presence>(
    secrets.map(({ name, stamp }) => [name, { kind: 'owned', stamp, retired: false }]),
  );
  const values = new Map<string, Secret<SecretContent>>();
  const deliveries: Delivery[] = [];
  const retired: string[] = [];
  const failures = new Map<string, ErrorName>();
  const failIfTold = (name: string): void => {
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
      failIfTold(delivery.name);
      deliveries.push(delivery);
      presences.set(delivery.name, { kind: 'owned', stamp: delivery.stamp, retired: false });
      values.set(delivery.name, delivery.value);
      return { changed: true, verified: 'read-back' };
    },
    async retire(name) {
      failIfTold(name);
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
  };
};
