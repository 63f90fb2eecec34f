import type { Claims } from '#shared/records/ids.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { memoryClaims, memoryNotes, memoryRecords } from '#test/support/fakes.ts';

/** The records bucket in memory. Records and notes are objects of one bucket: whoever lists sees both. */
export interface MortalBucket {
  readonly records: Records & { readonly objects: ReadonlyMap<string, string> };
  readonly notes: Notes & { readonly keys: ReadonlySet<string> };
  readonly claims: Claims;
  /** Its lifecycle takes away what is old enough. */
  forget(isOld: (key: string) => boolean): void;
}

export const createMortalBucket = (): MortalBucket => {
  const memory = memoryRecords();
  const notes = memoryNotes();
  const records = {
    ...memory,
    async write<T>(place: RecordPlace<T>, record: T) {
      await memory.write(place, record);
      notes.keys.add(place.key);
    },
  };
  return {
    records,
    notes,
    claims: memoryClaims(memory, notes),
    forget(isOld) {
      for (const key of [...notes.keys].filter(isOld)) {
        notes.keys.delete(key);
        memory.objects.delete(key);
      }
    },
  };
};
