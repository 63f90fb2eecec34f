import { AddTagsToResourceCommand, DeleteParameterCommand, GetParameterHistoryCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { connectInProcess } from '#test/support/parameter-store.ts';
import {
  CANARY,
  delivered,
  delivery,
  NAME,
  OWNER,
  setUp,
  stamp,
  storeOn,
  valueFor,
} from './aws-parameter-store.scene.ts';

const refusalOf = async (call: Promise<unknown>): Promise<RelayError> => {
  const [outcome] = await Promise.allSettled([call]);
  const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
  if (!(error instanceof RelayError)) throw new Error('Nothing was refused.', { cause: error });
  expect(error.message).not.toContain(CANARY);
  return error;
};

const owned = (generation: number | undefined) => ({
  kind: 'owned',
  stamp: generation === undefined ? undefined : stamp(generation),
  retired: false,
});

describe('a delivery', () => {
  test('needs two calls for a new parameter, and four for a changed one', async () => {
    const { aws, store } = setUp();
    await store.deliver(delivery(1));
    expect(aws.calls.map(({ action }) => action)).toEqual(['PutParameter', 'GetParameter']);
    await store.deliver(delivery(2, 1));
    expect(aws.calls.slice(2).map(({ action }) => action)).toEqual([
      'ListTagsForResource',
      'GetParameterHistory',
      'PutParameter',
      'GetParameter',
    ]);
  });

  test('writes a SecureString with its tags, key, tier and description', async () => {
    const { aws, client } = setUp();
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:000000000000:key/own';
    await storeOn(aws, { tags: { team: 'pam' }, kmsKeyArn, tier: 'advanced' }).deliver(delivery(1));
    const { Parameters } = await client.send(new GetParameterHistoryCommand({ Name: NAME }));
    expect(Parameters).toMatchObject([
      {
        Type: 'SecureString',
        KeyId: kmsKeyArn,
        Tier: 'Advanced',
        Description: `svc on web01 [pam-relay ${stamp(1)} version 1]`,
      },
    ]);
    expect(aws.handle('ListTagsForResource', { ResourceType: 'Parameter', ResourceId: NAME })).toEqual({
      TagList: [
        { Key: 'pam-relay:owner', Value: OWNER },
        { Key: 'team', Value: 'pam' },
      ],
    });
  });

  test.each(['before', 'after'] as const)(
    'whose put fails %s its effect writes one version all the same',
    async (when) => {
      const { aws, store, current } = setUp();
      await store.deliver(delivery(1));
      aws.faults.add({ kind: 'internal', action: 'PutParameter', times: 1, when });
      expect(await store.deliver(delivery(2, 1))).toEqual(delivered(true));
      expect(current()).toBe(valueFor(2));
      const { Parameters } = aws.handle('GetParameterHistory', { Name: NAME });
      expect(Parameters).toHaveLength(2);
    },
  );

  test('ends with the error of its third put', async () => {
    const { aws, store, current } = setUp();
    await store.deliver(delivery(1));
    aws.faults.add({ kind: 'internal', action: 'PutParameter' });
    expect(await refusalOf(store.deliver(delivery(2, 1)))).toMatchObject({ name: 'StoreUnavailable' });
    expect(aws.callCounts()).toMatchObject({ PutParameter: 4 });
    expect(current()).toBe(valueFor(1));
  });

  test('reports a value that does not read back', async () => {
    const { aws } = setUp();
    const gate = (action: string) => {
      if (action === 'GetParameter') aws.handle('DeleteParameter', { Name: NAME });
    };
    expect(await refusalOf(storeOn(aws, { gate }).deliver(delivery(1)))).toMatchObject({
      name: 'DeliveryUnverified',
      retryable: true,
    });
  });
});

describe('a version that does not read back', () => {
  test('has no stamp, so that the next run delivers again', async () => {
    const { aws, store, current } = setUp();
    const garbled = createAwsParameterStore({ client: connectInProcess(aws, { garbles: true }), owner: OWNER });
    expect(await refusalOf(garbled.deliver(delivery(1)))).toMatchObject({ name: 'DeliveryUnverified' });
    expect(await store.inspect(NAME)).toEqual(owned(undefined));
    expect(await store.deliver(delivery(1, 'unstamped'))).toEqual(delivered(true));
    expect(await refusalOf(garbled.deliver(delivery(2, 1)))).toMatchObject({ name: 'DeliveryUnverified' });
    expect(await store.inspect(NAME)).toEqual(owned(undefined));
    expect(await store.deliver(delivery(2, 'unstamped'))).toEqual(delivered(true));
    expect(current()).toBe(valueFor(2));
  });

  test('is left alone if another writer came first, or if the delivery may not go on', async () => {
    const { aws, store, write, current } = setUp();
    let reads = 0;
    const gate = async (action: string) => {
      if (action === 'GetParameter' && ++reads === 1) await write({ Overwrite: true, Value: 'newer' });
    };
    const garbled = (options: { gate?: typeof gate }) =>
      createAwsParameterStore({ client: connectInProcess(aws, { garbles: true, ...options }), owner: OWNER });
    expect(await refusalOf(garbled({ gate }).deliver(delivery(1)))).toMatchObject({ name: 'DeliveryUnverified' });
    expect(current()).toBe('newer');
    let writes = 0;
    const beforeWrite = async () => {
      if (++writes > 1) throw new RelayError('LeaseGone', 'over');
    };
    expect(await refusalOf(garbled({}).deliver({ ...delivery(2, 'unstamped'), beforeWrite }))).toMatchObject({
      name: 'DeliveryUnverified',
    });
    const { Parameters } = aws.handle('GetParameterHistory', { Name: NAME });
    expect(Parameters).toHaveLength(3);
    expect(writes).toBe(2);
    expect((await store.inspect(NAME)).kind).toBe('owned');
  });
});

describe('another writer', () => {
  test('that leaves out the description does not inherit the stamp, and is overwritten by the next run', async () => {
    const { store, write, current } = setUp();
    await store.deliver(delivery(1));
    await write({ Overwrite: true });
    expect(await store.inspect(NAME)).toEqual(owned(undefined));
    expect(await refusalOf(store.deliver(delivery(2, 1)))).toMatchObject({ name: 'DeliverySuperseded' });
    expect(current()).toBe('theirs');
    expect(await store.deliver(delivery(2, 'unstamped'))).toEqual(delivered(true));
    expect(await store.inspect(NAME)).toEqual(owned(2));
  });

  test('that comes between the look and the write is noticed by the number of the version', async () => {
    const { aws, store, write } = setUp();
    await store.deliver(delivery(1));
    let isFirst = true;
    const gate = async (action: string) => {
      if (action !== 'PutParameter' || !isFirst) return;
      isFirst = false;
      await write({ Overwrite: true, Value: 'newer' });
    };
    const error = await refusalOf(storeOn(aws, { gate }).deliver(delivery(2, 1)));
    expect(error).toMatchObject({ name: 'DeliverySuperseded', retryable: true });
    expect(error.message).toContain('became version 3');
    expect(await store.inspect(NAME)).toEqual(owned(undefined));
  });

  test('that deletes the parameter at that moment leaves nothing foreign behind', async () => {
    const { aws, store } = setUp();
    await store.deliver(delivery(1));
    const gate = (action: string) => {
      if (action === 'PutParameter') aws.handle('DeleteParameter', { Name: NAME });
    };
    expect(await refusalOf(storeOn(aws, { gate }).deliver(delivery(2, 1)))).toMatchObject({
      name: 'DeliverySuperseded',
    });
    expect((await store.inspect(NAME)).kind).toBe('owned');
    expect(await store.deliver(delivery(2, 'unstamped'))).toMatchObject({ verified: 'read-back' });
  });
});

describe('a foreign parameter', () => {
  test('is recognised without a look at its history, which shows the value of a String', async () => {
    const { aws, store, write } = setUp();
    await write({ Type: 'String' });
    expect(await store.inspect(NAME)).toEqual({ kind: 'foreign' });
    expect(aws.callCounts()).toEqual({ PutParameter: 1, ListTagsForResource: 1 });
  });

  test('that was handed over although it is a String is refused with the command that deletes it', async () => {
    const { client, store, write, current } = setUp();
    await write({ Type: 'String' });
    const Tags = [{ Key: 'pam-relay:owner', Value: OWNER }];
    await client.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: NAME, Tags }));
    expect(await store.inspect(NAME)).toEqual({ kind: 'foreign' });
    const error = await refusalOf(store.deliver(delivery(1)));
    expect(error.name).toBe('SecretForeign');
    expect(error.message).toContain(`aws ssm delete-parameter --name ${NAME}`);
    expect(await store.retire(NAME, 'none')).toBe(false);
    expect(current()).toBe('theirs');
    await client.send(new DeleteParameterCommand({ Name: NAME }));
    expect(await store.deliver(delivery(1))).toEqual(delivered(true));
  });

  test('is handed over by a command for the shell', () => {
    const { store } = setUp();
    expect(store.adoption("/prod/o'b")).toBe(
      `aws ssm add-tags-to-resource --resource-type Parameter --resource-id '/prod/o'\\''b' --tags '[{"Key":"pam-relay:owner","Value":"${OWNER}"}]'`,
    );
  });
});

