import { ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { create, describeSecret, get, id, move, put, type Rows, refusal, staged } from './bench.ts';

export const stages: Rows = {
  'a put without stages becomes current, and the one before becomes previous': async (bench) => {
    const { VersionId: first = '' } = await create(bench);
    const second = id();
    await put(bench, second, 'two');
    expect((await describeSecret(bench)).VersionIdsToStages).toEqual({
      [first]: ['AWSPREVIOUS'],
      [second]: ['AWSCURRENT'],
    });
  },
  'a put under AWSPENDING leaves the current value alone': async (bench) => {
    const { current, pending } = await staged(bench);
    expect((await get(bench)).VersionId).toBe(current);
    expect((await get(bench, { VersionStage: 'AWSPENDING' })).VersionId).toBe(pending);
  },
  'putting the same token and content again changes nothing': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    const answer = await put(bench, pending, 'two', ['AWSPENDING']);
    expect(answer.VersionId).toBe(pending);
    expect((await get(bench)).VersionId).toBe(pending);
  },
  'putting the same token with other content is refused, and the version stays': async (bench) => {
    const { pending } = await staged(bench);
    await expect(put(bench, pending, 'three', ['AWSPENDING'])).rejects.toEqual(refusal('ResourceExistsException'));
    expect((await get(bench, { VersionId: pending })).SecretString).toBe('two');
  },
  'putting into an unknown secret is refused': async (bench) => {
    await expect(put(bench, id(), 'one')).rejects.toEqual(refusal('ResourceNotFoundException'));
  },
  'a label is on one version at a time': async (bench) => {
    const { pending } = await staged(bench);
    const next = id();
    await put(bench, next, 'three', ['AWSPENDING']);
    expect((await describeSecret(bench)).VersionIdsToStages?.[pending]).toBeUndefined();
    expect((await get(bench, { VersionStage: 'AWSPENDING' })).VersionId).toBe(next);
  },
  'a version without labels is omitted from every list unless requested, and remains readable': async (bench) => {
    const { pending } = await staged(bench);
    await put(bench, id(), 'three', ['AWSPENDING']);
    const versions = async (IncludeDeprecated: boolean) =>
      (
        await bench.client.send(new ListSecretVersionIdsCommand({ SecretId: bench.name, IncludeDeprecated }))
      ).Versions?.map((version) => version.VersionId);
    expect(await versions(false)).not.toContain(pending);
    expect(await versions(true)).toContain(pending);
    expect((await get(bench, { VersionId: pending })).SecretString).toBe('two');
  },
  'a version id together with a stage that it does not have is refused': async (bench) => {
    const { current } = await staged(bench);
    await expect(get(bench, { VersionId: current, VersionStage: 'AWSPENDING' })).rejects.toThrow();
  },
  'an unknown version and an unattached stage are not found': async (bench) => {
    await create(bench);
    await expect(get(bench, { VersionId: id() })).rejects.toEqual(refusal('ResourceNotFoundException'));
    await expect(get(bench, { VersionStage: 'AWSPENDING' })).rejects.toEqual(refusal('ResourceNotFoundException'));
  },

  'moving AWSCURRENT moves AWSPREVIOUS to the version that had it': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    const stages = (await describeSecret(bench)).VersionIdsToStages;
    expect(stages?.[current]).toEqual(['AWSPREVIOUS']);
    expect(stages?.[pending]).toContain('AWSCURRENT');
  },
  'a read without a stage returns the version under AWSCURRENT': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    expect((await get(bench)).VersionId).toBe(pending);
  },
  'moving AWSCURRENT back and forth keeps one AWSPREVIOUS': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    await move(bench, 'AWSCURRENT', current, pending);
    expect((await get(bench)).VersionId).toBe(current);
    expect((await get(bench, { VersionStage: 'AWSPREVIOUS' })).VersionId).toBe(pending);
  },
  'moving a label without its current version is refused': async (bench) => {
    const { current, pending } = await staged(bench);
    await expect(move(bench, 'AWSCURRENT', pending, undefined)).rejects.toEqual(refusal('InvalidParameterException'));
    expect((await get(bench)).VersionId).toBe(current);
  },
  'moving a label away from a version that does not have it is refused': async (bench) => {
    const { current, pending } = await staged(bench);
    await expect(move(bench, 'AWSCURRENT', pending, pending)).rejects.toEqual(refusal('InvalidParameterException'));
    expect((await get(bench)).VersionId).toBe(current);
  },
  'AWSCURRENT cannot be taken away altogether': async (bench) => {
    const { current } = await staged(bench);
    await expect(move(bench, 'AWSCURRENT', undefined, current)).rejects.toEqual(refusal('InvalidParameterException'));
    expect((await get(bench)).VersionId).toBe(current);
  },
  'another label can be removed': async (bench) => {
    const { pending } = await staged(bench);
    await move(bench, 'AWSPENDING', undefined, pending);
    await expect(get(bench, { VersionStage: 'AWSPENDING' })).rejects.toEqual(refusal('ResourceNotFoundException'));
  },
  'a put as AWSCURRENT after a stage move makes the one before it previous': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    await put(bench, id(), 'three');
    expect((await get(bench, { VersionStage: 'AWSPREVIOUS' })).VersionId).toBe(pending);
  },
  'a version can have twenty labels': async (bench) => {
    const { current } = await staged(bench);
    for (let n = 1; n < 20; n++) await move(bench, `label-${n}`, current, undefined);
    await expect(move(bench, 'label-20', current, undefined)).rejects.toThrow();
  },
};
