import type { DirectorySession } from '#shared/connections/directory.ts';
import type { Person } from '#shared/domain/directory/state.ts';
import { RelayError } from '#shared/errors.ts';
import { directoryAt } from '#shared/records/directory-records.ts';
import { changeOrRemove, REMOVED, type RemovableRecords } from '#shared/records/shared-record.ts';

/** Records of people. One process at a time works on a person: a run, or a message. */

/** The work of a dead process is continued after it. */
const MAX_HOLD_MS = 120_000;

/** Time before the end of a hold at which its calls are aborted. Clocks differ, and a call can still be on its way. */
const MARGIN_MS = 10_000;

export interface PersonPlace {
  readonly session: DirectorySession;
  readonly records: RemovableRecords;
  readonly rule: string;
  readonly email: string;
  /** Run, or id of the message. The same one may continue. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Another process works on the person. It is done in a moment, unlike other reasons for `LimitReached`. */
export class PersonBusy extends RelayError {
  constructor(email: string) {
    super('LimitReached', `Another process works on ${email}. It is tried again.`);
  }
}

export interface HeldPerson {
  /** The record as it was found. */
  readonly found: Person;
  /** Writes what changed. Also proves that the person is still held. */
  change(decide: (person: Person) => Person): Promise<void>;
  /**
   * Session for the work on this person. Its calls are over before another process can take the person over, however
   * long the directory delays them.
   */
  readonly session: DirectorySession;
  /** End of the hold, in epoch milliseconds. Calls of the session have no effect after it. */
  readonly until: number;
}

/**
 * Works on a person while no other process does. Raises `PersonBusy` while another one has it. The record goes when
 * nothing is going on any more.
 */
export const withPerson = async <T>(place: PersonPlace, work: (person: HeldPerson) => Promise<T>): Promise<T> => {
  const { email, by, now } = place;
  let until = 0;
  const found = await changePerson(place, (person) => {
    if (person.working !== undefined && person.working.by !== by && now() < person.working.until) return 'busy';
    until = now() + MAX_HOLD_MS;
    return { ...person, working: { by, until } };
  });
  if (found === 'busy') throw new PersonBusy(email);
  const lost = (): RelayError =>
    new RelayError('OutOfTime', `Another process can work on ${email} by now. The next run continues.`);
  const requireHeld = (): void => {
    if (now() >= until) throw lost();
  };
  const release = () =>
    changePerson(place, (person) => {
      const { working, ...free } = person;
      return working?.by === by ? free : person;
    });
  try {
    const result = await work({
      found,
      session: place.session.until(until - MARGIN_MS),
      until,
      async change(decide) {
        requireHeld();
        const isOurs = await changePerson(place, (person) => (person.working?.by === by ? decide(person) : 'busy'));
        if (isOurs === 'busy') throw lost();
      },
    });
    await release();
    return result;
  } catch (thrown) {
    // A person that is not released is free after a while.
    await release().catch(() => {});
    throw thrown;
  }
};

/** Changes the record of a person, and returns it. `busy` leaves it. */
const changePerson = (
  { records, rule, email }: PersonPlace,
  decide: (person: Person) => Person | 'busy',
): Promise<Person | 'busy'> =>
  changeOrRemove<Person, Person | 'busy'>(records, directoryAt.person(rule, email), (current) => {
    const person = current ?? { writes: 0, email };
    const next = decide(person);
    if (next === 'busy') return { result: 'busy' };
    if (isIdle(next)) return { next: current === undefined ? undefined : REMOVED, result: next };
    return { next: { ...next, writes: person.writes + 1 }, result: next };
  });

/** True if nothing is going on about a person, so that there is no record of it. Pure. */
export const isIdle = ({ working, inviting, made, leaving, keptUntil, word, invited }: Person): boolean =>
  [working, inviting, made, leaving, keptUntil, word, invited].every((part) => part === undefined);
