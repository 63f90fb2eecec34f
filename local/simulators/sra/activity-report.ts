import type { ActivityEvent } from './activity.ts';
import { readWindow } from './report-windows.ts';
import type { Site } from './site.ts';
import type { Switches } from './switches.ts';
import { element, leaf } from './xml.ts';

/** Rows of a report, or the text of its error. */
export type Rows = readonly string[] | string;

type Filter = (event: ActivityEvent) => boolean;

/** `all`, the events of a person, or those of an account. */
const limitOf = (text: string): Filter | undefined => {
  if (text === 'all') return () => true;
  const [, subject, id] = text.match(/^(rep|account):(\d{1,10})$/) ?? [];
  if (subject === undefined) return undefined;
  return subject === 'account'
    ? ({ accountId }) => accountId === Number(id)
    : ({ performer }) => performer?.type === 'user' && performer.id === Number(id);
};

const row = ({ at, eventType, accountName, performer, data }: ActivityEvent, switches: Switches): string =>
  element('vault_account_activity', { timestamp: Math.floor(at / 1000), event_type: eventType, account: accountName }, [
    ...(performer === null || switches.performedBy === 'absent'
      ? []
      : [leaf('performed_by', performer.name, { id: performer.id, type: switches.performerTypes[performer.type] })]),
    ...(data === null || switches.data === 'absent' ? [] : [leaf('data', data)]),
  ]);

/** Events of the Vault, which name accounts and not their ids. */
export const activityRows = ({ activity, switches, now }: Site, parameters: URLSearchParams): Rows => {
  const window = readWindow(parameters, now());
  if (typeof window === 'string') return window;
  const isWanted = limitOf(parameters.get('limit') ?? 'all');
  if (isWanted === undefined) return 'The limit is invalid.';
  const isWithin = (second: number) => second >= window.from && second <= window.to;
  const rows = activity
    .all()
    .filter((event) => isWithin(Math.floor(event.at / 1000) * 1000) && isWanted(event))
    .map((event) => row(event, switches));
  return rows.length > 0 ? rows : 'No vault account activity matching your chosen criteria is available.';
};
