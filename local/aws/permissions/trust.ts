import * as z from 'zod';
import { type Context, isMet } from './evaluate.ts';
import { type Condition, conditionsSchema } from './statement.ts';

/** One statement of a role's trust policy. Unsupported elements are rejected, never skipped. */
export interface TrustStatement {
  readonly effect: 'Allow' | 'Deny';
  /** ARNs of principals, and accounts. */
  readonly principals: readonly string[];
  readonly conditions: readonly Condition[];
}

/** A caller as trust policies see it. */
export interface Principal {
  readonly account: string;
  /** ARN of the user or role. */
  readonly arn: string;
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const trustSchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.union([z.array(z.unknown()), z.unknown().transform((one) => [one])]).pipe(
    z.array(
      z.strictObject({
        Sid: z.string().optional(),
        Effect: z.enum(['Allow', 'Deny']),
        Principal: z.strictObject({ AWS: texts }),
        Action: z.literal('sts:AssumeRole'),
        Condition: conditionsSchema,
      }),
    ),
  ),
});

/**
 * Parses a trust policy for principals of AWS accounts.
 * @throws for an unsupported element, condition operator or condition key.
 */
export const parseTrustPolicy = (document: unknown): TrustStatement[] =>
  trustSchema.parse(document).Statement.map(({ Effect, Principal, Condition }) => ({
    effect: Effect,
    principals: Principal.AWS,
    conditions: Condition,
  }));

/** True if a trust policy lets a principal assume the role with this context. */
export const isTrusted = (trust: readonly TrustStatement[], principal: Principal, context: Context): boolean => {
  const matching = trust.filter(
    ({ principals, conditions }) =>
      principals.some((named) => names(named, principal)) &&
      conditions.every((condition) => isMet(condition, context[condition.key])),
  );
  return matching.length > 0 && matching.every(({ effect }) => effect === 'Allow');
};

/** An account, as its number or as the ARN of its root, stands for all of its principals. */
const names = (named: string, { account, arn }: Principal): boolean =>
  named === '*' || named === account || named === `arn:aws:iam::${account}:root` || named === arn;
