import { TYPE_RULES } from './account-types.ts';
import { type Activity, type Performer, SYSTEM } from './activity.ts';
import type { FleetAccount, FleetGroup, FleetPolicy } from './fleet.ts';
import type { Switches } from './switches.ts';
import { type AccountSettings, type PendingRotation, VaultAccount } from './vault-account.ts';

export type VaultGroup = { -readonly [Field in keyof FleetGroup]: FleetGroup[Field] };
export type VaultPolicy = { -readonly [Field in keyof FleetPolicy]: FleetPolicy[Field] };

export interface VaultContents {
  readonly fleet: readonly FleetAccount[];
  readonly groups: readonly FleetGroup[];
  readonly policies: readonly FleetPolicy[];
  /** Seed of the credentials that changes create. */
  readonly seed: number;
}

interface Surroundings {
  readonly activity: Activity;
  readonly switches: Switches;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

const byId = <T extends { readonly id: number }>(rows: readonly T[]): Map<number, T> =>
  new Map(rows.map((row) => [row.id, { ...row }]));

/** Accounts, groups and policies, and everything that happens to an account. */
export class Vault {
  readonly accounts: Map<number, VaultAccount>;
  readonly groups: Map<number, VaultGroup>;
  readonly policies: Map<number, VaultPolicy>;
  readonly defaultGroupId: number;
  readonly #defaultPolicyId: number;
  readonly #seed: number;
  readonly #activity: Activity;
  readonly #switches: Switches;
  readonly #now: () => number;
  readonly #pending = new Set<VaultAccount>();
  #nextScheduledAt: number | undefined;

  constructor({ fleet, groups, policies, seed }: VaultContents, { activity, switches, now }: Surroundings) {
    this.accounts = new Map(fleet.map((account) => [account.id, new VaultAccount(account, seed)]));
    this.groups = byId(groups);
    this.policies = byId(policies);
    this.defaultGroupId = groups[0]?.id ?? 1;
    this.#defaultPolicyId = policies[0]?.id ?? 0;
    this.#seed = seed;
    this.#activity = activity;
    this.#switches = switches;
    this.#now = now;
  }

  isDefaultPolicy({ id }: VaultPolicy): boolean {
    return id === this.#defaultPolicyId;
  }

