import { expect } from 'vitest';
import { ABSENT, answered, CAS_MISMATCH, gone, metadata, NO_CONTENT, read, refused, written } from '../answers.ts';
import type { Rows } from '../openbao.ts';

/** Values and versions of KV version 2. */
export const secrets: Rows = {
  'a secret that does not exist is an empty 404': async ({ call, name }) => {
    expect(await call('GET', `secret/data/${name}`)).toEqual(ABSENT);
    expect(await call('GET', `secret/metadata/${name}`)).toEqual(ABSENT);
  },

  'a write with cas creates a missing secret or replaces the named version, and refuses all else with one text':
    async ({ call, name }) => {
      const write = (cas: unknown, x: string) =>
        call('POST', `secret/data/${name}`, { body: { data: { x }, options: { cas } } });
      expect(await write(1, 'zero')).toEqual(CAS_MISMATCH);
      expect(await write(0, 'one')).toEqual(written(1));
      expect(await write(0, 'two')).toEqual(CAS_MISMATCH);
      expect(await write(null, 'two')).toEqual(CAS_MISMATCH);
      expect(await write(2, 'two')).toEqual(CAS_MISMATCH);
      expect(await write(-1, 'two')).toEqual(CAS_MISMATCH);
      expect(await write('1', 'two')).toEqual(written(2));
      expect(await write('two', 'three')).toEqual(refused(400, 'error parsing check-and-set parameter'));
      expect(await call('GET', `secret/data/${name}`)).toEqual(read({ x: 'two' }, 2));
      expect(await call('GET', `secret/data/${name}?version=1`)).toEqual(read({ x: 'one' }, 1));
    },

  'a write without cas replaces whatever is there, unless the secret or its mount requires cas': async ({
    call,
    admin,
    patch,
    name,
  }) => {
    const required = refused(400, 'check-and-set parameter required for this call');
    await admin(`secret/data/${name}`, { data: { x: '1' } });
    expect(await call('PUT', `secret/data/${name}`, { body: { data: { x: '2' } } })).toEqual(written(2));
    expect(await patch(`secret/metadata/${name}`, { cas_required: true })).toEqual(NO_CONTENT);
    expect(await call('POST', `secret/data/${name}`, { body: { data: {} } })).toEqual(required);
    await admin(`sys/mounts/${name}`, { type: 'kv', options: { version: '2' } });
    await admin(`${name}/config`, { cas_required: true });
    expect(await call('POST', `${name}/data/x`, { body: { data: {} } })).toEqual(required);
    expect(await call('POST', `${name}/data/x`, { body: { data: {}, options: { cas: 0 } } })).toEqual(written(1));
  },

  'a value can be any JSON object, even an empty one': async ({ call, name }) => {
    const data = { text: '', list: [1, { nested: null }], number: 1.5, flag: false, none: null, 'ü "': '\n' };
    await call('POST', `secret/data/${name}`, { body: { data } });
    expect(await call('GET', `secret/data/${name}`)).toEqual(read(data, 1));
    expect(await call('POST', `secret/data/${name}`, { body: { data: {} } })).toEqual(written(2));
    expect(await call('GET', `secret/data/${name}`)).toEqual(read({}, 2));
  },

  'a body without an object `data` is refused, and an unknown field only reported': async ({ call, name }) => {
    const post = (body: unknown) => call('POST', `secret/data/${name}`, { body });
    expect(await post({ options: { cas: 0 } })).toEqual(refused(400, 'no data provided'));
    expect(await post('{"data":')).toEqual(refused(400, 'failed to decode JSON input: unexpected EOF'));
    expect(await post([])).toEqual(
      refused(
        400,
        'failed to decode JSON input: json: cannot unmarshal array into Go value of type map[string]interface {}',
      ),
    );
    expect(await post({ data: 'text' })).toEqual(
      refused(
        400,
        "error converting input for field \"data\": '' expected type 'map[string]interface {}', got unconvertible type 'string'",
      ),
    );
    expect(await post({ data: {}, cas: 3 })).toMatchObject({
      status: 200,
      body: { warnings: ['Endpoint ignored these unrecognized parameters: [cas]'] },
    });
  },

  'a deleted secret keeps its versions: its answer tells, cas counts them, and undelete returns it': async ({
    call,
    name,
  }) => {
    const path = `secret/data/${name}`;
    await call('POST', path, { body: { data: { x: '1' } } });
    expect(await call('DELETE', path)).toEqual(NO_CONTENT);
    expect(await call('GET', path)).toEqual(gone(1, { deleted: true }));
    expect(await call('POST', path, { body: { data: {}, options: { cas: 0 } } })).toEqual(CAS_MISMATCH);
    expect(await call('POST', path, { body: { data: { x: '2' }, options: { cas: 1 } } })).toEqual(written(2));
    expect(await call('GET', `${path}?version=1`)).toEqual(gone(1, { deleted: true }));
    expect(await call('POST', `secret/undelete/${name}`, { body: { versions: [1] } })).toEqual(NO_CONTENT);
    expect(await call('GET', `${path}?version=1`)).toEqual(read({ x: '1' }, 1));
    expect(await call('POST', `secret/delete/${name}`, { body: { versions: [1, 2] } })).toEqual(NO_CONTENT);
    expect(await call('GET', path)).toEqual(gone(2, { deleted: true }));
  },

  'a destroyed version stays known and never returns': async ({ call, name }) => {
    const path = `secret/data/${name}`;
    await call('POST', path, { body: { data: { x: '1' } } });
    expect(await call('PUT', `secret/destroy/${name}`, { body: { versions: [1] } })).toEqual(NO_CONTENT);
    await call('POST', `secret/undelete/${name}`, { body: { versions: [1] } });
    expect(await call('GET', path)).toEqual(gone(1, { destroyed: true }));
    expect(await call('POST', path, { body: { data: { x: '2' }, options: { cas: 1 } } })).toEqual(written(2));
  },

  'deleting what does not exist succeeds, and deleting no version is refused': async ({ call, name }) => {
    expect(await call('DELETE', `secret/data/${name}`)).toEqual(NO_CONTENT);
    expect(await call('DELETE', `secret/metadata/${name}`)).toEqual(NO_CONTENT);
    for (const verb of ['delete', 'undelete', 'destroy']) {
      const post = (body: unknown) => call('POST', `secret/${verb}/${name}`, { body });
      expect(await post({ versions: [7] })).toEqual(NO_CONTENT);
      const letter = verb === 'destroy' ? 'n' : 'N';
      expect(await post({})).toEqual(refused(400, `${letter}o version number provided`));
    }
  },

  'deleting the metadata removes everything, and the numbers begin again': async ({ call, name }) => {
    const body = { data: {}, options: { cas: 0 } };
    await call('POST', `secret/data/${name}`, { body });
    expect(await call('DELETE', `secret/metadata/${name}`)).toEqual(NO_CONTENT);
    expect(await call('GET', `secret/data/${name}`)).toEqual(ABSENT);
    expect(await call('POST', `secret/data/${name}`, { body })).toEqual(written(1));
  },

  'ten versions are kept, or as many as the secret or its mount says': async ({ call, admin, name }) => {
    const write = (times: number) =>
      Array.from({ length: times }).reduce<Promise<unknown>>(
        (before) => before.then(() => call('POST', `secret/data/${name}`, { body: { data: {} } })),
        Promise.resolve(),
      );
    await write(11);
    const left = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    expect(await call('GET', `secret/metadata/${name}`)).toEqual(
      answered({ data: metadata({ current: 11, oldest: 2, left }) }),
    );
    expect(await call('GET', `secret/data/${name}?version=1`)).toEqual(ABSENT);
    await admin(`secret/metadata/${name}`, { max_versions: 3 });
    await write(1);
    expect(await call('GET', `secret/metadata/${name}`)).toEqual(
      answered({
        data: metadata({ current: 12, oldest: 10, left: [10, 11, 12], changes: 1, settings: { max_versions: 3 } }),
      }),
    );
  },

  'a version that is no number is refused, and one that does not exist is absent': async ({ call, name }) => {
    await call('POST', `secret/data/${name}`, { body: { data: {} } });
    expect(await call('GET', `secret/data/${name}?version=9`)).toEqual(ABSENT);
    expect(await call('GET', `secret/data/${name}?version=x`)).toEqual(
      refused(
        400,
        "Field validation failed: error converting input for field \"version\": '' cannot parse value as 'int': strconv.ParseInt: invalid syntax",
      ),
    );
  },

  'a path can contain any printable characters, and slashes make folders': async ({ call, name }) => {
    const write = async (path: string) => (await call('POST', `secret/data/${path}`, { body: { data: {} } })).status;
    for (const part of ['a%20b', '%C3%BC', 'a%2Bb', '%40', 'x'.repeat(600), 'ends.', 'a%2Fb']) {
      expect(await write(`${name}/${part}`)).toBe(200);
    }
    expect(await call('GET', `secret/metadata/${name}?list=true`)).toEqual(
      answered({ data: { keys: ['@', 'a b', 'a+b', 'a/', 'ends.', 'x'.repeat(600), 'ü'] } }),
    );
    expect(await write(`${name}//x`)).toBe(307);
    expect(await write(`${name}/%0A`)).toBe(400);
    expect(await call('POST', `secret/data/${name}/`, { body: { data: {} } })).toEqual(
      refused(400, "cannot write to a path ending in '/'"),
    );
  },

  'a path outside of the engine is a 404 with a warning, and outside of every mount one with a text': async ({
    call,
    name,
  }) => {
    expect(await call('GET', 'secret/foo/x')).toEqual(
      answered({
        status: 404,
        warnings: [expect.stringContaining('Invalid path for a versioned K/V secrets engine.')],
      }),
    );
    expect(await call('POST', 'secret/data', { body: { data: {} } })).toEqual(
      answered({
        status: 404,
        warnings: ['Non-listing operations on the root of a K/V v2 mount are not supported.'],
      }),
    );
    expect(await call('GET', `${name}/data/x`)).toEqual(
      refused(404, `no handler for route "${name}/data/x". route entry not found.`),
    );
  },
};
