import { randomUUID } from 'node:crypto';
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What each row works with: a client, and a name that nothing else uses. */
interface Bench {
  readonly client: SecretsManagerClient;
  readonly name: string;
}

export interface SecretsManagerSuiteOptions {
  /** Titles of rows that this server is known to get wrong: they have to fail, so that a repaired server is noticed. */
  readonly knownWrong?: readonly string[];
}

/** Holds a server against what AWS documents of Secrets Manager, through the SDK. */
export const describeSecretsManager = (
  server: string,
  connect: () => Promise<SecretsManagerClient>,
  options: SecretsManagerSuiteOptions = {},
): void => {
  describe(`${server} as Secrets Manager`, () => {
    let client: SecretsManagerClient;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.destroy());

    for (const [title, check] of Object.entries(ROWS)) {
      const run = options.knownWrong?.includes(title) ? test.fails : test;
      run(title, () => check({ client, name: `contract/${randomUUID()}` }));
    }
  });
};

const id = (): string => randomUUID();
const refusal = (code: string) => expect.objectContaining({ name: code });

const create = ({ client, name }: Bench, input: Partial<CreateSecretCommandInput> = {}) =>
  client.send(new CreateSecretCommand({ Name: name, SecretString: 'one', ...input }));
const put = ({ client, name }: Bench, token: string, value: string, stages?: string[]) =>
  client.send(
    new PutSecretValueCommand({
      SecretId: name,
      ClientRequestToken: token,
      SecretString: value,
      ...(stages && { VersionStages: stages }),
    }),
  );
const get = ({ client, name }: Bench, version: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: name, ...version }));
const describeSecret = ({ client, name }: Bench) => client.send(new DescribeSecretCommand({ SecretId: name }));
const move = ({ client, name }: Bench, stage: string, to: string | undefined, from: string | undefined) =>
  client.send(
    new UpdateSecretVersionStageCommand({
      SecretId: name,
      VersionStage: stage,
      ...(to !== undefined && { MoveToVersionId: to }),
      ...(from !== undefined && { RemoveFromVersionId: from }),
    }),
  );
const remove = ({ client, name }: Bench, days = 7) =>
  client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: days }));
const list = async ({ client }: Bench, input: ListSecretsCommandInput) =>
  (await client.send(new ListSecretsCommand(input))).SecretList?.map((entry) => entry.Name) ?? [];

/** A secret with a current version and a pending one. */
const staged = async (bench: Bench) => {
  const [current, pending] = [id(), id()];
  await create(bench, { ClientRequestToken: current });
  await put(bench, pending, 'two', ['AWSPENDING']);
  return { current, pending };
};

