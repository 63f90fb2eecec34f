import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '#local/simulators/certificate.ts';

/** A loopback server, and the CA that signed its certificate. */
interface Remote extends AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
}

const serve = async (listener: RequestListener): Promise<Remote> => {
  const authority = await createAuthority('minimal');
  const { certPem, keyPem } = await authority.issueServerCertificate();
  const server = createServer({ cert: certPem, key: keyPem }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port }: Pick<AddressInfo, 'port'> = Object(server.address());
  return {
    url: `https://127.0.0.1:${port}`,
    caPem: authority.caPem,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

interface Entry {
  readonly name: string;
  readonly shelf: string;
  readonly value: string;
  /** Lease of a user. */
  readonly lease?: { readonly since: string; readonly holder: string };
}

/** The server behind the minimal vault: its entries by id, and the number of open sessions. */
export interface MinimalVaultRemote extends Remote {
  readonly entries: Map<string, Entry>;
  /** Users of the entries that are on loan. The vault lends each entry once. */
  readonly loans: Map<string, 'relay' | 'person'>;
  readonly reads: string[];
  /** In the mode `failing`, every call except sign-in and sign-out fails. */
  mode: 'working' | 'refusing' | 'failing';
  /** True if every attempt to end a loan fails. */
  keepsLoans: boolean;
  signIns: number;
  openSessions: number;
}

export const startMinimalVault = async (): Promise<MinimalVaultRemote> => {
  const entries = new Map<string, Entry>();
  const reads: string[] = [];
  const loans: MinimalVaultRemote['loans'] = new Map();

  const signIn = (): number => {
    remote.signIns += 1;
    if (remote.mode === 'refusing') return 401;
    remote.openSessions += 1;
    return 200;
  };
  const signOut = (): number => {
    remote.openSessions -= 1;
    return 200;
  };
  const borrow = (id: string): readonly [status: number, body: unknown] => {
    const entry = entries.get(id);
    if (entry === undefined) return [404, {}];
    if (loans.has(id)) return [409, {}];
    loans.set(id, 'relay');
    reads.push(id);
    return [200, { value: entry.value }];
  };
  const giveBack = (id: string): readonly [status: number, body: unknown] => {
    if (remote.keepsLoans) return [403, {}];
    if (loans.get(id) === 'relay') loans.delete(id);
    return [200, {}];
  };
  const endLease = (id: string): object => {
    const { lease: _, ...entry } = entries.get(id) ?? { name: id, shelf: '', value: id };
    entries.set(id, entry);
    return {};
  };
  const answer = (url: string): readonly [status: number, body: unknown] => {
    if (url === '/sign-in') return [signIn(), {}];
    if (url === '/sign-out') return [signOut(), {}];
    if (remote.mode === 'failing') return [500, {}];
    if (url === '/entries') return [200, [...entries].map(([id, { name, shelf }]) => ({ id, name, shelf }))];
    const [, verb, loaned] = /^\/(borrow|return)\/(.*)$/.exec(url) ?? [];
    if (loaned !== undefined) return verb === 'borrow' ? borrow(loaned) : giveBack(loaned);
    if (url === '/leases') {
      return [
        200,
        [...entries].flatMap(([id, { name, shelf, lease }]) => (lease ? [{ id, name, shelf, ...lease }] : [])),
      ];
    }
    if (url.startsWith('/leases/')) return [200, endLease(decodeURIComponent(url.slice('/leases/'.length)))];
    const id = decodeURIComponent(url.slice('/entries/'.length));
    reads.push(id);
    const entry = entries.get(id);
    return entry === undefined ? [404, {}] : [200, { value: entry.value }];
  };

  const remote: MinimalVaultRemote = Object.assign(
    await serve(({ url = '' }, response) => {
      const [status, body] = answer(url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }),
    { entries, reads, loans, mode: 'working', keepsLoans: false, signIns: 0, openSessions: 0 } as const,
  );
  return remote;
};

interface MinimalSecret {
  readonly owner: string;
  readonly stamp?: string;
  readonly value: string;
}

/** The server behind the minimal store: its secrets by name. It returns everything about them except the values. */
export interface MinimalStoreRemote extends Remote {
  readonly secrets: Map<string, MinimalSecret>;
}

const bodyOf = async (request: IncomingMessage): Promise<MinimalSecret> =>
  JSON.parse(Buffer.concat(await request.toArray()).toString());

export const startMinimalStore = async (): Promise<MinimalStoreRemote> => {
  const secrets = new Map<string, MinimalSecret>();
  const show = (name: string, { owner, stamp }: MinimalSecret) => ({ name, owner, stamp });
  const remote = await serve(async (request, response) => {
    const name = decodeURIComponent(request.url?.slice('/secrets/'.length) ?? '');
    if (request.method === 'PUT') secrets.set(name, await bodyOf(request));
    if (request.method === 'DELETE') secrets.delete(name);
    const secret = secrets.get(name);
    const rows = [...secrets].map(([key, one]) => show(key, one));
    response.writeHead(name !== '' && secret === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(name === '' ? rows : secret && show(name, secret)));
  });
  return Object.assign(remote, { secrets });
};
