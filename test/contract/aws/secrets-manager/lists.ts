import { BatchGetSecretValueCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { create, list, type Rows, refusal, remove } from './bench.ts';

export const lists: Rows = {
  'the list shows tags and the stages of each version': async (bench) => {
    const { VersionId: only = '' } = await create(bench, { Tags: [{ Key: 'owner', Value: bench.name }] });
    const { SecretList } = await bench.client.send(
      new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [bench.name] }] }),
    );
    expect(SecretList).toMatchObject([
      {
        Name: bench.name,
        Tags: [{ Key: 'owner', Value: bench.name }],
        SecretVersionsToStages: { [only]: ['AWSCURRENT'] },
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
  'the order by creation can be reversed': async (bench) => {
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
  'the list omits secrets scheduled for deletion unless requested': async (bench) => {
    await create(bench);
    await remove(bench);
    const Filters = [{ Key: 'name' as const, Values: [bench.name] }];
    expect(await list(bench, { Filters })).toEqual([]);
    expect(await list(bench, { Filters, IncludePlannedDeletion: true })).toEqual([bench.name]);
  },
  'a batch read returns values, and errors for what it cannot read': async (bench) => {
    await create(bench);
    const answer = await bench.client.send(
      new BatchGetSecretValueCommand({ SecretIdList: [bench.name, `${bench.name}/absent`] }),
    );
    expect(answer.SecretValues).toMatchObject([{ Name: bench.name, SecretString: 'one' }]);
    expect(answer.Errors).toMatchObject([{ SecretId: `${bench.name}/absent`, ErrorCode: 'ResourceNotFoundException' }]);
  },
};
