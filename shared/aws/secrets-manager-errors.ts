import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { type About, createServiceErrors, type Failure, type StoreCall } from '#shared/aws/service-errors.ts';
import type { RelayError } from '#shared/errors.ts';

/** AWS does not tell whether a policy of the organization is the reason. */
const TAGS_REQUIRED =
  'If your organization requires tags on new secrets, add them to the store in relay.yaml and deploy, for example: tags: { cost-center: "1234" }';

const denied: Failure = {
  name: 'StoreDenied',
  advice: ({ action }) => {
    const isCreation = action === 'CreateSecret';
    const actions = isCreation ? 'CreateSecret and secretsmanager:TagResource' : action;
    const tags = isCreation ? `. ${TAGS_REQUIRED}` : '';
    return `grant the role of this function secretsmanager:${actions} on the secret and, if a customer managed key encrypts it, kms:Decrypt and kms:GenerateDataKey on that key${tags}`;
  },
};
const badKey: Failure = {
  name: 'StoreDenied',
  advice: () =>
    'the KMS key of the secret is not usable. Check that the key is enabled and allows the role of this function kms:Decrypt and kms:GenerateDataKey',
};
const gone: Failure = {
  name: 'StoreRejected',
  advice: () => 'the secret or version does not exist. Check whether it was deleted',
};
const taken: Failure = {
  name: 'DeliverySuperseded',
  advice: () => 'another writer changed the secret at the same time. The next run checks it again',
};
const invalid: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) => {
    if (action === 'DeleteSecret') {
      return 'AWS refused to delete the secret. Check whether another service manages it. Replicas in other regions must be removed first (aws secretsmanager remove-regions-from-replication)';
    }
    const tags = action === 'CreateSecret' ? `. ${TAGS_REQUIRED}` : '';
    return `AWS rejected the request as invalid. Check whether the secret is scheduled for deletion or managed by another service, and whether its name and tags follow the rules of Secrets Manager${tags}`;
  },
};
/** Source: AWS Secrets Manager user guide, quotas: about 100 versions of a secret, none removed within 24 hours. */
const overQuota: Failure = {
  name: 'StoreRejected',
  advice: ({ action }) =>
    action === 'PutSecretValue'
      ? 'the secret has about 100 versions from the last 24 hours. AWS fixes this limit, and removes older versions. Check in the vault why its credential changes so often'
      : 'a quota of Secrets Manager is exhausted. Check Service Quotas in the AWS console',
};
/** Problems that the relay itself detects. */
const FOUND = {
  overtaken: {
    name: 'DeliverySuperseded',
    advice: () =>
      'the secret has changed since this delivery was planned, so it was not overwritten. The next run checks it again',
  },
  stampConflict: {
    name: 'DeliverySuperseded',
    advice: ({ detail }) =>
      `version ${detail} already holds another value. The credential or its template changed, but the change date in the vault did not. A verify run delivers the value`,
  },
  versionIdIgnored: {
    name: 'StoreRejected',
    advice: () =>
      'the server did not use the version id of the relay, which identifies the delivery. Check that the endpoint is AWS Secrets Manager',
  },
  readBackMismatch: {
    name: 'DeliveryUnverified',
    advice: ({ detail }) =>
      `version ${detail} does not read back as it was written, so it was not promoted. The next run tries again`,
  },
  creationMismatch: {
    name: 'DeliveryUnverified',
    advice: ({ detail }) =>
      `version ${detail} of the new secret does not read back as it was written, and AWS shows it to workloads already. A verify run delivers the value again`,
  },
  notText: {
    name: 'ValueNotText',
    advice: () =>
      "the value is empty or not well-formed Unicode text, which Secrets Manager does not store. Change the credential or the sync's value template",
  },
  tooLarge: {
    name: 'ValueTooLarge',
    advice: ({ detail }) =>
      `the value exceeds the limit of Secrets Manager, ${detail} bytes. Deliver fewer fields with the value template of the rule. A file or text that exceeds it alone can't be delivered to this store: exclude it, for example with titles: ["!*.iso"]`,
  },
  noTokenCache: {
    name: 'ConfigurationInvalid',
    advice: () => 'the token cache does not exist. Deploy the stack again to create it',
  },
} as const satisfies Record<string, Failure>;

const errors = createServiceErrors({
  service: 'Secrets Manager',
  subject: 'secret',
  isAnswer: (thrown) => thrown instanceof SecretsManagerServiceException,
  // The codes of the API reference.
  answered: {
    AccessDeniedException: denied,
    DecryptionFailure: badKey,
    EncryptionFailure: badKey,
    ResourceNotFoundException: gone,
    ResourceExistsException: taken,
    InvalidParameterException: invalid,
    InvalidRequestException: invalid,
    ValidationException: invalid,
    LimitExceededException: overQuota,
  },
  invalid,
});

/** Conversion and recognition of the errors of Secrets Manager. */
export const { toError: toStoreError, notAnswered, isThrottled, isRefusal } = errors;

/** The error for a problem that the relay itself detects. */
export const storeProblem = (found: keyof typeof FOUND, about: Pick<About, 'secret' | 'detail'>): RelayError =>
  errors.problem(FOUND[found], about);

/**
 * Makes one call and raises only {@link RelayError}s. Every answer about a secret contains its ARN. An answer without
 * one came from a proxy and must not be read as an empty secret.
 */
export const callSecretsManager = async <Answer extends { ARN?: string | undefined }>(
  call: StoreCall,
  answer: Promise<Answer>,
): Promise<Answer> => {
  let answered: Answer;
  try {
    answered = await answer;
  } catch (thrown) {
    throw toStoreError(thrown, call);
  }
  if (answered.ARN === undefined) throw notAnswered(call);
  return answered;
};
