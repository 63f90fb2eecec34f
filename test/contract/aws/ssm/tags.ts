import { expect } from 'vitest';
import { create, list, overwrite, type Rows, refusal, tag, tagsOf } from './bench.ts';

export const tags: Rows = {
  'tags are set at creation, and stay when the value changes': async (bench) => {
    const owner = { Key: 'owner', Value: bench.name };
    await create(bench, { Tags: [owner] });
    await overwrite(bench, 'two');
    expect(await tagsOf(bench)).toEqual([owner]);
  },
  'tags can be added and replaced later': async (bench) => {
    await create(bench);
    await tag(bench, { Key: 'owner', Value: 'one' }, { Key: 'other', Value: '' });
    await tag(bench, { Key: 'owner', Value: 'two' });
    const all = (await tagsOf(bench))?.toSorted((one, other) => (one.Key ?? '').localeCompare(other.Key ?? ''));
    expect(all).toEqual([
      { Key: 'other', Value: '' },
      { Key: 'owner', Value: 'two' },
    ]);
  },
  'an unknown parameter has no tags, and takes none': async (bench) => {
    await expect(tagsOf(bench)).rejects.toEqual(refusal('InvalidResourceId'));
    await expect(tag(bench, { Key: 'owner', Value: 'me' })).rejects.toEqual(refusal('InvalidResourceId'));
  },
  'the list shows the current version with its description': async (bench) => {
    await create(bench, { Description: 'first' });
    await overwrite(bench, 'two', { Description: 'second' });
    const { found } = await list(bench, { ParameterFilters: [{ Key: 'Name', Values: [bench.name] }] });
    expect(found).toMatchObject([
      { Name: bench.name, Type: 'SecureString', Version: 2, Description: 'second', Tier: 'Standard' },
    ]);
  },
  'the list never shows a value': async (bench) => {
    await create(bench, { Value: 'canary-7d0e' });
    const answer = await list(bench, { ParameterFilters: [{ Key: 'Name', Values: [bench.name] }] });
    expect(JSON.stringify(answer)).not.toContain('canary-7d0e');
  },
  'a filter by tag matches the whole value': async (bench) => {
    for (const [end, Value] of [
      ['/a', 'me'],
      ['/b', 'me-too'],
      ['/c', 'me'],
    ] as const) {
      await create({ ...bench, name: bench.name + end }, { Tags: [{ Key: bench.name, Value }] });
    }
    const { names } = await list(bench, { ParameterFilters: [{ Key: `tag:${bench.name}`, Values: ['me'] }] });
    expect(names.toSorted()).toEqual([`${bench.name}/a`, `${bench.name}/c`]);
  },
  'pages together hold each parameter once': async (bench) => {
    const names = Array.from({ length: 12 }, (_, n) => `${bench.name}/${String(n).padStart(2, '0')}`);
    for (const name of names) await create({ ...bench, name });
    const ParameterFilters = [{ Key: 'Name', Option: 'BeginsWith', Values: [bench.name] }];
    const { names: listed, sizes } = await list(bench, { ParameterFilters, MaxResults: 5 });
    expect(listed.toSorted()).toEqual(names);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5);
  },
  'more than 50 results a page are refused': async (bench) => {
    await expect(list(bench, { MaxResults: 51 })).rejects.toThrow();
  },
};
