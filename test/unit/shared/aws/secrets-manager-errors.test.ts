import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { toStoreError } from '#shared/aws/secrets-manager-errors.ts';

const CALL = { action: 'PutSecretValue', secret: 'prod/db-01/sa' };

const answered = (name: string, fault: 'client' | 'server' = 'client') =>
  new SecretsManagerServiceException({ name, $fault: fault, $metadata: {}, message: 'canary' });

describe('an error code of AWS', () => {
  it('maps to the error in its table', () => {
    expect(toStoreError(answered('AccessDeniedException'), CALL)).toMatchObject({
      name: 'StoreDenied',
      message: expect.stringContaining(
        'failed (AccessDeniedException): grant the role of this function secretsmanager:PutSecretValue',
      ),
    });
  });

  it('distinguishes the versions of a secret, which AWS does not raise, from other quotas', () => {
    const tooMany = answered('LimitExceededException');
    expect(toStoreError(tooMany, CALL).message).toContain('about 100 versions from the last 24 hours');
    expect(toStoreError(tooMany, { ...CALL, action: 'CreateSecret' }).message).toContain('Service Quotas');
  });

  it.each([
    ['AccessDeniedException', 'CreateSecret', true],
    ['InvalidRequestException', 'CreateSecret', true],
    ['AccessDeniedException', 'PutSecretValue', false],
    ['InvalidRequestException', 'PutSecretValue', false],
  ])('that is %s of %s mentions the tags that an organization can require: %s', (code, action, isMentioned) => {
    const { message } = toStoreError(answered(code), { ...CALL, action });
    expect(message.includes('tags: { cost-center: "1234" }')).toBe(isMentioned);
  });

  it('explains why AWS cannot delete a secret', () => {
    const call = { action: 'DeleteSecret', secret: 'prod/db-01/sa' };
    expect(toStoreError(answered('InvalidParameterException'), call)).toMatchObject({
      name: 'StoreRejected',
      message: expect.stringMatching(/DeleteSecret on secret prod\/db-01\/sa .*remove-regions-from-replication/),
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'NewException'])(
    'that is unknown maps to a refusal or an outage, even if it is %s',
    (code) => {
      expect(toStoreError(answered(code), CALL)).toMatchObject({
        name: 'StoreRejected',
        message: expect.stringContaining(`failed (${code}): AWS rejected the request as invalid`),
        mayHaveHappened: false,
      });
      expect(toStoreError(answered(code, 'server'), CALL)).toMatchObject({
        name: 'StoreUnavailable',
        mayHaveHappened: true,
      });
      expect(toStoreError(Object.assign(new Error('canary'), { name: code }), CALL)).toMatchObject({
        name: 'Unexpected',
        message: expect.not.stringContaining('canary'),
      });
    },
  );
});
