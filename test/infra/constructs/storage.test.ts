import { describe, expect, it } from 'vitest';
import { FULL, loadExample, synthesise } from '../synthesis.ts';

const oauth = synthesise(loadExample(FULL)).template;
const apiKey = synthesise(loadExample('api-key.yaml')).template;

describe('the records bucket', () => {
  it('deletes records of runs after a month and of checkouts after 400 days, and never the state of the next run', () => {
    oauth.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [
          { Id: 'forget-runs', Prefix: 'runs/', ExpirationInDays: 30, Status: 'Enabled' },
          { Id: 'forget-named', Prefix: 'named/', ExpirationInDays: 30, Status: 'Enabled' },
          { Id: 'forget-checkouts', Prefix: 'checkouts/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-ids', Prefix: 'ids/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-tickets', Prefix: 'tickets/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-comments', Prefix: 'comments/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-held', Prefix: 'held/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-rotations', Prefix: 'rotations/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-old-checkouts', Prefix: 'old-checkouts/', ExpirationInDays: 400, Status: 'Enabled' },
          { Id: 'forget-member-events', Prefix: 'member-events/', ExpirationInDays: 400, Status: 'Enabled' },
          {
            Id: 'forget-events-people-audit',
            Prefix: 'events/people-audit/',
            ExpirationInDays: 400,
            Status: 'Enabled',
          },
          ...['journal', 'runs'].map((part) => ({
            ...{ Id: `forget-directories-organization-${part}`, Prefix: `directories/organization/${part}/` },
            ...{ ExpirationInDays: 400, Status: 'Enabled' },
          })),
          { Id: 'drop-broken-uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        ],
      },
    });
  });

  it('is private, encrypted with the key of the stack, and accessible only over TLS', () => {
    oauth.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    });
    const [policy] = Object.values(oauth.findResources('AWS::S3::BucketPolicy'));
    expect(policy?.['Properties'].PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });
});

describe('the token caches', () => {
  it('are created empty, one for each OAuth connection, under the name that the functions use', () => {
    const [cache, admin, pra, people, ...others] = Object.values(oauth.findResources('AWS::SecretsManager::Secret'));
    expect(others).toEqual([]);
    expect(admin).toMatchObject({ Properties: { Name: 'pam-relay/pam-relay-prod/token/vault-admin' } });
    expect(pra).toMatchObject({ Properties: { Name: 'pam-relay/pam-relay-prod/token/pra-hygiene' } });
    expect(people).toMatchObject({ Properties: { Name: 'pam-relay/pam-relay-prod/token/people' } });
    expect(cache).toMatchObject({
      Properties: { Name: 'pam-relay/pam-relay-prod/token/vault' },
      DeletionPolicy: 'Delete',
    });
    expect(cache?.['Properties']).not.toHaveProperty('SecretString');
    expect(cache?.['Properties']).not.toHaveProperty('GenerateSecretString');
  });

  it('are not created for a connection that signs in with an API key', () => {
    apiKey.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });
});

describe('the key', () => {
  it('rotates, and outlives the stack with the secrets that it encrypts', () => {
    const [key] = Object.values(oauth.findResources('AWS::KMS::Key'));
    expect(key).toMatchObject({ Properties: { EnableKeyRotation: true }, DeletionPolicy: 'Retain' });
  });

  it.each(['"cloudwatch.amazonaws.com', '"logs.', '"delivery.logs.amazonaws.com'])(
    'can be used by %s, under conditions',
    (service) => {
      const [key] = Object.values(oauth.findResources('AWS::KMS::Key'));
      const statements: { Principal: unknown; Condition?: unknown }[] = key?.['Properties'].KeyPolicy.Statement;
      const allowed = statements.filter(({ Principal }) => JSON.stringify(Principal).includes(service));
      expect(allowed.map(({ Condition }) => Condition)).toEqual([expect.anything()]);
    },
  );
});
