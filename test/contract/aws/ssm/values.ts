import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { expect } from 'vitest';
import { create, get, historyOf, overwrite, type Rows, refusal, remove } from './bench.ts';

export const values: Rows = {
  'a created parameter has version 1, and its value only with decryption': async (bench) => {
    expect(await create(bench)).toMatchObject({ Version: 1, Tier: 'Standard' });
    expect(await get(bench)).toMatchObject({ Name: bench.name, Type: 'SecureString', Value: 'one', Version: 1 });
    const sealed = await bench.client.send(new GetParameterCommand({ Name: bench.name }));
    expect(sealed.Parameter?.Value).toBeDefined();
    expect(sealed.Parameter?.Value).not.toBe('one');
  },
  'creating again is refused, and the value stays': async (bench) => {
    await create(bench);
    await expect(create(bench, { Value: 'two' })).rejects.toEqual(refusal('ParameterAlreadyExists'));
    expect(await get(bench)).toMatchObject({ Value: 'one', Version: 1 });
  },
  'overwriting counts versions, and each stays readable by its number': async (bench) => {
    await create(bench);
    expect(await overwrite(bench, 'two')).toMatchObject({ Version: 2 });
    expect(await overwrite(bench, 'three')).toMatchObject({ Version: 3 });
    expect(await get(bench)).toMatchObject({ Value: 'three', Version: 3 });
    expect(await get(bench, ':2')).toMatchObject({ Value: 'two', Version: 2 });
  },
  'overwriting a name that is free creates it': async (bench) => {
    expect(await overwrite(bench, 'one')).toMatchObject({ Version: 1 });
  },
  'overwriting with tags is refused': async (bench) => {
    await create(bench);
    const Tags = [{ Key: 'owner', Value: 'me' }];
    await expect(overwrite(bench, 'two', { Tags })).rejects.toEqual(refusal('ValidationException'));
    expect(await get(bench)).toMatchObject({ Value: 'one' });
  },
  'the history has each version with the description that it was written with': async (bench) => {
    await create(bench, { Description: 'first' });
    await overwrite(bench, 'two', { Description: 'second' });
    expect((await historyOf(bench)).Parameters).toMatchObject([
      { Version: 1, Description: 'first', Value: 'one', Type: 'SecureString' },
      { Version: 2, Description: 'second', Value: 'two', Type: 'SecureString' },
    ]);
  },
  'the history has pages of 50, and the oldest version goes after 100': async (bench) => {
    await create(bench);
    for (let number = 2; number <= 101; number++) await overwrite(bench, String(number));
    const numbers: (number | undefined)[] = [];
    let page = await historyOf(bench);
    for (;;) {
      expect(page.Parameters?.length).toBeLessThanOrEqual(50);
      numbers.push(...(page.Parameters ?? []).map(({ Version }) => Version));
      if (page.NextToken === undefined) break;
      page = await historyOf(bench, page.NextToken);
    }
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
  },
  'an unknown parameter and an unknown version are not found': async (bench) => {
    await expect(get(bench)).rejects.toEqual(refusal('ParameterNotFound'));
    await expect(historyOf(bench)).rejects.toEqual(refusal('ParameterNotFound'));
    await create(bench);
    await expect(get(bench, ':9')).rejects.toEqual(refusal('ParameterVersionNotFound'));
  },
  'a deleted parameter is gone with its history, and a second deletion finds none': async (bench) => {
    await create(bench);
    await overwrite(bench, 'two');
    await remove(bench);
    await expect(get(bench)).rejects.toEqual(refusal('ParameterNotFound'));
    await expect(remove(bench)).rejects.toEqual(refusal('ParameterNotFound'));
    expect(await create(bench)).toMatchObject({ Version: 1 });
  },
  'a SecureString does not replace a String': async (bench) => {
    await create(bench, { Type: 'String' });
    await expect(overwrite(bench, 'two')).rejects.toEqual(refusal('HierarchyTypeMismatchException'));
  },
};

export const limits: Rows = {
  'the standard tier holds 4,096 bytes and the advanced tier 8,192': async (bench) => {
    await create(bench, { Value: 'x'.repeat(4096) });
    await expect(overwrite(bench, 'x'.repeat(4097))).rejects.toEqual(refusal('ValidationException'));
    expect(await overwrite(bench, 'x'.repeat(8192), { Tier: 'Advanced' })).toMatchObject({ Tier: 'Advanced' });
    await expect(overwrite(bench, 'x'.repeat(8193), { Tier: 'Advanced' })).rejects.toThrow();
  },
  'an advanced parameter does not return to the standard tier': async (bench) => {
    await create(bench, { Tier: 'Advanced' });
    await expect(overwrite(bench, 'two', { Tier: 'Standard' })).rejects.toEqual(refusal('ValidationException'));
  },
  'an empty value is refused': async (bench) => {
    await expect(create(bench, { Value: '' })).rejects.toThrow();
  },
  'a value with a reference to a parameter is refused': async (bench) => {
    await expect(create(bench, { Value: 'a{{b}}c' })).rejects.toEqual(refusal('ValidationException'));
  },
  'a description has at most 1,024 characters': async (bench) => {
    await create(bench, { Description: 'x'.repeat(1024) });
    await expect(overwrite(bench, 'two', { Description: 'x'.repeat(1025) })).rejects.toThrow();
  },
  'a name with other characters is refused': async (bench) => {
    for (const end of [' ', '@', '=', 'é']) {
      await expect(create({ ...bench, name: `${bench.name}${end}x` })).rejects.toEqual(refusal('ValidationException'));
    }
  },
  'a name in a folder begins with a slash': async (bench) => {
    await expect(create({ ...bench, name: bench.name.slice(1) })).rejects.toEqual(refusal('ValidationException'));
  },
  'a name has at most 15 levels': async (bench) => {
    const { length } = bench.name.split('/').slice(1);
    await create({ ...bench, name: bench.name + '/x'.repeat(15 - length) });
    await expect(create({ ...bench, name: bench.name + '/x'.repeat(16 - length) })).rejects.toEqual(
      refusal('HierarchyLevelLimitExceededException'),
    );
  },
  'a name has at most 1,011 characters with its ARN': async (bench) => {
    await create({ ...bench, name: bench.name.padEnd(950, 'x') });
    await expect(create({ ...bench, name: bench.name.padEnd(1011, 'x') })).rejects.toThrow();
  },
  'names that begin with aws or ssm are reserved': async (bench) => {
    for (const begin of ['/aws/', '/ssm/', '/AWS', '/Ssm']) {
      await expect(create({ ...bench, name: begin + bench.name.slice(1) }), begin).rejects.toThrow();
    }
  },
};
