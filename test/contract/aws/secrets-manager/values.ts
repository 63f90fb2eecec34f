import { CreateSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { create, get, id, put, type Rows, refusal, remove } from './bench.ts';

export const values: Rows = {
  'a created secret has its token as version id, under AWSCURRENT': async (bench) => {
    const token = id();
    const created = await create(bench, { ClientRequestToken: token });
    expect(created.VersionId).toBe(token);
    expect(await get(bench)).toMatchObject({ VersionId: token, SecretString: 'one', VersionStages: ['AWSCURRENT'] });
  },
  'an ARN ends in the name, a hyphen and six characters': async (bench) => {
    const { ARN = '' } = await create(bench);
    expect(ARN).toMatch(/^arn:aws:secretsmanager:[\w-]+:\d{12}:secret:contract\/[\w-]+-[A-Za-z0-9]{6}$/);
  },
  'a secret is found by its name, its ARN and its ARN without the last seven characters': async (bench) => {
    const { ARN = '' } = await create(bench);
    for (const SecretId of [bench.name, ARN, ARN.slice(0, -7)]) {
      expect(await bench.client.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({ Name: bench.name });
    }
  },
  'creating again with the same token and content changes nothing': async (bench) => {
    const token = id();
    const first = await create(bench, { ClientRequestToken: token });
    const second = await create(bench, { ClientRequestToken: token });
    expect(second).toMatchObject({ ARN: first.ARN, VersionId: token });
  },
  'creating again with another token is refused': async (bench) => {
    await create(bench);
    await expect(create(bench)).rejects.toEqual(refusal('ResourceExistsException'));
  },
  'creating again with the same token and other content is refused': async (bench) => {
    const token = id();
    await create(bench, { ClientRequestToken: token });
    await expect(create(bench, { ClientRequestToken: token, SecretString: 'two' })).rejects.toEqual(
      refusal('ResourceExistsException'),
    );
  },
  'creating over a secret that is scheduled for deletion is refused as a request': async (bench) => {
    await create(bench);
    await remove(bench);
    await expect(create(bench)).rejects.toEqual(refusal('InvalidRequestException'));
  },
  'a secret created without a value has none, and its first version becomes current under any label': async (bench) => {
    await bench.client.send(new CreateSecretCommand({ Name: bench.name }));
    await expect(get(bench)).rejects.toEqual(refusal('ResourceNotFoundException'));
    const token = id();
    await put(bench, token, 'one', ['AWSPENDING']);
    expect((await get(bench)).VersionId).toBe(token);
  },
  'a binary value is returned unchanged': async (bench) => {
    const bytes = new Uint8Array([0, 255, 128, 10]);
    await bench.client.send(new CreateSecretCommand({ Name: bench.name, SecretBinary: bytes }));
    const answer = await get(bench);
    expect(answer.SecretBinary).toEqual(bytes);
    expect(answer.SecretString).toBeUndefined();
  },
  'a value of 65,536 bytes fits and one byte more does not': async (bench) => {
    await create(bench, { SecretString: 'é'.repeat(32_768) });
    await expect(put(bench, id(), `${'é'.repeat(32_768)}.`)).rejects.toThrow();
  },
  'a name with other characters is refused': async (bench) => {
    await expect(create({ ...bench, name: `${bench.name} #` })).rejects.toEqual(refusal('ValidationException'));
  },
};
