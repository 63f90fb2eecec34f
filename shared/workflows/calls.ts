import * as z from 'zod';

/** Calls of a run to each side, including repeated ones. Steps that failed are not counted. */
export const callsSchema = z.object({ vault: z.int(), store: z.int() });
export type Calls = z.infer<typeof callsSchema>;

export const NO_CALLS: Calls = { vault: 0, store: 0 };

export const addCalls = (one: Calls, other: Calls): Calls => ({
  vault: one.vault + other.vault,
  store: one.store + other.store,
});
