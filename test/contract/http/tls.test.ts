import { createServer } from 'node:https';
import tls, { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Authority, createAuthority } from '#local/simulators/certificate.ts';
import { json } from '#shared/http/answer.ts';
import { createHttp } from '#shared/http/http.ts';

/** The OpenSSL of this Node refuses old versions itself. Where OpenSSL allows them, the pool must refuse. */
const LENIENT = 'DEFAULT@SECLEVEL=0';

let authority: Authority;
const closers: (() => PromiseLike<unknown>)[] = [];
beforeAll(async () => {
  authority = await createAuthority('TLS versions');
});
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that speaks this version and no other. */
const start = async (version: SecureVersion): Promise<URL> => {
  const { certPem: cert, keyPem: key } = await authority.issueServerCertificate();
  const server = createServer(
    { cert, key, minVersion: version, maxVersion: version, ciphers: LENIENT },
    (request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    },
  );
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return new URL(`https://127.0.0.1:${address.port}`);
};

/** TLS version negotiated with a client that accepts every version. */
const agreedOn = ({ hostname: host, port }: URL): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const { caPem: ca } = authority;
    const socket = connect({ host, port: Number(port), ca, minVersion: 'TLSv1', ciphers: LENIENT }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.on('error', reject);
  });

const call = async (url: URL): Promise<unknown> => {
  const http = createHttp({
    connection: 'corp-vault',
    url: url.origin,
    ca: authority.caPem,
    limits: { inFlight: 1, perSecond: 1000, timeoutSeconds: 20 },
    sleep: async () => undefined,
  });
  try {
    return await http.send({
      method: 'GET',
      path: 'Version',
      idempotent: true,
      interpret: () => undefined,
      read: json(z.object({})),
    });
  } finally {
    await http.close();
  }
};

/** Simulates a machine that allows every version, through Node's defaults for options that a caller omits. */
const leniently = async (work: () => Promise<unknown>): Promise<void> => {
  const usual = { DEFAULT_CIPHERS: tls.DEFAULT_CIPHERS, DEFAULT_MIN_VERSION: tls.DEFAULT_MIN_VERSION };
  Object.assign(tls, { DEFAULT_CIPHERS: LENIENT, DEFAULT_MIN_VERSION: 'TLSv1' });
  try {
    await work();
  } finally {
    Object.assign(tls, usual);
  }
};

describe.each<SecureVersion>(['TLSv1', 'TLSv1.1'])('a vault that speaks %s only', (version) => {
  it('is refused, even if OpenSSL would allow it', async () => {
    const url = await start(version);
    expect(await agreedOn(url)).toBe(version);
    await leniently(() => expect(call(url)).rejects.toMatchObject({ name: 'VaultUnavailable' }));
  });
});

it.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('a vault that speaks %s is accepted', async (version) => {
  const url = await start(version);
  await leniently(() => expect(call(url)).resolves.toMatchObject({ status: 200 }));
});
