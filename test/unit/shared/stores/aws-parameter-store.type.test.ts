import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { evaluate } from '#local/aws/permissions/evaluate.ts';
import { parsePolicy } from '#local/aws/permissions/statement.ts';
import { awsParameterStore } from '#shared/stores/aws-parameter-store/type.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { mockAws } from '#test/support/aws-mock.ts';
import { UNPACED } from '#test/support/fakes.ts';
import { delivered, delivery, NAME, OWNER, setUp, storeOn, valueFor } from './aws-parameter-store.scene.ts';

const STACK_KEY = 'arn:aws:kms:us-east-1:000000000000:key/stack';
const OWN_KEY = 'arn:aws:kms:us-east-1:000000000000:key/own';
const USES = ['list', 'inspect', 'deliver', 'retire'] as const;

test('the type is known to relay.yaml as aws-parameter-store', async () => {
  expect(await STORE_TYPES['aws-parameter-store']?.()).toBe(awsParameterStore);
});

const parse = (setting: object) => awsParameterStore.settings.parse({ type: 'aws-parameter-store', ...setting });

describe('its settings', () => {
  test('have the free tier and a careful pace by default', () => {
    expect(parse({})).toEqual({ type: 'aws-parameter-store', tags: {}, tier: 'standard', writesPerSecond: 3 });
  });

  test.each([
    { tier: 'intelligent' },
    { kmsKeyArn: 'alias/key' },
    { writesPerSecond: 0 },
    { writesPerSecond: 41 },
    { tags: { 'pam-relay:owner': 'x' } },
  ])('do not accept %j', (setting) => {
    expect(() => parse(setting)).toThrow();
  });

  test('pace one write for each delivery, unless they are unlimited', () => {
    const pacing = (writesPerSecond: number | 'unlimited') => awsParameterStore.pacing?.(parse({ writesPerSecond }));
    expect(pacing(5)).toEqual({ perSecond: 5, create: 1, replace: 1 });
    expect(pacing('unlimited')).toBeUndefined();
  });
});

describe('a connected store', () => {
  const aws = mockAws(SSMClient);

  test.each([
    ['relay.yaml', OWN_KEY, STACK_KEY, OWN_KEY],
    ['the stack', undefined, STACK_KEY, STACK_KEY],
    ['the account', undefined, undefined, undefined],
  ])('encrypts with the key of %s', async (_whose, kmsKeyArn, encryptionKey, KeyId) => {
    aws.on(PutParameterCommand).resolves({ Version: 1 });
    aws.on(GetParameterCommand).resolves({ Parameter: { Value: valueFor(1) } });
    const settings = { ...parse({}), kmsKeyArn };
    const store = awsParameterStore.connect(settings, { owner: OWNER, encryptionKey, ...UNPACED });
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
    const [put] = aws.commandCalls(PutParameterCommand);
    expect(put?.args[0].input.KeyId).toBe(KeyId);
    // A repeated put would write a second version.
    expect(await put?.thisValue.config.maxAttempts()).toBe(1);
  });
});

