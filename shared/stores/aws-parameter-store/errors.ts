import { SSMServiceException } from '@aws-sdk/client-ssm';
import { type About, createServiceErrors, type Failure, type StoreCall } from '#shared/aws/service-errors.ts';
import { shellQuote } from '#shared/domain/shell.ts';
import type { RelayError } from '#shared/errors.ts';

const denied: Failure = {
  name: 'StoreDenied',
  advice: ({ action }) => {
    const tags =
      action === 'PutParameter'
        ? ' and, for a new parameter, ssm:AddTagsToResource. If your organization requires tags on new parameters, add them to the store in relay.yaml and deploy, for example: tags: { cost-center: "1234" }'
        : '';
    return `grant the role of this function ssm:${action} on the parameter and, if a customer managed key encrypts it, kms:Encrypt, kms:GenerateDataKey and kms:Decrypt on that key${tags}`;
  },
};
const badKey: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'the KMS key of the parameter is not usable. Check that the key is enabled and allows the role of this function kms:Encrypt, kms:GenerateDataKey and kms:Decrypt',
};
const gone: Failure = {
  name: 'StoreRejected',
  advice: () => 'the parameter or version does not exist. Check whether it was deleted',
};
const taken: Failure = {
  name: 'DeliverySuperseded',
  advice: () => 'another writer changed the parameter at the same time. The next run checks it again',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) =>
    action === 'PutParameter'
      ? 'AWS rejected the request as invalid. Check whether the parameter is in the advanced tier, which it never leaves (then set tier: advanced for the store in relay.yaml), and whether its name and tags follow the rules of Parameter Store'
      : 'AWS rejected the request as invalid. Check whether the name follows the rules of Parameter Store',
};
const tooDeep: Failure = {
  name: 'StoreRejected',
  advice: () => 'the name has more than 15 levels. Use fewer folders in the name template of the rule',
};
/** Source: Systems Manager API reference, PutParameter, `ParameterMaxVersionLimitExceeded`. */
const labelled: Failure = {
  name: 'StoreRejected',
  advice: ({ secret }) =>
    `the parameter has 100 versions, and a label keeps AWS from removing the oldest one. Move or remove the label: aws ssm get-parameter-history --name ${shellQuote(secret)} --query 'Parameters[0].[Version,Labels]'`,
};
const overQuota: Failure = {
  name: 'StoreRejected',
  advice: () =>
    'the account has no room for another parameter. AWS allows 10,000 standard and 100,000 advanced parameters per region. Check Service Quotas in the AWS console',
};

/** Problems that the relay itself detects. */
const FOUND = {
  overtaken: {
    name: 'DeliverySuperseded',
    advice: () =>
      'the parameter has changed since this delivery was planned, so it was not overwritten. The next run checks it again',
  },
  raced: {
    name: 'DeliverySuperseded',
    advice: ({ detail }) =>
      `another writer changed the parameter at the same time, so that this delivery became version ${detail}. Its value can be older than the one that it replaced. The next run delivers it again`,
  },
  readBackMismatch: {
    name: 'DeliveryUnverified',
    advice: ({ detail }) => `version ${detail} does not read back as it was written. The next run tries again`,
  },
  plainText: {
    name: 'SecretForeign',
    advice: ({ secret }) =>
      `the parameter is not a SecureString, so its value is not encrypted and was not changed. AWS cannot change its type. To let the next run create it as a SecureString, run: aws ssm delete-parameter --name ${shellQuote(secret)}`,
  },
  notText: {
    name: 'ValueNotText',
    advice: () =>
      "the value is empty or not well-formed Unicode text, which Parameter Store does not store. Change the credential or the sync's value template, or deliver files to a store of type aws-secrets-manager",
  },
  refused: {
    name: 'ValueRefused',
    advice: () =>
      'the value contains {{, which Parameter Store refuses because it marks a reference to another parameter. Deliver it encoded, for example with value: "{credential:base64}", or change the credential in the vault',
  },
  tooLargeForStandard: {
    name: 'ValueTooLarge',
    advice: () =>
      'the value exceeds 4,096 bytes, the limit of the standard tier of Parameter Store. Deliver fewer fields with the value template of the rule, or allow 8,192 bytes at a monthly price per parameter by adding this line to the store in relay.yaml: tier: advanced',
  },
  tooLarge: {
    name: 'ValueTooLarge',
    advice: () =>
      'the value exceeds 8,192 bytes, the limit of Parameter Store. Deliver fewer fields with the value template of the rule, or deliver it to a store of type aws-secrets-manager',
  },
} as const satisfies Record<string, Failure>;

const errors = createServiceErrors({
  service: 'Parameter Store',
  subject: 'parameter',
  isAnswer: (thrown) => thrown instanceof SSMServiceException,
  answered: {
    AccessDeniedException: denied,
    InvalidKeyId: badKey,
    ParameterNotFound: gone,
    ParameterVersionNotFound: gone,
    InvalidResourceId: gone,
    ParameterAlreadyExists: taken,
    TooManyUpdates: taken,
    HierarchyTypeMismatchException: FOUND.plainText,
    HierarchyLevelLimitExceededException: tooDeep,
    ParameterMaxVersionLimitExceeded: labelled,
    ParameterLimitExceeded: overQuota,
    ValidationException: invalid,
  },
  invalid,
});

/** Conversion and recognition of the errors of Parameter Store. */
export const { toError: toParameterError, isThrottled, isRefusal, notAnswered } = errors;

/** The error for a problem that the relay itself detects. */
export const parameterProblem = (found: keyof typeof FOUND, about: Pick<About, 'secret' | 'detail'>): RelayError =>
  errors.problem(FOUND[found], about);

/**
 * Makes one call and raises only {@link RelayError}s. `fieldOf` returns the field that every answer contains. An answer
 * without it came from a proxy and must not be read as an empty one.
 */
export const callParameterStore = async <Answer, Field>(
  call: StoreCall,
  answer: Promise<Answer>,
  fieldOf: (answer: Answer) => Field | undefined,
): Promise<Field> => {
  let field: Field | undefined;
  try {
    field = fieldOf(await answer);
  } catch (thrown) {
    throw toParameterError(thrown, call);
  }
  if (field === undefined) throw notAnswered(call);
  return field;
};
