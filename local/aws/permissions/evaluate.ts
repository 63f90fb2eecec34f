import { isLike } from './operators.ts';
import type { Condition, Statement } from './statement.ts';

/** One permission that a call needs. Most calls need one, some need several. */
export interface Need {
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN of the resource, or `*` for an action without a resource. */
  readonly resource: string;
  readonly context?: Context;
}

/** The context that a service passes to IAM, by condition key. An omitted key is not in the context. */
export type Context = Readonly<Record<string, readonly string[]>>;

/** One action on one resource of a statement, with its conditions: the smallest unit that can be removed. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

export type Decision =
  | { readonly kind: 'allowed'; readonly by: Grant }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'denied' };

/** IAM's rule for one identity: an explicit deny wins, then an allow. Everything else is denied implicitly. */
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

/** True if the values that a call has for a condition's key meet it. Undefined if the key is not in the context. */
export const isMet = (
  { quantifier, holds, ifExists, values }: Condition,
  given: readonly string[] | undefined,
): boolean => {
  const matches = (value: string) => values.some((wanted) => holds(value, wanted));
  if (quantifier === 'ForAllValues') return (given ?? []).every(matches);
  if (given === undefined) return ifExists;
  return given.some(matches);
};
