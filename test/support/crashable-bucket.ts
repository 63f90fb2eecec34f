import type { Claims } from '#shared/records/ids.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import { memoryClaims, memoryRecords, memorySignals } from '#test/support/fakes.ts';

/** The records bucket in memory. Records and signals are objects of one bucket, so a list contains both. */
export interface CrashableBucket {
  readonly records: Records & { readonly objects: ReadonlyMap<string, string> };
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
  return {
    records,
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