  /** The account's own policy, else that of its group, else the default one. */
  policyOf({ settings: { policy, groupId } }: VaultAccount): VaultPolicy {
    const named = policy ?? this.groups.get(groupId ?? 0)?.policy;
    const found =
      [...this.policies.values()].find(({ codeName }) => codeName === named) ??
      this.policies.get(this.#defaultPolicyId);
    if (found === undefined) throw new RangeError('The site has no default policy.');
    return found;
  }

  add(account: FleetAccount, by: Performer): VaultAccount {
    const added = new VaultAccount(account, this.#seed);
    this.accounts.set(added.id, added);
    this.record(added, 'Account Created', by);
    this.settingsChanged();
    return added;
  }

  remove(account: VaultAccount, by: Performer): void {
    this.accounts.delete(account.id);
    this.#pending.delete(account);
    this.record(account, 'Account Deleted', by);
  }

  nextId(): number {
    let last = 0;
    for (const id of this.accounts.keys()) last = Math.max(last, id);
    return last + 1;
  }

  /** Must follow every change of a group, a policy, or where an account belongs. */
  settingsChanged(): void {
    this.#nextScheduledAt = undefined;
  }

  changeSettings(account: VaultAccount, settings: Partial<AccountSettings>): void {
    Object.assign(account.settings, settings);
    this.settingsChanged();
  }

  /** @returns false if it is held and the policy allows one holder. */
  checkOut(account: VaultAccount, by: Performer, { data = null, at = this.#now() }: EventOptions = {}): boolean {
    const own = account.checkOutOf(by);
    if (own !== undefined && this.#switches.ownSecondCheckOut === 'refused') return false;
    if (own === undefined) {
      if (account.checkOuts.length > 0 && !this.policyOf(account).allowsSimultaneous) return false;
      account.checkOuts.push({ by, at });
    }
    account.lastCheckOutAt = at;
    this.record(account, 'Credentials Checked Out', by, { data, at });
    return true;
  }

  /** @returns false if this caller does not hold it. */
  checkIn(account: VaultAccount, by: Performer): boolean {
    const own = account.checkOutOf(by);
    if (own === undefined) return false;
    account.checkOuts.splice(account.checkOuts.indexOf(own), 1);
    this.record(account, this.#switches.eventNames.checkedIn, by);
    this.released(account);
    return true;
  }

  /** Ends the check-outs of everybody. @returns false if there is none. */
  forceCheckIn(account: VaultAccount, by: Performer): boolean {
    if (account.checkOuts.length === 0) return false;
    account.checkOuts.splice(0);
    this.record(account, this.#switches.eventNames.forceCheckedIn, by);
    this.released(account);
    return true;
  }

  /** Changes the credential at once, like a person, to this one or a new one. */
  change(account: VaultAccount, by: Performer, { at = this.#now(), credential }: ChangeOptions = {}): void {
    account.change(at, credential);
    this.record(account, 'Password Changed', by, { data: 'Manually Edited', at });
  }

  /** Schedules a rotation, unless one is pending. */
  rotate(account: VaultAccount, askedBy: Performer): void {
    this.#schedule(account, askedBy, this.#now());
    this.settle();
  }

  /** A check-out, or a session that used the credential, is over: its policy can rotate the account. */
  released(account: VaultAccount): void {
    if (TYPE_RULES[account.type].canRotate && this.policyOf(account).autoRotates) this.rotate(account, SYSTEM);
  }

  /** Makes everything happen that is due. */
  settle(): void {
    const now = this.#now();
    this.#nextScheduledAt ??= this.#earliestSchedule();
    if (this.#nextScheduledAt <= now) this.#runSchedule(now);
    for (const account of this.#pending) {
      if (account.pending !== undefined && account.pending.dueAt <= now) this.#finish(account, account.pending);
    }
  }

  record(
    { id, settings: { name } }: VaultAccount,
    eventType: string,
    performer: Performer | null,
    { data = null, at = this.#now() }: EventOptions = {},
  ): void {
    this.#activity.add({ at, eventType, accountId: id, accountName: name, performer, data });
  }

  #schedule(account: VaultAccount, askedBy: Performer, at: number): void {
    const { delayMs = this.#switches.rotationDelayMs } = account.rotation;
    account.pending ??= { dueAt: at + delayMs, askedBy };
    this.#pending.add(account);
  }

  #finish(account: VaultAccount, { dueAt, askedBy }: PendingRotation): void {
    const { result = this.#switches.rotationResult, error = this.#switches.rotationError } = account.rotation;
    const { rotated, rotationFailed } = this.#switches.eventNames;
    account.pending = undefined;
    this.#pending.delete(account);
    const performer = this.#switches.rotationPerformer === 'system' ? SYSTEM : askedBy;
    if (result === 'succeeds') {
      account.change(dueAt);
      this.#nextScheduledAt &&= Math.min(this.#nextScheduledAt, this.#scheduleOf(account));
    }
    const [eventType, data] = result === 'succeeds' ? [rotated, null] : [rotationFailed, error];
    this.record(account, eventType, performer, { data, at: dueAt });
  }

  #scheduleOf(account: VaultAccount): number {
    const { maxAgeDays } = this.policyOf(account);
    if (maxAgeDays === null || account.pending !== undefined || !TYPE_RULES[account.type].canRotate) return Infinity;
    return (account.changedAt ?? 0) + maxAgeDays * DAY_MS;
  }

  #earliestSchedule(): number {
    if ([...this.policies.values()].every(({ maxAgeDays }) => maxAgeDays === null)) return Infinity;
    let earliest = Infinity;
    for (const account of this.accounts.values()) earliest = Math.min(earliest, this.#scheduleOf(account));
    return earliest;
  }

  #runSchedule(now: number): void {
    for (const account of this.accounts.values()) {
      if (this.#scheduleOf(account) <= now) this.#schedule(account, SYSTEM, now);
    }
    this.settingsChanged();
  }
}

interface EventOptions {
  readonly data?: string | null;
  readonly at?: number;
}

interface ChangeOptions {
  readonly at?: number;
  readonly credential?: string;
}
