import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { delivery, HERE } from './secrets-manager-operator.ts';
import { REPLICA, replicated } from './secrets-manager-replicas.ts';
import { collect, refusalOf, stamp } from './store-scene.ts';

describe('replicas', () => {
  test('are created with a secret and follow its changes', async () => {
    const { store, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(there('prod/a')).toBe('value of 1');
    await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(there('prod/a')).toBe('value of 2');
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(2) }]);
  });

  test('that a secret lacks are listed as such, and added without its value', async () => {
    const { store, plain, there, manager } = replicated();
    await plain.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1), incomplete: true }]);
    manager.forgetCalls();
    expect(await store.complete?.('prod/a')).toBeUndefined();
    expect(manager.callCounts()).toEqual({ DescribeSecret: 1, ReplicateSecretToRegions: 1 });
    expect(there('prod/a')).toBe('value of 1');
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1) }]);
  });

  test('in progress are neither missing nor failed', async () => {
    const { store } = replicated({ replicationMs: 60_000 });
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await collect(store)).toEqual([{ name: 'prod/a', stamp: stamp(1) }]);
  });

  test('that failed leave the secret delivered, are reported with the reason, and are tried again by a delivery', async () => {
    const { store, connect, there } = replicated();
    const foreign = connect(REPLICA);
    await foreign.send(new CreateSecretCommand({ Name: 'prod/a', SecretString: 'theirs' }));
    expect(await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' })).toMatchObject({ changed: true });
    const [listed] = await collect(store);
    expect(listed).toMatchObject({ stamp: stamp(1) });
    expect(listed).not.toHaveProperty('incomplete');
    expect(listed?.warning).toMatch(/^The replica of the secret prod\/a in eu-west-1 failed: .*already exists/);
    expect(listed?.warning).toContain(
      'aws secretsmanager replicate-secret-to-regions --secret-id prod/a --add-replica-regions Region=eu-west-1',
    );
    expect(there('prod/a')).toBe('theirs');

    await foreign.send(new DeleteSecretCommand({ SecretId: 'prod/a', ForceDeleteWithoutRecovery: true }));
    await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(there('prod/a')).toBe('value of 2');
  });

  test('that failed are reported with the reason of AWS escaped and shortened', async () => {
    const { manager, owner, store } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const status = { Region: REPLICA, Status: 'Failed', StatusMessage: `\u001B[2J\n${'x'.repeat(5000)}` };
    const failing = {
      ...manager,
      handle: (...[action, ...rest]: Parameters<typeof manager.handle>) => ({
        ...manager.handle(action, ...rest),
        ...(action === 'DescribeSecret' && { ReplicationStatus: [status] }),
      }),
    };
    const other = createAwsSecretsManagerStore({
      client: connectInProcess(failing),
      owner,
      replicas: {
        regions: [{ region: REPLICA, kmsKeyArn: undefined }],
        clientIn: () => connectInProcess(manager, { region: 'eu-north-1' }),
      },
    });
    const [listed] = await collect(other);
    expect(listed?.warning).toContain('failed: \\u{1B}[2J\\u{A}xxx');
    expect(listed?.warning?.length).toBeLessThan(700);
  });

  test('that cannot be started do not fail the delivery', async () => {
    const { store, manager, plain } = replicated();
    await plain.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    manager.faults.denyAction('ReplicateSecretToRegions');
    const delivered = await store.deliver({ ...delivery(2, 'prod/a'), expected: { stamp: stamp(1) } });
    expect(delivered).toMatchObject({ changed: true, warning: expect.stringContaining('ReplicateSecretToRegions') });
    expect(manager.currentValues()).toEqual({ 'prod/a': 'value of 2' });
  });

  test('are removed before the secret, also after a stop in between', async () => {
    const { store, there, manager } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    manager.faults.add({ kind: 'reset', action: 'DeleteSecret', times: 1 });
    await expect(store.retire('prod/a', 7)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(there('prod/a')).toBeUndefined();
    expect(await store.retire('prod/a', 7)).toBe(true);
    expect(await store.inspect('prod/a')).toMatchObject({ retired: true });
  });

  test('that relay.yaml does not name are removed before the secret as well', async () => {
    const { store, plain, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    expect(await plain.retire('prod/a', 7)).toBe(true);
    expect(there('prod/a')).toBeUndefined();
    expect(await plain.inspect('prod/a')).toMatchObject({ retired: true });
  });

  test.each([
    ['wait for AWS to remove them', 2, true],
    ['leave the deletion to the next run if that lasts', 9, false],
  ])('%s', async (_what, removedAfter, isRetired) => {
    const manager = createSecretsManager();
    let sleeps = 0;
    // AWS answers a removal before it is done.
    const slow = {
      ...manager,
      handle: (...[action, body, ...from]: Parameters<typeof manager.handle>) =>
        action === 'RemoveRegionsFromReplication'
          ? manager.handle('DescribeSecret', { SecretId: 'prod/a' }, ...from)
          : manager.handle(action, body, ...from),
    };
    const connect = () => connectInProcess(slow);
    const sleep = async () => {
      sleeps += 1;
      const removal = { SecretId: 'prod/a', RemoveReplicaRegions: [REPLICA] };
      if (sleeps === removedAfter) manager.handle('RemoveRegionsFromReplication', removal);
    };
    const regions = [{ region: REPLICA, kmsKeyArn: undefined }];
    const store = createAwsSecretsManagerStore({
      client: connect(),
      owner: `relay.${HERE}.eu-central-1/web`,
      replicas: { regions, clientIn: connect },
      sleep,
    });
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const retiring = store.retire('prod/a', 7);
    if (isRetired) expect(await retiring).toBe(true);
    else expect(await refusalOf(retiring)).toMatchObject({ name: 'StoreUnavailable', retryable: true });
    expect(sleeps).toBe(isRetired ? 2 : 4);
  });

  test('are foreign in their own region: not listed, not written, and told apart', async () => {
    const { store, owner, connect, there } = replicated();
    await store.deliver({ ...delivery(1, 'prod/a'), expected: 'absent' });
    const other = createAwsSecretsManagerStore({ client: connect(REPLICA), owner });
    expect(await collect(other)).toEqual([]);
    expect(await other.inspect('prod/a')).toEqual({ kind: 'foreign', replicaOf: 'eu-central-1' });
    for (const expected of ['absent', { stamp: stamp(1) }] as const) {
      const refusal = await refusalOf(other.deliver({ ...delivery(2, 'prod/a'), expected }));
      expect(refusal).toMatchObject({ name: 'SecretForeign' });
      expect(refusal.message).toContain('is a replica of the secret of that name in eu-central-1');
      expect(refusal.message).toContain('aws secretsmanager stop-replication-to-replica --secret-id prod/a');
    }
    expect(await other.retire('prod/a', 7)).toBe(false);
    expect(there('prod/a')).toBe('value of 1');
  });
});
