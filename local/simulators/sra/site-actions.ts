import { type ActivityEvent, type Performer, SYSTEM } from './activity.ts';
import { performerOf, personNamed } from './people.ts';
import type { Site } from './site.ts';
import type { TargetSession } from './target-sessions.ts';
import type { AccountSettings, RotationBehaviour, VaultAccount } from './vault-account.ts';

/** An account with everything that a test or the sandbox shows. */
interface AccountView {
  readonly id: number;
  readonly kind: VaultAccount['kind'];
  readonly type: VaultAccount['type'];
  readonly name: string;
  readonly userName: string | null;
  readonly groupId: number | null;
  readonly groupName: string | null;
  /** Code name of the effective policy. */
  readonly effectivePolicy: string;
  readonly autoRotates: boolean;
  readonly credential: string;
  readonly canary: string;
  readonly changedAt: number | null;
  /** Names of those who hold it. */
  readonly heldBy: readonly string[];
}

/** One open check-out. */
interface OpenCheckOut {
  readonly accountId: number;
  readonly accountName: string;
  readonly by: Performer;
  readonly since: number;
}

/** Acts of people and of the system, past the network. */
export interface SiteActions {
  /** All accounts with their current credential, canary and date. */
  accounts(): readonly AccountView[];
  credentialOf(accountId: number): string;
  /** Changes a credential by hand and returns the new one. `at` defaults to now. */
  changeCredential(accountId: number, at?: number): string;
  /** Number of changes of a credential since the start, by any way. */
  changesOf(accountId: number): number;
  /** Behaviour of the rotations of an account, which a test can set. */
  rotationOf(accountId: number): RotationBehaviour;
  changeAccount(accountId: number, settings: Partial<AccountSettings>): void;
  /** Open check-outs of everybody, or of one API account or person by name. */
  checkedOut(by?: string): readonly OpenCheckOut[];
  /** Checks an account out as a person. With a session, the event names it. @throws if it is held. */
  checkOutAs(userName: string, accountId: number, lsid?: string): void;
  checkInAs(userName: string, accountId: number): void;
  /** Starts a session of a person that uses the credential of an account, which is no check-out. */
  startSession(userName: string, accountId: number): TargetSession;
  endSession(lsid: string): void;
  sessions(): readonly TargetSession[];
  /** Adds an event to the activity report. Default: of the account, by the system, now, without data. */
  addEvent(accountId: number, eventType: string, event?: Partial<ActivityEvent>): void;
  /** Events that the report still shows. */
  activity(): readonly ActivityEvent[];
}

export const actionsOf = (site: Site): SiteActions => {
  const { vault, activity, targetSessions, people, now } = site;
  const accountOf = (accountId: number): VaultAccount => {
    vault.settle();
    const account = vault.accounts.get(accountId);
    if (account === undefined) throw new RangeError(`There is no account ${accountId}.`);
    return account;
  };
  const viewOf = (account: VaultAccount): AccountView => {
    const { id, kind, type, settings, credential, canary, changedAt, checkOuts } = account;
    const policy = vault.policyOf(account);
    return {
      id,
      kind,
      type,
      name: settings.name,
      userName: settings.userName,
      groupId: settings.groupId,
      groupName: vault.groups.get(settings.groupId ?? 0)?.name ?? null,
      effectivePolicy: policy.codeName,
      autoRotates: policy.autoRotates,
      credential,
      canary,
      changedAt,
      heldBy: checkOuts.map(({ by }) => by.name),
    };
  };
  const performer = (userName: string) => performerOf(personNamed(people, userName));
  return {
    accounts() {
      vault.settle();
      return [...vault.accounts.values()].map(viewOf);
    },
    credentialOf: (accountId) => accountOf(accountId).credential,
    changeCredential(accountId, at = now()) {
      const account = accountOf(accountId);
      vault.change(account, performer(people[0]?.userName ?? ''), { at });
      return account.credential;
    },
    changesOf: (accountId) => accountOf(accountId).changeCount,
    rotationOf: (accountId) => accountOf(accountId).rotation,
    changeAccount: (accountId, settings) => vault.changeSettings(accountOf(accountId), settings),
    checkedOut: (name) =>
      [...vault.accounts.values()].flatMap(({ id, settings, checkOuts }) =>
        checkOuts
          .filter(({ by }) => name === undefined || by.name === name)
          .map(({ by, at }) => ({ accountId: id, accountName: settings.name, by, since: at })),
      ),
    checkOutAs(userName, accountId, lsid) {
      const isOut = vault.checkOut(accountOf(accountId), performer(userName), lsid === undefined ? {} : { data: lsid });
      if (!isOut) throw new RangeError(`Account ${accountId} is held.`);
    },
    checkInAs(userName, accountId) {
      if (!vault.checkIn(accountOf(accountId), performer(userName))) {
        throw new RangeError(`${userName} does not hold account ${accountId}.`);
      }
    },
    startSession(userName, accountId) {
      const account = accountOf(accountId);
      const session = targetSessions.start(personNamed(people, userName), accountId, now());
      vault.record(account, 'Credentials Used', performer(userName), { data: session.lsid });
      return session;
    },
    endSession: (lsid) => vault.released(accountOf(targetSessions.end(lsid, now()).accountId)),
    sessions: () => targetSessions.all,
    addEvent(accountId, eventType, event = {}) {
      const { settings } = accountOf(accountId);
      const usual = { at: now(), accountId, accountName: settings.name, performer: SYSTEM, data: null };
      activity.add({ ...usual, eventType, ...event });
    },
    activity: () => activity.all(),
  };
};
