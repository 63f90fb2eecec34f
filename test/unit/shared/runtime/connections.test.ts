import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { connectionSchema } from '#shared/config/schema.ts';
import type {
  ConnectionContext,
  ConnectionType,
  DirectoryType,
  VaultType,
} from '#shared/connections/connection-type.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { RelayError } from '#shared/errors.ts';
import type { Http, HttpOptions } from '#shared/http/http.ts';
import { limitAt, type Priority } from '#shared/limits/limit-records.ts';
import type { RemovableRecords, SharedRecords } from '#shared/records/shared-record.ts';
import { createConnections } from '#shared/runtime/connections.ts';
import { beginInvocation, callsSoFar } from '#shared/runtime/invocation.ts';
import { fakeVault } from '#test/support/fake-vault.ts';
import { memorySharedRecords, rulesOf as rulesOfAccounts } from '#test/support/fakes.ts';

const settings = z.strictObject({ type: z.literal('locker'), ...commonConnection, pin: z.string() });
const rosterSettings = z.strictObject({ ...settings.shape, type: z.literal('roster') });
const LOCKER = connectionSchema.parse({
  type: 'locker',
  url: 'https://locker.example.com',
  pin: 'its pin',
  limits: { inFlight: 10, perSecond: 25, timeoutSeconds: 7 },
});
const RULE = { source: 'boxes', own: 'setting' };
const rules = rulesOfAccounts({ source: 'accounts' });

const roster = (): Directory => ({
  ensureSignIn: async () => ({ expiresAt: null }),
  session: (work) => work(Object({})),
});

