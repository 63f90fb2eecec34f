import type { Claims } from '#shared/records/ids.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { ABSENT, type RemovableRecords } from '#shared/records/shared-record.ts';
import type { Signals } from '#shared/records/signals.ts';
import { memoryClaims, memoryRecords, memorySignals } from '#test/support/fakes.ts';

/** The records bucket in memory. All records and signals are objects of one bucket, so a list contains them. */
export interface CrashableBucket {
  readonly records: Records & { readonly objects: ReadonlyMap<string, string> };
  /** The version of a record is its text. */
  readonly shared: RemovableRecords;
  readonly signals: Signals & { readonly keys: ReadonlySet<string> };
  readonly claims: Claims;
  /** Expires old objects, like the lifecycle rule of the bucket. */
  forget(isOld: (key: string) => boolean): void;
}

export const createCrashableBucket = (): CrashableBucket => {
  const memory = memoryRecords();
  const signals = memorySignals();
  const records = {
    ...memory,
    async write<T>(place: RecordPlace<T>, record: T) {
      await memory.write(place, record);
      signals.keys.add(place.key);
    },
  };
  const shared: RemovableRecords = {
    async read<T>(place: RecordPlace<T>) {
      const version = memory.objects.get(place.key);
      return version === undefined ? undefined : { record: place.schema.parse(JSON.parse(version)), version };
    },
    async replace(place, record, expected) {
      if ((memory.objects.get(place.key) ?? ABSENT) !== expected) return undefined;
      await records.write(place, record);
      return memory.objects.get(place.key);
    },
    list: async (prefix) =>
      [...memory.objects].flatMap(([key, version]) => (key.startsWith(prefix) ? [{ key, version }] : [])),
    async remove({ key }, expected) {
      if (memory.objects.get(key) !== expected) return false;
      signals.keys.delete(key);
      return memory.objects.delete(key);
    },
  };
  return {
    records,
    shared,
    signals,
    claims: memoryClaims(memory, signals),
    forget(isOld) {
      for (const key of [...signals.keys].filter(isOld)) {
        signals.keys.delete(key);
        memory.objects.delete(key);
      }
    },
  };
};
