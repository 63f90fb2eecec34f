import type { EventHistory, LoggedEvent } from './events.ts';
import { guidFor } from './ids.ts';

export interface HistoryOptions {
  readonly events: number;
  /** Times of the first event and of the end of the history, in milliseconds. */
  readonly from: number;
  readonly to: number;
  /** The same seed generates the same events. */
  readonly seed: number;
  /** Neighbouring events that have the same date. Default 1. */
  readonly perDate?: number;
  /** User ids of the people who act. Default: three that belong to no member. */
  readonly userIds?: readonly string[];
}

/** Daily work of people: sign-ins, and items that they use. */
const KINDS = [
  { type: 1000, device: 9 },
  { type: 1107, device: 2, isOfItem: true },
  { type: 1111, device: 3, isOfItem: true },
  { type: 1114, device: 2, isOfItem: true },
  { type: 1005, device: 8 },
  { type: 1101, device: 7, isOfItem: true },
] as const;

const ITEMS = 97;

/** Creates a history whose events are computed when they are read, so that a million take no memory. */
export const createHistory = ({ events, from, to, seed, perDate = 1, userIds }: HistoryOptions): EventHistory => {
  const people = userIds ?? [1, 2, 3].map((number) => guidFor(seed, 'user', number));
  const items = Array.from({ length: ITEMS }, (_, index) => guidFor(seed, 'item', index));
  const spanUs = (to - from) * 1000;
  return {
    count: events,
    at(index): LoggedEvent {
      const first = index - (index % perDate);
      const kind = KINDS[(index * 7 + seed) % KINDS.length] ?? KINDS[0];
      const actingUserId = people[(index * 5 + seed) % people.length];
      const itemId = 'isOfItem' in kind ? items[(index * 31) % ITEMS] : undefined;
      return {
        type: kind.type,
        date: from * 1000 + Math.floor((first * spanUs) / events),
        device: kind.device,
        ipAddress: `192.0.2.${index % 250}`,
        ...(actingUserId !== undefined && { actingUserId }),
        ...(itemId !== undefined && { itemId }),
      };
    },
  };
};