describe('the connections of a relay', () => {
  const open = vi.fn(async (_settings: z.output<typeof settings>, _context: ConnectionContext) => fakeVault().vault);
  const rulesOf = vi.fn(() => rules);
  const locker: VaultType<typeof settings> = {
    settings,
    sources: { boxes: { rules: rulesOf } },
    operatorSecrets: () => [],
    sharesToken: () => false,
    open,
  };
  const openRoster = vi.fn(async (_settings: z.output<typeof rosterSettings>, _context: ConnectionContext) => roster());
  const rosterType: DirectoryType<typeof rosterSettings> = {
    settings: rosterSettings,
    sources: {},
    operatorSecrets: () => [],
    sharesToken: () => false,
    openDirectory: openRoster,
  };
  const load = vi.fn(async (): Promise<ConnectionType> => locker);
  const unused = vi.fn(async (): Promise<ConnectionType> => locker);
  const http: Http = { send: () => Promise.reject(new Error('unused')), close: async () => {} };
  const connectHttp = vi.fn((_options: HttpOptions): Http => http);
  const onSignInRefused = vi.fn(async () => {});
  const onSignOutFailure = vi.fn();
  beforeEach(() => {
    vi.clearAllMocks();
  });
  const connections = (priority: Priority = 'fleet', limits: RemovableRecords = memorySharedRecords()) =>
    createConnections({
      config: {
        relay: 'pam-relay',
        connections: {
          hall: LOCKER,
          people: connectionSchema.parse({ ...LOCKER, type: 'roster' }),
          odd: connectionSchema.parse({ ...LOCKER, type: 'drawer' }),
        },
      },
      secretsManager: new SecretsManagerClient({ region: 'eu-central-1' }),
      types: { locker: load, roster: async () => rosterType, unused },
      connectHttp,
      onSignInRefused,
      onSignOutFailure,
      priority,
      limits,
      now: () => 7,
    });
  const contextOf = (call = 0): ConnectionContext => {
    const context = open.mock.calls[call]?.[1];
    if (context === undefined) throw new Error('It was not opened.');
    return context;
  };
  const sharesOf = async (records: SharedRecords) => (await records.read(limitAt.shares('hall')))?.record.shares;
  /** The share of the limits that a function holds during a session, and after it. */
  const shareDuring = async (priority: Priority, callers?: number) => {
    beginInvocation(() => 900_000);
    const records = memorySharedRecords();
    const vault = await connections(priority, records).vaultOf('hall', callers);
    contextOf().connect();
    const gate = connectHttp.mock.lastCall?.[0].gate;
    const during = await vault.session(async () => {
      await gate?.run(7000, async () => {});
      return sharesOf(records);
    });
    return { during, after: await sharesOf(records) };
  };
  const refusal = (message: string) => ({ name: 'ConfigurationInvalid', message: expect.stringContaining(message) });

  it('are opened with their own settings and name', async () => {
    await connections().vaultOf('hall');
    expect(open.mock.calls[0]?.[0]).toEqual(LOCKER);
    expect(contextOf()).toMatchObject({ connection: 'hall', onSignOutFailure });
    expect(contextOf().now()).toBe(7);
    expect(connectHttp).not.toHaveBeenCalled();
  });

  it('load a type on its first use, and no other', async () => {
    const { vaultOf } = connections();
    expect(load).not.toHaveBeenCalled();
    await vaultOf('hall');
    await vaultOf('hall');
    expect(load).toHaveBeenCalledOnce();
    expect(unused).not.toHaveBeenCalled();
  });

  it('are opened once per process, for each share of their limits', async () => {
    const { vaultOf } = connections();
    const [one, other] = await Promise.all([vaultOf('hall'), vaultOf('hall')]);
    expect(one).toBe(other);
    expect(await vaultOf('hall', 1)).toBe(one);
    expect(await vaultOf('hall', 2)).not.toBe(one);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it.each<[Priority, number | undefined, { inFlight: number; perSecond: number }]>([
    ['fleet', undefined, { inFlight: 10, perSecond: 25 }],
    ['fleet', 1, { inFlight: 10, perSecond: 25 }],
    ['open-leases', 3, { inFlight: 3, perSecond: 8 }],
    ['fleet', 20, { inFlight: 1, perSecond: 1 }],
    ['fleet', 40, { inFlight: 1, perSecond: 1 }],
    ['person', undefined, { inFlight: 4, perSecond: 10 }],
  ])('hold, as %s and one of %s callers, a share of the limits during a session', async (priority, callers, share) => {
    const { during, after } = await shareDuring(priority, callers);
    expect(during).toMatchObject([share]);
    expect(callsSoFar().vault).toBe(1);
    expect(after).toEqual([]);
  });

  it('keep the share until the last of several sessions ends, and return it after a failure', async () => {
    const records = memorySharedRecords();
    const vault = await connections('fleet', records).vaultOf('hall');
    contextOf().connect();
    const gate = connectHttp.mock.lastCall?.[0].gate;
    const outer = vault.session(async () => {
      await gate?.run(7000, async () => {});
      await vault.session(async () => {});
      expect(await sharesOf(records)).toHaveLength(1);
      throw new Error('The work failed.');
    });
    await expect(outer).rejects.toThrow('The work failed.');
    expect(await sharesOf(records)).toEqual([]);
  });

  it('open a directory with the same limits and only once', async () => {
    beginInvocation(() => 900_000);
    const records = memorySharedRecords();
    const { directoryOf } = connections('fleet', records);
    const directory = await directoryOf('people');
    expect(await directoryOf('people', 1)).toBe(directory);
    openRoster.mock.calls[0]?.[1].connect();
    const gate = connectHttp.mock.lastCall?.[0].gate;
    const during = await directory.session(async () => {
      await gate?.run(7000, async () => {});
      return (await records.read(limitAt.shares('people')))?.record.shares;
    });
    expect(during).toHaveLength(1);
    expect((await records.read(limitAt.shares('people')))?.record.shares).toEqual([]);
  });

  it('provide what both a vault and a directory can do', async () => {
    const { providerOf, vaultOf, directoryOf } = connections();
    expect(await providerOf('hall')).toBe(await vaultOf('hall'));
    expect(await providerOf('people')).toBe(await directoryOf('people'));
  });

  it('refuse a vault as a directory, and the other way round', async () => {
    await expect(connections().vaultOf('people')).rejects.toMatchObject(refusal('people is a directory'));
    await expect(connections().directoryOf('hall')).rejects.toMatchObject(refusal('hall is a vault'));
  });

  it('are reached at their address, with their CA', async () => {
    await connections().vaultOf('hall');
    const clientCertificate = { versionId: '1' };
    contextOf().connect({ clientCertificate: Object(clientCertificate) });
    expect(connectHttp).toHaveBeenCalledWith(
      expect.objectContaining({ connection: 'hall', url: 'https://locker.example.com', clientCertificate }),
    );
  });

  it.each<[string, RelayError, string, number | undefined]>([
    ['a wait', new RelayError('RateLimited', 'Wait.', { retryAfterMs: 600_000 }), 'LimitReached', 600_007],
    [
      'the rest of an hour',
      new RelayError('LimitReached', 'Wait.', { retryAfterMs: 600_000 }),
      'LimitReached',
      600_007,
    ],
    ['a moment', new RelayError('RateLimited', 'Wait.', { retryAfterMs: 1000 }), 'RateLimited', undefined],
    ['nothing', new RelayError('RateLimited', 'Wait.'), 'RateLimited', undefined],
    [
      'a wait until it is up',
      new RelayError('VaultUnavailable', 'Wait.', { retryAfterMs: 600_000 }),
      'VaultUnavailable',
      undefined,
    ],
  ])('stop for all functions if a server that limits calls asks for %s', async (_what, error, name, pausedUntilMs) => {
    beginInvocation(() => 900_000);
    const records = memorySharedRecords();
    await connections('fleet', records).vaultOf('hall');
    connectHttp.mockReturnValueOnce({ ...http, send: () => Promise.reject(error) });
    const sent = contextOf().connect().send(Object({}));
    await expect(sent).rejects.toMatchObject({ name });
    expect((await records.read(limitAt.shares('hall')))?.record.pausedUntilMs).toBe(pausedUntilMs);
  });

  it('report a refused sign-in by their name', async () => {
    await connections().vaultOf('hall');
    await contextOf().onSignInRefused();
    expect(onSignInRefused).toHaveBeenCalledExactlyOnceWith('hall');
  });

  it('return the rules of a source without being opened', async () => {
    expect(await connections().rulesOf('hall', RULE)).toBe(rules);
    expect(rulesOf).toHaveBeenCalledExactlyOnceWith(RULE);
    expect(open).not.toHaveBeenCalled();
  });

  it.each(['room', 'toString'])('refuse a name that is not in relay.yaml: %s', async (name) => {
    await expect(connections().vaultOf(name)).rejects.toMatchObject(refusal(`no connection ${name}`));
    await expect(connections().rulesOf(name, RULE)).rejects.toMatchObject(refusal(`no connection ${name}`));
  });

  it('refuse a type that this version of the relay does not have', async () => {
    await expect(connections().vaultOf('odd')).rejects.toMatchObject(refusal('no connection type drawer'));
    await expect(connections().rulesOf('odd', RULE)).rejects.toMatchObject(refusal('no connection type drawer'));
  });

  it.each(['bags', 'constructor'])('refuse a source that their type does not have: %s', async (source) => {
    const attempt = connections().rulesOf('hall', { source });
    await expect(attempt).rejects.toBeInstanceOf(RelayError);
    await expect(attempt).rejects.toMatchObject(refusal(`hall has no source ${source}`));
  });
});
