import { RelayError } from '#shared/errors.ts';
import { type Ending, type OldCheckoutsState, oldCheckoutsAt } from '#shared/records/old-checkouts-record.ts';
import { changeRecord, type SharedRecords } from '#shared/records/shared-record.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';

/** The state of a rule, which one invocation at a time works on. All calls raise as {@link changeRecord}. */
export interface Ledger {
  /** The state as the invocation has found it. */
  readonly found: OldCheckoutsState;
  /** Records what becomes of a checkout; `undefined` removes it. */
  record(key: string, ending: Ending | undefined): Promise<void>;
  /** Ends the invocation. Removes the checkouts except `left`. `told` replaces the failures that people know. */
  finish(left: ReadonlySet<string>, told: Readonly<Record<string, string>>): Promise<void>;
  /** Ends the invocation. The next one finds what this one has recorded. */
  release(): Promise<void>;
}

export interface LedgerOptions {
  readonly records: SharedRecords;
  readonly rule: string;
  /** Unique for each invocation. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const EMPTY: OldCheckoutsState = { writes: 0, endings: {}, told: {} };

/** Takes the state of a rule. Undefined while another invocation has it. */
export const openLedger = async ({ records, rule, id, now }: LedgerOptions): Promise<Ledger | undefined> => {
  const place = oldCheckoutsAt.state(rule);
  const found = await changeRecord<OldCheckoutsState, OldCheckoutsState | undefined>(records, place, (known) => {
    const state = known ?? EMPTY;
    const { active } = state;
    if (active !== undefined && active.id !== id && now() < active.until) return { result: undefined };
    const next = { ...state, writes: state.writes + 1, active: { id, until: now() + MAX_INVOCATION_MS } };
    return { next, result: state };
  });
  if (found === undefined) return undefined;

  const change = (decide: (state: OldCheckoutsState) => Omit<OldCheckoutsState, 'writes'>): Promise<void> =>
    changeRecord<OldCheckoutsState, void>(records, place, (state) => {
      if (state?.active?.id === id) return { next: { ...decide(state), writes: state.writes + 1 }, result: undefined };
      throw new RelayError('OutOfTime', `Another run works on ${place.key} by now. It continues.`);
    });

  return {
    found,
    record: (key, ending) =>
      change(({ endings: { [key]: _, ...others }, ...state }) => ({
        ...state,
        endings: ending === undefined ? others : { ...others, [key]: ending },
      })),
    finish: (left, told) =>
      change(({ endings }) => ({
        endings: Object.fromEntries(Object.entries(endings).filter(([key]) => left.has(key))),
        told: { ...told },
      })),
    release: () => change(({ active: _, ...state }) => state),
  };
};
