import { isLike } from './operators.ts';
import type { Condition, Statement } from './statement.ts';

/** One thing that a call needs to be allowed to do: most calls need one, some need several. */
export interface Need {
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** The ARN of what it is done to; `*` for what is done to nothing in particular. */
  readonly resource: string;
  readonly context?: Context;
}

/** What a service tells IAM about a call, by condition key. A key that is left out does not exist in the call. */
export type Context = Readonly<Record<string, readonly string[]>>;

/** One action on one resource of an Allow, under its conditions: the smallest thing that can be taken away. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

export type Decision =
  | { readonly kind: 'allowed'; readonly by: Grant }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'denied' };

/** IAM's rule for one identity: what is denied is denied, what is allowed is allowed, and all else is not. */
export const evaluate = (statements: readonly Statement[], need: Need): Decision => {
  if (grantsOf(statements, 'Deny').some((grant) => covers(grant, need))) return { kind: 'denied' };
  const by = grantsOf(statements, 'Allow').find((grant) => covers(grant, need));
  return by === undefined ? { kind: 'not-allowed' } : { kind: 'allowed', by };
};

export const grantsOf = (statements: readonly Statement[], effect: Statement['effect']): Grant[] =>
  statements
    .filter((statement) => statement.effect === effect)
    .flatMap(({ actions, resources, conditions }) =>
      actions.flatMap((action) => resources.map((resource) => ({ action, resource, conditions }))),
    );

const covers = (grant: Grant, { action, resource, context = {} }: Need): boolean =>
  isLike(action.toLowerCase(), grant.action.toLowerCase()) &&
  isLike(resource, grant.resource) &&
  grant.conditions.every((condition) => isMet(condition, context[condition.key]));

const isMet = ({ quantifier, holds, ifExists, values }: Condition, given: readonly string[] | undefined): boolean => {
  const matches = (value: string) => values.some((wanted) => holds(value, wanted));
  if (quantifier === 'ForAllValues') return (given ?? []).every(matches);
  if (given === undefined) return ifExists;
  return given.some(matches);
};
