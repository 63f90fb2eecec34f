import type { Collection, CollectionAccess, Group, Listed, Member, Policy } from '#shared/connections/directory.ts';
import type { Declared } from '#shared/domain/directory/declared.ts';
import type { RemovalLimits } from '#shared/domain/directory/removals.ts';
import type { Budget, Ownership, Person } from '#shared/domain/directory/state.ts';

/** Common parts of a plan. Pure. */

/** A day in milliseconds. */
export const DAY_MS = 86_400_000;

interface DeclaredPolicy {
  /** Number of the policy, as the directory has it. */
  readonly type: number;
  readonly enabled: boolean;
  /** Settings that are compared. Others stay. */
  readonly data: Readonly<Record<string, unknown>>;
  /** True to write it. Some policies revoke the members who do not comply. */
  readonly apply: boolean;
}

/** Content of a directory, as listed. */
export interface Observed {
  /** Time before the lists were read, epoch milliseconds. */
  readonly listedAt: number;
  readonly members: Listed<Member>;
  readonly groups: Listed<Group>;
  readonly collections: Listed<Collection>;
  /** Undefined if no policy is declared. */
  readonly policies: Listed<Policy> | undefined;
  /** Ids of the members of groups, by the id of the group. A group whose members are not known is missing. */
  readonly membersOf: ReadonlyMap<string, readonly string[]>;
  readonly freeSeats: number | undefined;
}

/** Records of the relay. */
export interface Remembered {
  readonly ownership: Ownership;
  /** By e-mail address. */
  readonly people: ReadonlyMap<string, Person>;
  readonly budget: Budget | undefined;
}

export interface PlanRules {
  readonly relay: string;
  readonly rule: string;
  readonly removals: RemovalLimits & { readonly graceDays: number };
  readonly reinvite: { readonly afterDays: number; readonly maxTimes: number } | undefined;
  readonly policies: readonly DeclaredPolicy[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Everything that the parts of a plan share. */
export interface Planning extends PlanRules, Remembered {
  readonly declared: Declared;
  readonly observed: Observed;
  /** False if another connector has marked a member or group. Ownership is then in the records alone. */
  readonly marks: boolean;
  /** Reason why nothing may be removed. */
  readonly mayNotRemove: string | undefined;
  /** Returns the access with ids of collections; undefined if a collection does not exist or is not known. */
  readonly resolve: (access: Declared['members'][number]['collections']) => readonly CollectionAccess[] | undefined;
}

const textOf = (access: readonly CollectionAccess[]): string =>
  access
    .map((one) => [one.collection, one.readOnly, one.hidePasswords, one.manage].join(' '))
    .toSorted()
    .join('\n');

/** True if both lists give the same access, in any order. Pure. */
export const isSameAccess = (one: readonly CollectionAccess[], other: readonly CollectionAccess[]): boolean =>
  textOf(one) === textOf(other);
