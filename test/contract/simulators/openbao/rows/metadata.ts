import { expect } from 'vitest';
import * as z from 'zod';
import { ABSENT, answered, CAS_MISMATCH, metadata, NO_CONTENT, read, refused, written } from '../answers.ts';
import type { Bench } from '../bench.ts';
import type { Rows } from '../openbao.ts';

const metadataSchema = z.object({
  data: z.object({
    custom_metadata: z.record(z.string(), z.string()).nullable(),
    current_metadata_version: z.number(),
    max_versions: z.number(),
  }),
});

const metadataOf = async ({ call, name }: Bench) => {
  const { body } = await call('GET', `secret/metadata/${name}`);
  return metadataSchema.parse(body).data;
};

const invalid = (...problems: readonly string[]) =>
  refused(
    400,
    `${problems.length === 1 ? '1 error' : `${problems.length} errors`} occurred:\n${problems
      .map((problem) => `\t* custom_metadata validation failed: ${problem}\n`)
      .join('')}\n`,
  );

/** Metadata and lists of KV version 2. */
export const metadataRows: Rows = {
  'metadata can precede the first version, which still counts as absent': async ({ call, admin, name }) => {
    await admin(`secret/metadata/${name}`, { custom_metadata: { owner: 'relay' } });
    expect(await call('GET', `secret/data/${name}`)).toEqual(ABSENT);
    const custom = { owner: 'relay' };
    expect(await call('GET', `secret/metadata/${name}`)).toEqual(
      answered({ data: metadata({ current: 0, changes: 1, custom }) }),
    );
    const post = (cas: number) => call('POST', `secret/data/${name}`, { body: { data: {}, options: { cas } } });
    expect(await post(1)).toEqual(CAS_MISMATCH);
    expect(await post(0)).toEqual(written(1, { custom }));
    expect(await call('GET', `secret/data/${name}`)).toEqual(read({}, 1, { custom }));
  },

  'a patch merges custom metadata, and null removes': async (bench) => {
    const { call, patch, name } = bench;
    await call('POST', `secret/data/${name}`, { body: { data: {} } });
    const path = `secret/metadata/${name}`;
    expect(await patch(path, { custom_metadata: { one: '1', two: '2' } })).toEqual(NO_CONTENT);
    expect(await patch(path, { custom_metadata: { one: null, three: '3' } })).toEqual(NO_CONTENT);
    expect(await metadataOf(bench)).toEqual({
      custom_metadata: { two: '2', three: '3' },
      current_metadata_version: 2,
      max_versions: 0,
    });
    expect(await patch(path, { custom_metadata: null })).toEqual(NO_CONTENT);
    expect(await patch(path, {})).toEqual(NO_CONTENT);
    expect(await metadataOf(bench)).toMatchObject({ custom_metadata: null });
  },

  'a write replaces custom metadata': async (bench) => {
    const { admin, patch, name } = bench;
    await admin(`secret/metadata/${name}`, { custom_metadata: { one: '1' } });
    await admin(`secret/metadata/${name}`, { custom_metadata: { two: '2' } });
    const expected = { custom_metadata: { two: '2' }, current_metadata_version: 2, max_versions: 0 };
    expect(await metadataOf(bench)).toEqual(expected);
    await patch(`secret/metadata/${name}`, { max_versions: 4 });
    expect(await metadataOf(bench)).toEqual({ ...expected, current_metadata_version: 3, max_versions: 4 });
  },

  'a patch of a missing secret is a 404 without a body, and a write without settings creates none': async ({
    call,
    patch,
    name,
  }) => {
    expect(await call('POST', `secret/metadata/${name}`, { body: {} })).toEqual(NO_CONTENT);
    expect(await patch(`secret/metadata/${name}`, { custom_metadata: { one: '1' } })).toEqual({
      status: 404,
      body: '',
    });
  },

  'a patch without its media type is refused': async ({ call, name }) => {
    const body = { custom_metadata: {} };
    expect(await call('PATCH', `secret/metadata/${name}`, { body })).toEqual(
      refused(415, 'PATCH requires Content-Type of application/merge-patch+json, provided application/json'),
    );
  },

  'custom metadata has at most 64 keys a request, of 128 bytes, with values of 512 printable bytes': async ({
    admin,
    patch,
    name,
  }) => {
    await admin(`secret/metadata/${name}`, { max_versions: 1 });
    const custom = (custom_metadata: unknown) => patch(`secret/metadata/${name}`, { custom_metadata });
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
    expect(await custom(keys(64))).toEqual(NO_CONTENT);
    expect(await custom(keys(65))).toEqual(invalid('payload must contain at most 64 keys, provided 65'));
    expect(await custom({ one: 'more' })).toEqual(NO_CONTENT);
    expect(await custom({ ['k'.repeat(128)]: 'v'.repeat(512) })).toEqual(NO_CONTENT);
    const long = 'k'.repeat(129);
    expect(await custom({ [long]: 'v' })).toEqual(
      invalid(`length of key "${long}" is 129 but must be 0 < len(key) <= 128`),
    );
    expect(await custom({ k: 'v'.repeat(513) })).toEqual(
      invalid('length of value for key "k" is 513 but must be 0 < len(value) <= 512'),
    );
    expect(await custom({ k: 'ü'.repeat(257) })).toEqual(
      invalid('length of value for key "k" is 514 but must be 0 < len(value) <= 512'),
    );
    expect(await custom({ k: '' })).toEqual(
      invalid('length of value for key "k" is 0 but must be 0 < len(value) <= 512'),
    );
    expect(await custom({ k: 'a\n' })).toEqual(invalid('value for key "k" contains unprintable characters'));
    expect((await custom({ k: 3 })).status).toBe(500);
    expect(await custom('text')).toEqual(
      refused(
        400,
        "Field validation failed: error converting input for field \"custom_metadata\": '' expected type 'map[string]interface {}', got unconvertible type 'string'",
      ),
    );
  },

  'metadata_cas fences the metadata, and can be required': async ({ admin, patch, name }) => {
    const path = `secret/metadata/${name}`;
    await admin(path, { max_versions: 1 });
    const mismatch = refused(400, 'metadata check-and-set parameter does not match the current version');
    expect(await patch(path, { metadata_cas: 0, custom_metadata: { a: 'b' } })).toEqual(mismatch);
    expect(await patch(path, { metadata_cas: 1, custom_metadata: { a: 'b' }, metadata_cas_required: true })).toEqual(
      NO_CONTENT,
    );
    expect(await patch(path, { custom_metadata: { a: 'c' } })).toEqual(
      refused(400, 'metadata check-and-set parameter required for this call'),
    );
  },

  'a list shows the names and folders directly below, page by page': async ({ call, name }) => {
    for (const path of ['b', 'a/x', 'a/y/z', 'c']) {
      await call('POST', `secret/data/${name}/${path}`, { body: { data: {} } });
    }
    const list = (query: string) => call('GET', `secret/metadata/${name}?list=true${query}`);
    expect(await list('')).toEqual(answered({ data: { keys: ['a/', 'b', 'c'] } }));
    expect(await list('&limit=2')).toEqual(answered({ data: { keys: ['a/', 'b'] } }));
    expect(await list('&after=b&limit=2')).toEqual(answered({ data: { keys: ['c'] } }));
    expect(await call('GET', `secret/metadata/${name}/none?list=true`)).toEqual(ABSENT);
  },

  'a detailed list shows the metadata of each secret': async ({ call, admin, name }) => {
    await call('POST', `secret/data/${name}/a/x`, { body: { data: {} } });
    await call('POST', `secret/data/${name}/b`, { body: { data: {} } });
    await admin(`secret/metadata/${name}/b`, { custom_metadata: { owner: 'relay' } });
    const ofB = metadata({ current: 1, changes: 1, custom: { owner: 'relay' } });
    const detailed = (path: string, query: string) => call('GET', `secret/detailed-metadata/${path}?${query}`);
    expect(await detailed(name, 'list=true')).toEqual(
      answered({ data: { keys: ['a/', 'b'], key_info: { 'a/': {}, b: ofB } } }),
    );
    expect(await detailed(name, 'list=true&limit=1')).toEqual(
      answered({ data: { keys: ['a/'], key_info: { 'a/': {} } } }),
    );
    expect(await detailed(name, 'scan=true')).toEqual(
      answered({ data: { keys: ['b', 'a/x'], key_info: { 'a/x': metadata({ current: 1 }), b: ofB } } }),
    );
    expect(await detailed(`${name}/none`, 'list=true')).toEqual(ABSENT);
  },

  'a scan shows all names below at once, and nothing for a missing folder': async ({ call, name }) => {
    for (const path of ['c/d/e', 'b', 'a/x', 'c/f'])
      await call('POST', `secret/data/${name}/${path}`, { body: { data: {} } });
    const scan = (path: string) => call('GET', `secret/metadata/${path}?scan=true&limit=1`);
    expect(await scan(name)).toEqual(answered({ data: { keys: ['b', 'c/f', 'c/d/e', 'a/x'] } }));
    expect(await scan(`${name}/none`)).toEqual(answered({ data: {} }));
  },
};