describe('a value', () => {
  test.each([
    ['over 4,096 bytes in the standard tier', 'standard', 'é'.repeat(2049), 'ValueTooLarge', 'tier: advanced'],
    ['over 8,192 bytes in the advanced tier', 'advanced', 'é'.repeat(4097), 'ValueTooLarge', 'aws-secrets-manager'],
    ['over 8,192 bytes in the standard tier', 'standard', 'x'.repeat(8193), 'ValueTooLarge', 'aws-secrets-manager'],
    ['with two opening braces', 'standard', `${CANARY}{{x}}`, 'ValueRefused', '{credential:base64}'],
    ['with nothing in it', 'standard', '', 'ValueNotText', 'empty'],
    ['with half of a surrogate pair', 'standard', `${CANARY}\ud800`, 'ValueNotText', 'Unicode'],
    ['of bytes', 'standard', new Uint8Array([1]), 'ValueNotText', 'aws-secrets-manager'],
  ] as const)('%s is refused before any call, with the fix', async (_what, tier, content, name, fix) => {
    const { aws } = setUp();
    const value = new Secret<SecretContent>(content);
    const error = await refusalOf(storeOn(aws, { tier }).deliver({ ...delivery(1), value }));
    expect(error).toMatchObject({ name, retryable: false });
    expect(error.message).toContain(fix);
    expect(aws.calls).toEqual([]);
  });

  test('in an advanced parameter is refused by the standard tier, with the setting that helps', async () => {
    const { aws, store } = setUp();
    await storeOn(aws, { tier: 'advanced' }).deliver(delivery(1));
    const error = await refusalOf(store.deliver(delivery(2, 1)));
    expect(error).toMatchObject({ name: 'StoreRejected' });
    expect(error.message).toContain('tier: advanced');
  });
});

