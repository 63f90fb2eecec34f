import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { type OldCheckoutsReport, oldCheckoutsAt } from '#shared/records/old-checkouts-record.ts';
import { anOldCheckoutsConfig } from '#test/support/configs.ts';
import { memoryPages, memoryRecords, memorySharedRecords } from '#test/support/fakes.ts';
import { lendingVault } from '#test/support/lending-vault.ts';
import { createOldCheckouts } from '../../../../functions/upkeep/old-checkouts/old-checkouts.ts';

const START = Date.parse('2026-03-31T00:00:00Z');
const HOUR = 3_600_000;
const hoursAgo = (hours: number): string => new Date(START - hours * HOUR).toISOString();
const FORCE = { olderThanHours: 24, groups: ['Contractors'] };

const aRule = (rule: Record<string, unknown> = { forceCheckIn: FORCE }) => {
  const lending = lendingVault();
  const shared = memorySharedRecords();
  const reports = memoryRecords();
  const pages = memoryPages();
  const notices: string[][] = [];
  const measured: unknown[] = [];
  const unnotified: string[] = [];
  const claims = new Map<string, string>();
  const rotating = new Set<string>();
  const world = { now: START, remainingMs: 900_000, runs: 0, isTopicDown: false, config: anOldCheckoutsConfig(rule) };
  const invoke = (run: string) =>
    createOldCheckouts({
      config: world.config,
      vaultOf: async () => lending.vault,
      rulesOf: async () => ({
        ...{ accessKind: 'opening-reads', opens: 'credential', labels: {}, needs: [], hasPassphrase: false },
        ...{ distinguishingPlaceholder: '', patterns: { accountName: ['!hidden-*'] }, groupLabel: 'groupName' },
        rotationWindowMinutes: 0,
      }),
      claimantOf: async () => ({ site: 'vault', user: 'bootstrap/vault' }),
      ownClaimsOf: () => ({
        find: async ({ id }) => claims.get(id),
        hold: async ({ ref: { id } }) => {
          if (claims.has(id)) return claims.get(id) ?? '';
          claims.set(id, 'It is held.');
          return { release: async () => void claims.delete(id) };
        },
      }),
      isRotating: async (_connection, { ref }) => rotating.has(ref.id),
      records: shared,
      reports,
      pages,
      measure: async (_rule, { status: _, ...figures }) => void measured.push(figures),
      notify: async (subject, lines) => {
        if (world.isTopicDown) throw new RelayError('StoreUnavailable', 'The topic is down.');
        notices.push([subject, ...lines]);
      },
      onUnnotified: ({ message }) => void unnotified.push(message),
      newId: randomUUID,
      now: () => world.now,
    })({ rule: 'hygiene', run }, { remainingMs: () => world.remainingMs });
  const reportOf = async (run: string): Promise<OldCheckoutsReport['checkouts']> =>
    (await reports.read(oldCheckoutsAt.report({ rule: 'hygiene', run })))?.checkouts ?? [];
  const run = async (name = `hygiene.${++world.runs}`) => {
    const reported = await invoke(name);
    return { ...reported, rows: await reportOf(name) };
  };
  /** Starts a run that never goes on after this point. The next one is an hour later. */
  const crashAt = async (point: string): Promise<void> => {
    const crashed = lending.crashAt(point);
    void run();
    await crashed;
    world.now += HOUR;
  };
  return { ...lending, run, crashAt, notices, measured, unnotified, claims, rotating, world, pages, reports, shared };
};