describe('the permissions', () => {
  const scope = {
    prefixes: ['prod/', 'dev/'],
    session: 'sdr',
    owners: 'relay.000000000000.eu-central-1/*',
    encryptionKey: STACK_KEY,
    partition: 'aws',
    region: 'us-east-1',
    account: '000000000000',
  };
  interface Choice {
    readonly tier?: 'standard' | 'advanced';
    readonly kmsKeyArn?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly prefixes?: readonly string[];
  }
  const permissions = (use: StoreUse, { tier = 'standard', kmsKeyArn, tags = {}, prefixes }: Choice = {}) =>
    awsParameterStore.grants(
      { type: 'aws-parameter-store', kmsKeyArn, tags, tier, writesPerSecond: 3 },
      use,
      prefixes === undefined ? scope : { ...scope, prefixes },
    );
  const policyOf = (uses: readonly StoreUse[], choice?: Choice) =>
    parsePolicy({
      Version: '2012-10-17',
      Statement: uses
        .flatMap((use) => permissions(use, choice))
        .map(({ actions, resources, conditions }) => ({
          Effect: 'Allow',
          Action: actions,
          Resource: resources,
          ...(conditions && { Condition: conditions }),
        })),
    });

  test.each<[StoreUse, string[]]>([
    ['list', ['ssm:DescribeParameters']],
    ['inspect', ['ssm:ListTagsForResource', 'ssm:GetParameterHistory']],
    [
      'deliver',
      [
        'ssm:ListTagsForResource',
        'ssm:GetParameterHistory',
        'ssm:GetParameter',
        'ssm:PutParameter',
        'ssm:AddTagsToResource',
        'ssm:PutParameter',
        'kms:Encrypt',
        'kms:Decrypt',
      ],
    ],
    ['retire', ['ssm:ListTagsForResource', 'ssm:GetParameterHistory', 'ssm:DeleteParameter']],
  ])('to %s are these and no others', (use, expected) => {
    expect(permissions(use).flatMap(({ actions }) => actions)).toEqual(expected);
  });

  test('cover the fixed beginnings of the names, everything only for listing, and explain both', () => {
    for (const { actions, resources, pattern } of USES.flatMap((use) => permissions(use))) {
      if (actions.some((action) => action.startsWith('kms:'))) continue;
      const all = ['prod/*', 'dev/*'].map((name) => `arn:aws:ssm:us-east-1:000000000000:parameter/${name}`);
      expect(resources).toEqual(actions[0] === 'ssm:DescribeParameters' ? ['*'] : all);
      expect(pattern).toMatch(/relay.yaml|never a value/);
    }
    expect(USES.map((use) => permissions(use, { prefixes: [] }).length)).toEqual([1, 0, 0, 0]);
  });

  test.each([
    ['standard', 'kms:Encrypt'],
    ['advanced', 'kms:GenerateDataKey'],
  ] as const)('of the %s tier cover both keys, by %s and only through Parameter Store', (tier, encryption) => {
    const keys = permissions('deliver', { tier, kmsKeyArn: OWN_KEY }).filter(
      ({ actions }) => actions[0] === encryption,
    );
    expect(keys).toEqual([
      {
        actions: [encryption, 'kms:Decrypt'],
        resources: [STACK_KEY, OWN_KEY],
        conditions: { StringEquals: { 'kms:ViaService': 'ssm.us-east-1.amazonaws.com' } },
      },
    ]);
  });

  /** A local Parameter Store that enforces the permissions on one caller. */
  const enforced = (choice: Choice & { readonly uses?: readonly StoreUse[] } = {}) => {
    const statements = policyOf(choice.uses ?? USES, choice);
    const denials: string[] = [];
    const used = new Set<unknown>();
    const scene = setUp({
      region: 'us-east-1',
      check: (caller, needs) => {
        if (caller === 'operator') return undefined;
        const denied = needs.filter((need) => {
          const decision = evaluate(statements, need);
          if (decision.kind === 'allowed') used.add(decision.by.action + JSON.stringify(decision.by.conditions));
          return decision.kind !== 'allowed';
        });
        denials.push(...denied.map(({ action }) => action));
        return denied[0]?.action;
      },
    });
    const options = { kmsKeyArn: choice.kmsKeyArn ?? STACK_KEY, tier: choice.tier, tags: choice.tags };
    return { ...scene, denials, used, statements, store: storeOn(scene.aws, options) };
  };

  test.each([
    ['in the standard tier', {}],
    ['in the advanced tier, with a key and tags', { tier: 'advanced', kmsKeyArn: OWN_KEY, tags: { team: 'pam' } }],
  ] as const)('are what a whole life of a parameter needs, and each is used, %s', async (_what, choice) => {
    const { store, denials, used, statements, write, aws } = enforced(choice);
    for await (const page of store.list()) expect(page).toEqual([]);
    expect(await store.inspect(NAME)).toEqual({ kind: 'absent' });
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
    expect(await store.deliver(delivery(2, 1))).toEqual(delivered(true));
    expect(await store.retire(NAME, 'none')).toBe(true);
    await write({});
    expect(await store.inspect(NAME)).toEqual({ kind: 'foreign' });
    expect(denials).toEqual([]);
    expect(aws.currentValues()).toEqual({ [NAME]: 'theirs' });
    const granted = new Set(
      statements.flatMap(({ actions, conditions }) => actions.map((action) => action + JSON.stringify(conditions))),
    );
    expect(used).toEqual(granted);
  });

  test.each([
    ['read a foreign parameter', 'GetParameter', { Name: NAME, WithDecryption: true }],
    ['read the history of a foreign parameter', 'GetParameterHistory', { Name: NAME }],
    ['overwrite a foreign parameter', 'PutParameter', { Name: NAME, Value: 'x', Overwrite: true }],
    ['delete a foreign parameter', 'DeleteParameter', { Name: NAME }],
    [
      'create a parameter without our tag',
      'PutParameter',
      { Name: '/prod/new', Value: 'x', Type: 'SecureString', KeyId: STACK_KEY },
    ],
    ['create one by an overwrite', 'PutParameter', { Name: '/prod/new', Value: 'x', Type: 'String', Overwrite: true }],
    ['list the tags outside of its folders', 'ListTagsForResource', { ResourceType: 'Parameter', ResourceId: '/x/y' }],
    [
      'create a parameter with one tag too many',
      'PutParameter',
      {
        Name: '/prod/new',
        Value: 'x',
        Type: 'String',
        Tags: [
          { Key: 'pam-relay:owner', Value: OWNER },
          { Key: 'access', Value: 'all' },
        ],
      },
    ],
  ])('do not let the relay %s', async (_what, action, body) => {
    const { aws, write } = enforced();
    await write({ Tags: [{ Key: 'pam-relay:owner', Value: 'relay.000000000000.us-east-1/web' }] });
    expect(() => aws.handle(action, body, 'relay')).toThrow(expect.objectContaining({ code: 'AccessDeniedException' }));
  });

  test('turn an overwrite of a parameter that was just deleted into a superseded delivery', async () => {
    const { aws, store } = enforced();
    await store.deliver(delivery(1));
    const gate = (action: string) => {
      if (action === 'PutParameter') aws.handle('DeleteParameter', { Name: NAME });
    };
    const racing = storeOn(aws, { gate, kmsKeyArn: STACK_KEY });
    await expect(racing.deliver(delivery(2, 1))).rejects.toMatchObject({ name: 'DeliverySuperseded' });
    expect(aws.currentValues()).toEqual({});
  });
});
