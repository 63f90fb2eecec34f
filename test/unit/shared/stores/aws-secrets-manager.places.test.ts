import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLike } from '#local/aws/permissions/operators.ts';
import { relayIdOf } from '#shared/names.ts';
import { placeOf, sessionName, trustedRoles } from '#shared/stores/aws-secrets-manager/place.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { sessionMark } from '#shared/workflows/grants.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { aConfig } from '#test/support/configs.ts';

const STACK_KEY = 'arn:aws:kms:eu-central-1:000000000000:key/stack';
const ROLE = 'arn:aws:iam::111122223333:role/deliveries';
const KEY_THERE = 'arn:aws:kms:eu-west-1:111122223333:key/there';
const USES = ['list', 'inspect', 'complete', 'deliver', 'retire'] as const satisfies readonly StoreUse[];

const OTHER_ACCOUNT = { roleArn: ROLE, externalId: 'relay-7' };
const scope = {
  prefixes: ['prod/'],
  owners: 'relay.000000000000.eu-central-1/*',
  session: 'sdr',
  encryptionKey: STACK_KEY,
  partition: 'aws',
  region: 'eu-central-1',
  account: '000000000000',
};
const config = aConfig();
const parse = (settings: object) => awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', ...settings });
const permissions = (settings: object, use: StoreUse, prefixes = scope.prefixes) =>
  awsSecretsManager.grants(parse(settings), use, { ...scope, prefixes });
const resourcesOf = (settings: object, use: StoreUse, prefix = '') =>
  permissions(settings, use).flatMap(({ actions: [action = ''], resources }) =>
    action.startsWith(prefix) ? resources : [],
  );

describe('the permissions of a function', () => {
  test.each(USES)('for a store in another account are to assume exactly its role, under one name (%s)', (use) => {
    const conditions = { StringEquals: { 'sts:RoleSessionName': 'sdr.relay.000000000000.eu-central-1' } };
    expect(permissions(OTHER_ACCOUNT, use)).toEqual([{ actions: ['sts:AssumeRole'], resources: [ROLE], conditions }]);
    expect(permissions(OTHER_ACCOUNT, use, [])).toEqual([]);
  });

  test('for a store in another region name the secrets of that region, and never the key of the stack', () => {
    for (const use of ['inspect', 'deliver', 'retire'] as const) {
      expect(new Set(resourcesOf({ region: 'eu-west-1' }, use, 'secretsmanager:'))).toEqual(
        new Set(['arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/*']),
      );
    }
    expect(resourcesOf({ region: 'eu-west-1' }, 'deliver', 'kms:')).toEqual([]);
    const withKey = { region: 'eu-west-1', kmsKeyArn: KEY_THERE };
    expect(new Set(resourcesOf(withKey, 'deliver', 'kms:'))).toEqual(new Set([KEY_THERE]));
    expect(JSON.stringify(permissions(withKey, 'deliver'))).toContain('secretsmanager.eu-west-1.amazonaws.com');
  });

  test('for a store without replicas have none to replicate', () => {
    expect(permissions({}, 'complete')).toEqual([]);
    expect(USES.flatMap((use) => permissions({}, use)).flatMap(({ actions }) => actions)).toEqual(
      expect.not.arrayContaining(['secretsmanager:ReplicateSecretToRegions']),
    );
  });

  test('for any store allow to remove replicas before a deletion, of own secrets only', () => {
    const [removal] = permissions({}, 'retire').filter(({ actions }) =>
      actions.includes('secretsmanager:RemoveRegionsFromReplication'),
    );
    expect(removal?.conditions).toEqual({ StringLike: { 'aws:ResourceTag/pam-relay:owner': scope.owners } });
  });

  test('for a store with replicas allow exactly their regions, and never to overwrite what is there', () => {
    const key = 'arn:aws:kms:eu-west-1:000000000000:key/replica';
    const settings = { replicaRegions: ['eu-north-1', { region: 'eu-west-1', kmsKeyArn: key }] };
    for (const use of ['complete', 'deliver'] as const) {
      const [replicate, ...others] = permissions(settings, use).filter(({ actions }) =>
        actions.includes('secretsmanager:ReplicateSecretToRegions'),
      );
      expect(others).toEqual([]);
      expect(replicate?.conditions).toMatchObject({
        'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': ['eu-north-1', 'eu-west-1'] },
        BoolIfExists: { 'secretsmanager:ForceOverwriteReplicaSecret': 'false' },
      });
      const ofKey = permissions(settings, use).filter(({ resources }) => resources.includes(key));
      expect(ofKey.flatMap(({ actions }) => actions)).toEqual(['kms:GenerateDataKey', 'kms:Encrypt']);
    }
    expect(permissions(settings, 'list').map(({ actions }) => actions)).toEqual([
      ['secretsmanager:ListSecrets'],
      ['secretsmanager:DescribeSecret'],
    ]);
  });
});