describe('the list', () => {
  const collect = async (list: AsyncIterable<readonly StoredSecret[]>) => {
    const all: StoredSecret[] = [];
    for await (const page of list) all.push(...page);
    return all;
  };

  test('goes on over pages that show nothing of ours, and leaves out what is no SecureString', async () => {
    const { aws, store, write } = setUp();
    const Tags = [{ Key: 'pam-relay:owner', Value: OWNER }];
    const names = Array.from({ length: 120 }, (_, index) => `/other/${index}`);
    for (const Name of names) aws.handle('PutParameter', { Name, Value: 'x', Type: 'String' });
    await write({ Name: '/prod/plain', Type: 'String', Tags });
    await store.deliver(delivery(1));
    expect(await collect(store.list())).toEqual([{ name: NAME, stamp: stamp(1) }]);
    expect(aws.callCounts()).toMatchObject({ DescribeParameters: 3 });
  });

  test('of several rules is read one page at a time', async () => {
    const { aws } = setUp();
    for (let index = 0; index < 60; index++)
      aws.handle('PutParameter', { Name: `/a/${index}`, Value: 'x', Type: 'String' });
    let open = 0;
    let most = 0;
    const gate = async () => {
      open += 1;
      most = Math.max(most, open);
      await Promise.resolve();
      open -= 1;
    };
    await Promise.all([1, 2, 3].map((rule) => collect(storeOn(aws, { gate, owner: `relay/${rule}` }).list())));
    expect(most).toBe(1);
    expect(aws.callCounts()).toMatchObject({ DescribeParameters: 6 });
  });

  test('fails if it breaks off, instead of ending early, and leaves other lists alone', async () => {
    const { aws, store } = setUp();
    for (let index = 0; index < 60; index++)
      aws.handle('PutParameter', { Name: `/a/${index}`, Value: 'x', Type: 'String' });
    aws.faults.add({ kind: 'internal', action: 'DescribeParameters', skip: 1, times: 1 });
    expect(await refusalOf(collect(store.list()))).toMatchObject({ name: 'StoreUnavailable' });
    expect(await collect(store.list())).toEqual([]);
  });
});

test('retiring counts as done if an earlier attempt deleted the parameter', async () => {
  const { aws } = setUp();
  await storeOn(aws).deliver(delivery(1));
  aws.faults.add({ kind: 'internal', action: 'DeleteParameter', times: 1, when: 'after' });
  expect(await storeOn(aws, { maxAttempts: 2 }).retire(NAME, 'none')).toBe(true);
  expect(aws.currentValues()).toEqual({});
});