const ROWS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
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
  'a secret made without a value has none, and its first version becomes current whatever its label': async (bench) => {
    await bench.client.send(new CreateSecretCommand({ Name: bench.name }));
    await expect(get(bench)).rejects.toEqual(refusal('ResourceNotFoundException'));
    const token = id();
    await put(bench, token, 'one', ['AWSPENDING']);
    expect((await get(bench)).VersionId).toBe(token);
  },
  'a binary value comes back as it was': async (bench) => {
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

  'a put without stages becomes current, and the one before becomes previous': async (bench) => {
    const [first, second] = [id(), id()];
    await create(bench, { ClientRequestToken: first });
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
  'a version without labels is left out of every list unless asked for, and is still readable': async (bench) => {
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

  'moving AWSCURRENT moves AWSPREVIOUS to where it came from': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    const stages = (await describeSecret(bench)).VersionIdsToStages;
    expect(stages?.[current]).toEqual(['AWSPREVIOUS']);
    expect(stages?.[pending]).toContain('AWSCURRENT');
  },
  'moving AWSCURRENT back and forth keeps one AWSPREVIOUS': async (bench) => {
    const { current, pending } = await staged(bench);
    await move(bench, 'AWSCURRENT', pending, current);
    await move(bench, 'AWSCURRENT', current, pending);
    expect((await get(bench)).VersionId).toBe(current);
    expect((await get(bench, { VersionStage: 'AWSPREVIOUS' })).VersionId).toBe(pending);
  },
  'moving a label without saying where it is now is refused': async (bench) => {
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
  'another label can be taken away': async (bench) => {
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
  'a version takes twenty labels': async (bench) => {
    const { current } = await staged(bench);
    for (let n = 1; n < 20; n++) await move(bench, `label-${n}`, current, undefined);
    await expect(move(bench, 'label-20', current, undefined)).rejects.toThrow();
  },

  'updating the description makes no version': async (bench) => {
    const token = id();
    await create(bench, { ClientRequestToken: token });
    await bench.client.send(new UpdateSecretCommand({ SecretId: bench.name, Description: 'about' }));
    const described = await describeSecret(bench);
    expect(described).toMatchObject({ Description: 'about', VersionIdsToStages: { [token]: ['AWSCURRENT'] } });
  },
  'updating the value makes a current version': async (bench) => {
    await create(bench);
    await bench.client.send(new UpdateSecretCommand({ SecretId: bench.name, SecretString: 'two' }));
    expect((await get(bench)).SecretString).toBe('two');
  },
  'tags are added, replaced by key and taken away': async (bench) => {
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

  'a secret scheduled for deletion is described but neither read nor written': async (bench) => {
    await create(bench);
    const { DeletionDate } = await remove(bench);
    expect(DeletionDate).toBeInstanceOf(Date);
    expect((await describeSecret(bench)).DeletedDate).toBeInstanceOf(Date);
    await expect(get(bench)).rejects.toEqual(refusal('InvalidRequestException'));
    await expect(put(bench, id(), 'two')).rejects.toEqual(refusal('InvalidRequestException'));
  },
  'a restored secret has its versions and labels back': async (bench) => {
    const token = id();
    await create(bench, { ClientRequestToken: token });
    await remove(bench);
    await bench.client.send(new RestoreSecretCommand({ SecretId: bench.name }));
    expect(await get(bench)).toMatchObject({ VersionId: token, SecretString: 'one' });
    expect((await describeSecret(bench)).DeletedDate).toBeUndefined();
  },
  'a recovery window outside 7 to 30 days is refused': async (bench) => {
    await create(bench);
    await expect(remove(bench, 6)).rejects.toThrow();
    await expect(remove(bench, 31)).rejects.toThrow();
    expect((await describeSecret(bench)).DeletedDate).toBeUndefined();
  },
  'a forced deletion frees the name at once, and an unknown secret is no error': async (bench) => {
    const { ARN } = await create(bench);
    const force = () =>
      bench.client.send(new DeleteSecretCommand({ SecretId: bench.name, ForceDeleteWithoutRecovery: true }));
    await force();
    await force();
    expect((await create(bench)).ARN).not.toBe(ARN);
  },
  'deleting an unknown secret is not found': async (bench) => {
    await expect(remove(bench)).rejects.toEqual(refusal('ResourceNotFoundException'));
  },

  'the list shows tags and the stages of each version': async (bench) => {
    const token = id();
    await create(bench, { ClientRequestToken: token, Tags: [{ Key: 'owner', Value: bench.name }] });
    const { SecretList } = await bench.client.send(
      new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [bench.name] }] }),
    );
    expect(SecretList).toMatchObject([
      {
        Name: bench.name,
        Tags: [{ Key: 'owner', Value: bench.name }],
        SecretVersionsToStages: { [token]: ['AWSCURRENT'] },
      },
    ]);
  },
  'filters match prefixes, all filters and any value of each': async (bench) => {
    const names = ['/a', '/b', '/c'].map((end) => bench.name + end);
    for (const name of names) await create({ ...bench, name }, { Tags: [{ Key: `${bench.name}-owner`, Value: name }] });
    const key = { Key: 'tag-key' as const, Values: [bench.name] };
    expect(await list(bench, { Filters: [key] })).toHaveLength(3);
    const values = [names[0] ?? '', names[2] ?? ''];
    expect((await list(bench, { Filters: [key, { Key: 'tag-value', Values: values }] })).sort()).toEqual(values);
    expect(await list(bench, { Filters: [{ Key: 'name', Values: [`${bench.name}/b`] }] })).toEqual([names[1]]);
  },
  'a filter that begins with an exclamation mark excludes': async (bench) => {
    const names = ['/a', '/b'].map((end) => bench.name + end);
    for (const name of names) await create({ ...bench, name });
    const Filters = [
      { Key: 'name' as const, Values: [bench.name] },
      { Key: 'name' as const, Values: [`!${bench.name}/a`] },
    ];
    expect(await list(bench, { Filters })).toEqual([names[1]]);
  },
  'pages hold at most MaxResults and together each secret once': async (bench) => {
    const names = Array.from({ length: 5 }, (_, n) => `${bench.name}/${n}`);
    for (const name of names) await create({ ...bench, name });
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await bench.client.send(
        new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [bench.name] }], MaxResults: 2, NextToken }),
      );
      expect(page.SecretList?.length).toBeLessThanOrEqual(2);
      seen.push(...(page.SecretList?.map((entry) => entry.Name) ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen.sort()).toEqual(names);
  },
  'the order by creation can be turned round': async (bench) => {
    const names = ['/a', '/b', '/c'].map((end) => bench.name + end);
    for (const name of names) await create({ ...bench, name });
    const Filters = [{ Key: 'name' as const, Values: [bench.name] }];
    expect(await list(bench, { Filters, SortOrder: 'asc' })).toEqual(names);
    expect(await list(bench, { Filters, SortOrder: 'desc' })).toEqual(names.toReversed());
  },
  'more than 100 results a page, and a made-up page token, are refused': async (bench) => {
    await expect(list(bench, { MaxResults: 101 })).rejects.toThrow();
    await expect(list(bench, { NextToken: 'made-up' })).rejects.toEqual(refusal('InvalidNextTokenException'));
  },
  'the list leaves out what is scheduled for deletion unless asked': async (bench) => {
    await create(bench);
    await remove(bench);
    const Filters = [{ Key: 'name' as const, Values: [bench.name] }];
    expect(await list(bench, { Filters })).toEqual([]);
    expect(await list(bench, { Filters, IncludePlannedDeletion: true })).toEqual([bench.name]);
  },
  'a batch read gives values and, for what it cannot read, errors': async (bench) => {
    await create(bench);
    const answer = await bench.client.send(
      new BatchGetSecretValueCommand({ SecretIdList: [bench.name, `${bench.name}/absent`] }),
    );
    expect(answer.SecretValues).toMatchObject([{ Name: bench.name, SecretString: 'one' }]);
    expect(answer.Errors).toMatchObject([{ SecretId: `${bench.name}/absent`, ErrorCode: 'ResourceNotFoundException' }]);
  },
};
