import * as z from 'zod';
import { OPERATOR, type Operator } from './operators.ts';

/** One statement of a policy. Unsupported elements are rejected, never skipped. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Condition {
  /** Operator as written in the policy, for example `ForAllValues:StringLikeIfExists`. */
  readonly operator: string;
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly holds: Operator;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
/** Policy variables are not supported. */
const plainTexts = texts.refine(
  (all) => !all.some((text) => text.includes('${')),
  'must not contain a policy variable',
);

/** Conditions of a statement. Their order is that of the policy. */
export const conditionsSchema = z
  .record(z.string(), z.record(z.string(), plainTexts))
  .default({})
  .transform((operators) =>
    Object.entries(operators).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => toCondition(operator, key, values)),
    ),
  );

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts,
  Resource: plainTexts,
  Condition: conditionsSchema,
});

const documentSchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

/**
 * Parses an identity-based policy whose references are resolved.
 * @throws for an unsupported element, condition operator or condition key.
 */
export const parsePolicy = (document: unknown): Statement[] =>
  documentSchema.parse(document).Statement.map(({ Effect, Action, Resource, Condition }) => ({
    effect: Effect,
    actions: Action,
    resources: Resource,
    conditions: Condition,
  }));

const OPERATOR_NAME = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

/** Condition keys that the services of local mode set. */
const KEYS = [
  /^aws:Principal(?:Account|Arn)$/,
  /^aws:ResourceTag\/./,
  /^aws:RequestTag\/./,
  /^aws:TagKeys$/,
  /^aws:userid$/,
  /^kms:EncryptionContext:aws:(?:sqs:arn|states:stateMachineArn)$/,
  /^kms:ViaService$/,
  /^lambda:SourceFunctionArn$/,
  /^s3:prefix$/,
  /^secretsmanager:(?:AddReplicaRegions|ForceOverwriteReplicaSecret)$/,
  /^sts:(?:ExternalId|RoleSessionName)$/,
  /^sts:(?:DurationSeconds|IdentityTokenAudience|SigningAlgorithm)$/,
];

const toCondition = (operator: string, key: string, values: readonly string[]): Condition => {
  const [, quantifier, name = '', ifExists] = OPERATOR_NAME.exec(operator) ?? [];
  const holds = OPERATOR[name];
  if (holds === undefined)
    throw new Error(`A policy uses the operator ${operator}, which local mode does not support.`);
  if (!KEYS.some((known) => known.test(key))) {
    throw new Error(`A policy uses the condition key ${key}, which local mode does not support.`);
  }
  return {
    operator,
    quantifier: quantifier === 'ForAllValues' || quantifier === 'ForAnyValue' ? quantifier : undefined,
    holds,
    // `Null` with `true` demands that the key is not in the context.
    ifExists: ifExists !== undefined || (name === 'Null' && values.includes('true')),
    key,
    values,
  };
};