describe('the role in the other account', () => {
  test('trusts the functions of this relay with the external id, and uses no key of another account', () => {
    const role = awsSecretsManager.role?.(parse({ ...OTHER_ACCOUNT, region: 'eu-west-1' }), scope, 'syncs');
    expect(role).toMatchObject({
      arn: ROLE,
      externalId: 'relay-7',
      trustedAccount: '000000000000',
      trustedRoles: 'arn:aws:iam::000000000000:role/relay-*',
    });
    expect(JSON.stringify(role)).not.toContain(STACK_KEY);
    const resources = role?.permissions.flatMap((permission) => permission.resources);
    expect(new Set(resources)).toEqual(new Set(['*', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/*']));
  });

  test.each((['syncs', 'checkouts'] as const).flatMap((of) => USES.map((use) => [use, of] as const)))(
    'lets only functions that %s the secrets of %s do so',
    (use, of) => {
      const role = awsSecretsManager.role?.(parse(OTHER_ACCOUNT), scope, of);
      const action = {
        list: 'ListSecrets',
        inspect: 'DescribeSecret',
        complete: undefined,
        deliver: 'GetSecretValue',
        retire: 'DeleteSecret',
      }[use];
      const allowed = role?.permissions.filter(({ actions }) => actions.includes(`secretsmanager:${action}`)) ?? [];
      const mayAct = (mark: string) => {
        const userId = `AROA1:${mark}.relay.000000000000.eu-central-1`;
        return allowed.some(({ conditions }) => isLike(userId, String(conditions?.['StringLike']?.['aws:userid'])));
      };
      for (const step of ALL_STEPS) {
        const grants = step.grants(config);
        const isUsed = grants.some((grant) => grant.to === 'stores' && grant.of === of && grant.may === use);
        if (isUsed && action !== undefined) expect(mayAct(sessionMark(grants))).toBe(true);
        // Delivering and retiring include looking.
        const mayLook = grants.some((grant) => grant.to === 'stores' && grant.of === of && grant.may !== 'list');
        if (!isUsed && !(use === 'inspect' && mayLook)) expect(mayAct(sessionMark(grants))).toBe(false);
      }
    },
  );

  test('has sessions with names that STS accepts, for every function and the longest relay', () => {
    const relayId = relayIdOf('r'.repeat(31), '111122223333', 'ap-southeast-1');
    for (const step of ALL_STEPS) {
      expect(sessionName(sessionMark(step.grants(config)), relayId)).toMatch(/^[\w+=,.@-]{2,64}$/);
    }
  });

  test('does not exist for a store in the account of the stack', () => {
    expect(awsSecretsManager.role?.(parse({ region: 'eu-west-1' }), scope, 'syncs')).toBeUndefined();
  });

  test('trusts the roles that CloudFormation names after the stack, and those of no stack with another name', () => {
    const relays = fc.stringMatching(/^[a-z][a-z0-9-]{0,22}$/);
    fc.assert(
      fc.property(relays, relays, fc.stringMatching(/^[A-Za-z0-9]{1,20}-[A-Z0-9]{12}$/), (relay, other, rest) => {
        const pattern = trustedRoles(relay, scope.account);
        expect(isLike(`arn:aws:iam::${scope.account}:role/${relay}-${rest}`, pattern)).toBe(true);
        fc.pre(!`${other}-`.startsWith(`${relay}-`));
        expect(isLike(`arn:aws:iam::${scope.account}:role/${other}-${rest}`, pattern)).toBe(false);
        expect(isLike(`arn:aws:iam::111122223333:role/${relay}-${rest}`, pattern)).toBe(false);
      }),
    );
  });
});

describe('the place of a store', () => {
  const account = fc.stringMatching(/^\d{12}$/);
  const place = fc.record({
    account: fc.option(account, { nil: undefined }),
    region: fc.constantFrom(undefined, 'eu-west-1', 'us-east-1'),
  });
  const settingsOf = ({ account: number, region }: { account: string | undefined; region: string | undefined }) => ({
    region,
    ...(number !== undefined && { roleArn: `arn:aws:iam::${number}:role/x`, externalId: 'relay-7' }),
  });

  test('is the same exactly for the same account and region, whatever the role', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const isSame = one.account === other.account && one.region === other.region;
        expect(placeOf(settingsOf(one)) === placeOf(settingsOf(other))).toBe(isSame);
        const renamed = {
          ...settingsOf(one),
          ...(one.account !== undefined && { roleArn: `arn:aws:iam::${one.account}:role/y` }),
        };
        expect(placeOf(renamed)).toBe(placeOf(settingsOf(one)));
      }),
    );
  });

  test('is undefined for that of the stack', () => {
    expect(placeOf({})).toBeUndefined();
    expect(awsSecretsManager.replicaPlaces?.(parse({ replicaRegions: ['eu-west-1'] }))).toEqual([
      placeOf({ region: 'eu-west-1' }),
    ]);
  });

  test('has a name that fits into the path of a record', () => {
    fc.assert(
      fc.property(place, (one) => {
        expect(placeOf(settingsOf(one)) ?? '').toMatch(/^[\w.-]*$/);
      }),
    );
  });
});
