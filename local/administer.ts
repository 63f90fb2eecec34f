import { Pool } from 'undici';
import { PROVISIONER } from './simulators/password-safe/users.ts';
import type { World } from './world.ts';

/** Changes the simulated Password Safe as a person who administers it, by its API. */
export const administer = async (
  { url, caPem }: Pick<World['vault'], 'url' | 'caPem'>,
  calls: readonly { readonly method: 'POST' | 'PUT'; readonly path: string; readonly body: object }[],
): Promise<void> => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connect: { ca: caPem } });
  const authorization = `PS-Auth key=${PROVISIONER.apiKey.key}; runas=${PROVISIONER.userName};`;
  let cookie = '';
  const call = async (method: 'POST' | 'PUT', path: string, body: object): Promise<void> => {
    const {
      statusCode,
      headers,
      body: answer,
    } = await pool.request({
      method,
      path: `${pathname}/${path}`,
      headers: { authorization, cookie, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path} was answered with ${statusCode}: ${text}`);
    const cookies = [headers['set-cookie'] ?? []].flat().map((one) => one.split(';')[0]);
    if (cookies.length > 0) cookie = cookies.join('; ');
  };
  try {
    await call('POST', 'Auth/SignAppin', {});
    for (const { method, path, body } of calls) await call(method, path, body);
    await call('POST', 'Auth/Signout', {});
  } finally {
    await pool.close();
  }
};
