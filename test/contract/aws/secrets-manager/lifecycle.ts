import {
  DeleteSecretCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { create, describeSecret, get, id, put, type Rows, refusal, remove } from './bench.ts';

export const lifecycle: Rows = {
  'updating the description creates no version': async (bench) => {
    const { VersionId: only = '' } = await create(bench);
    await bench.client.send(new UpdateSecretCommand({ SecretId: bench.name, Description: 'about' }));
    const described = await describeSecret(bench);
    expect(described).toMatchObject({ Description: 'about', VersionIdsToStages: { [only]: ['AWSCURRENT'] } });
  },
  'updating the value creates a current version': async (bench) => {
    await create(bench);
    await bench.client.send(new UpdateSecretCommand({ SecretId: bench.name, SecretString: 'two' }));
    expect((await get(bench)).SecretString).toBe('two');
  },
  'tags are added, replaced by key and removed': async (bench) => {
    await create(bench, { Tags: [{ Key: 'kept', Value: '1' }] });
    const tag = (Key: string, Value: string) =>
      bench.client.send(new TagResourceCommand({ SecretId: bench.name, Tags: [{ Key, Value }] }));
    await tag('added', '1');
    await tag('added', '2');
    expect((await describeSecret(bench)).Tags).toEqual([
      { Key: 'kept', Value: '1' },
      { Key: 'added', Value: '2' },
    ]);
    await bench.client.send(new UntagResourceCommand({ SecretId: bench.name, TagKeys: ['added'] }));
    expect((await describeSecret(bench)).Tags).toEqual([{ Key: 'kept', Value: '1' }]);
  },

  'a secret scheduled for deletion can be described, but neither read nor written': async (bench) => {
    await create(bench);
    const { DeletionDate } = await remove(bench);
    expect(DeletionDate).toBeInstanceOf(Date);
    expect((await describeSecret(bench)).DeletedDate).toBeInstanceOf(Date);
    await expect(get(bench)).rejects.toEqual(refusal('InvalidRequestException'));
    await expect(put(bench, id(), 'two')).rejects.toEqual(refusal('InvalidRequestException'));
  },
  'a restored secret has its versions and labels again': async (bench) => {
    const { VersionId: only = '' } = await create(bench);
    await remove(bench);
    await bench.client.send(new RestoreSecretCommand({ SecretId: bench.name }));
    expect(await get(bench)).toMatchObject({ VersionId: only, SecretString: 'one' });
    expect((await describeSecret(bench)).DeletedDate).toBeUndefined();
  },
  'a recovery window outside 7 to 30 days is refused': async (bench) => {
    await create(bench);
    await expect(remove(bench, 6)).rejects.toThrow();
    await expect(remove(bench, 31)).rejects.toThrow();
    expect((await describeSecret(bench)).DeletedDate).toBeUndefined();
  },
  'a forced deletion frees the name immediately, and succeeds for an unknown secret': async (bench) => {
    const { ARN } = await create(bench);
    const force = () =>
      bench.client.send(new DeleteSecretCommand({ SecretId: bench.name, ForceDeleteWithoutRecovery: true }));
    await force();
    await force();
    expect((await create(bench)).ARN).not.toBe(ARN);
  },
  'a forced deletion ends the recovery of a secret that is scheduled for deletion': async (bench) => {
    const { ARN } = await create(bench);
    await remove(bench);
    await bench.client.send(new DeleteSecretCommand({ SecretId: bench.name, ForceDeleteWithoutRecovery: true }));
    expect((await create(bench)).ARN).not.toBe(ARN);
  },
  'deleting an unknown secret is not found': async (bench) => {
    await expect(remove(bench)).rejects.toEqual(refusal('ResourceNotFoundException'));
  },
};