describe('a rule that only reports', () => {
  it('reports each old checkout of all users once, ends none, and keeps no state', async () => {
    const { run, checkOut, unknown, calls, measured, notices, pages, reports, shared } = aRule({});
    checkOut('old', hoursAgo(30), { group: 'Contractors' });
    checkOut('young', hoursAgo(7));
    checkOut('hidden-old', hoursAgo(50));
    unknown.push({
      title: 'account shared',
      labels: { accountName: 'shared' },
      reason: 'Two accounts have this name.',
    });
    unknown.push({ title: 'account hidden', labels: { accountName: 'hidden-one' }, reason: 'Not selected.' });
    unknown.push({ title: 'account 12', reason: 'The list has no such account.' });
    const { rows, ...reported } = await run();
    expect(reported).toEqual({ status: 'SUCCEEDED', old: 1, forced: 0, unknown: 2, failed: 0 });
    expect(rows).toEqual([
      {
        ...{ title: 'account old', outcome: 'open', reason: 'The rule only reports.', since: hoursAgo(30) },
        ...{ hours: 30, holder: 'ann', group: 'Contractors' },
      },
      { title: 'account shared', outcome: 'unknown', reason: 'Two accounts have this name.' },
      { title: 'account 12', outcome: 'unknown', reason: 'The list has no such account.' },
    ]);
    expect(measured).toEqual([{ old: 1, forced: 0, unknown: 2, failed: 0 }]);
    expect([calls, notices, [...shared.states]]).toEqual([[], [], []]);
    expect([...reports.objects.keys(), ...pages.written.keys()]).toEqual([
      'old-checkouts/hygiene/hygiene.1/report.json',
      'old-checkouts/hygiene/hygiene.1/report.html',
    ]);
  });

  it('fails, and measures nothing, if the vault does not show all checkouts', async () => {
    const { run, vault, measured } = aRule({});
    const { session } = vault;
    Object.assign(vault, {
      session: (work: (of: object) => unknown) => session(async (one) => work({ ...one, allLeases: undefined })),
    });
    await expect(run()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    expect(measured).toEqual([]);
  });
});

describe('a rule that ends checkouts', () => {
  it('ends those that it selects, tells people, and reports why the others stay', async () => {
    const { run, checkOut, claims, calls, open, notices } = aRule();
    checkOut('gone', hoursAgo(30), { group: 'Contractors' });
    checkOut('staff', hoursAgo(30), { group: 'Staff' });
    checkOut('young', hoursAgo(10), { group: 'Contractors' });
    checkOut('used', hoursAgo(30), { group: 'Contractors', inUse: true });
    checkOut('unsure', hoursAgo(30), { group: 'Contractors', inUse: 'unknown' });
    checkOut('ours', hoursAgo(30), { group: 'Contractors' });
    claims.set('ours', 'The relay itself has it open.');
    const { rows, ...reported } = await run();
    expect(reported).toEqual({ status: 'SUCCEEDED', old: 5, forced: 1, unknown: 0, failed: 0 });
    expect(rows.map(({ title, outcome, reason }) => [title, outcome, reason])).toEqual([
      ['account gone', 'forced', 'The relay has ended it.'],
      ['account staff', 'open', 'Its group is not one whose checkouts the rule ends.'],
      ['account young', 'open', 'It began, or began again, less than 24 hours ago.'],
      ['account used', 'open', 'A session uses the credential.'],
      ['account unsure', 'open', 'The vault does not show whether a session uses the credential.'],
      ['account ours', 'open', 'The relay itself has it open.'],
    ]);
    expect(calls).toEqual(['end gone']);
    expect(open.has('gone')).toBe(false);
    expect(notices).toEqual([
      [
        'pam-relay: old checkouts hygiene: 1 ended, 0 not',
        'Rule hygiene, run hygiene.1, connection vault.',
        `account gone, checked out by ann at ${hoursAgo(30)}: ended. The relay has ended it.`,
        'Full report: old-checkouts/hygiene/hygiene.1/report.json in the records bucket.',
      ],
    ]);
    expect((await run()).forced).toBe(0);
    expect(notices).toHaveLength(1);
  });

  it('reports one from its first start, and leaves it alone while its last start is young', async () => {
    const { run, crashAt, checkOut, calls } = aRule();
    checkOut('x', hoursAgo(26), { group: 'Contractors', firstSince: hoursAgo(30) });
    await crashAt('look');
    checkOut('x', hoursAgo(1), { group: 'Contractors', firstSince: hoursAgo(30) });
    const { rows } = await run();
    expect(rows).toMatchObject([{ outcome: 'open', reason: expect.stringContaining('again'), since: hoursAgo(30) }]);
    expect(calls).toEqual([]);
  });

  it('leaves one alone whose user checks it out again during the run', async () => {
    const { run, onLook, checkOut, calls } = aRule();
    const group = 'Contractors';
    checkOut('x', hoursAgo(30), { group });
    onLook(() => checkOut('x', hoursAgo(1), { group, firstSince: hoursAgo(30) }));
    expect((await run()).rows).toMatchObject([{ outcome: 'open', reason: expect.stringContaining('again during') }]);
    expect(calls).toEqual([]);
  });

  it('does not end what the vault took long to show, and releases its claim', async () => {
    const { run, onLook, checkOut, calls, claims, world } = aRule();
    checkOut('x', hoursAgo(30), { group: 'Contractors' });
    onLook(() => {
      world.now += 121_000;
    });
    expect((await run()).rows).toMatchObject([{ outcome: 'open', reason: expect.stringContaining('two minutes') }]);
    expect([calls, claims.size]).toEqual([[], 0]);
    onLook(() => {});
    expect((await run()).rows).toMatchObject([{ outcome: 'forced' }]);
  });

  it('ends at most its budget in a run, and continues in the next one', async () => {
    const { run, checkOut, calls } = aRule({ forceCheckIn: { ...FORCE, budget: 2 } });
    for (const hours of [30, 40, 35]) checkOut(`h${hours}`, hoursAgo(hours), { group: 'Contractors' });
    expect(await run()).toMatchObject({ forced: 2, old: 1, status: 'SUCCEEDED' });
    expect(calls).toEqual(['end h40', 'end h35']);
    await run();
    expect(calls).toEqual(['end h40', 'end h35', 'end h30']);
  });

  it.each<[what: string, act: (rule: ReturnType<typeof aRule>) => void, outcome: string, reason: string]>([
    ['it ended', ({ open }) => open.delete('x'), 'over', 'It ended during the run.'],
    [
      'a later one is open',
      ({ checkOut }) => checkOut('x', hoursAgo(25), { group: 'Contractors' }),
      'over',
      'It ended during the run, and a later checkout is open.',
    ],
    [
      'a session has begun',
      ({ checkOut }) => checkOut('x', hoursAgo(30), { group: 'Contractors', inUse: true }),
      'open',
      'A session uses the credential.',
    ],
    [
      'another user has checked it out too',
      ({ checkOut }) => checkOut('x', hoursAgo(30), { group: 'Contractors', others: 1 }),
      'open',
      'Several users have it checked out.',
    ],
    [
      'its item has moved to another group',
      ({ checkOut }) => checkOut('x', hoursAgo(30), { group: 'Staff' }),
      'open',
      'Its group is not one whose checkouts the rule ends.',
    ],
    [
      'it has become unknown',
      ({ unknown }) => unknown.push({ title: 'account x', reason: 'An event is not known.' }),
      'unknown',
      'An event is not known.',
    ],
    ['the relay has claimed it', ({ claims }) => claims.set('x', 'The relay has it.'), 'open', 'The relay has it.'],
  ])('leaves a checkout alone if a second look shows that %s', async (_what, act, outcome, reason) => {
    const rule = aRule();
    rule.checkOut('x', hoursAgo(30), { group: 'Contractors' });
    rule.onLook(() => act(rule));
    const { rows } = await rule.run();
    expect(rows[0]).toMatchObject({ title: 'account x', outcome, reason });
    expect(rule.calls).toEqual([]);
    expect(rule.notices).toEqual([]);
  });

  it('reports a checkout that the vault does not end, and tells people once', async () => {
    const { run, checkOut, ends, notices, calls } = aRule();
    checkOut('key', hoursAgo(40), { group: 'Contractors' });
    checkOut('other', hoursAgo(30), { group: 'Contractors' });
    ends.set('key', 'refuses');
    expect(await run()).toMatchObject({ status: 'PARTIAL', failed: 1, forced: 1, old: 1 });
    expect(notices[0]?.[2]).toContain('account key, checked out by ann');
    expect(notices[0]?.[2]).toContain('not ended. Keys may not be ended: key.');
    expect(await run()).toMatchObject({ status: 'PARTIAL', failed: 1 });
    expect(notices).toHaveLength(1);
    checkOut('key', hoursAgo(25), { group: 'Contractors' });
    await run();
    expect(notices).toHaveLength(2);
    expect(calls).toEqual(['end other']);
  });

  it('tries one that it could not end after all others, so that it does not keep them out', async () => {
    const { run, checkOut, ends, notices, calls } = aRule({ forceCheckIn: { ...FORCE, budget: 1 } });
    checkOut('key', hoursAgo(40), { group: 'Contractors' });
    for (const hours of [30, 35]) checkOut(`h${hours}`, hoursAgo(hours), { group: 'Contractors' });
    ends.set('key', 'refuses');
    expect(await run()).toMatchObject({ failed: 1, forced: 0 });
    expect(await run()).toMatchObject({ failed: 0, forced: 1, old: 2 });
    await run();
    expect(calls).toEqual(['end h35', 'end h30']);
    expect(await run()).toMatchObject({ failed: 1 });
    expect(notices.map(([subject]) => subject).filter((subject) => subject?.endsWith('1 not'))).toHaveLength(1);
  });

  it('tries no other one while the vault is down, and none without time for it', async () => {
    const { run, checkOut, ends, reads, world } = aRule();
    for (const id of ['a', 'b']) checkOut(id, hoursAgo(30), { group: 'Contractors' });
    ends.set('a', 'is down');
    expect((await run()).rows.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['failed', 'The vault is down.'],
      ['open', 'The vault did not answer before. The next run continues.'],
    ]);
    expect(reads.filter((call) => call === 'current b')).toEqual([]);
    world.remainingMs = 60_000;
    expect((await run()).rows.map(({ reason }) => reason)).toEqual(
      ['a', 'b'].map(() => 'The run had no time left. The next one continues.'),
    );
  });

  it('finds out in the next run what became of an unclear end', async () => {
    const { run, checkOut, ends, notices, calls } = aRule();
    checkOut('x', hoursAgo(30), { group: 'Contractors' });
    ends.set('x', 'ends unclearly');
    expect(await run()).toMatchObject({ status: 'PARTIAL', failed: 1, forced: 0 });
    const { rows, ...second } = await run();
    expect(second).toMatchObject({ status: 'SUCCEEDED', forced: 1, failed: 0 });
    expect(rows[0]?.reason).toBe('The run hygiene.1 asked for its end and was interrupted. It is over.');
    expect(await run()).toMatchObject({ forced: 0 });
    expect(notices.map(([subject]) => subject)).toEqual([
      'pam-relay: old checkouts hygiene: 0 ended, 1 not',
      'pam-relay: old checkouts hygiene: 1 ended, 0 not',
    ]);
    expect(calls).toEqual(['end x']);
  });

  it('reports no end that the vault does not show, and then asks for no rotation', async () => {
    const { run, checkOut, ends, open, onLook, calls } = aRule({ forceCheckIn: { ...FORCE, rotate: true } });
    for (const id of ['shown', 'faster']) checkOut(id, hoursAgo(30), { group: 'Contractors' });
    ends.set('shown', 'ignores');
    ends.set('faster', 'refuses');
    let looks = 0;
    onLook((id) => id === 'faster' && ++looks === 2 && open.delete(id));
    expect((await run()).rows.map(({ outcome }) => outcome)).toEqual(['unclear', 'over']);
    expect(calls).toEqual(['end shown']);
    ends.delete('shown');
    expect((await run()).rows.map(({ outcome }) => outcome)).toEqual(['forced']);
    expect(calls).toEqual(['end shown', 'end shown', 'rotate shown']);
  });

  it('asks no more of a checkout about which the vault could not be asked after a crash', async () => {
    const { run, crashAt, checkOut, onLook, calls, notices } = aRule();
    checkOut('x', hoursAgo(30), { group: 'Contractors' });
    await crashAt('look');
    onLook(() => {
      throw new RelayError('VaultUnavailable', 'The vault is down.');
    });
    expect((await run()).rows.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['unclear', 'The run hygiene.1 asked for its end and was interrupted. The vault is down.'],
      ['open', 'An earlier run may have ended it.'],
    ]);
    expect(notices).toHaveLength(1);
    onLook(() => {});
    expect(await run()).toMatchObject({ forced: 1, failed: 0 });
    expect(calls).toEqual(['end x']);
  });

  it('does not take a checkout that ended by itself for an ended one, if it crashes later', async () => {
    const { run, crashAt, checkOut, onLook, open } = aRule();
    checkOut('x', hoursAgo(40), { group: 'Contractors' });
    checkOut('y', hoursAgo(30), { group: 'Contractors' });
    onLook((id) => id === 'x' && open.delete('x'));
    await crashAt('end y');
    const { rows } = await run();
    expect(rows.map(({ title, outcome }) => [title, outcome])).toEqual([['account y', 'forced']]);
  });

  it('has its budget once, if the run is repeated', async () => {
    const { run, checkOut, world, calls } = aRule({ forceCheckIn: { ...FORCE, budget: 1 } });
    for (const id of ['a', 'b']) checkOut(id, hoursAgo(30), { group: 'Contractors' });
    world.isTopicDown = true;
    await run('hygiene.same');
    expect((await run('hygiene.same')).rows.map(({ outcome }) => outcome)).toEqual(['forced', 'open']);
    expect(calls).toEqual(['end a']);
  });

  it('can be repeated at once after a failure', async () => {
    const { run, vault } = aRule();
    const { session } = vault;
    Object.assign(vault, { session: () => Promise.reject(new RelayError('SignInRefused', 'The site refused.')) });
    await expect(run()).rejects.toMatchObject({ name: 'SignInRefused' });
    Object.assign(vault, { session });
    expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('works on a rule once at a time', async () => {
    const { run, checkOut, onLook, calls, measured } = aRule();
    checkOut('x', hoursAgo(30), { group: 'Contractors' });
    let other: unknown;
    onLook(() => {
      onLook(() => {});
      other = run('hygiene.same');
    });
    await run('hygiene.same');
    expect(await other).toMatchObject({ status: 'SKIPPED' });
    expect(calls).toEqual(['end x']);
    expect(measured).toHaveLength(1);
  });

  it('tells people in the next run if the topic is down', async () => {
    const { run, checkOut, world, unnotified, notices } = aRule();
    checkOut('x', hoursAgo(30), { group: 'Contractors' });
    world.isTopicDown = true;
    expect(await run()).toMatchObject({ forced: 1 });
    expect(unnotified).toEqual(['The topic is down.']);
    world.isTopicDown = false;
    expect((await run()).rows[0]).toMatchObject({ outcome: 'forced', reason: 'The run hygiene.1 has ended it.' });
    expect(notices).toHaveLength(1);
    expect((await run()).rows).toEqual([]);
  });
});

describe('the rotation after a checkout was ended', () => {
  const ROTATING = { forceCheckIn: { ...FORCE, rotate: true } };
  const aRotation = () => {
    const rule = aRule(ROTATING);
    rule.checkOut('x', hoursAgo(30), { group: 'Contractors' });
    return rule;
  };

  it('is asked for once, after the end', async () => {
    const { run, calls, notices } = aRotation();
    expect((await run()).rows[0]?.rotation).toEqual({ outcome: 'asked' });
    expect(calls).toEqual(['end x', 'rotate x']);
    expect(notices[0]?.[2]).toMatch(/ended it\. The vault was asked to change the credential\.$/);
    await run();
    expect(calls).toEqual(['end x', 'rotate x']);
  });

  it.each<[what: string, act: (rule: ReturnType<typeof aRotation>) => void, rotation: object]>([
    [
      'refused, if the vault cannot change the credential',
      ({ inspections }) => inspections.set('x', { refusal: new RelayError('ChangeRefused', 'Keys cannot change.') }),
      { outcome: 'refused', reason: 'Keys cannot change.' },
    ],
    [
      'refused, if the source has no rotation',
      ({ cannotRotate }) => cannotRotate(),
      { outcome: 'refused', reason: 'The vault changes no credentials of this source on request.' },
    ],
    [
      'not asked for again while the vault is changing it',
      ({ inspections }) => inspections.set('x', { state: { changing: true } }),
      { outcome: 'asked', reason: 'The vault was already changing it.' },
    ],
    [
      'not asked for while a rotation of the relay is changing it',
      ({ rotating }) => rotating.add('x'),
      { outcome: 'asked', reason: 'A rotation of the relay was changing it.' },
    ],
  ])('is %s', async (_what, act, rotation) => {
    const rule = aRotation();
    act(rule);
    expect((await rule.run()).rows[0]).toMatchObject({ outcome: 'forced', rotation });
    expect(rule.calls).toEqual(['end x']);
  });

  it.each([
    ['the end of a checkout', 'end x', ['end x', 'rotate x']],
    ['the rotation', 'rotate x', ['end x', 'rotate x']],
  ])(
    'is asked for by the next run if the run crashes after %s, which ends nothing twice',
    async (_what, call, calls) => {
      const rule = aRotation();
      rule.checkOut('y', hoursAgo(29), { group: 'Contractors' });
      await rule.crashAt(call);
      const { rows } = await rule.run();
      expect(rule.calls.filter((one) => one.endsWith('x'))).toEqual(
        call === 'rotate x' ? [...calls, 'rotate x'] : calls,
      );
      expect(rows.find(({ title }) => title === 'account x')).toMatchObject({
        outcome: 'forced',
        rotation: { outcome: 'asked' },
      });
      expect(rule.calls).toContain('end y');
    },
  );

  it('is left to people if the item has been checked out again after a crash', async () => {
    const rule = aRotation();
    await rule.crashAt('end x');
    rule.checkOut('x', new Date(rule.world.now - 60_000).toISOString(), { group: 'Contractors' });
    expect((await rule.run()).rows[0]).toMatchObject({
      outcome: 'forced',
      rotation: { outcome: 'refused', reason: 'A later checkout is open. Rotate it after its end.' },
    });
    expect(rule.calls).toEqual(['end x']);
    expect(rule.notices[0]?.[2]).toContain('The credential was not changed. A later checkout is open.');
  });

  it('does not happen if the crash came before the end', async () => {
    const rule = aRotation();
    await rule.crashAt('look');
    const { rows } = await rule.run();
    expect(rows.map(({ outcome, reason }) => [outcome, reason])).toEqual([['forced', 'The relay has ended it.']]);
    expect(rule.calls).toEqual(['end x', 'rotate x']);
  });
});
