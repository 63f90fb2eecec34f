import { hash } from 'node:crypto';
import type { SimulatedPerson } from './people.ts';

/** An access session, in which a person used or checked out the credential of an account. */
export interface TargetSession {
  /** 32 hex digits. */
  readonly lsid: string;
  /** Number of the session at the site. */
  readonly number: number;
  readonly person: SimulatedPerson;
  readonly accountId: number;
  readonly startedAt: number;
  endedAt: number | null;
}

/** All access sessions since the start of the site. */
export class TargetSessions {
  readonly all: TargetSession[] = [];

  start(person: SimulatedPerson, accountId: number, startedAt: number): TargetSession {
    const number = this.all.length + 1;
    const lsid = hash('sha256', `session ${number}`).slice(0, 32);
    const session = { lsid, number, person, accountId, startedAt, endedAt: null };
    this.all.push(session);
    return session;
  }

  /** @throws RangeError if there is no such session that runs. */
  end(lsid: string, endedAt: number): TargetSession {
    const session = this.all.find((one) => one.lsid === lsid && one.endedAt === null);
    if (session === undefined) throw new RangeError(`There is no running session ${lsid}.`);
    session.endedAt = endedAt;
    return session;
  }
}
