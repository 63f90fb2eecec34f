import { parentPort, workerData } from 'node:worker_threads';
import pMap from 'p-map';
import { Pool } from 'undici';
import * as z from 'zod';

/**
 * The thread of a minimal client over undici, with which the sync is compared. It delivers nothing. The sequences are
 * those of section 4 of the API reference: T token, I sign-in, L look-up by two names, R request, C credential, K
 * check-in, O sign-out.
 */

export type ClientName = keyof typeof CLIENTS;

export interface ClientOrder {
  readonly client: ClientName;
  readonly url: string;
  readonly caPem: string;
  readonly oauth: { readonly clientId: string; readonly clientSecret: string };
  readonly inFlight: number;
  readonly accounts: readonly (AccountIds & { readonly systemName: string; readonly accountName: string })[];
}

export interface ClientAnswer {
  readonly durationMs: number;
}

interface AccountIds {
  readonly systemId: number;
  readonly accountId: number;
}

type Headers = Readonly<Record<string, string>>;

const order: ClientOrder = workerData;
const { origin, pathname } = new URL(order.url);
const pool = new Pool(origin, { connections: order.inFlight, connect: { ca: order.caPem } });
const JSON_TYPE = { 'content-type': 'application/json' };

const call = async (method: 'GET' | 'POST' | 'PUT', path: string, headers: Headers, body?: string) => {
  const answer = await pool.request({ method, path: `${pathname}/${path}`, headers, body: body ?? null });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path} returned ${answer.statusCode}`);
  return { headers: answer.headers, value: text === '' ? undefined : JSON.parse(text) };
};

const signIn = async (): Promise<Headers> => {
  const { clientId, clientSecret } = order.oauth;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const formType = { 'content-type': 'application/x-www-form-urlencoded' };
  const { value } = await call('POST', 'Auth/Connect/Token', formType, form.toString());
  const { access_token } = z.object({ access_token: z.string() }).parse(value);
  const headers = { ...JSON_TYPE, authorization: `Bearer ${access_token}` };
  const { headers: answered } = await call('POST', 'Auth/SignAppIn', headers);
  const cookies = [answered['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0]);
  return { ...headers, cookie: cookies.join('; ') };
};

const signOut = (headers: Headers) => call('POST', 'Auth/Signout', headers);

const checkOut = async (headers: Headers, { systemId, accountId }: AccountIds): Promise<void> => {
  const terms = { AccessType: 'View', SystemID: systemId, AccountID: accountId, DurationMinutes: 15 };
  const options = { Reason: 'bench', ConflictOption: 'reuse', RotateOnCheckin: false };
  const { value } = await call('POST', 'Requests', headers, JSON.stringify({ ...terms, ...options }));
  const requestId = z.int().parse(value);
  z.string().parse((await call('GET', `Credentials/${requestId}?type=password`, headers)).value);
  await call('PUT', `Requests/${requestId}/Checkin`, headers, JSON.stringify({ Reason: 'bench' }));
};

const foundSchema = z.object({ SystemId: z.int(), AccountId: z.int() });

const lookUp = async (headers: Headers, account: ClientOrder['accounts'][number]): Promise<AccountIds> => {
  const query = new URLSearchParams({ systemName: account.systemName, accountName: account.accountName });
  const { SystemId, AccountId } = foundSchema.parse((await call('GET', `ManagedAccounts?${query}`, headers)).value);
  return { systemId: SystemId, accountId: AccountId };
};

const forEachAccount = async (
  work: (account: ClientOrder['accounts'][number]) => Promise<unknown>,
): Promise<number> => {
  const startedAt = performance.now();
  await pMap(order.accounts, work, { concurrency: order.inFlight });
  return performance.now() - startedAt;
};

const CLIENTS = {
  /** N×(R C K), the minimum. The sign-in is not measured. */
  bareLoop: async () => {
    const headers = await signIn();
    const durationMs = await forEachAccount((account) => checkOut(headers, account));
    await signOut(headers);
    return durationMs;
  },
  /**
   * The vendor's Go client and Terraform provider, Python library, GitHub action, Ansible look-up: T I N×(L R C K) O.
   */
  vendor: async () => {
    const headers = await signIn();
    const durationMs = await forEachAccount(async (account) => checkOut(headers, await lookUp(headers, account)));
    await signOut(headers);
    return durationMs;
  },
  /** External Secrets: N×(T I L R C K), without O. */
  externalSecrets: () =>
    forEachAccount(async (account) => {
      const headers = await signIn();
      await checkOut(headers, await lookUp(headers, account));
    }),
};

const answer: ClientAnswer = { durationMs: await CLIENTS[order.client]() };
parentPort?.postMessage(answer);
await pool.close();
