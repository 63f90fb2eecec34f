import * as z from 'zod';
import { OPERATOR, type Operator } from './operators.ts';

/** One statement of a policy, with everything in it known: a word that is not understood here is no word to skip. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Condition {
  /** As the policy writes it, such as `ForAllValues:StringLikeIfExists`. */
  readonly operator: string;
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly holds: Operator;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
/** Policy variables would have to be filled in. */
const plainTexts = texts.refine((all) => !all.some((text) => text.includes('${')), 'holds a policy variable');

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts,
  Resource: plainTexts,
  Condition: z.record(z.string(), z.record(z.string(), plainTexts)).default({}),
});

const documentSchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

/**
 * Reads the document of an identity-based policy, references resolved.
 * @throws for an element, a condition operator or a condition key that is not known here.
 */
export const parsePolicy = (document: unknown): Statement[] =>
  documentSchema.parse(document).Statement.map(({ Effect, Action, Resource, Condition }) => ({
    effect: Effect,
    actions: Action,
    resources: Resource,
    conditions: Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => toCondition(operator, key, values)),
    ),
  }));

const OPERATOR_NAME = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

/** The keys that the services here tell about a call, or leave out when there is nothing to tell. */
const KEYS = [
  /^aws:ResourceTag\/./,
  /^aws:RequestTag\/./,
  /^aws:TagKeys$/,
  /^kms:EncryptionContext:aws:(?:sqs:arn|states:stateMachineArn)$/,
  /^kms:ViaService$/,
  /^lambda:SourceFunctionArn$/,
  /^s3:prefix$/,
];

const toCondition = (operator: string, key: string, values: readonly string[]): Condition => {
  const [, quantifier, name = '', ifExists] = OPERATOR_NAME.exec(operator) ?? [];
  const holds = OPERATOR[name];
  if (holds === undefined) throw new Error(`A policy uses the operator ${operator}, which local mode does not know.`);
  if (!KEYS.some((known) => known.test(key))) {
    throw new Error(`A policy uses the condition key ${key}, which local mode does not know.`);
  }
  return {
    operator,
    quantifier: quantifier === 'ForAllValues' || quantifier === 'ForAnyValue' ? quantifier : undefined,
    holds,
    ifExists: ifExists !== undefined,
    key,
    values,
  };
};
