import { describe, expect, it } from 'vitest';
import type { Session } from '#shared/connections/password-safe/session.ts';
import { accessAccounts } from '#shared/connections/password-safe/sources/account-access.ts';
import { accountItem, aliasItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { parseAccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import type { Item } from '#shared/domain/item.ts';
import { anAccount, anAlias } from '#test/support/accounts.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';
import { termsOf } from '#test/support/terms.ts';

/** A session that gives every call the same answer, and records the calls. */
const sessionWith = (answer: unknown, status = 201) => {
  const sent: { path: string; body: unknown }[] = [];
  const session: Session = {
    connection: 'corp-vault',
    send: async (call) => {
      sent.push({
        path: call.path,
        body: call.body === undefined ? undefined : JSON.parse(call.body.text.reveal() || 'null'),
      });
      const text = JSON.stringify(answer);
      const value = call.read(
        { status, headers: {}, bytes: new Uint8Array(), text, receivedAtMs: 0 },
        { connection: 'corp-vault', name: call.path, idempotent: true },
      );
      return { status, headers: {}, at: '2026-01-02T03:00:00.000Z', value };
    },
  };
  return { session, sent };
};

const openWith = async (settings: Record<string, unknown>, item: Item, terms: Parameters<typeof termsOf>[0] = {}) => {
  const { session, sent } = sessionWith(7);
  const access = accessAccounts(session, parseAccountRule({ source: 'accounts', ...settings }));
  if (access.kind !== 'leases') throw new Error('The rule asks for leases.');
  await access.open(item, termsOf(terms));
  return sent[0];
};

const ACCOUNT = accountItem(anAccount({ applicationId: 4 }), 'password');
const ALIAS = aliasItem(anAlias(), 'password');

describe('a lease is requested', () => {
  it('with a shared, short request for the account, and no change at its end, for a sync', async () => {
    expect(await openWith({}, ACCOUNT)).toEqual({
      path: 'Requests',
      body: {
        AccessType: 'View',
        SystemID: 1,
        AccountID: 10,
        ApplicationID: 4,
        DurationMinutes: 15,
        Reason: 'sync [x/y/0]',
        ConflictOption: 'reuse',
        RotateOnCheckin: false,
      },
    });
  });

  it('with a separate request, and a change at its end, for a checkout', async () => {
    const terms = { changeAtEnd: true, whenHeld: 'refuse' } as const;
    const { body } = (await openWith({ delivers: 'ssh-ticket' }, ACCOUNT, terms)) ?? {};
    expect(body).toMatchObject({ AccessType: 'SSH', RotateOnCheckin: true });
    expect(body).not.toHaveProperty('ConflictOption');
  });

  it('for the account behind an alias', async () => {
    const { path, body } = (await openWith({ source: 'aliases' }, ALIAS)) ?? {};
    expect(path).toBe('Aliases/7/Requests');
    expect(body).not.toHaveProperty('AccountID');
  });

  it.each([
    [{}, 15, 15],
    [{}, 500, 120],
    [{}, undefined, 15],
    [{ requestMinutes: 9 }, undefined, 9],
    [{ requestMinutes: 400 }, undefined, 120],
  ])(
    'for the rule %j and %s minutes with a duration of %i minutes, which the vault accepts',
    async (settings, minutes, expected) => {
      const { body } = (await openWith(settings, ACCOUNT, { minutes })) ?? {};
      expect(body).toMatchObject({ DurationMinutes: expected });
    },
  );

  const offer = { approvers: 0, needsTicket: true, handle: { ticketSystemId: 2 } };

  it.each([
    ['the vault itself', {}, undefined, undefined],
    ['the vault itself', {}, { ...offer, handle: { ticketSystemId: null } }, undefined],
    ['the policy', {}, offer, 2],
    ['the rule', { ticketSystemId: 5 }, offer, 5],
  ])('with a ticket of the system that %s names', async (_who, settings, made, expected) => {
    const { body } = (await openWith(settings, ACCOUNT, { ticket: 'CHG-1', offer: made })) ?? {};
    expect(body).toMatchObject({ TicketNumber: 'CHG-1' });
    expect(Object(body).TicketSystemID).toBe(expected);
  });

  it('without a ticket system that does not exist', async () => {
    const { body } = (await openWith({ ticketSystemId: 5 }, ACCOUNT, { offer })) ?? {};
    expect(body).not.toHaveProperty('TicketSystemID');
  });

  it('never for a plan of another source, which a deployment can leave', async () => {
    await expect(openWith({}, safeItem(aSafeSecret()))).rejects.toMatchObject({
      name: 'ContractViolated',
      message: expect.stringContaining('Team/Apps/api'),
    });
  });

  it('never with an offer that is not of this vault', async () => {
    const foreign = { ...offer, handle: 'else' };
    await expect(openWith({}, ACCOUNT, { ticket: 'CHG-1', offer: foreign })).rejects.toMatchObject({
      name: 'ContractViolated',
    });
  });
});

describe('reading by the ISA role', () => {
  const readWith = async (settings: Record<string, unknown>, item: Item, minutes?: number) => {
    const { session, sent } = sessionWith('a credential');
    const access = accessAccounts(session, parseAccountRule({ source: 'accounts', access: 'isa', ...settings }));
    if (access.kind !== 'plain-reads') throw new Error('The rule asks for plain reads.');
    return { read: await access.read(item, { reason: 'r', minutes }), sent };
  };

  it.each([
    [undefined, 15, '2026-01-02T03:15:00.000Z'],
    [30, 30, '2026-01-02T03:30:00.000Z'],
    [500, 120, '2026-01-02T05:00:00.000Z'],
  ])('for %s minutes is a release of %i minutes, and returns its end', async (minutes, expected, endsAt) => {
    const { read, sent } = await readWith({}, ACCOUNT, minutes);
    expect(read.endsAt).toBe(endsAt);
    expect(sent).toMatchObject([{ path: 'ISARequests', body: { DurationMinutes: expected, Reason: 'r' } }]);
  });

  it('is only for accounts', async () => {
    await expect(readWith({}, ALIAS)).rejects.toMatchObject({ name: 'ContractViolated' });
  });
});

describe('a lease', () => {
  it('has a numeric id, so that nothing else is sent to the vault', async () => {
    const { session, sent } = sessionWith('a credential');
    const access = accessAccounts(session, parseAccountRule({ source: 'accounts' }));
    if (access.kind !== 'leases') throw new Error('The rule asks for leases.');
    for (const id of ['', '7/../8', '-1', '7e2']) {
      await expect(access.read(id, ACCOUNT)).rejects.toMatchObject({ name: 'ContractViolated' });
    }
    expect(sent).toEqual([]);
  });
});
